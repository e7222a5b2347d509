//! Alerts: the text of a matching rule as mod_security2 writes it.
//!
//! `Warning. Pattern match "x" at ARGS:a. [file "…"] [line "…"] [id "…"] [msg "…"] …`, escaped and cut as ModSecurity v2
//! escapes and cuts. (spec: engine, "Error log line")

use std::sync::Arc;

use crate::actions::severity_name;
use crate::escape::{log_escape, log_escape_hex};
use crate::record::{Alert, AlertRule, GivenTags};
use crate::ruleset::{Metadata, Rule, RuleSet, Test};
use crate::transaction::Transaction;
use crate::variables::Value;

/// ModSecurity's log buffer cuts a message at this many bytes.
pub(crate) const MESSAGE_LIMIT: usize = 1023;

/// Longer `data` texts are cut to two bytes less and get an ellipsis.
const DATA_LIMIT: usize = 511;

/// How much of an argument a negated match shows.
const ARGUMENT_LIMIT: usize = 252;

impl Transaction {
    /// Adds the alert of a rule. `starter` carries the metadata, `rule` is the link that matched last.
    #[expect(
        clippy::too_many_arguments,
        reason = "an alert is made of all these, and each caller has them at hand"
    )]
    pub(crate) fn alert(
        &mut self,
        rules: &Arc<RuleSet>,
        starter: &Rule,
        rule: &Rule,
        value: &Value,
        level: u8,
        action: &[u8],
        intercepted: bool,
    ) {
        if self.detection.is_silent {
            return;
        }
        let operator_message = self.operator_message(rule, value);
        let mut meta = self.alert_rule(rules, starter);
        if self.detection.running {
            // First: a long message is cut at its end.
            meta.tags.insert(0, crate::worlds::TAG.to_vec());
        }
        let mut text = Vec::with_capacity(MESSAGE_LIMIT + 1);
        if level < 4 {
            text.extend_from_slice(action);
            text.push(b' ');
        }
        text.extend_from_slice(&operator_message);
        // Of a set that detects, the tags are not the rule's own.
        let written = if self.detection.running { None } else { starter.metadata.written(&meta) };
        match written {
            Some(Written { head, tail }) => {
                text.extend_from_slice(head);
                write_told(&meta, &mut text);
                let room = MESSAGE_LIMIT.saturating_sub(text.len());
                text.extend_from_slice(tail.get(..room).unwrap_or(tail));
            }
            None => write_metadata(&meta, &mut text),
        }
        text.truncate(MESSAGE_LIMIT);
        self.write_name(value, &mut meta.variable);
        meta.value = self.arena.get(self.matched.value).to_vec();
        meta.operator_message = operator_message;
        meta.intercepted = intercepted;
        let uri = self.arena.get(self.request.path).to_vec();
        self.trace_line(level, &text);
        self.alerts.push(Alert { level, text, uri, rule: Some(meta), phase: starter.phase });
    }

    /// A match that no other log tells of stands in the debug log.
    pub(crate) fn trace_unlogged(
        &mut self,
        rules: &Arc<RuleSet>,
        starter: &Rule,
        rule: &Rule,
        value: &Value,
        action: &[u8],
    ) {
        if self.detection.is_silent || !self.traces(4) {
            return;
        }
        let mut text = [action, b" ", &self.operator_message(rule, value)].concat();
        write_metadata(&self.alert_rule(rules, starter), &mut text);
        text.truncate(MESSAGE_LIMIT);
        self.trace_line(4, &text);
    }

    fn operator_message(&self, rule: &Rule, value: &Value) -> Vec<u8> {
        let mut name = Vec::new();
        let mut out = Vec::new();
        let operator = &rule.operator;
        if operator.negated {
            self.write_required_name(rule, value, &mut name);
            out.extend_from_slice(b"Match of \"");
            log_escape(operator.name.as_bytes(), &mut out);
            out.push(b' ');
            let mut argument = Vec::new();
            log_escape(operator.argument.raw(), &mut argument);
            if argument.len() > ARGUMENT_LIMIT {
                argument.truncate(ARGUMENT_LIMIT);
                argument.extend_from_slice(b" ...");
            }
            out.extend_from_slice(&argument);
            out.extend_from_slice(b"\" against \"");
            log_escape(&name, &mut out);
            out.extend_from_slice(b"\" required.");
            return out;
        }
        self.write_name(value, &mut name);
        match &operator.test {
            Test::Pure(test) => {
                let argument = operator.argument.as_literal().unwrap_or(&self.argument);
                test.message(argument, &self.hit, &name, &mut out);
            }
            Test::External(_)
            | Test::Validation(_)
            | Test::Hash(_)
            | Test::Rewrite(_)
            | Test::Path(_)
            | Test::Script { .. } => {
                out.extend_from_slice(&self.hit.text);
            }
        }
        out
    }

    fn alert_rule(&mut self, rules: &Arc<RuleSet>, starter: &Rule) -> AlertRule {
        let meta = &starter.metadata;
        let mut expand = |template: Option<&crate::macros::Template>| {
            if let Some(text) = template.and_then(|template| template.as_literal()) {
                return text.to_vec();
            }
            let mut out = Vec::new();
            if let Some(template) = template {
                self.expand_template(template, None, &mut out);
            }
            out
        };
        let small = |n: Option<i32>| n.and_then(|n| u8::try_from(n).ok());
        AlertRule {
            id: starter.id,
            file: rules.files.get(usize::from(starter.file)).cloned().unwrap_or_default(),
            line: starter.line,
            given: GivenTags {
                rev: meta.rev.is_some(),
                msg: meta.msg.is_some(),
                data: meta.logdata.is_some(),
                ver: meta.ver.is_some(),
            },
            rev: meta.rev.clone().unwrap_or_default(),
            ver: meta.ver.clone().unwrap_or_default(),
            msg: expand(meta.msg.as_ref()),
            data: expand(meta.logdata.as_ref()),
            severity: small(meta.severity),
            maturity: small(meta.maturity),
            accuracy: small(meta.accuracy),
            tags: meta.tags.iter().map(|tag| expand(Some(tag))).collect(),
            ..AlertRule::default()
        }
    }

    /// The text httpd would have logged for an alert, as WEBSERVER_ERROR_LOG shows it.
    pub(crate) fn server_log_text(&self, alert: &Alert) -> Vec<u8> {
        let mut out = b"[file \"apache2_util.c\"] [line 275] [level 3] [client ".to_vec();
        out.extend_from_slice(self.arena.get(self.constants.client_addr));
        out.extend_from_slice(b"] ModSecurity: ");
        out.extend_from_slice(&alert.text);
        for (name, text) in [
            ("hostname", self.arena.get(self.request.server_name)),
            ("uri", alert.uri.as_slice()),
            ("unique_id", self.start.unique_id.as_bytes()),
        ] {
            out.extend_from_slice(format!(" [{name} \"").as_bytes());
            log_escape(text, &mut out);
            out.extend_from_slice(b"\"]");
        }
        out
    }
}

/// What an alert's metadata begin and end with, when they are the same for every alert of the rule.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Metadata {
    /// Written with the rule's first alert. `None`: some tag has a macro.
    fn written(&self, meta: &AlertRule) -> Option<&Written> {
        let written = || {
            let mut written = Written { head: Vec::new(), tail: Vec::new() };
            write_head(meta, &mut written.head);
            write_tail(meta, &mut written.tail);
            self.tags.iter().all(|tag| tag.as_literal().is_some()).then_some(written)
        };
        self.written.get_or_init(written).as_ref()
    }
}

/// ` [file "…"] [line "…"] [id "…"] …`; what the rule does not say is left out, what it says empty is shown empty.
pub(crate) fn write_metadata(meta: &AlertRule, out: &mut Vec<u8>) {
    write_head(meta, out);
    write_told(meta, out);
    write_tail(meta, out);
}

fn write_head(meta: &AlertRule, out: &mut Vec<u8>) {
    field("file", meta.file.as_bytes(), out);
    field("line", meta.line.to_string().as_bytes(), out);
    if meta.id != 0 {
        field("id", meta.id.to_string().as_bytes(), out);
    }
    if meta.given.rev {
        field("rev", &meta.rev, out);
    }
}

/// What depends on the exchange.
fn write_told(meta: &AlertRule, out: &mut Vec<u8>) {
    if meta.given.msg {
        field("msg", &meta.msg, out);
    }
    if meta.given.data {
        data_field(&meta.data, out);
    }
}

fn write_tail(meta: &AlertRule, out: &mut Vec<u8>) {
    if let Some(name) = meta.severity.and_then(severity_name) {
        field("severity", name.as_bytes(), out);
    }
    if meta.given.ver {
        field("ver", &meta.ver, out);
    }
    for (name, number) in [("maturity", meta.maturity), ("accuracy", meta.accuracy)] {
        if let Some(number) = number {
            field(name, number.to_string().as_bytes(), out);
        }
    }
    for tag in &meta.tags {
        field("tag", tag, out);
    }
}

fn field(name: &str, text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b" [");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b" \"");
    log_escape(text, out);
    out.extend_from_slice(b"\"]");
}

fn data_field(text: &[u8], out: &mut Vec<u8>) {
    let mut data = Vec::with_capacity(text.len());
    log_escape_hex(text, &mut data);
    if data.len() > DATA_LIMIT {
        data.truncate(DATA_LIMIT - 2);
        data.extend_from_slice(b"...");
    }
    out.extend_from_slice(b" [data \"");
    out.extend_from_slice(&data);
    out.extend_from_slice(b"\"]");
}
