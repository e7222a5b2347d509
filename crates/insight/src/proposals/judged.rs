//! What rules say of stored events, today and with an exclusion.
//!
//! Stored events, the rules of today, the rules with an exclusion → [`Effect`] and the events that change. Each event is
//! replayed; what was stored of its verdict counts for nothing here.

use std::sync::Arc;

use portcullis_engine::{Exclusion, RuleSet};

use super::{ChangedEvent, Effect, NAMED};
use crate::event::{EventDetail, MatchedRule, Verdict};
use crate::replay::{replay, replay_without};

/// A stored event as the rules of today judge it.
pub(super) struct Judged<'a> {
    event: &'a EventDetail,
    today: Outcome,
    reproduced: bool,
    is_doubtful: bool,
}

/// Rules with an exclusion.
pub(super) enum Changed<'a> {
    /// Those of today, in transactions that do without something.
    Excluding(&'a Arc<RuleSet>, Exclusion),
    /// Compiled with the text.
    Compiled(Arc<RuleSet>),
}

impl Changed<'_> {
    /// What they say of an event.
    pub(super) fn outcome(&self, event: &EventDetail) -> Outcome {
        match self {
            Self::Excluding(rules, exclusion) => {
                Outcome::of(replay_without(event, rules, exclusion).event.detail.as_deref())
            }
            Self::Compiled(rules) => outcome(event, rules),
        }
    }
}

/// What rules say of an event.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    verdict: Verdict,
    score: i64,
    /// Matches of rules that look at the request itself: the rule, and what it matched.
    pub(super) matched: Vec<(u64, Vec<u8>)>,
}

impl Outcome {
    fn of(detail: Option<&EventDetail>) -> Self {
        let Some(detail) = detail else {
            return Self { verdict: Verdict::Passed, score: 0, matched: Vec::new() };
        };
        let matched = detail.matched.iter().filter(|rule| !rule.sums_up);
        Self {
            verdict: detail.summary.verdict,
            score: detail.summary.score,
            matched: matched.map(|rule| (rule.id, rule.variable.as_slice().to_vec())).collect(),
        }
    }

    fn blocks(&self) -> bool {
        matches!(self.verdict, Verdict::Blocked | Verdict::WouldBeBlocked)
    }
}

/// The stored events of the rule, and those of the rules with the tag.
pub(super) fn judged<'a>(
    stored: &'a [EventDetail],
    rule: u64,
    tag: Option<&str>,
    rules: &Arc<RuleSet>,
) -> (Vec<Judged<'a>>, Vec<Judged<'a>>) {
    let has_tag =
        |one: &MatchedRule| tag.is_some_and(|tag| one.tags.iter().any(|t| t.as_slice() == tag.as_bytes()));
    let is_rule = |one: &MatchedRule| one.id == rule;
    let (mut of_rule, mut of_tag) = (Vec::new(), Vec::new());
    for event in stored {
        let (rule_matched, tag_matched) =
            (event.summary.rules.contains(&rule), event.matched.iter().any(has_tag));
        if !rule_matched && !tag_matched {
            continue;
        }
        let replayed = replay(event, rules);
        let detail = replayed.event.detail.as_deref();
        let matches = |which: &dyn Fn(&MatchedRule) -> bool| {
            detail.is_some_and(|detail| detail.matched.iter().any(which))
        };
        let judge = |reproduced| Judged {
            event,
            today: Outcome::of(detail),
            reproduced,
            is_doubtful: !replayed.doubts.is_empty(),
        };
        if rule_matched {
            of_rule.push(judge(matches(&is_rule)));
        }
        if tag_matched {
            of_tag.push(judge(matches(&has_tag)));
        }
    }
    (of_rule, of_tag)
}

pub(super) fn effect(before: &[Judged<'_>], changed: &Changed<'_>) -> (Effect, Vec<ChangedEvent>) {
    let (mut effect, mut named) = (Effect::default(), Vec::new());
    for judged in before {
        if !judged.reproduced {
            effect.not_reproduced += 1;
            continue;
        }
        effect.events += 1;
        effect.doubtful += u64::from(judged.is_doubtful);
        let then = changed.outcome(judged.event);
        effect.cleared += u64::from(then.matched.is_empty() && !then.blocks());
        if judged.today.blocks() && !then.blocks() {
            effect.released += 1;
            effect.released_with_other_rules += u64::from(!then.matched.is_empty());
        }
        if then != judged.today && named.len() < NAMED {
            let mut rules: Vec<u64> = then.matched.iter().map(|(rule, _)| *rule).collect();
            rules.dedup();
            let (today, then, score) = (judged.today.verdict, then.verdict, then.score);
            named.push(ChangedEvent { event: judged.event.summary.clone(), today, then, score, rules });
        }
    }
    (effect, named)
}

/// What these rules say of an event.
pub(super) fn outcome(event: &EventDetail, rules: &Arc<RuleSet>) -> Outcome {
    Outcome::of(replay(event, rules).event.detail.as_deref())
}
