//! What a transaction did, step by step, when its debug level asks for it.
//!
//! `SecDebugLogLevel 9` and a rule on ARGS leave: the rule, each transformed value, the operator, the value it saw, what
//! it captured, whether it matched. The steps are typed; `formats::debug_log` of the audit crate writes them as ModSecurity v2's debug log.
//!
//! Without `SecDebugLog` nothing is kept, and a step costs a comparison. What is kept is bounded: behind
//! [`TRACE_LIMIT`] a last line says that the rest is missing. (spec: engine, "Debug log")

use std::sync::Arc;

use crate::actions::CollectionRef;
use crate::arena::Text;
use crate::macros::{Reference, ReferenceKey};
use crate::ruleset::{ChainId, Rule, RuleSet, TxNames, TxSlot};
use crate::transaction::Transaction;
use crate::variables::Value;
use crate::verdict::Phase;

/// How many bytes of steps a transaction keeps.
pub const TRACE_LIMIT: usize = 16 << 20;

const END_OF_ROOM: &[u8] = b"Debug log: the rest of this transaction is too much to keep.";

/// A step and where it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    /// Microseconds since the start of the transaction, as the driver last said.
    pub micros: u64,
    /// The path: raw in phase 1, decoded later.
    pub uri: Arc<[u8]>,
    /// The debug level then: a step may be shown in less detail than it could.
    pub detail: u8,
    /// The step.
    pub step: TraceStep,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceStep {
    /// A phase begins; so many rules are in its list.
    Phase {
        /// Which.
        phase: Phase,
        /// Rules and chain links, wherever they apply.
        rules: usize,
    },
    /// The phase does not run because the request has been intercepted.
    PhaseSkipped(Phase),
    /// An argument was found.
    Argument {
        /// `QUERY_STRING`, `BODY` or `JSON`.
        origin: &'static str,
        /// Its name, decoded.
        name: Vec<u8>,
        /// Its value, decoded.
        value: Vec<u8>,
    },
    /// A cookie was found.
    Cookie {
        /// Its name.
        name: Vec<u8>,
        /// Its value.
        value: Vec<u8>,
    },
    /// A rule or link is looked at; index in the rule set.
    Rule(u32),
    /// A rule is passed over because `ctl` removed it.
    RuleRemoved(u32),
    /// The rule's targets stand for other names than are written there.
    Targets {
        /// The rule; index in the rule set.
        rule: u32,
        /// Names of the values, separated by `|`.
        names: Vec<u8>,
    },
    /// A target of the rule is passed over because `ctl` removed it.
    TargetRemoved(Vec<u8>),
    /// The value before its first transformation; only where every step is kept.
    Before(Vec<u8>),
    /// A transformation's result.
    Transformed {
        /// Its name.
        name: &'static str,
        /// The value behind it.
        value: Vec<u8>,
    },
    /// The operator is asked.
    Operator {
        /// The rule; index in the rule set.
        rule: u32,
        /// The argument, macros expanded.
        argument: Vec<u8>,
        /// Name of the target.
        target: Vec<u8>,
    },
    /// The value the operator sees.
    Value(Vec<u8>),
    /// The value matched, under a negation too; only where every step is kept.
    Matched,
    /// A captured group.
    Captured {
        /// Its number.
        number: usize,
        /// Its text.
        value: Vec<u8>,
    },
    /// A macro was expanded: its text without `%{}` and what it stands for.
    Macro {
        /// `tx.a`
        name: Vec<u8>,
        /// What it stands for.
        value: Vec<u8>,
    },
    /// A variable was set, or unset when there is no value: `tx`, `score`.
    Variable {
        /// The collection.
        collection: Vec<u8>,
        /// The member.
        name: Vec<u8>,
        /// The value now.
        value: Option<Vec<u8>>,
    },
    /// A rule or link ends.
    Outcome {
        /// The rule; index in the rule set.
        rule: u32,
        /// Whether it matched.
        matched: bool,
        /// Whether the transaction was intercepted.
        intercepted: bool,
    },
    /// A message of the engine's own, or of a rule that logs.
    Line {
        /// Its level.
        level: u8,
        /// Escaped.
        text: Vec<u8>,
    },
}

impl TraceStep {
    /// The debug level from which it is kept.
    pub fn level(&self) -> u8 {
        match self {
            Self::Phase { .. } | Self::PhaseSkipped(_) | Self::Rule(_) | Self::Targets { .. } => 4,
            Self::Operator { .. } | Self::Outcome { .. } => 4,
            Self::Argument { origin: "JSON", .. } => 9,
            Self::Argument { .. } | Self::Cookie { .. } | Self::RuleRemoved(_) => 5,
            Self::Before(_) | Self::Transformed { .. } | Self::Value(_) | Self::Captured { .. } => 9,
            Self::Matched => 9,
            Self::Macro { .. } | Self::Variable { .. } | Self::TargetRemoved(_) => 9,
            Self::Line { level, .. } => *level,
        }
    }

    /// Whether it says that the steps behind it are missing.
    pub fn is_end_of_room(&self) -> bool {
        matches!(self, Self::Line { text, .. } if text == END_OF_ROOM)
    }

    /// The texts that may hold something secret.
    pub(crate) fn texts(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        let text = match self {
            Self::Argument { value, .. } | Self::Cookie { value, .. } | Self::Macro { value, .. } => {
                Some(value)
            }
            Self::Variable { value, .. } => value.as_mut(),
            Self::Operator { argument, .. } => Some(argument),
            Self::Transformed { value: text, .. }
            | Self::Captured { value: text, .. }
            | Self::Before(text)
            | Self::Value(text)
            | Self::Line { text, .. } => Some(text),
            _ => None,
        };
        text.into_iter()
    }

    fn size(&self) -> usize {
        let bytes = match self {
            Self::Argument { name, value, .. } | Self::Cookie { name, value } => name.len() + value.len(),
            Self::Macro { name, value } => name.len() + value.len(),
            Self::Variable { collection, name, value } => {
                collection.len() + name.len() + value.as_ref().map_or(0, Vec::len)
            }
            Self::Operator { argument, target, .. } => argument.len() + target.len(),
            Self::Transformed { value: text, .. }
            | Self::Captured { value: text, .. }
            | Self::Targets { names: text, .. }
            | Self::TargetRemoved(text)
            | Self::Before(text)
            | Self::Value(text)
            | Self::Line { text, .. } => text.len(),
            _ => 0,
        };
        bytes + size_of::<TraceLine>()
    }
}

/// The steps of a transaction so far.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) lines: Vec<TraceLine>,
    bytes: usize,
    path: Text,
    uri: Option<Arc<[u8]>>,
    /// Steps are kept whatever the configuration says.
    is_wanted: bool,
}

impl Transaction {
    /// Keeps every step, whatever the configuration says of the debug log: for those who explain a match afterwards.
    /// Called before the first phase.
    pub fn keep_every_step(&mut self) {
        self.trace.is_wanted = true;
    }

    /// Whether steps of this level are kept. Asked before a step is made.
    pub(crate) fn traces(&self, level: u8) -> bool {
        self.control.debug_log_level >= level && self.rules.settings.debug_log.is_some()
            || self.trace.is_wanted
    }

    /// Keeps a step when its level is.
    pub(crate) fn trace(&mut self, step: TraceStep) {
        if !self.traces(step.level()) || self.trace.bytes > TRACE_LIMIT {
            return;
        }
        let path = self.request.path;
        if self.trace.path != path || self.trace.uri.is_none() {
            self.trace.path = path;
            self.trace.uri = Some(Arc::from(self.arena.get(path)));
        }
        let Some(uri) = self.trace.uri.clone() else { return };
        self.trace.bytes += step.size();
        let step = match self.trace.bytes > TRACE_LIMIT {
            true => TraceStep::Line { level: 1, text: END_OF_ROOM.to_vec() },
            false => step,
        };
        let detail = self.control.debug_log_level;
        self.trace.lines.push(TraceLine { micros: self.now, uri, detail, step });
    }

    /// Keeps a message that is made only when its level is kept.
    pub(crate) fn debug(&mut self, level: u8, text: impl FnOnce(&Transaction) -> String) {
        if self.traces(level) {
            let mut escaped = Vec::new();
            crate::escape::log_escape_keep_quotes(text(self).as_bytes(), &mut escaped);
            self.trace(TraceStep::Line { level, text: escaped });
        }
    }

    /// Keeps a message that goes elsewhere too; escaped.
    pub(crate) fn trace_line(&mut self, level: u8, text: &[u8]) {
        if self.traces(level) {
            self.trace(TraceStep::Line { level, text: text.to_vec() });
        }
    }

    /// A rule begins with these values.
    pub(crate) fn trace_rule(&mut self, rule: &Rule, values: &[Value]) {
        if !self.traces(4) {
            return;
        }
        self.trace(TraceStep::Rule(rule.index));
        let mut names = Vec::new();
        for value in values {
            if !names.is_empty() {
                names.push(b'|');
            }
            self.write_name(value, &mut names);
        }
        if !names.is_empty() && names != rule.target_text {
            self.trace(TraceStep::Targets { rule: rule.index, names });
        }
    }

    /// A value is about to be transformed and tested.
    pub(crate) fn trace_before(&mut self, value: Text) {
        if self.trace.is_wanted {
            self.trace(TraceStep::Before(self.arena.get(value).to_vec()));
        }
    }

    /// A value matched.
    pub(crate) fn trace_match(&mut self) {
        if self.trace.is_wanted {
            self.trace(TraceStep::Matched);
        }
    }

    /// The transformations of a chain on a value, one by one; their results are remembered, so this costs nothing new.
    pub(crate) fn trace_transformations(&mut self, rules: &RuleSet, value: Text, chain: ChainId) {
        if !self.traces(9) {
            return;
        }
        let mut chains = Vec::new();
        let mut id = chain;
        while let Some(node) = rules.chains.node(id) {
            chains.push((id, node.step.name));
            id = node.parent;
        }
        for (id, name) in chains.into_iter().rev() {
            let result = self.transform(rules, value, id);
            let value = self.arena.get(result).to_vec();
            self.trace(TraceStep::Transformed { name, value });
        }
    }

    /// A target is passed over.
    pub(crate) fn trace_removed_target(&mut self, value: &Value) {
        if self.traces(9) {
            let mut name = Vec::new();
            self.write_name(value, &mut name);
            self.trace(TraceStep::TargetRemoved(name));
        }
    }

    /// The operator of a rule is about to be asked.
    pub(crate) fn trace_operator(&mut self, rule: &Rule, value: &Value, tested: Text) {
        if !self.traces(4) {
            return;
        }
        let argument = rule.operator.argument.as_literal().unwrap_or(&self.argument).to_vec();
        let mut target = Vec::new();
        self.write_name(value, &mut target);
        self.trace(TraceStep::Operator { rule: rule.index, argument, target });
        if self.traces(9) {
            self.trace(TraceStep::Value(self.arena.get(tested).to_vec()));
        }
    }

    /// Keeps a name and a value.
    pub(crate) fn trace_pair(
        &mut self,
        level: u8,
        name: &[u8],
        value: &[u8],
        step: impl FnOnce(Vec<u8>, Vec<u8>) -> TraceStep,
    ) {
        if self.traces(level) {
            self.trace(step(name.to_vec(), value.to_vec()));
        }
    }

    /// So many of TX.0, TX.1, … have been set to captured groups.
    pub(crate) fn trace_captures(&mut self, used: usize) {
        if !self.traces(9) {
            return;
        }
        for number in 0..used.min(TxNames::CAPTURES) {
            let text = self.tx.slot(number as TxSlot).map(|member| self.arena.get(member.value).to_vec());
            if let Some(value) = text {
                self.trace(TraceStep::Captured { number, value });
            }
        }
    }

    /// A macro was expanded to this.
    pub(crate) fn trace_macro(&mut self, reference: &Reference, value: &[u8]) {
        if !self.traces(9) {
            return;
        }
        let mut name = reference.variable.info().name.as_bytes().to_vec();
        let key = match &reference.key {
            ReferenceKey::First => None,
            ReferenceKey::Name(key) => Some(key.as_slice()),
            ReferenceKey::Slot(slot) => Some(self.rules.tx_names.name(*slot)),
        };
        if let Some(key) = key {
            name.push(b'.');
            name.extend_from_slice(key);
        }
        self.trace(TraceStep::Macro { name, value: value.to_vec() });
    }

    /// A variable has been set; unset when there is no value.
    pub(crate) fn trace_variable(&mut self, member: CollectionRef<'_>, value: Option<&[u8]>) {
        if !self.traces(9) {
            return;
        }
        let (collection, name) = match member {
            CollectionRef::TxSlot(_, name) | CollectionRef::Tx(name) => (b"tx".as_slice(), name),
            CollectionRef::Persistent(collection, name) => (collection, name),
        };
        let (collection, name) = (collection.to_vec(), name.to_vec());
        self.trace(TraceStep::Variable { collection, name, value: value.map(<[u8]>::to_vec) });
    }

    /// A number has been added to a variable.
    pub(crate) fn trace_sum(&mut self, member: CollectionRef<'_>) {
        if !self.traces(9) {
            return;
        }
        let value = match member {
            CollectionRef::TxSlot(slot, _) => self.tx.slot(slot).map(|member| member.value),
            CollectionRef::Tx(name) => self.tx_value(name),
            CollectionRef::Persistent(collection, name) => {
                let collection = self.collections.iter().find(|c| c.name == collection);
                collection.and_then(|collection| collection.get(name)).map(|member| member.value)
            }
        };
        if let Some(value) = value.map(|value| self.arena.get(value).to_vec()) {
            self.trace_variable(member, Some(&value));
        }
    }
}
