//! Why rules matched, as the page of an event shows it: values before and behind each transformation, and what was added to which score.
//!
//! The steps are those of a replay by the rules in force, of what is stored: what rules hide is masked there already.

use std::path::Path;

use portcullis_insight::explain::{Change, ExplainedMatch, ExplainedRule};
use portcullis_insight::{Bytes, Explanation};
use portcullis_site::Site;

use crate::change::{LONGEST_FILE, editable};
use crate::view::{Run, printable, value_runs};

/// Bytes of a value that the page shows.
const SHOWN: usize = 4096;

/// Values of a rule that are shown step by step.
const MOST_VALUES: usize = 5;

/// A value that matched.
pub(super) struct Value {
    pub(super) variable: String,
    /// It was matched by a further condition of the rule.
    pub(super) is_link: bool,
    pub(super) before: Vec<Run>,
    pub(super) steps: Vec<Step>,
    pub(super) operator: String,
    pub(super) result: Vec<Run>,
    pub(super) span: String,
    pub(super) changes: Vec<String>,
}

/// A transformation.
pub(super) struct Step {
    pub(super) name: String,
    /// Empty when it changed nothing.
    pub(super) runs: Vec<Run>,
}

/// Something added to a score.
pub(super) struct Added {
    pub(super) rule: u64,
    pub(super) name: String,
    pub(super) by: String,
    pub(super) to: String,
}

/// The values that a rule matched, by the explanation, and how many more there are.
pub(super) fn values(explanation: &Explanation, rule: u64) -> (Vec<Value>, usize) {
    let of_rule = explanation.rules.iter().filter(|one| one.id == rule);
    let mut all: Vec<Value> =
        of_rule.flat_map(|one| one.matches.iter().map(|found| value(one, found))).collect();
    let more = all.len().saturating_sub(MOST_VALUES);
    all.truncate(MOST_VALUES);
    (all, more)
}

fn value(rule: &ExplainedRule, found: &ExplainedMatch) -> Value {
    let mut last: &Bytes = &found.before;
    let mut steps = Vec::new();
    for step in &found.steps {
        let runs = if step.changed {
            value_runs(Some(last.as_slice()), step.value.as_slice(), None, SHOWN)
        } else {
            Vec::new()
        };
        steps.push(Step { name: format!("t:{}", step.transformation), runs });
        last = &step.value;
    }
    let span = found.span.filter(|(start, end)| start < end && *end <= last.len());
    Value {
        variable: text(&found.variable),
        is_link: rule.is_link,
        before: value_runs(None, found.before.as_slice(), None, SHOWN),
        steps,
        operator: printable(found.operator.as_slice(), 300),
        result: value_runs(None, last.as_slice(), span, SHOWN),
        span: span.map(|(start, end)| format!("matched bytes {start} to {end}")).unwrap_or_default(),
        changes: found.changes.iter().filter(|change| !is_capture(change)).map(told).collect(),
    }
}

fn text(bytes: &Bytes) -> String {
    printable(bytes.as_slice(), 200)
}

/// `tx.0` to `tx.9` hold what was captured, which the marks show.
fn is_capture(change: &Change) -> bool {
    change.name.as_slice().strip_prefix(b"tx.").is_some_and(|name| matches!(name, [b'0'..=b'9']))
}

fn told(change: &Change) -> String {
    let shown = |value: &Option<Bytes>| value.as_ref().map_or_else(|| "unset".to_owned(), text);
    match &change.from {
        None => format!("{} = {}", text(&change.name), shown(&change.to)),
        from => format!("{}: {} → {}", text(&change.name), shown(from), shown(&change.to)),
    }
}

/// What rules added to variables that are scores, in order.
pub(super) fn added(explanation: &Explanation) -> Vec<Added> {
    let changes = explanation.rules.iter().flat_map(|rule| {
        rule.matches.iter().flat_map(move |found| found.changes.iter().map(move |change| (rule.id, change)))
    });
    let number = |value: &Option<Bytes>| -> Option<i64> {
        std::str::from_utf8(value.as_ref()?.as_slice()).ok()?.trim().parse().ok()
    };
    let added = changes.filter_map(|(rule, change)| {
        let name = text(&change.name);
        let to = number(&change.to)?;
        let by = to.checked_sub(number(&change.from).unwrap_or(0))?;
        let is_score = name.contains("score") && by != 0;
        is_score.then(|| Added { rule, name, by: format!("{by:+}"), to: to.to_string() })
    });
    added.collect()
}

/// Where a file of rules is shown in the console; `None` when it is not.
pub(super) fn link(site: &Site, file: &str, rule: u64) -> Option<String> {
    let root = site.root().canonicalize().unwrap_or_else(|_| site.root().to_path_buf());
    let path = Path::new(file);
    let path = path.strip_prefix(&root).or_else(|_| path.strip_prefix(site.root())).unwrap_or(path);
    let path = path.to_str().filter(|path| editable(path))?;
    // A file that was there and is gone has no page.
    let is_there = site.read_file(path, LONGEST_FILE).is_ok_and(|text| text.is_some());
    is_there.then(|| format!("/files/{path}#rule-{rule}"))
}
