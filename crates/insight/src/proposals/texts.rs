//! The SecLang of exclusions.
//!
//! Rule 942100 on `ARGS:q` of `/search` → `ctl:ruleRemoveTargetById=942100;ARGS:q` under a condition for exactly that path. What
//! cannot be written so that it means itself is not written.

use super::{AFTER, BEFORE, Scope};
use crate::event::{EventDetail, MatchedRule};

/// The exclusions of a match as texts: scope, sentence, file, text.
pub(super) fn of(
    event: &EventDetail,
    matched: &MatchedRule,
    tag: Option<&str>,
    id: u64,
) -> Vec<(Scope, String, &'static str, String)> {
    let rule = matched.id;
    let target = writable_target(matched.variable.as_slice());
    let path = path_condition(event.summary.path.as_slice());
    let shown = &event.summary.path;
    let on_path = |condition: &str, control: &str| {
        format!(
            "SecRule REQUEST_FILENAME \"{condition}\" \\\n    \
             \"id:{id},phase:1,pass,t:none,nolog,{control}\"\n"
        )
    };
    let mut found = Vec::new();
    if let (Some(target), Some(condition)) = (&target, &path) {
        let text = on_path(condition, &format!("ctl:ruleRemoveTargetById={rule};{target}"));
        let summary = format!("Rule {rule} does not look at {target} on {shown}");
        found.push((Scope::TargetOnPath, summary, BEFORE, text));
    }
    if let Some(target) = &target {
        let text = format!("SecRuleUpdateTargetById {rule} \"!{target}\"\n");
        found.push((Scope::Target, format!("Rule {rule} does not look at {target}"), AFTER, text));
    }
    if let Some(condition) = &path {
        let text = on_path(condition, &format!("ctl:ruleRemoveById={rule}"));
        found.push((Scope::RuleOnPath, format!("Rule {rule} does not run on {shown}"), BEFORE, text));
    }
    if let (Some(target), Some(condition), Some(tag)) = (&target, &path, tag) {
        let text = on_path(condition, &format!("ctl:ruleRemoveTargetByTag={tag};{target}"));
        let summary = format!("No rule with the tag {tag} looks at {target} on {shown}");
        found.push((Scope::TagTargetOnPath, summary, BEFORE, text));
    }
    let text = format!("SecRuleRemoveById {rule}\n");
    found.push((Scope::Rule, format!("Rule {rule} does not run"), AFTER, text));
    found
}

/// A variable as a target in a rule; `None` when its name has bytes that mean something there.
fn writable_target(variable: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(variable).ok()?;
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']');
    let (collection, name) = text.split_once(':').unwrap_or((text, ""));
    let is_writable =
        !collection.is_empty() && collection.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    (is_writable && name.bytes().all(is_plain)).then(|| text.to_owned())
}

/// An operator that holds for exactly this path; `None` when it is no path.
fn path_condition(path: &[u8]) -> Option<String> {
    if !path.starts_with(b"/") || path.len() > 1024 {
        return None;
    }
    let is_plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.' | b'~');
    if path.iter().all(is_plain) {
        return Some(format!("@streq {}", String::from_utf8_lossy(path)));
    }
    let escaped: String = path
        .iter()
        .map(|byte| match byte {
            b'/' | b'_' | b'-' => char::from(*byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        })
        .collect();
    Some(format!("@rx ^{escaped}$"))
}
