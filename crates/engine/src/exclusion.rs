//! What an exclusion would change, without compiling the rule set again.
//!
//! ```text
//! SecRuleRemoveById 942100                      rule 942100 does not run
//! SecRuleUpdateTargetById 942100 "!ARGS:q"      rule 942100 does not look at ARGS:q
//! SecRule REQUEST_FILENAME "@streq /search" "id:9,phase:1,pass,nolog,ctl:ruleRemoveTargetById=942100;ARGS:q"
//! ```
//!
//! [`RuleSet::exclusion`] says of such a text which rules it takes out, or which values from which rules;
//! [`Transaction::do_without`] runs one transaction as if it stood in the configuration. Who tries several exclusions on stored
//! traffic pays for one rule set.
//!
//! The bet is that an exclusion is state which a transaction has anyway: what `ctl` removes. Where a text would do more than
//! that, or where it is not known which rules stand before it, there is no [`Exclusion`], and the caller compiles. Of the
//! rule that carries a `ctl` nothing is seen: MATCHED_VAR stays what it was, and no rule can remove it.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::actions::{RemovedTarget, removed_targets};
use crate::compile::selection::RuleSelector;
use crate::macros::Template;
use crate::ruleset::{BitSet, Disruptive, Rule, RuleIndex, RuleSet, Selector};
use crate::transaction::Transaction;
use crate::variables::{Naming, Shape, Variable};
use crate::verdict::Phase;

/// An exclusion somebody could write.
#[derive(Debug)]
pub struct Excluded<'a> {
    /// The rules.
    pub rules: RuleSelector,
    /// The value they do not look at, as `ARGS:q`; without one they do not run.
    pub target: Option<&'a str>,
    /// By `ctl` of a rule of phase 1 that holds for exactly this path; without one by a directive.
    pub path: Option<&'a [u8]>,
}

/// What a transaction does without; made for one rule set.
#[derive(Debug, Clone)]
pub struct Exclusion {
    removed: BitSet,
    targets: Option<(Arc<BitSet>, Arc<Vec<RemovedTarget>>)>,
    path: Option<Vec<u8>>,
}

/// Where rules stand, seen from an exclusion's text.
struct Places {
    /// Behind the last rule that stands before it.
    before: usize,
    /// The first rule that stands behind it.
    behind: usize,
}

impl RuleSet {
    /// The exclusion, where a transaction can do what its text would. `stands` says of a file whether its rules are read
    /// before that text or behind it; `None` when that is not known.
    pub fn exclusion(
        &self,
        excluded: &Excluded<'_>,
        stands: &dyn Fn(&str) -> Option<Ordering>,
    ) -> Option<Exclusion> {
        let places = self.places(stands)?;
        let mut selected = Vec::new();
        // A directive takes a chain as a whole, a `ctl` each link that has the tag itself.
        for rule in self.rules.iter().filter(|rule| excluded.path.is_some() || !rule.is_link) {
            if selects(&excluded.rules, rule)? {
                selected.push(rule);
            }
        }
        let selected = match excluded.path {
            Some(_) => self.reached_by_control(selected, &places)?,
            None => self.reached_by_directive(selected, excluded.target, &places)?,
        };
        let mut rules = BitSet::default();
        selected.into_iter().for_each(|rule| rules.insert(rule));
        let path = excluded.path.map(<[u8]>::to_vec);
        Some(match excluded.target {
            None => Exclusion { removed: rules, targets: None, path },
            Some(target) => {
                let targets = removed_targets(target.as_bytes()).ok()?;
                let targets = Some((Arc::new(rules), Arc::new(targets)));
                Exclusion { removed: BitSet::default(), targets, path }
            }
        })
    }

    fn places(&self, stands: &dyn Fn(&str) -> Option<Ordering>) -> Option<Places> {
        let files: Vec<Option<Ordering>> = self.files.iter().map(|file| stands(file)).collect();
        let place = |rule: &Rule| files.get(usize::from(rule.file)).copied().flatten();
        let behind = self.rules.iter().position(|rule| place(rule) == Some(Ordering::Greater));
        let behind = behind.unwrap_or(self.rules.len());
        let before =
            self.rules.iter().rposition(|rule| matches!(place(rule), Some(Ordering::Less | Ordering::Equal)));
        let before = before.map_or(0, |last| last + 1);
        (before <= behind).then_some(Places { before, behind })
    }

    /// A `ctl` acts on what runs later: rules of later phases, and those of phase 1 that stand behind it. It runs only when
    /// nothing before it jumps or decides.
    fn reached_by_control(&self, selected: Vec<&Rule>, places: &Places) -> Option<Vec<RuleIndex>> {
        let is_plain = |rule: &Rule| rule.jump.is_none() && rule.decision.disruptive == Disruptive::Pass;
        let mut earlier = self.rules.iter().take(places.behind);
        if !earlier.all(|rule| rule.phase != Phase::RequestHeaders || is_plain(rule)) {
            return None;
        }
        let mut reached = Vec::new();
        for rule in selected {
            let index = rule.index as usize;
            if rule.phase != Phase::RequestHeaders || index >= places.behind {
                reached.push(rule.index);
            } else if index >= places.before {
                return None;
            }
        }
        Some(reached)
    }

    /// A directive acts on what stands before it, with the links of a chain.
    fn reached_by_directive(
        &self,
        selected: Vec<&Rule>,
        target: Option<&str>,
        places: &Places,
    ) -> Option<Vec<RuleIndex>> {
        let mut reached = Vec::new();
        for starter in selected {
            match starter.index as usize {
                index if index < places.before => {}
                index if index < places.behind => return None,
                _ => continue,
            }
            match target {
                None if self.landmarks.all || self.landmarks.ids.contains(&starter.id) => return None,
                None => reached.push(starter.index),
                Some(target) => {
                    let links = self.rules.iter().filter(|rule| rule.starter == starter.index);
                    for link in links {
                        if !loses_only(link, target) {
                            return None;
                        }
                        reached.push(link.index);
                    }
                }
            }
        }
        Some(reached)
    }
}

/// `None` where a tag or the message has a macro, whose text is not kept.
fn selects(selector: &RuleSelector, rule: &Rule) -> Option<bool> {
    let literal = |text: &Template| text.as_literal().map(<[u8]>::to_vec);
    let (mut tags, mut message) = (Vec::new(), None);
    match selector {
        RuleSelector::Ids(_) => {}
        RuleSelector::Tag(_) => tags = rule.metadata.tags.iter().map(literal).collect::<Option<_>>()?,
        RuleSelector::Msg(_) => {
            if let Some(text) = &rule.metadata.msg {
                message = Some(literal(text)?);
            }
        }
    }
    Some(selector.selects(rule.id, &tags, message.as_deref()))
}

/// Whether `!TARGET` at the end of a rule's targets takes away just what a `ctl` for it would.
fn loses_only(rule: &Rule, target: &str) -> bool {
    let (name, key) = target.split_once(':').map_or((target, None), |(name, key)| (name, Some(key)));
    let Some(variable) = Variable::find(name.as_bytes()) else { return false };
    let row = variable.info();
    let is_plain = match key {
        Some(_) => row.naming == Naming::Member && row.shape == Shape::List && variable != Variable::Tx,
        None => row.naming == Naming::Bare && matches!(row.shape, Shape::Scalar | Shape::Single),
    };
    let is_list = |variable| matches!(variable, Variable::MatchedVars | Variable::MatchedVarsNames);
    let is_known = |selector: &Selector| match (selector, key) {
        (Selector::Name(name), Some(key)) => name.eq_ignore_ascii_case(key.as_bytes()),
        (Selector::All, None) => true,
        _ => false,
    };
    let has_it = |t: &crate::ruleset::Target| t.exclude && t.variable == variable && is_known(&t.selector);
    // Members of MATCHED_VARS have the names of others; what is excluded already is not excluded again.
    is_plain && !is_list(variable) && !rule.targets.iter().any(|t| is_list(t.variable) || has_it(t))
}

impl Transaction {
    /// Runs this transaction as if the exclusion stood in its configuration. To be called when the request line is known and
    /// before the first phase; an exclusion for another path changes nothing.
    pub fn do_without(&mut self, exclusion: &Exclusion) {
        let path = self.arena.get(self.request.path);
        if exclusion.path.as_ref().is_some_and(|wanted| wanted != path) {
            return;
        }
        self.control.removed_rules.union_with(&exclusion.removed);
        if let Some((rules, targets)) = &exclusion.targets {
            self.control.rules_with_removed_targets.union_with(rules);
            self.control.removed_targets.push((Arc::clone(rules), Arc::clone(targets)));
        }
    }
}
