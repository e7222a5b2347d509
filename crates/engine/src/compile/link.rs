//! The last step: drafts become rules, labels become positions, selections become sets.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use portcullis_seclang::Diagnostic;

use super::{Compiler, ElementKind, RuleDraft};
use crate::bookkeeping::Bookkeeping;
use crate::glance::Glances;
use crate::header_names::HeaderNames;
use crate::macros::Template;
use crate::prologue::Prologue;
use crate::ruleset::{
    BitSet, Decision, FileSummary, Instruction, Landmarks, Metadata, Rule, RuleIndex, RuleSelection, RuleSet,
    Selector, TransformationChains,
};
use crate::screen::plan::Screen;
use crate::screen::trial;
use crate::variables::Variable;
use crate::verdict::Phase;

/// The rule set with its screen.
fn screened(rule_set: RuleSet) -> RuleSet {
    let shared = Arc::new(rule_set);
    let passed_over = trial::passed_over(&shared);
    let mut rule_set = Arc::into_inner(shared).expect("the trial is over and has kept nothing");
    rule_set.screen = Screen::new(&rule_set.rules, &rule_set.programs, &rule_set.chains, &passed_over);
    let shared = Arc::new(rule_set);
    let prologue = Prologue::of(&shared);
    let mut rule_set = Arc::into_inner(shared).expect("the stretch has been run and has kept nothing");
    rule_set.prologue = prologue;
    rule_set.glances = Glances::of(&rule_set);
    rule_set
}

/// One entry of a phase list before positions are known.
enum Entry<'a> {
    Rule(usize),
    Marker(&'a [u8]),
}

impl Compiler<'_> {
    /// Builds the rule set.
    pub(super) fn link(mut self) -> (Option<RuleSet>, Vec<Diagnostic>) {
        let mut chains = TransformationChains::default();
        let mut files = Vec::new();
        let mut file_index = HashMap::new();
        let drafts = std::mem::take(&mut self.rules);
        let mut rules: Vec<Rule> = Vec::with_capacity(drafts.len());
        let mut operators = Vec::with_capacity(drafts.len());
        let mut kept = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let file = *file_index.entry(draft.span.file).or_insert_with(|| {
                files.push(self.sources.path(draft.span.file).display().to_string());
                (files.len() - 1) as u16
            });
            let RuleDraft {
                draft: actions,
                targets,
                operator,
                starter,
                is_link,
                removed,
                line,
                target_text,
                ..
            } = draft;
            operators.push(operator);
            kept.push(KeptDraft { actions, targets, starter, is_link, removed, line, target_text, file });
        }
        let (programs, jumps) = self.lay_out(&kept);
        for (draft, operator) in kept.iter().zip(operators) {
            let rule = self.finish_rule(rules.len() as RuleIndex, draft, operator, &mut chains);
            rules.push(rule);
        }
        for (rule, jump) in rules.iter_mut().zip(&jumps) {
            rule.jump = jump.target;
            rule.after_chain = jump.after_chain;
        }
        let selections = self.selectors.iter().map(|selector| {
            let mut selected = BitSet::default();
            for (index, draft) in kept.iter().enumerate().filter(|(_, draft)| !draft.removed) {
                let id = draft.actions.id.filter(|_| !draft.is_link).map_or(0, |(id, _)| id);
                if selector.selects(id, &draft.actions.tags, draft.actions.msg.as_deref()) {
                    selected.insert(index as u32);
                }
            }
            RuleSelection { rules: Arc::new(selected) }
        });
        let detecting_files = self.states.detecting(&files);
        let rule_set = RuleSet {
            selections: selections.collect(),
            landmarks: landmarks(&kept),
            ids: ids(&rules),
            settings: self.settings,
            summary: summarise(&kept, &files),
            sees_file_paths: crate::uploads::sees_paths(&rules, &self.tx_names),
            screen: Screen::default(),
            prologue: None,
            header_names: HeaderNames::of(&rules),
            glances: Glances::default(),
            rules,
            programs,
            chains,
            tx_names: self.tx_names,
            unicode: self.unicode,
            geo: self.geo,
            sections: self.sections,
            files,
            detecting_files,
            header_edits: self.header_edits,
            variables: self.environment.variables.to_vec(),
        };
        (Some(screened(rule_set)), self.diagnostics)
    }

    fn finish_rule(
        &mut self,
        index: RuleIndex,
        draft: &KeptDraft,
        operator: crate::ruleset::Operator,
        chains: &mut TransformationChains,
    ) -> Rule {
        let actions = &draft.actions;
        let targets = draft.target_text.as_deref();
        let text = super::canonical::text(targets, &operator, &actions.written, draft.is_link);
        let mut template = |text: &Vec<u8>| Template::parse(text, &mut self.tx_names);
        let member = tested_member(draft).filter(|_| !operator.negated);
        let mut rule = Rule {
            index,
            id: actions.id.filter(|_| !draft.is_link).map_or(0, |(id, _)| id),
            phase: actions.phase.unwrap_or(Phase::RequestBody),
            targets: draft.targets.clone(),
            operator,
            transformations: chains.intern(&actions.transformations),
            member,
            bookkeeping: None,
            can_miss: false,
            multi_match: actions.multi_match,
            capture: actions.capture,
            effects: actions.effects.clone(),
            is_chained: actions.chain,
            is_link: draft.is_link,
            starter: draft.starter as u32,
            decision: Decision {
                disruptive: actions.resolved_disruptive(),
                status: actions.status,
                log: actions.log.unwrap_or(true),
                audit_log: actions.audit_log.unwrap_or(true),
                pause: actions.pause.clone(),
            },
            metadata: Metadata {
                rev: actions.rev.clone(),
                msg: actions.msg.as_ref().map(&mut template),
                logdata: actions.logdata.as_ref().map(&mut template),
                severity: actions.severity,
                ver: actions.ver.clone(),
                maturity: actions.maturity,
                accuracy: actions.accuracy,
                tags: actions.tags.iter().map(&mut template).collect(),
                written: std::sync::OnceLock::new(),
            },
            jump: None,
            after_chain: 0,
            file: draft.file,
            line: draft.line,
            text,
            target_text: targets.unwrap_or(b"REMOTE_ADDR").to_vec(),
        };
        rule.bookkeeping = Bookkeeping::of(&rule);
        rule.can_miss = crate::misses::can_miss(&rule);
        rule
    }

    /// The program of each phase, and for each rule where `skip` leads and where its chain ends.
    fn lay_out(&mut self, rules: &[KeptDraft]) -> ([Vec<Instruction>; 5], Vec<Jump>) {
        let mut programs: [Vec<Instruction>; 5] = Default::default();
        let mut jumps = vec![Jump::default(); rules.len()];
        let mut diagnostics = Vec::new();
        for phase in Phase::ALL {
            let Some(program) = programs.get_mut(phase.index()) else { continue };
            let mut entries: Vec<(Entry<'_>, u32)> = Vec::new();
            let mut sections: Vec<Option<u16>> = vec![None];
            sections.extend((0..self.sections.len()).map(|s| Some(s as u16)));
            for section in sections {
                // Sections are merged after phase 1: their rules never run there.
                if section.is_some() && phase == Phase::RequestHeaders {
                    continue;
                }
                let is_guarded = section.is_some() || self.is_ever_shut_out(phase);
                let guard = is_guarded.then(|| {
                    program.push(Instruction::Section { section, otherwise: 0 });
                    program.len() - 1
                });
                for element in self.elements.iter().filter(|element| element.section == section) {
                    match &element.kind {
                        ElementKind::Marker(label) => {
                            entries.push((Entry::Marker(label), program.len() as u32));
                        }
                        ElementKind::Rule(index) => {
                            let Some(rule) = rules.get(*index) else { continue };
                            if !rule.removed && rule.actions.phase == Some(phase) {
                                entries.push((Entry::Rule(*index), program.len() as u32));
                                program.push(Instruction::Rule(*index as u32));
                            }
                        }
                    }
                }
                let end = program.len() as u32;
                if let Some(Instruction::Section { otherwise, .. }) = guard.and_then(|at| program.get_mut(at))
                {
                    *otherwise = end;
                }
            }
            resolve_jumps(&entries, program.len() as u32, rules, &mut jumps, &mut diagnostics);
        }
        self.diagnostics.extend(diagnostics);
        (programs, jumps)
    }

    /// Whether rules outside of all sections may have to stay away.
    fn is_ever_shut_out(&self, phase: Phase) -> bool {
        phase != Phase::RequestHeaders && self.sections.iter().any(|section| !section.inherits)
    }
}

/// A draft without its operator.
struct KeptDraft {
    actions: super::draft::Draft,
    targets: Vec<crate::ruleset::Target>,
    starter: usize,
    is_link: bool,
    removed: bool,
    line: u32,
    target_text: Option<Vec<u8>>,
    file: u16,
}

/// The one member of TX that a rule tests, and whether it is its count, when it tests nothing else and as it is.
fn tested_member(draft: &KeptDraft) -> Option<(crate::ruleset::TxSlot, bool)> {
    let [target] = draft.targets.as_slice() else { return None };
    match target.selector {
        Selector::Slot(slot)
            if target.variable == Variable::Tx
                && !target.exclude
                && draft.actions.transformations.is_empty() =>
        {
            Some((slot, target.count))
        }
        _ => None,
    }
}

/// Where a rule leads.
#[derive(Debug, Clone, Default)]
struct Jump {
    target: Option<u32>,
    after_chain: u32,
}

fn resolve_jumps(
    entries: &[(Entry<'_>, u32)],
    end: u32,
    rules: &[KeptDraft],
    jumps: &mut [Jump],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (at, (entry, _)) in entries.iter().enumerate() {
        let Entry::Rule(index) = entry else { continue };
        let (Some(rule), Some(jump)) = (rules.get(*index), jumps.get_mut(*index)) else { continue };
        let later = entries.get(at + 1..).unwrap_or_default();
        let belongs = |entry: &Entry<'_>| match entry {
            Entry::Rule(other) => rules.get(*other).is_some_and(|other| other.starter == rule.starter),
            Entry::Marker(_) => false,
        };
        // The chain ends where the last entry of the same starter stands.
        let last = later.iter().rposition(|(entry, _)| belongs(entry));
        let behind = later.get(last.map_or(0, |last| last + 1)..).unwrap_or_default();
        let position = |entries: &[(Entry<'_>, u32)]| entries.first().map_or(end, |(_, position)| *position);
        jump.after_chain = match last.and_then(|last| later.get(last)) {
            Some((_, position)) => position + 1,
            None => entries.get(at).map_or(end, |(_, position)| position + 1),
        };
        if let Some((label, span)) = &rule.actions.skip_after {
            jump.target = Some(find_label(behind, label, rules).unwrap_or_else(|| {
                let text =
                    format!("no marker or rule `{}` follows in this phase", String::from_utf8_lossy(label));
                diagnostics.push(
                    Diagnostic::warning("missing-marker", *span, text)
                        .with_help("a match skips all remaining rules of the phase"),
                );
                end
            }));
        } else if let Some(count) = rule.actions.skip {
            let mut starters = behind.iter().enumerate().filter(|(_, (entry, _))| match entry {
                Entry::Rule(other) => rules.get(*other).is_some_and(|other| !other.is_link),
                Entry::Marker(_) => false,
            });
            let next = starters.nth(count as usize).map(|(at, _)| at);
            jump.target = Some(next.and_then(|at| behind.get(at..)).map_or(end, position));
        }
    }
}

/// The position behind a marker or a rule's id.
fn find_label(entries: &[(Entry<'_>, u32)], label: &[u8], rules: &[KeptDraft]) -> Option<u32> {
    entries.iter().find_map(|(entry, position)| match entry {
        Entry::Marker(name) if *name == label => Some(*position),
        Entry::Rule(index) => {
            let (id, _) = rules.get(*index).filter(|rule| !rule.is_link)?.actions.id?;
            (id.to_string().as_bytes() == label).then_some(position + 1)
        }
        Entry::Marker(_) => None,
    })
}

fn ids(rules: &[Rule]) -> Vec<(u64, RuleIndex)> {
    let starters = rules.iter().filter(|rule| !rule.is_link);
    let mut ids: Vec<(u64, RuleIndex)> = starters.map(|rule| (rule.id, rule.index)).collect();
    ids.sort_unstable();
    ids
}

fn landmarks(rules: &[KeptDraft]) -> Landmarks {
    let active = || rules.iter().filter(|draft| !draft.removed).map(|draft| &draft.actions);
    let labels = active().filter_map(|actions| actions.skip_after.as_ref());
    let ids: BTreeSet<u64> =
        labels.filter_map(|(label, _)| std::str::from_utf8(label).ok()?.parse().ok()).collect();
    Landmarks { all: active().any(|actions| actions.skip.is_some()), ids }
}

fn summarise(rules: &[KeptDraft], files: &[String]) -> Vec<FileSummary> {
    let mut summary: Vec<FileSummary> =
        files.iter().map(|path| FileSummary { path: path.clone(), rules: 0, links: 0 }).collect();
    for rule in rules.iter().filter(|rule| !rule.removed) {
        if let Some(file) = summary.get_mut(usize::from(rule.file)) {
            *(if rule.is_link { &mut file.links } else { &mut file.rules }) += 1;
        }
    }
    summary
}
