//! Why rules matched, step by step: a stored request is replayed and every step of the rules that matched is kept.
//!
//! ```text
//! rule 942100: ARGS:q = "1%27 OR 1=1" ─ urlDecodeUni ▶ "1' OR 1=1" ─ @detectSQLi ▶ matched "1' OR 1=1"; tx.score 0 → 5
//! ```
//!
//! The rules are those the caller has, which need not be those that decided then: rules of the event that do not match now
//! are listed apart. What a replay cannot know is told as [`Doubt`]s.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_engine::RuleSet;
use portcullis_engine::trace::{TraceLine, TraceStep};
use schemars::JsonSchema;
use serde::Serialize;

use crate::bytes::Bytes;
use crate::event::EventDetail;
use crate::observed::VALUE_LIMIT;
use crate::replay::{Doubt, Replay, replay_with_steps};

/// Every rule of an event, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explanation {
    /// The event's rules and chain links that matched, in the order they ran.
    pub rules: Vec<ExplainedRule>,
    /// Rules of the event that do not match in the replay.
    pub missing: Vec<u64>,
    /// Why the replay may differ from what happened.
    pub doubts: Vec<Doubt>,
    /// There were too many steps: the rules at the end are missing.
    pub is_cut: bool,
}

/// A rule or chain link that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedRule {
    /// Its id; a chain link has its starter's.
    pub id: u64,
    /// It is a link of a chain, not its starter.
    pub is_link: bool,
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The rule as logs show it.
    pub text: Bytes,
    /// The values that matched.
    pub matches: Vec<ExplainedMatch>,
}

/// A value that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedMatch {
    /// What it is: `ARGS:q`.
    pub variable: Bytes,
    /// The value before the first transformation.
    pub before: Bytes,
    /// The value behind each transformation.
    pub steps: Vec<ExplainedStep>,
    /// The operator and its argument, macros expanded: `!@rx ^a$`.
    pub operator: Bytes,
    /// Where the match stands in the last value, when the rule captures it.
    pub span: Option<(usize, usize)>,
    /// What it set: scores and other variables.
    pub changes: Vec<Change>,
}

/// A transformation's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedStep {
    /// Its name.
    pub transformation: String,
    /// The value behind it.
    pub value: Bytes,
    /// It changed the value.
    pub changed: bool,
}

/// A variable that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// `tx.anomaly_score`
    pub name: Bytes,
    /// The value before; `None` when it was not set.
    pub from: Option<Bytes>,
    /// The value now; `None` when it was unset.
    pub to: Option<Bytes>,
}

/// Explains an event by these rules.
pub fn explain(event: &EventDetail, rules: &Arc<RuleSet>) -> Explanation {
    let replayed = replay_with_steps(event, rules);
    let mut found = read(&replayed, rules);
    found.retain(|rule| event.summary.rules.contains(&rule.id));
    let missing = event.summary.rules.iter().filter(|id| !found.iter().any(|rule| rule.id == **id));
    let missing = missing.copied().collect();
    let is_cut = replayed.record.trace.last().is_some_and(|line| line.step.is_end_of_room());
    Explanation { rules: found, missing, doubts: replayed.doubts, is_cut }
}

/// Every rule and link that matches in a replay of an event, also those that do not log, in the order they ran.
pub(crate) fn matches_of(event: &EventDetail, rules: &Arc<RuleSet>) -> Vec<ExplainedRule> {
    read(&replay_with_steps(event, rules), rules)
}

fn read(replayed: &Replay, rules: &RuleSet) -> Vec<ExplainedRule> {
    let mut reader = Reader { rules, out: Vec::new(), values: BTreeMap::new() };
    reader.read(&replayed.record.trace);
    reader.out
}

/// The steps of the value being looked at.
#[derive(Default)]
struct Value {
    variable: Vec<u8>,
    before: Option<Vec<u8>>,
    steps: Vec<ExplainedStep>,
    last: Vec<u8>,
    argument: Vec<u8>,
    captured: Option<Vec<u8>>,
    matched: bool,
    changes: Vec<Change>,
}

struct Reader<'a> {
    rules: &'a RuleSet,
    out: Vec<ExplainedRule>,
    /// Variables as last set.
    values: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Reader<'_> {
    fn read(&mut self, trace: &[TraceLine]) {
        let (mut matches, mut value) = (Vec::new(), Value::default());
        for line in trace {
            match &line.step {
                TraceStep::Rule(_) => {
                    matches.clear();
                    value = Value::default();
                }
                TraceStep::Before(before) => {
                    self.end(&mut value, &mut matches);
                    value = Value { before: Some(before.clone()), last: before.clone(), ..Value::default() };
                }
                TraceStep::Transformed { name, value: now } => {
                    let changed = *now != value.last;
                    value.last.clone_from(now);
                    let step = ExplainedStep { transformation: (*name).to_owned(), value: cut(now), changed };
                    value.steps.push(step);
                }
                TraceStep::Operator { argument, target, .. } => {
                    value.argument.clone_from(argument);
                    value.variable.clone_from(target);
                }
                TraceStep::Value(tested) => value.last.clone_from(tested),
                TraceStep::Captured { number: 0, value: text } => value.captured = Some(text.clone()),
                TraceStep::Matched => value.matched = true,
                TraceStep::Variable { collection, name, value: now } => {
                    let change = self.change(collection, name, now.as_deref());
                    value.changes.push(change);
                }
                TraceStep::Outcome { rule, matched, .. } => {
                    self.end(&mut value, &mut matches);
                    if *matched {
                        self.rule(*rule, std::mem::take(&mut matches));
                    }
                    matches.clear();
                }
                _ => {}
            }
        }
    }

    fn end(&self, value: &mut Value, matches: &mut Vec<ExplainedMatch>) {
        let value = std::mem::take(value);
        if !value.matched {
            return;
        }
        let span = value.captured.filter(|text| !text.is_empty()).and_then(|text| {
            let start = value.last.windows(text.len()).position(|window| window == text)?;
            Some((start, start + text.len()))
        });
        matches.push(ExplainedMatch {
            variable: cut(&value.variable),
            before: cut(value.before.as_deref().unwrap_or(&value.last)),
            steps: value.steps,
            operator: cut(&value.argument),
            span: span.filter(|(_, end)| *end <= VALUE_LIMIT),
            changes: value.changes,
        });
    }

    fn rule(&mut self, index: u32, mut matches: Vec<ExplainedMatch>) {
        let Some(rule) = self.rules.describe(index) else { return };
        for found in &mut matches {
            let not = if rule.is_negated() { "!" } else { "" };
            let argument = std::mem::take(&mut found.operator);
            let written = [format!("{not}@{} ", rule.operator()).as_bytes(), argument.as_slice()].concat();
            found.operator = Bytes::from(written);
        }
        let starter = self.rules.describe(rule.starter());
        self.out.push(ExplainedRule {
            id: starter.and_then(|starter| starter.id()).unwrap_or(0),
            is_link: rule.is_link(),
            file: rule.file().to_owned(),
            line: rule.line(),
            text: cut(rule.text()),
            matches,
        });
    }

    fn change(&mut self, collection: &[u8], name: &[u8], now: Option<&[u8]>) -> Change {
        let name = [collection, b".", name].concat().to_ascii_lowercase();
        let from = match now {
            Some(now) => self.values.insert(name.clone(), now.to_vec()),
            None => self.values.remove(&name),
        };
        Change { name: name.into(), from: from.as_deref().map(cut), to: now.map(cut) }
    }
}

fn cut(bytes: &[u8]) -> Bytes {
    Bytes::from(bytes.get(..VALUE_LIMIT).unwrap_or(bytes))
}
