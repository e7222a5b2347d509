//! Actions: one file per action, one visible list.
//!
//! An action is read at compile time ([`ActionInfo::apply`] fills a [`Draft`]); metadata, flow and disruptive actions
//! leave nothing but fields of the rule. Only *effects* exist at run time: they run at every match of a target, in
//! written order ([`Effect::run`]). (Reference manual, section "Actions".)

use crate::compile::draft::{Draft, DraftContext};
use crate::transaction::Transaction;
use crate::verdict::Need;

/// What kind of thing an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Decides what happens to the exchange.
    Disruptive,
    /// Decides which rule runs next.
    Flow,
    /// Says something about the rule.
    Metadata,
    /// Runs at each match.
    Effect,
    /// Changes how the rule tests or logs.
    Modifier,
}

/// Whether an action takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRule {
    /// A value is an error.
    None,
    /// A value may be given.
    Optional,
    /// A value must be given.
    Required,
}

/// Why an action cannot be applied: the sentence and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActionError {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The action is there and has no effect, as in ModSecurity v2: said, but no error.
    pub(crate) is_harmless: bool,
}

impl ActionError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, is_harmless: false }
    }

    /// What ModSecurity v2 loads without a word and never acts on.
    pub(crate) fn no_effect(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, is_harmless: true }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// One action: what the compiler and the documentation need to know.
pub struct ActionInfo {
    /// Canonical name.
    pub name: &'static str,
    /// Other spellings (case never matters).
    pub aliases: &'static [&'static str],
    /// Kind.
    pub group: Group,
    /// Whether it takes a value.
    pub value: ValueRule,
    /// Chain links may not carry it.
    pub starter_only: bool,
    /// One sentence for the reference documentation.
    pub summary: &'static str,
    /// An example as it stands in a rule.
    pub example: &'static str,
    /// Reads it into a draft; the value is empty when none was given.
    pub(crate) apply: fn(&mut Draft, &[u8], &mut DraftContext<'_>) -> Result<(), ActionError>,
}

impl std::fmt::Debug for ActionInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! actions {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every action, in the order of the manual.
        pub static ACTIONS: &[&ActionInfo] = &[$(&$module::ACTION),*];
    };
}

actions! {
    accuracy, allow, append, audit_log, block, capture, chain, ctl, deny, deprecate_var, drop, exec, expire_var, id,
    init_col, log, log_data, maturity, msg, multi_match, no_audit_log, no_log, pass, pause, phase, prepend, proxy,
    redirect, rev, sanitise_arg, sanitise_matched, sanitise_matched_bytes, sanitise_request_header,
    sanitise_response_header, set_env, set_rsc, set_sid, set_uid, set_var, severity, skip, skip_after, status, t, tag,
    ver, xmlns,
}

pub(crate) use ctl::{Ctl, RemovedKey, RemovedTarget, parse_engine_mode, parse_switch, removed_targets};
pub(crate) use phase::parse as parse_phase;
pub(crate) use set_var::CollectionRef;

/// Finds an action by name, in any case. For configuration text only.
pub fn find(name: &str) -> Option<&'static ActionInfo> {
    ACTIONS
        .iter()
        .find(|a| a.name.eq_ignore_ascii_case(name) || a.aliases.iter().any(|n| n.eq_ignore_ascii_case(name)))
        .copied()
}

/// What runs at each match of a target.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    SetVar(set_var::SetVar),
    ExpireVar(expire_var::ExpireVar),
    DeprecateVar(deprecate_var::DeprecateVar),
    InitCol(init_col::InitCol),
    SetEnv(set_env::SetEnv),
    Exec(exec::Exec),
    Ctl(Ctl),
    Sanitise(crate::sanitise::Sanitise),
    Inject(crate::inject::Inject),
}

impl Effect {
    /// Whether it sets members of TX to what is made of literals and of TX.
    pub(crate) fn is_made_of_tx(&self) -> bool {
        matches!(self, Effect::SetVar(effect) if effect.is_made_of_tx())
    }

    /// Runs the effect for the latest match. `rule` is the rule or link that matched (`%{rule.…}` shows its starter).
    /// `Err` asks for something from outside; the effect is run again when the answer is there.
    pub(crate) fn run(&self, transaction: &mut Transaction, rule: &crate::ruleset::Rule) -> Result<(), Need> {
        if transaction.detection.running && self.is_felt_outside() {
            return Ok(());
        }
        match self {
            Effect::SetVar(effect) => effect.run(transaction, rule),
            Effect::ExpireVar(effect) => effect.run(transaction, rule),
            Effect::DeprecateVar(effect) => effect.run(transaction, rule),
            Effect::SetEnv(effect) => effect.run(transaction, rule),
            Effect::Ctl(effect) => effect.run(transaction, rule),
            Effect::Sanitise(effect) => effect.run(transaction, rule),
            Effect::Inject(effect) => effect.run(transaction, rule),
            Effect::InitCol(effect) => return effect.run(transaction, rule),
            Effect::Exec(effect) => return effect.run(transaction, rule),
        }
        Ok(())
    }
    /// Whether it reaches further than TX and the log: then it is left out while a set only detects.
    fn is_felt_outside(&self) -> bool {
        match self {
            Effect::SetVar(_) | Effect::Ctl(_) | Effect::Sanitise(_) => false,
            Effect::ExpireVar(_)
            | Effect::DeprecateVar(_)
            | Effect::SetEnv(_)
            | Effect::Inject(_)
            | Effect::InitCol(_)
            | Effect::Exec(_) => true,
        }
    }
}

/// C's `atoi` on bytes with 32-bit wrap-around: leading blanks, a sign, digits, the rest ignored.
pub(crate) fn atoi(text: &[u8]) -> i32 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let mut value: i64 = 0;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        value = value.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    }
    (if negative { value.wrapping_neg() } else { value }) as i32
}

/// The name of a severity, 0 to 7.
pub(crate) fn severity_name(number: u8) -> Option<&'static str> {
    severity::NAMES.get(usize::from(number)).copied()
}
