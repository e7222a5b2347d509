//! What a rule set says of its rules to those who only read: audit entries, the message of a reload.
//!
//! Index 17 (from [`crate::record::MatchedLink::rule`]) → id, file, line, operator, metadata as written. Nothing here is on the
//! path of a request that leaves no audit entry.

use crate::ruleset::{Disruptive, Instruction, Rule, RuleSet};
use crate::verdict::Phase;

/// A rule or chain link as its author wrote it.
#[derive(Debug, Clone, Copy)]
pub struct RuleDescription<'a> {
    rules: &'a RuleSet,
    rule: &'a Rule,
    index: u32,
}

impl RuleSet {
    /// The rule behind an index that a record holds.
    pub fn describe(&self, index: u32) -> Option<RuleDescription<'_>> {
        Some(RuleDescription { rules: self, rule: self.rule(index)?, index })
    }

    /// The rule with an id, also one that was removed.
    pub fn rule_with_id(&self, id: u64) -> Option<RuleDescription<'_>> {
        let (known, index) = self.ids.get(self.ids.partition_point(|(known, _)| *known < id))?;
        self.describe(*index).filter(|_| *known == id)
    }

    /// Rules and chain links that run, in the order of their definition; what `SecRuleRemoveBy…` removed is left out.
    pub fn active_rules(&self) -> impl Iterator<Item = RuleDescription<'_>> {
        let mut active: Vec<u32> = self.programs.iter().flatten().filter_map(rule_of).collect();
        active.sort_unstable();
        active.into_iter().filter_map(|index| self.describe(index))
    }
}

fn rule_of(instruction: &Instruction) -> Option<u32> {
    match instruction {
        Instruction::Rule(index) => Some(*index),
        Instruction::Section { .. } => None,
    }
}

impl<'a> RuleDescription<'a> {
    /// Its index in the rule set.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The id; a chain link has none.
    pub fn id(&self) -> Option<u64> {
        Some(self.rule.id).filter(|_| !self.rule.is_link)
    }

    /// The index of the rule that begins its chain; its own when it stands alone.
    pub fn starter(&self) -> u32 {
        self.rule.starter
    }

    /// It is a link behind the beginning of a chain.
    pub fn is_link(&self) -> bool {
        self.rule.is_link
    }

    /// Another link follows.
    pub fn is_chained(&self) -> bool {
        self.rule.is_chained
    }

    /// Its phase.
    pub fn phase(&self) -> Phase {
        self.rule.phase
    }

    /// The file it stands in, as named in logs.
    pub fn file(&self) -> &'a str {
        self.rules.files.get(usize::from(self.rule.file)).map_or("", String::as_str)
    }

    /// The line it stands on.
    pub fn line(&self) -> u32 {
        self.rule.line
    }

    /// Its text as the audit log shows it.
    pub fn text(&self) -> &'a [u8] {
        &self.rule.text
    }

    /// `rev`; empty when absent.
    pub fn rev(&self) -> &'a [u8] {
        self.rule.metadata.rev.as_deref().unwrap_or_default()
    }

    /// `ver`; empty when absent.
    pub fn ver(&self) -> &'a [u8] {
        self.rule.metadata.ver.as_deref().unwrap_or_default()
    }

    /// `severity`, 0 to 7.
    pub fn severity(&self) -> Option<u8> {
        self.rule.metadata.severity.and_then(|number| u8::try_from(number).ok())
    }

    /// `maturity`.
    pub fn maturity(&self) -> Option<u8> {
        self.rule.metadata.maturity.and_then(|number| u8::try_from(number).ok())
    }

    /// `accuracy`.
    pub fn accuracy(&self) -> Option<u8> {
        self.rule.metadata.accuracy.and_then(|number| u8::try_from(number).ok())
    }

    /// Tags, macros not expanded.
    pub fn tags(&self) -> impl Iterator<Item = &'a [u8]> {
        self.rule.metadata.tags.iter().map(crate::macros::Template::raw)
    }

    /// The operator's name without `@`.
    pub fn operator(&self) -> &'a str {
        &self.rule.operator.name
    }

    /// The operator's argument, macros not expanded.
    pub fn argument(&self) -> &'a [u8] {
        self.rule.operator.argument.raw()
    }

    /// Why its pattern runs on the backtracking engine; `None` when it has none that does.
    pub fn backtracks(&self) -> Option<&'static str> {
        match &self.rule.operator.test {
            crate::ruleset::Test::Pure(test) => test.backtracks(),
            _ => None,
        }
    }

    /// The operator is negated.
    pub fn is_negated(&self) -> bool {
        self.rule.operator.negated
    }

    /// A match of it ends the exchange where traffic may be touched.
    pub fn disrupts(&self) -> bool {
        !matches!(self.rule.decision.disruptive, Disruptive::Pass | Disruptive::Allow(_))
    }

    /// It belongs to a set that only detects.
    pub fn only_detects(&self) -> bool {
        self.rules.is_detecting(self.rule)
    }

    /// Its targets as written; a `SecAction` looks at `REMOTE_ADDR`.
    pub fn targets(&self) -> &'a [u8] {
        &self.rule.target_text
    }
}
