//! Exclusions for a rule that matched a request it should not have, from narrow to wide, each with its effect.
//!
//! ```text
//! event, rule 942100 on ARGS:q of /search ─▶ ctl:ruleRemoveTargetById=942100;ARGS:q on /search      clears 41 of 41 events
//!                                            SecRuleUpdateTargetById 942100 "!ARGS:q"               clears 55
//!                                            ctl:ruleRemoveById=942100 on /search                   clears 44
//!                                            ctl:ruleRemoveTargetByTag=attack-sqli;ARGS:q on /search
//!                                            SecRuleRemoveById 942100                               clears 58, 3 with other signs
//! ```
//!
//! A proposal is text for one of two files: [`BEFORE`] is read before all rule sets (what a request decides, by `ctl`), [`AFTER`]
//! behind them (what changes rules). The effect is not guessed: stored events are replayed by the rules of today and by the
//! changed ones. Those are mostly the same rules in transactions that do without something ([`Exclusion`]); where a text
//! does more than that, the site is compiled with it. Nothing is written; [`Proposal::changes`] is for [`Site::commit`].
//!
//! Where a chain or a variable that another rule set hides the value that a client sent, that value is taken out of the rule
//! that looked at it (`targets.rs`). What would change nothing for the event itself is no proposal.
//!
//! Limits: a `ctl` works on rules that run later, so [`BEFORE`] must be the first file that holds rules of phase 1. Names and
//! paths that cannot be written safely in a rule get no proposal that needs them.

mod judged;
mod targets;
mod texts;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use portcullis_engine::{Compatibility, Exclusion, RuleSet};
use portcullis_site::{ACTIVATED_RULES, CONFIGURATION, Changes, Site, SiteError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::judged::{Changed, Judged, Outcome, effect, judged, outcome};
use self::texts::Text;
use crate::event::{EventDetail, EventSummary, MatchedRule, Verdict};
use crate::filter::{Filter, Window};
use crate::store::{Events, EventsError};

/// The file that is read before all rule sets.
pub const BEFORE: &str = "00-exclusions-before.conf";

/// The file that is read behind all rule sets.
pub const AFTER: &str = "zz-exclusions-after.conf";

/// The first id that is given to a rule that carries an exclusion; free for local use by the conventions of the field.
const FIRST_ID: u64 = 90_000;

/// The longest file of exclusions that is changed.
const LONGEST_FILE: u64 = 4 << 20;

/// Exclusions that are tried at a time.
const MOST_THREADS: usize = 4;

/// How many of the events that an exclusion would have changed are named.
pub const NAMED: usize = 50;

/// What an exclusion takes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The rule does not look at the value on the path.
    TargetOnPath,
    /// The rule does not look at the value anywhere.
    Target,
    /// The rule does not run on the path.
    RuleOnPath,
    /// No rule with the tag of the attack looks at the value on the path.
    TagTargetOnPath,
    /// The rule does not run.
    Rule,
}

impl Scope {
    /// All, narrow to wide.
    pub const ALL: [Scope; 5] =
        [Self::TargetOnPath, Self::Target, Self::RuleOnPath, Self::TagTargetOnPath, Self::Rule];

    /// The word in forms and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::TargetOnPath => "target_on_path",
            Self::Target => "target",
            Self::RuleOnPath => "rule_on_path",
            Self::TagTargetOnPath => "tag_target_on_path",
            Self::Rule => "rule",
        }
    }

    /// The scope of a word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// An exclusion somebody could make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
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
    /// The events among them whose verdict or matches it would have changed, at most [`NAMED`].
    pub changed: Vec<ChangedEvent>,
    /// The change of the site.
    #[serde(skip)]
    pub changes: Changes,
    /// The site had to be compiled with it to tell its effect.
    #[serde(skip)]
    pub is_compiled: bool,
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

/// A stored event that an exclusion would have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChangedEvent {
    /// The event as it was stored.
    pub event: EventSummary,
    /// Its verdict by the rules of today.
    pub today: Verdict,
    /// Its verdict with the exclusion.
    pub then: Verdict,
    /// Its score with the exclusion.
    pub score: i64,
    /// The rules that match still and look at the request itself.
    pub rules: Vec<u64>,
}

/// What an exclusion would have changed in stored events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Effect {
    /// Events in which the rule matches by the rules of today, or, for an exclusion by tag, one of its rules.
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

/// Proposes exclusions of a rule for an event, the narrowest first, with their effect on these stored events. `today` are the
/// rules of the site as it is, where somebody has them at hand. Exclusions are tried beside each other, on a few threads.
///
/// # Errors
/// When the rule has no part in the event or only sums up, or the site cannot be read or has errors.
pub fn proposals(
    site: &Site,
    compatibility: Compatibility,
    today: Option<Arc<RuleSet>>,
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
    let today = today.or_else(|| site.load(compatibility).rule_set).ok_or(ProposalError::BrokenSite)?;
    let tag = attack_tag(matched);
    let (of_rule, of_tag) = judged(stored, rule, tag.as_deref(), &today);
    let id = (FIRST_ID..).find(|id| today.rule_with_id(*id).is_none()).unwrap_or(FIRST_ID);
    let activated = site.activated_files()?;
    let now = outcome(event, &today);
    let asked = Asked { site, compatibility, today: &today, activated, event, rule, now, of_rule, of_tag };
    let mut found = Vec::new();
    for target in targets::of(event, matched, &today) {
        found = asked.try_all(texts::of(event, rule, &target, tag.as_deref(), id))?;
        let takes_a_value_out =
            |proposal: &Proposal| matches!(proposal.scope, Scope::TargetOnPath | Scope::Target);
        if found.iter().any(takes_a_value_out) {
            break;
        }
    }
    Ok(found)
}

/// The event that exclusions are proposed for, and those they are tried on.
struct Asked<'a> {
    site: &'a Site,
    compatibility: Compatibility,
    today: &'a Arc<RuleSet>,
    /// The files that run, in their order.
    activated: Vec<PathBuf>,
    event: &'a EventDetail,
    rule: u64,
    /// What the rules of today say of it.
    now: Outcome,
    of_rule: Vec<Judged<'a>>,
    of_tag: Vec<Judged<'a>>,
}

impl Asked<'_> {
    /// Those that can be made, in their order.
    fn try_all(&self, texts: Vec<Text>) -> Result<Vec<Proposal>, SiteError> {
        // A site with a change may be compiled for each: few at a time, for the memory.
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        let mut found = Vec::new();
        let mut texts = texts.into_iter();
        loop {
            let some: Vec<Text> = texts.by_ref().take(threads).collect();
            if some.is_empty() {
                return Ok(found);
            }
            let tried: Vec<_> = thread::scope(|scope| {
                let started: Vec<_> =
                    some.into_iter().map(|text| scope.spawn(|| self.try_out(text))).collect();
                let ended = started.into_iter().map(thread::ScopedJoinHandle::join);
                ended.map(|tried| tried.unwrap_or_else(|panic| resume_unwind(panic))).collect()
            });
            for proposal in tried {
                found.extend(proposal?);
            }
        }
    }

    /// An exclusion with its effect; `None` when the site would not load with it, or when it changes nothing for the event.
    fn try_out(&self, text: Text) -> Result<Option<Proposal>, SiteError> {
        let file = PathBuf::from(ACTIVATED_RULES).join(text.file);
        let changes = changes(self.site, &file, &text.text)?;
        let changed = match self.exclusion(&text, &file, &changes) {
            Some(exclusion) => Changed::Excluding(self.today, exclusion),
            None => match self.site.with_changes(&changes).load(self.compatibility).rule_set {
                Some(rules) => Changed::Compiled(rules),
                None => return Ok(None),
            },
        };
        // When the rule does not match in a replay, nothing can be told from one.
        let is_known = self.now.matched.iter().any(|(rule, _)| *rule == self.rule);
        if is_known && changed.outcome(self.event) == self.now {
            return Ok(None);
        }
        let before = if text.scope == Scope::TagTargetOnPath { &self.of_tag } else { &self.of_rule };
        let is_compiled = matches!(changed, Changed::Compiled(_));
        let (effect, changed) = effect(before, &changed);
        let Text { scope, summary, text, .. } = text;
        Ok(Some(Proposal { scope, summary, text, file, effect, changed, changes, is_compiled }))
    }

    /// What transactions of today's rules do without when this text is added to its file; `None` when only compiling tells.
    fn exclusion(&self, text: &Text, file: &Path, changes: &Changes) -> Option<Exclusion> {
        let content = changes.iter().find_map(|(path, content)| content.filter(|_| path == file))?;
        let before = content.strip_suffix(text.text.as_bytes())?.trim_ascii_end();
        // A line that goes on would swallow the text.
        if before.ends_with(b"\\") {
            return None;
        }
        self.today.exclusion(&text.excluded()?, &|read| self.stands(read, file))
    }

    /// Where a file of rules is read, seen from one of exclusions: the configuration first, then what is activated, in its
    /// order. Of what these include it is only known that it comes before a file behind which there is none.
    fn stands(&self, read: &str, file: &Path) -> Option<Ordering> {
        let read = Path::new(read).strip_prefix(self.site.root()).ok()?;
        if read == Path::new(CONFIGURATION) || self.activated.iter().all(|other| other.as_path() <= file) {
            return Some(Ordering::Less);
        }
        self.activated.iter().any(|other| other == read).then(|| read.cmp(file))
    }
}

/// The stored events on which exclusions of a rule for an event are tried: the newest in which the rule matched, and the
/// newest in which a rule with the same tag of an attack did, at most `most` of each.
///
/// # Errors
/// When the store cannot be read.
pub fn tried(
    events: &Events,
    event: &EventDetail,
    rule: u64,
    window: Window,
    most: usize,
) -> Result<Vec<EventDetail>, EventsError> {
    let filter = Filter::default().within(window);
    let mut found = events.details(&filter.clone().with_rule(rule), most)?;
    let matched = event.matched.iter().find(|matched| matched.id == rule);
    if let Some(tag) = matched.and_then(attack_tag) {
        let known: BTreeSet<u64> = found.iter().map(|event| event.summary.seq).collect();
        let others = events.details(&filter.with_tag(&tag), most)?;
        found.extend(others.into_iter().filter(|event| !known.contains(&event.summary.seq)));
    }
    Ok(found)
}

/// The tag that tells the kind of attack, by the conventions of the Core Rule Set and of the starter rules; `None` when it cannot be written in a rule.
fn attack_tag(matched: &MatchedRule) -> Option<String> {
    let tags = matched.tags.iter().filter_map(|tag| std::str::from_utf8(tag.as_slice()).ok());
    let is_plain =
        |tag: &str| tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/'));
    tags.into_iter()
        .find(|tag| (tag.starts_with("attack-") || tag.starts_with("starter/")) && is_plain(tag))
        .map(str::to_owned)
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
