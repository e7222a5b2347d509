//! `SecRule`: targets, an operator, actions.

use portcullis_seclang::{Diagnostic, Directive, parse_actions, parse_operator, parse_targets};

use super::draft::Draft;
use super::targets::compile_targets;
use super::{Compiler, DirectiveInfo, Element, ElementKind, RuleDraft};
use crate::ruleset::{Disruptive, Operator, Target};
use crate::verdict::Phase;

/// The record of `SecRule`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecRule",
    aliases: &[],
    arguments: (2, 3),
    in_location: true,
    summary: "A rule: which values to look at, what to look for, and what to do when it is found.",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let [targets, operator, actions @ ..] = directive.args.as_slice() else { return };
    let before = compiler.errors();
    let draft = compiler.draft_for_rule(directive, actions.first());
    let targets = match parse_targets(targets) {
        Ok(list) => {
            compile_targets(&list, &draft.namespaces, &mut compiler.tx_names, &mut compiler.diagnostics)
        }
        Err(problems) => {
            compiler.diagnostics.extend(problems);
            Vec::new()
        }
    };
    let expression = parse_operator(operator);
    let operator = compiler.compile_operator(&expression, directive.span);
    match operator {
        Some(operator) if compiler.errors() == before => {
            compiler.add_rule(directive, draft, targets, operator);
        }
        _ => compiler.skip_broken_rule(draft.chain),
    }
}

impl Compiler<'_> {
    /// The actions of a rule on top of the active default list; checks id and phase.
    pub(super) fn draft_for_rule(
        &mut self,
        directive: &Directive,
        actions: Option<&portcullis_seclang::Word>,
    ) -> Draft {
        let draft = self.draft_for_script(directive, actions);
        if self.open_chain.is_none() && draft.id.is_none() && !names_id(actions) {
            let text = "no action id present within the rule";
            let help = "every rule needs a number of its own: `id:100001`";
            let diagnostic = Diagnostic::error("missing-id", directive.name.span, text).with_help(help);
            self.diagnostics.push(diagnostic);
        }
        draft
    }

    /// The same for a rule that needs no id.
    pub(super) fn draft_for_script(
        &mut self,
        directive: &Directive,
        actions: Option<&portcullis_seclang::Word>,
    ) -> Draft {
        let link = self.open_chain.is_some();
        let place = self.environment.compatibility.place(link);
        let list = match actions.map(parse_actions) {
            None => Vec::new(),
            Some(Ok(list)) => list,
            Some(Err(problems)) => {
                self.diagnostics.extend(problems);
                Vec::new()
            }
        };
        let mut draft = self.default_for(&list, link).inherit();
        let diagnostics = &mut self.diagnostics;
        draft.apply_all(&list, place, &mut self.tx_names, &mut self.selectors, diagnostics);
        if !link {
            self.check_id(draft.id);
            if draft.phase == Some(Phase::Logging) {
                self.check_logging_phase(directive, &draft.resolved_disruptive());
            }
        }
        draft
    }

    /// The list that a rule with these actions begins with.
    fn default_for(&self, list: &[portcullis_seclang::Action], link: bool) -> &Draft {
        if !self.environment.compatibility.default_actions_per_phase {
            return &self.default;
        }
        let own = list.iter().rev().find(|action| action.name.value.eq_ignore_ascii_case("phase"));
        let own = own.and_then(|action| crate::actions::parse_phase(&action.value.as_ref()?.value));
        let starter = self.open_chain.filter(|_| link).and_then(|starter| self.rules.get(starter));
        let phase = starter.map_or(own, |starter| starter.draft.phase).unwrap_or(Phase::RequestBody);
        self.phase_defaults.get(phase.index()).and_then(Option::as_ref).unwrap_or(&self.default)
    }

    fn check_id(&mut self, id: Option<(u64, portcullis_seclang::Span)>) {
        let Some((id, span)) = id else { return };
        if let Some(first) = self.ids.get(&id) {
            let text = format!("found another rule with the same id {id}");
            let diagnostic =
                Diagnostic::error("duplicate-id", span, text).with_related(*first, "first defined here");
            self.diagnostics.push(diagnostic);
            return;
        }
        self.ids.insert(id, span);
    }

    fn check_logging_phase(&mut self, directive: &Directive, disruptive: &Disruptive) {
        let allowed = matches!(disruptive, Disruptive::Pass | Disruptive::Allow(_));
        if !allowed {
            let text = "disruptive actions cannot be specified in the logging phase";
            let diagnostic = Diagnostic::error("disruptive-in-logging", directive.name.span, text)
                .with_help("use `pass`, or another phase");
            self.diagnostics.push(diagnostic);
        }
    }

    /// Adds a rule or the next link of the open chain.
    pub(super) fn add_rule(
        &mut self,
        directive: &Directive,
        mut draft: Draft,
        targets: Vec<Target>,
        operator: Operator,
    ) {
        self.load_scripts(&mut draft, directive.span);
        let index = self.rules.len();
        let is_link = self.open_chain.is_some();
        let starter = self.open_chain.unwrap_or(index);
        if let Some(begin) = self.rules.get(starter).filter(|_| is_link) {
            draft.phase = begin.draft.phase;
        }
        self.open_chain = draft.chain.then_some(starter);
        let is_rule = directive.name.value.eq_ignore_ascii_case("SecRule");
        let target_text = directive.args.first().filter(|_| is_rule).map(|word| word.text.clone());
        self.rules.push(RuleDraft {
            draft,
            targets,
            operator,
            starter,
            is_link,
            removed: false,
            span: directive.span,
            line: directive.line,
            target_text,
        });
        self.elements.push(Element { section: self.section, kind: ElementKind::Rule(index) });
    }

    /// A rule with errors is not added, but the chain it belongs to must not swallow the next rule.
    pub(super) fn skip_broken_rule(&mut self, chained: bool) {
        if chained && self.open_chain.is_none() {
            self.open_chain = Some(usize::MAX);
        } else if !chained {
            self.open_chain = None;
        }
    }

    /// The configuration, or a section, ends.
    pub(super) fn end_chain(&mut self) {
        if let Some(rule) = self.open_chain.take().and_then(|starter| self.rules.get(starter)) {
            let text = "the chain that begins here is never completed";
            self.diagnostics.push(
                Diagnostic::warning("open-chain", rule.span, text)
                    .with_help("the rule can never match; add its last link"),
            );
        }
    }
}

/// Whether a list has an id, even one that cannot be used, or cannot be read: then that is what is wrong with it.
fn names_id(actions: Option<&portcullis_seclang::Word>) -> bool {
    match actions.map(parse_actions) {
        None => false,
        Some(Err(_)) => true,
        Some(Ok(list)) => list.iter().any(|action| action.name.value.eq_ignore_ascii_case("id")),
    }
}
