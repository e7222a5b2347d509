//! A rule's actions while the configuration is read.
//!
//! A [`Draft`] begins as a copy of the active `SecDefaultAction` list; the rule's own actions are applied on top, one
//! after the other, so that a later one of a group replaces an earlier one. Updates by id are applied the same way.

use portcullis_seclang::{Action, Diagnostic, Severity, Span};
use portcullis_transformations::Transformation;

use super::canonical::{self, WrittenAction};
use super::selection::RuleSelector;
use crate::actions::{self, Effect, ValueRule};
use crate::macros::Template;
use crate::ruleset::{Disruptive, TxNames};
use crate::verdict::Phase;

/// Actions applied so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) id: Option<(u64, Span)>,
    pub(crate) phase: Option<Phase>,
    pub(crate) rev: Option<Vec<u8>>,
    pub(crate) ver: Option<Vec<u8>>,
    pub(crate) msg: Option<Vec<u8>>,
    pub(crate) logdata: Option<Vec<u8>>,
    pub(crate) severity: Option<i32>,
    pub(crate) maturity: Option<i32>,
    pub(crate) accuracy: Option<i32>,
    pub(crate) tags: Vec<Vec<u8>>,
    pub(crate) chain: bool,
    pub(crate) skip: Option<u32>,
    pub(crate) skip_after: Option<(Vec<u8>, Span)>,
    pub(crate) disruptive: Option<Disruptive>,
    /// `block` stands for the default's disruptive action, which is in `inherited`.
    pub(crate) block: bool,
    pub(crate) explicit_pass: bool,
    pub(crate) inherited: Option<Disruptive>,
    pub(crate) pause: Option<Template>,
    pub(crate) status: Option<u16>,
    pub(crate) log: Option<bool>,
    pub(crate) audit_log: Option<bool>,
    pub(crate) capture: bool,
    pub(crate) multi_match: bool,
    pub(crate) transformations: Vec<&'static Transformation>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) namespaces: Vec<(String, String)>,
    /// All of the above as the audit log shows it.
    pub(crate) written: Vec<WrittenAction>,
}

/// What applying an action may need.
pub(crate) struct DraftContext<'a> {
    /// Where the action stands.
    pub(crate) span: Span,
    pub(crate) tx_names: &'a mut TxNames,
    pub(crate) selectors: &'a mut Vec<RuleSelector>,
}

/// What kind of rule actions are applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A rule of its own, or the beginning of a chain.
    Starter,
    /// A chain link: actions that only its starter may carry are errors.
    Link,
    /// A chain link on which they are left out with a warning.
    LenientLink,
}

impl DraftContext<'_> {
    /// A text with macros.
    pub(crate) fn template(&mut self, text: &[u8]) -> Template {
        Template::parse(text, self.tx_names)
    }

    /// Notes a selection of rules that is resolved when all rules are known.
    pub(crate) fn select(&mut self, selector: RuleSelector) -> u16 {
        self.selectors.push(selector);
        (self.selectors.len() - 1) as u16
    }
}

impl Draft {
    /// The draft that a rule begins with under this default list.
    pub(crate) fn inherit(&self) -> Draft {
        let mut draft = self.clone();
        draft.chain = false;
        draft.inherited = self.disruptive.clone();
        draft
    }

    /// The last disruptive action given counts.
    pub(crate) fn set_disruptive(&mut self, disruptive: Disruptive) {
        self.disruptive = Some(disruptive);
    }

    /// The disruptive action that the rule ends up with.
    pub(crate) fn resolved_disruptive(&self) -> Disruptive {
        if self.explicit_pass && self.disruptive == Some(Disruptive::Pass) {
            return Disruptive::Pass;
        }
        let chosen = if self.block { &self.inherited } else { &self.disruptive };
        chosen.clone().unwrap_or_default()
    }

    /// Applies a list of actions.
    pub(crate) fn apply_all(
        &mut self,
        list: &[Action],
        place: Place,
        tx_names: &mut TxNames,
        selectors: &mut Vec<RuleSelector>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        for action in list {
            if let Err(diagnostic) = self.apply(action, place, tx_names, selectors) {
                diagnostics.push(*diagnostic);
            }
        }
    }

    fn apply(
        &mut self,
        action: &Action,
        place: Place,
        tx_names: &mut TxNames,
        selectors: &mut Vec<RuleSelector>,
    ) -> Result<(), Box<Diagnostic>> {
        let name = &action.name.value;
        let Some(info) = actions::find(name) else {
            return Err(Box::new(unknown_action(action)));
        };
        let value = action.value.as_ref();
        match (info.value, value) {
            (ValueRule::None, Some(value)) => {
                let text = format!("extra parameter provided to action `{}`", info.name);
                return Err(Box::new(Diagnostic::error("extra-value", value.span, text)));
            }
            (ValueRule::Required, None) => {
                let text = format!("missing mandatory parameter for action `{}`", info.name);
                let help = format!("for example `{}`", info.example);
                return Err(Box::new(Diagnostic::error("missing-value", action.span, text).with_help(help)));
            }
            _ => {}
        }
        if place != Place::Starter && info.starter_only {
            let text = format!("action `{}` has no place on a chain link", info.name);
            let (kind, help) = match place {
                Place::LenientLink => (Severity::Warning, "it has no effect here"),
                _ => (Severity::Error, "put it on the rule that begins the chain"),
            };
            let mut diagnostic = Diagnostic::error("action-on-link", action.span, text).with_help(help);
            diagnostic.severity = kind;
            return Err(Box::new(diagnostic));
        }
        let text = value.map_or(&[][..], |value| value.value.as_slice());
        if matches!(text.first(), Some(b'+' | b'-')) && !info.name.eq_ignore_ascii_case("t") {
            let text = format!("action `{}` does not allow a value that begins with + or -", info.name);
            return Err(Box::new(Diagnostic::error("signed-value", action.span, text)));
        }
        canonical::add(&mut self.written, info, name, value.map(|value| value.value.as_slice()));
        let mut context = DraftContext { span: action.span, tx_names, selectors };
        (info.apply)(self, text, &mut context).map_err(|error| {
            let span = value.map_or(action.span, |value| value.span);
            let diagnostic = match error.is_harmless {
                true => Diagnostic::warning("no-effect", span, error.message),
                false => Diagnostic::error("invalid-action", span, error.message),
            };
            Box::new(match error.help {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic,
            })
        })
    }
}

fn unknown_action(action: &Action) -> Diagnostic {
    let name = &action.name.value;
    let diagnostic =
        Diagnostic::error("unknown-action", action.name.span, format!("unknown action `{name}`"));
    let known = actions::ACTIONS.iter().map(|info| info.name);
    match portcullis_seclang::nearest(name, known) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}
