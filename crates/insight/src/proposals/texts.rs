//! The SecLang of exclusions.
//!
//! Rule 942100 on `ARGS:q` of `/search` → `ctl:ruleRemoveTargetById=942100;ARGS:q` under a condition for exactly that path. What
//! cannot be written so that it means itself is not written.

use portcullis_engine::{Excluded, RuleSelector};

use super::targets::Target;
use super::{AFTER, BEFORE, Scope};
use crate::event::EventDetail;

/// An exclusion as it is written.
pub(super) struct Text {
    pub(super) scope: Scope,
    /// One sentence.
    pub(super) summary: String,
    /// The name of its file.
    pub(super) file: &'static str,
    pub(super) text: String,
    excludes: Excludes,
}

/// What a text says, apart from its writing.
struct Excludes {
    by: By,
    target: Option<String>,
    path: Option<Vec<u8>>,
}

/// How rules are named.
enum By {
    Id(u64),
    Tag(String),
}

impl Text {
    /// What it takes out, for the engine; `None` when the engine cannot read the selection.
    pub(super) fn excluded(&self) -> Option<Excluded<'_>> {
        let Excludes { by, target, path } = &self.excludes;
        let rules = match by {
            By::Id(id) => RuleSelector::ids(id.to_string().as_bytes()),
            By::Tag(tag) => RuleSelector::tag(tag.as_bytes()),
        };
        Some(Excluded { rules: rules.ok()?, target: target.as_deref(), path: path.as_deref() })
    }
}

/// The exclusions of a match of a rule by this target, narrow to wide.
pub(super) fn of(event: &EventDetail, rule: u64, target: &Target, tag: Option<&str>, id: u64) -> Vec<Text> {
    let from = target.rule;
    let who = if from == rule {
        format!("Rule {rule}")
    } else {
        format!("Rule {from}, whose finding {rule} reports,")
    };
    let target = writable_target(&target.variable);
    let path = path_condition(event.summary.path.as_slice());
    let shown = &event.summary.path;
    let on_path = |condition: &str, control: &str| {
        format!(
            "SecRule REQUEST_FILENAME \"{condition}\" \\\n    \
             \"id:{id},phase:1,pass,t:none,nolog,{control}\"\n"
        )
    };
    let here = || Some(event.summary.path.as_slice().to_vec());
    let mut found = Vec::new();
    if let (Some(target), Some(condition)) = (&target, &path) {
        let text = on_path(condition, &format!("ctl:ruleRemoveTargetById={from};{target}"));
        let summary = format!("{who} does not look at {target} on {shown}");
        let excludes = Excludes { by: By::Id(from), target: Some(target.clone()), path: here() };
        found.push(Text { scope: Scope::TargetOnPath, summary, file: BEFORE, text, excludes });
    }
    if let Some(target) = &target {
        let text = format!("SecRuleUpdateTargetById {from} \"!{target}\"\n");
        let summary = format!("{who} does not look at {target}");
        let excludes = Excludes { by: By::Id(from), target: Some(target.clone()), path: None };
        found.push(Text { scope: Scope::Target, summary, file: AFTER, text, excludes });
    }
    if let Some(condition) = &path {
        let text = on_path(condition, &format!("ctl:ruleRemoveById={rule}"));
        let summary = format!("Rule {rule} does not run on {shown}");
        let excludes = Excludes { by: By::Id(rule), target: None, path: here() };
        found.push(Text { scope: Scope::RuleOnPath, summary, file: BEFORE, text, excludes });
    }
    if let (Some(target), Some(condition), Some(tag)) = (&target, &path, tag) {
        let text = on_path(condition, &format!("ctl:ruleRemoveTargetByTag={tag};{target}"));
        let summary = format!("No rule with the tag {tag} looks at {target} on {shown}");
        let by = By::Tag(tag.to_owned());
        let excludes = Excludes { by, target: Some(target.clone()), path: here() };
        found.push(Text { scope: Scope::TagTargetOnPath, summary, file: BEFORE, text, excludes });
    }
    let text = format!("SecRuleRemoveById {rule}\n");
    let excludes = Excludes { by: By::Id(rule), target: None, path: None };
    let summary = format!("Rule {rule} does not run");
    found.push(Text { scope: Scope::Rule, summary, file: AFTER, text, excludes });
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
