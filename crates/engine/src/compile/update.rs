//! Changes to rules by later directives, as values: they can be carried out at once or when every rule is known.
//!
//! `SecRuleUpdateTargetById 7 "!ARGS:x"` behind rule 7 acts on it at once, as in ModSecurity v2. Before it, v2 finds
//! nothing and does nothing; v3 keeps the update and acts when the rule is there. An update that selects no rule so far
//! therefore waits for the end of the configuration, and only one that selects none even then is warned of.

use portcullis_seclang::{Action, Diagnostic, Span};

use super::Compiler;
use super::selection::RuleSelector;
use crate::ruleset::{Selector, Target};

/// A change to the rules that a selection names.
#[derive(Debug)]
pub(crate) struct Update {
    pub(super) selector: RuleSelector,
    /// Where the selection stands.
    pub(super) span: Span,
    pub(super) change: Change,
}

/// What is changed.
#[derive(Debug)]
pub(super) enum Change {
    /// Targets are added, or put in the place of others.
    Targets {
        added: Vec<Target>,
        added_text: Vec<u8>,
        replaced: Option<Vec<Target>>,
        replaced_text: Option<Vec<u8>>,
    },
    /// Actions are applied to the link so far behind the rule.
    Actions { list: Vec<Action>, offset: usize },
}

impl Compiler<'_> {
    /// Carries an update out on the rules that are there, or keeps it for the end.
    pub(super) fn update_rules(&mut self, update: Update) {
        if !self.carry_out(&update) {
            self.waiting_updates.push(update);
        }
    }

    /// Every rule is known: carries out what has waited.
    pub(super) fn finish_updates(&mut self) {
        for update in std::mem::take(&mut self.waiting_updates) {
            if !self.carry_out(&update) {
                let text = "no rule is selected";
                self.diagnostics.push(
                    Diagnostic::warning("no-rule-selected", update.span, text)
                        .with_help("the line changes nothing"),
                );
            }
        }
    }

    /// Whether any rule is selected.
    fn carry_out(&mut self, update: &Update) -> bool {
        let starters = self.selected_starters(&update.selector);
        match &update.change {
            Change::Targets { added, added_text, replaced, replaced_text } => {
                let replaced = replaced.as_deref().zip(replaced_text.as_deref());
                self.update_targets(&starters, added, added_text, replaced);
            }
            Change::Actions { list, offset } => {
                starters.iter().for_each(|starter| self.update_actions(*starter, list, *offset));
            }
        }
        !starters.is_empty()
    }

    /// The chain links of a selected rule are changed with it.
    fn update_targets(
        &mut self,
        starters: &[usize],
        added: &[Target],
        added_text: &[u8],
        replaced: Option<(&[Target], &[u8])>,
    ) {
        for rule in &mut self.rules {
            if starters.binary_search(&rule.starter).is_err() {
                continue;
            }
            if let Some((old, _)) = replaced {
                let before = rule.targets.len();
                rule.targets.retain(|target| !old.iter().any(|old| same(old, target)));
                if rule.targets.len() == before {
                    continue;
                }
            }
            let text = rule.target_text.get_or_insert_default();
            match replaced.and_then(|(_, old)| memchr::memmem::find(text, old).map(|at| at..at + old.len())) {
                Some(place) => drop(text.splice(place, added_text.iter().copied())),
                None => text.extend([b"|", added_text].concat()),
            }
            for target in added {
                if !rule.targets.iter().any(|known| same(known, target)) {
                    rule.targets.push(target.clone());
                }
            }
        }
    }

    fn update_actions(&mut self, starter: usize, list: &[Action], offset: usize) {
        let Some(rule) = self.rules.get_mut(starter + offset).filter(|rule| rule.starter == starter) else {
            return;
        };
        let was_chained = rule.draft.chain;
        let place = self.environment.compatibility.place(rule.is_link);
        rule.draft.explicit_pass = false;
        rule.draft.block = false;
        rule.draft.apply_all(list, place, &mut self.tx_names, &mut self.selectors, &mut self.diagnostics);
        rule.draft.chain = was_chained;
    }
}

/// Whether two targets were written alike.
fn same(a: &Target, b: &Target) -> bool {
    let selectors = match (&a.selector, &b.selector) {
        (Selector::All, Selector::All) => true,
        (Selector::Name(a), Selector::Name(b)) => a.eq_ignore_ascii_case(b),
        (Selector::Slot(a), Selector::Slot(b)) => a == b,
        (Selector::Pattern(a), Selector::Pattern(b)) => a.source == b.source,
        _ => false,
    };
    selectors && a.variable == b.variable && a.count == b.count && a.exclude == b.exclude
}
