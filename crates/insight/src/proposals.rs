//! Exclusions for a rule that matched a request it should not have, from narrow to wide, each with its effect.
//!
//! ```text
//! event, rule 942100 on ARGS:q of /search ─▶ ctl:ruleRemoveTargetById=942100;ARGS:q on /search      clears 41 of 41 events
//!                                            SecRuleUpdateTargetById 942100 "!ARGS:q"               clears 55
//!                                            ctl:ruleRemoveById=942100 on /search                   clears 44
//!                                            SecRuleRemoveById 942100                               clears 58, 3 with other signs
//! ```
//!
//! A proposal is text for one of two files: [`BEFORE`] is read before all rule sets (what a request decides, by `ctl`), [`AFTER`]
//! behind them (what changes rules). The effect is not guessed: stored events are replayed by the rules of today and by the
//! changed ones. Nothing is written; [`Proposal::changes`] is for [`Site::commit`].
//!
//! Limits: a `ctl` works on rules that run later, so [`BEFORE`] must be the first file that holds rules of phase 1; where it is
//! not, the effect shows it. Names and paths that cannot be written safely in a rule get no proposal that needs them.

use std::path::PathBuf;
use std::sync::Arc;

use portcullis_engine::{Compatibility, RuleSet};
use portcullis_site::{ACTIVATED_RULES, Changes, Site, SiteError};
use serde::Serialize;

use crate::event::{EventDetail, MatchedRule, Verdict};
use crate::replay::replay;

/// The file that is read before all rule sets.
pub const BEFORE: &str = "00-exclusions-before.conf";

/// The file that is read behind all rule sets.
pub const AFTER: &str = "zz-exclusions-after.conf";

/// The first id that is given to a rule that carries an exclusion; free for local use by the conventions of the field.
const FIRST_ID: u64 = 90_000;

/// The longest file of exclusions that is changed.
const LONGEST_FILE: u64 = 4 << 20;

/// What an exclusion takes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The rule does not look at the value on the path.
    TargetOnPath,
    /// The rule does not look at the value anywhere.
    Target,
    /// The rule does not run on the path.
    RuleOnPath,
    /// The rule does not run.
    Rule,
}

/// An exclusion somebody could make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// How much it takes out.
    pub scope: Scope,
    /// One sentence.
    pub summary: String,
    /// What is added to the file.
    pub text: String,
    /// The file, relative to the site's root.
    pub file: PathBuf,
    /// What it would have changed in the stored events that were looked at.
    pub effect: Effect,
    /// The change of the site.
    #[serde(skip)]
    pub changes: Changes,
}

impl Proposal {
    /// The change of the site, with a comment above the text that tells why; each line of it becomes a comment.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn with_reason(&self, site: &Site, reason: &str) -> Result<Changes, SiteError> {
        // A backslash at its end would draw the next line into the comment.
        let comment = |line: &str| format!("# {}\n", line.trim_end_matches(['\\', ' ', '\r']));
        let comments: String = reason.lines().map(comment).collect();
        changes(site, &self.file, &format!("{comments}{}", self.text))
    }
}

/// What an exclusion would have changed in stored events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Effect {
    /// Events in which the rule matches by the rules of today.
    pub events: u64,
    /// Those in which no rule that logs matches any more.
    pub cleared: u64,
    /// Those that rules block, or would block, today and no longer with the exclusion.
    pub released: u64,
    /// Those of the released in which other rules match still: attacks may be among them.
    pub released_with_other_rules: u64,
    /// Events in which the rule matched when they were stored, but does not in a replay: nothing is known of them.
    pub not_reproduced: u64,
    /// Events whose replay may differ from what happened.
    pub doubtful: u64,
}

/// Why there is no proposal.
#[derive(Debug, thiserror::Error)]
pub enum ProposalError {
    /// The rule did not match in the event.
    #[error("rule {0} did not match in this event")]
    NotMatched(u64),
    /// The rule sums up what others found.
    #[error("rule {rule} looks at scores that other rules have summed up; exclude one of those: {others:?}")]
    SumsUp {
        /// The rule.
        rule: u64,
        /// The others.
        others: Vec<u64>,
    },
    /// The site as it is has errors.
    #[error("the site has errors; `check` shows them")]
    BrokenSite,
    /// The site cannot be read.
    #[error(transparent)]
    Site(#[from] SiteError),
}

/// Proposes exclusions of a rule for an event, the narrowest first, with their effect on these stored events.
///
/// # Errors
/// When the rule has no part in the event or only sums up, or the site cannot be read or has errors.
pub fn proposals(
    site: &Site,
    compatibility: Compatibility,
    event: &EventDetail,
    rule: u64,
    stored: &[EventDetail],
) -> Result<Vec<Proposal>, ProposalError> {
    let matched = event.matched.iter().find(|matched| matched.id == rule);
    let matched = matched.ok_or(ProposalError::NotMatched(rule))?;
    if matched.sums_up {
        let others = event.matched.iter().filter(|other| !other.sums_up).map(|other| other.id);
        return Err(ProposalError::SumsUp { rule, others: others.collect() });
    }
    let today = site.load(compatibility).rule_set.ok_or(ProposalError::BrokenSite)?;
    let before = judged(stored, rule, &today);
    let id = (FIRST_ID..).find(|id| today.rule_with_id(*id).is_none()).unwrap_or(FIRST_ID);
    let mut found = Vec::new();
    for (scope, summary, file, text) in texts(event, matched, id) {
        let file = PathBuf::from(ACTIVATED_RULES).join(file);
        let changes = changes(site, &file, &text)?;
        // A text that the rules of this site refuse is no proposal.
        let Some(changed) = site.with_changes(&changes).load(compatibility).rule_set else { continue };
        let effect = effect(&before, rule, &changed);
        found.push(Proposal { scope, summary, text, file, effect, changes });
    }
    Ok(found)
}

/// An event as the rules of today judge it.
struct Judged<'a> {
    event: &'a EventDetail,
    verdict: Verdict,
    reproduced: bool,
    is_doubtful: bool,
}

fn judged<'a>(stored: &'a [EventDetail], rule: u64, rules: &Arc<RuleSet>) -> Vec<Judged<'a>> {
    let with_rule = stored.iter().filter(|event| event.summary.rules.contains(&rule));
    let judged = with_rule.map(|event| {
        let replayed = replay(event, rules);
        let (verdict, matched) = outcome(replayed.event.detail.as_deref());
        Judged {
            event,
            verdict,
            reproduced: matched.contains(&rule),
            is_doubtful: !replayed.doubts.is_empty(),
        }
    });
    judged.collect()
}

fn outcome(detail: Option<&EventDetail>) -> (Verdict, Vec<u64>) {
    detail.map_or((Verdict::Passed, Vec::new()), |detail| {
        let matched = detail.matched.iter().filter(|rule| !rule.sums_up);
        (detail.summary.verdict, matched.map(|rule| rule.id).collect())
    })
}

fn effect(before: &[Judged<'_>], rule: u64, changed: &Arc<RuleSet>) -> Effect {
    let blocks = |verdict| matches!(verdict, Verdict::Blocked | Verdict::WouldBeBlocked);
    let mut effect = Effect::default();
    for judged in before {
        if !judged.reproduced {
            effect.not_reproduced += 1;
            continue;
        }
        effect.events += 1;
        effect.doubtful += u64::from(judged.is_doubtful);
        let (verdict, matched) = outcome(replay(judged.event, changed).event.detail.as_deref());
        effect.cleared += u64::from(matched.is_empty() && !blocks(verdict));
        if blocks(judged.verdict) && !blocks(verdict) {
            effect.released += 1;
            effect.released_with_other_rules += u64::from(matched.iter().any(|other| *other != rule));
        }
    }
    effect
}

/// The exclusions of a match as texts: scope, sentence, file, text.
fn texts(event: &EventDetail, matched: &MatchedRule, id: u64) -> Vec<(Scope, String, &'static str, String)> {
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

fn changes(site: &Site, file: &std::path::Path, text: &str) -> Result<Changes, SiteError> {
    let name = file.to_string_lossy();
    let mut content = site.read_file(&name, LONGEST_FILE)?.unwrap_or_default();
    if !content.is_empty() && !content.ends_with(b"\n") {
        content.push(b'\n');
    }
    content.extend_from_slice(text.as_bytes());
    let mut changes = Changes::default();
    changes.write(file, content);
    Ok(changes)
}
