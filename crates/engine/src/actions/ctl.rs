//! `ctl`: changes the engine for the rest of this transaction.
//!
//! Everything is resolved when the configuration is compiled: removals become sets of rules. No `ctl` value is
//! macro-expanded, as in ModSecurity v2 (spec: actions, "ctl").

use std::sync::Arc;

use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::compile::selection::RuleSelector;
use crate::parsed_response::ResponseProcessor;
use crate::record::{AuditParts, EngineMode};
use crate::ruleset::{Rule, RuleSet};
use crate::settings::{AuditEngine, XmlIntoArgs};
use crate::transaction::Transaction;
use portcullis_operators::pattern::{Options, Pattern};

/// The record of `ctl`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "ctl",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Changes a setting or removes rules and targets for the rest of the transaction.",
    example: "ctl:ruleRemoveTargetById=942100;ARGS:comment",
    apply,
};

/// A compiled `ctl`.
#[derive(Debug, Clone)]
pub(crate) struct Ctl {
    change: Change,
    /// `name` and `value` as written, for the debug log.
    written: (String, String),
}

/// What a `ctl` changes.
#[derive(Debug, Clone)]
enum Change {
    RuleEngine(EngineMode),
    AuditEngine(AuditEngine),
    AuditLogParts(PartsChange),
    DebugLogLevel(u8),
    RequestBodyAccess(bool),
    RequestBodyProcessor(Vec<u8>),
    ForceRequestBodyVariable(bool),
    RequestBodyLimit(u64),
    ResponseBodyAccess(bool),
    ResponseBodyLimit(u64),
    ForceResponseBodyVariable(bool),
    ResponseBodyProcessor(ResponseProcessor),
    XmlIntoArgs(XmlIntoArgs),
    Signs(bool),
    EnforcesSignatures(bool),
    /// Index of a [`crate::ruleset::RuleSelection`].
    RemoveRules(u16),
    RemoveTargets {
        selection: u16,
        targets: Arc<Vec<RemovedTarget>>,
    },
}

/// How `auditLogParts` changes the set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PartsChange {
    Add(AuditParts),
    Remove(AuditParts),
    Set(AuditParts),
}

/// A target taken from rules at run time.
#[derive(Debug, Clone)]
pub(crate) struct RemovedTarget {
    /// Upper-case name of the collection as rules show it.
    pub(crate) name: Vec<u8>,
    pub(crate) key: RemovedKey,
}

/// Which members of it.
#[derive(Debug, Clone)]
pub(crate) enum RemovedKey {
    All,
    Text(Vec<u8>),
    /// `/…/`: every engine but ModSecurity v2 takes it as a regular expression, and so do we.
    Pattern(Arc<Pattern>),
}

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let equals = memchr::memchr(b'=', value);
    let name =
        String::from_utf8_lossy(value.get(..equals.unwrap_or(value.len())).unwrap_or_default()).into_owned();
    let Some(setting) = equals.and_then(|e| value.get(e + 1..)) else {
        return Err(ActionError::new(format!("missing value of ctl {name}"))
            .with_help(format!("write `ctl:{name}=…`")));
    };
    let change = compile(&name, setting, context)?;
    let written = (name, String::from_utf8_lossy(setting).into_owned());
    draft.effects.push(Effect::Ctl(Ctl { change, written }));
    Ok(())
}

fn compile(name: &str, value: &[u8], context: &mut DraftContext<'_>) -> Result<Change, ActionError> {
    let bad = |expected: &str| {
        ActionError::new(format!("invalid setting for ctl {name}: {}", String::from_utf8_lossy(value)))
            .with_help(format!("expected {expected}"))
    };
    let switch = || parse_switch(value).ok_or_else(|| bad("On or Off"));
    Ok(match name.to_ascii_lowercase().as_str() {
        "ruleengine" => {
            Change::RuleEngine(parse_engine_mode(value).ok_or_else(|| bad("On, Off or DetectionOnly"))?)
        }
        "auditengine" => Change::AuditEngine(match value.to_ascii_lowercase().as_slice() {
            b"on" => AuditEngine::On,
            b"off" => AuditEngine::Off,
            b"relevantonly" => AuditEngine::RelevantOnly,
            _ => return Err(bad("On, Off or RelevantOnly")),
        }),
        "auditlogparts" => {
            Change::AuditLogParts(parse_parts(value).ok_or_else(|| bad("letters A to K and Z"))?)
        }
        "debugloglevel" => match value {
            [digit @ b'0'..=b'9'] => Change::DebugLogLevel(digit - b'0'),
            _ => return Err(bad("a digit")),
        },
        "requestbodyaccess" => Change::RequestBodyAccess(switch()?),
        "requestbodyprocessor" => Change::RequestBodyProcessor(value.to_vec()),
        "forcerequestbodyvariable" => Change::ForceRequestBodyVariable(switch()?),
        "requestbodylimit" => {
            Change::RequestBodyLimit(parse_limit(value).ok_or_else(|| bad("bytes, at most 1 GiB"))?)
        }
        "responsebodyaccess" => Change::ResponseBodyAccess(switch()?),
        "responsebodylimit" => {
            Change::ResponseBodyLimit(parse_limit(value).ok_or_else(|| bad("bytes, at most 1 GiB"))?)
        }
        "ruleremovebyid" => {
            Change::RemoveRules(context.select(RuleSelector::ids(value).map_err(ActionError::new)?))
        }
        "ruleremovebytag" => {
            Change::RemoveRules(context.select(RuleSelector::tag(value).map_err(ActionError::new)?))
        }
        "ruleremovebymsg" => {
            Change::RemoveRules(context.select(RuleSelector::msg(value).map_err(ActionError::new)?))
        }
        "ruleremovetargetbyid" => remove_targets(value, context, RuleSelector::ids)?,
        "ruleremovetargetbytag" => remove_targets(value, context, RuleSelector::tag)?,
        "ruleremovetargetbymsg" => remove_targets(value, context, RuleSelector::msg)?,
        "parsexmlintoargs" => {
            Change::XmlIntoArgs(XmlIntoArgs::parse(value).ok_or_else(|| bad("Off, On or OnlyArgs"))?)
        }
        "hashengine" => Change::Signs(switch()?),
        "hashenforcement" => Change::EnforcesSignatures(switch()?),
        "forceresponsebodyvariable" => Change::ForceResponseBodyVariable(switch()?),
        "responsebodyprocessor" => {
            Change::ResponseBodyProcessor(ResponseProcessor::parse(value).ok_or_else(|| bad("JSON or XML"))?)
        }
        _ => {
            let known = [
                "ruleEngine",
                "auditEngine",
                "auditLogParts",
                "debugLogLevel",
                "requestBodyAccess",
                "requestBodyProcessor",
                "forceRequestBodyVariable",
                "requestBodyLimit",
                "responseBodyAccess",
                "responseBodyLimit",
                "forceResponseBodyVariable",
                "responseBodyProcessor",
                "ruleRemoveById",
                "ruleRemoveByTag",
                "ruleRemoveByMsg",
                "ruleRemoveTargetById",
                "ruleRemoveTargetByTag",
                "ruleRemoveTargetByMsg",
                "parseXmlIntoArgs",
                "hashEngine",
                "hashEnforcement",
            ];
            let error = ActionError::new(format!("invalid ctl name `{name}`"));
            return Err(match portcullis_seclang::nearest(name, known.into_iter()) {
                Some(near) => error.with_help(format!("did you mean `ctl:{near}`?")),
                None => error,
            });
        }
    })
}

/// Splits `SELECTOR;VAR:key,VAR` and compiles both sides. Without `;` nothing is removed at run time, as v2 has it, but
/// that is never meant: an error here.
fn remove_targets(
    value: &[u8],
    context: &mut DraftContext<'_>,
    selector: fn(&[u8]) -> Result<RuleSelector, String>,
) -> Result<Change, ActionError> {
    let Some(semicolon) = memchr::memchr(b';', value) else {
        return Err(
            ActionError::new("missing target").with_help("write `ctl:ruleRemoveTargetById=942100;ARGS:name`")
        );
    };
    let rules = selector(value.get(..semicolon).unwrap_or_default()).map_err(ActionError::new)?;
    let list = value.get(semicolon + 1..).unwrap_or_default();
    let targets = removed_targets(list).map_err(ActionError::new)?;
    Ok(Change::RemoveTargets { selection: context.select(rules), targets: Arc::new(targets) })
}

/// Reads `ARGS:q,REQUEST_HEADERS`.
pub(crate) fn removed_targets(list: &[u8]) -> Result<Vec<RemovedTarget>, String> {
    let mut targets = Vec::new();
    for target in list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        let colon = memchr::memchr(b':', target);
        let name = target.get(..colon.unwrap_or(target.len())).unwrap_or_default().to_ascii_uppercase();
        let key = match colon.and_then(|c| target.get(c + 1..)) {
            None => RemovedKey::All,
            Some([b'/', pattern @ .., b'/']) if !pattern.is_empty() => {
                let options = Options { caseless: true, ..Options::default() };
                let pattern = Pattern::new(pattern, options)
                    .map_err(|e| format!("bad regular expression: {}", e.message))?;
                RemovedKey::Pattern(Arc::new(pattern))
            }
            Some(key) => RemovedKey::Text(key.to_vec()),
        };
        targets.push(RemovedTarget { name, key });
    }
    Ok(targets)
}

/// `On`, `Off` and the spellings v2 also takes for switches.
pub(crate) fn parse_switch(value: &[u8]) -> Option<bool> {
    match value.to_ascii_lowercase().as_slice() {
        b"on" | b"true" | b"1" => Some(true),
        b"off" | b"false" | b"0" => Some(false),
        _ => None,
    }
}

/// The values of `SecRuleEngine`.
pub(crate) fn parse_engine_mode(value: &[u8]) -> Option<EngineMode> {
    match value.to_ascii_lowercase().as_slice() {
        b"on" => Some(EngineMode::On),
        b"off" => Some(EngineMode::Off),
        b"detectiononly" => Some(EngineMode::DetectionOnly),
        _ => None,
    }
}

fn parse_parts(value: &[u8]) -> Option<PartsChange> {
    match value.split_first()? {
        (b'+', rest) => Some(PartsChange::Add(AuditParts::parse(rest)?)),
        (b'-', rest) => Some(PartsChange::Remove(AuditParts::parse(rest)?)),
        _ => Some(PartsChange::Set(AuditParts::parse(value)?)),
    }
}

fn parse_limit(value: &[u8]) -> Option<u64> {
    let limit = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
    (limit <= 1 << 30).then_some(limit)
}

impl Ctl {
    pub(super) fn run(&self, transaction: &mut Transaction, _rule: &Rule) {
        let rules = Arc::clone(&transaction.rules);
        if transaction.detection.running {
            self.run_in_detection(&rules, transaction);
            return;
        }
        let control = &mut transaction.control;
        match &self.change {
            Change::RuleEngine(mode) => control.set_engine(*mode),
            Change::AuditEngine(engine) => control.audit_engine = *engine,
            Change::AuditLogParts(change) => {
                control.audit_parts = match change {
                    PartsChange::Add(parts) => control.audit_parts.union(*parts),
                    PartsChange::Remove(parts) => control.audit_parts.without(*parts),
                    PartsChange::Set(parts) => *parts,
                }
            }
            Change::DebugLogLevel(level) => control.debug_log_level = *level,
            Change::RequestBodyAccess(on) => control.request_body_access = *on,
            Change::RequestBodyProcessor(name) => transaction.request.set_processor(name),
            Change::ForceRequestBodyVariable(on) => control.force_request_body = *on,
            Change::RequestBodyLimit(limit) => control.request_body_limit = *limit,
            Change::ResponseBodyAccess(on) => control.response_body_access = *on,
            Change::ResponseBodyLimit(limit) => control.response_body_limit = *limit,
            Change::ForceResponseBodyVariable(on) => control.force_response_body = *on,
            Change::ResponseBodyProcessor(processor) => {
                transaction.response.parsed.processor = Some(*processor);
            }
            Change::Signs(on) => control.signs = *on,
            Change::EnforcesSignatures(on) => control.enforces_signatures = *on,
            Change::XmlIntoArgs(wanted) => control.xml_into_args = *wanted,
            Change::RemoveRules(selection) => {
                if let Some(selection) = rules.selections.get(usize::from(*selection)) {
                    control.removed_rules.union_with(&selection.rules);
                }
            }
            Change::RemoveTargets { selection, targets } => {
                if let Some(rules) = rules.selections.get(usize::from(*selection)) {
                    control.rules_with_removed_targets.union_with(&rules.rules);
                    control.removed_targets.push((Arc::clone(&rules.rules), Arc::clone(targets)));
                }
            }
        }
        transaction.debug(4, |_| {
            let (name, value) = &self.written;
            format!("Ctl: Set {name} to {value}.")
        });
    }

    /// A set that only detects removes rules and targets where only detecting rules see it, and changes no setting.
    fn run_in_detection(&self, rules: &RuleSet, transaction: &mut Transaction) {
        let detection = &mut transaction.detection;
        match &self.change {
            Change::RemoveRules(selection) => {
                if let Some(selection) = rules.selections.get(usize::from(*selection)) {
                    detection.removed_rules.union_with(&selection.rules);
                }
            }
            Change::RemoveTargets { selection, targets } => {
                if let Some(rules) = rules.selections.get(usize::from(*selection)) {
                    detection.rules_with_removed_targets.union_with(&rules.rules);
                    detection.removed_targets.push((Arc::clone(&rules.rules), Arc::clone(targets)));
                }
            }
            _ => {}
        }
    }
}
