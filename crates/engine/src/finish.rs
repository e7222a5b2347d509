//! From a finished transaction to its [`Record`].
//!
//! This is the one place where a transaction's bytes leave it for logs and stores, so it is the place where what rules
//! sanitised is masked.

use std::sync::Arc;

use crate::arena::Text;
use crate::record::{
    AuditParts, EngineMode, MatchedLink, MatchedRule, Pairs, Record, RecordedRequest, RecordedResponse,
};
use crate::request::{Origin, Pair};
use crate::ruleset::{Rule, RuleIndex, TxNames};
use crate::settings::AuditEngine;
use crate::transaction::Transaction;
use crate::workspace::Workspace;

impl Transaction {
    /// Ends the transaction: what a log, a metric or a store may need to know of it.
    pub fn finish(self) -> Record {
        self.finish_in().0
    }

    /// As [`Transaction::finish`]; gives the buffers back for another transaction.
    pub fn finish_in(mut self) -> (Record, Workspace) {
        let audit = self.is_audited();
        let parts = self.control.audit_parts;
        let mut record = Record {
            guardian: self.is_for_guardian(),
            unique_id: self.start.unique_id.clone(),
            started_micros: self.start.wall_micros,
            utc_offset_seconds: self.start.utc_offset_seconds,
            client: self.client,
            server: self.server,
            request: self.recorded_request(audit, parts),
            response: self.recorded_response(audit, parts),
            alerts: std::mem::take(&mut self.alerts),
            handled: self.body.planned,
            interception: self.interception.take(),
            matched_rules: if audit && parts.has(b'K') { self.matched_rules() } else { Vec::new() },
            uploads: std::mem::take(&mut self.body.uploads),
            audit,
            audit_parts: parts,
            sanitised_args: self.sanitised_arguments(),
            sanitised_request_headers: self.secrets.request_headers.clone(),
            sanitised_response_headers: self.secrets.response_headers.clone(),
            components: Arc::clone(&self.rules.settings.components),
            web_app: (
                self.rules.settings.web_app_id.clone().into_bytes(),
                self.session_id.map(|id| self.arena.get(id).to_vec()).unwrap_or_default(),
                self.user_id.map(|id| self.arena.get(id).to_vec()).unwrap_or_default(),
            ),
            sensor_id: self.rules.settings.sensor_id.clone(),
            engine_mode: self.control.engine,
            stopwatch: self.stopwatch,
            slow_rules: self.slow_rules(),
            trace: std::mem::take(&mut self.trace.lines),
            scores: self.scores(),
        };
        record.stopwatch.duration = self.now;
        if !self.secrets.is_empty() {
            self.mask_record(&mut record);
        }
        (record, self.into_workspace())
    }

    /// Names of the arguments that are hidden, as far as the request has them.
    fn sanitised_arguments(&self) -> Vec<Vec<u8>> {
        let names = self.secrets.arguments.iter().chain(&self.secrets.partly);
        let occurs = |name: &&Vec<u8>| {
            self.request
                .arguments
                .iter()
                .any(|argument| self.arena.get(argument.name).eq_ignore_ascii_case(name))
        };
        let mut shown: Vec<Vec<u8>> = Vec::new();
        for name in names.filter(occurs) {
            if !shown.contains(name) {
                shown.push(name.clone());
            }
        }
        shown
    }

    fn is_audited(&self) -> bool {
        match self.control.audit_engine {
            AuditEngine::Off => false,
            AuditEngine::On => true,
            AuditEngine::RelevantOnly => {
                let status = self.response.status.to_string();
                let by_status = self.rules.settings.audit_relevant_status.as_ref();
                self.relevant || by_status.is_some_and(|p| p.is_match(status.as_bytes()).unwrap_or(false))
            }
        }
    }

    /// Part K: every rule that matched, once per match, whether it logs or not. A chain stands there once, also when it
    /// was not completed; one of which only the starter matched, once per match of that.
    fn matched_rules(&self) -> Vec<MatchedRule> {
        let starter_of = |index: RuleIndex| self.rules.rule(index).map(|rule| rule.starter);
        let runs = self.matched_rules.chunk_by(|a, b| starter_of(*a) == starter_of(*b));
        let mut matched = Vec::new();
        for run in runs {
            let Some(starter) = run.first().and_then(|first| starter_of(*first)) else { continue };
            let rule = self.matched_rule(starter, run);
            let copies = if run.iter().all(|index| *index == starter) { run.len() } else { 1 };
            matched.extend(std::iter::repeat_n(rule, copies));
        }
        matched
    }

    fn matched_rule(&self, starter: RuleIndex, matched: &[RuleIndex]) -> MatchedRule {
        let chain =
            (starter..).map_while(|index| self.rules.rule(index).filter(|rule| rule.starter == starter));
        let link = |rule: &Rule| MatchedLink {
            text: rule.text.clone(),
            matched: matched.contains(&rule.index),
            rule: rule.index,
        };
        let links: Vec<MatchedLink> = chain.map(link).collect();
        let complete = links.iter().all(|link| link.matched);
        MatchedRule { links, complete }
    }

    /// Whether the condition of `SecGuardianLog` holds.
    fn is_for_guardian(&self) -> bool {
        let Some(log) = &self.rules.settings.guardian_log else { return false };
        let is_set = |name: &Vec<u8>| self.env.iter().any(|pair| self.arena.get(pair.name) == *name);
        log.condition.as_ref().is_none_or(|(name, wanted)| is_set(name) == *wanted)
    }

    fn owned(&self, text: Text) -> Vec<u8> {
        self.arena.get(text).to_vec()
    }

    fn pairs(&self, pairs: &[Pair]) -> Pairs {
        let texts = pairs.iter().map(|pair| (self.arena.get(pair.name), self.arena.get(pair.value)));
        let bytes = texts.clone().map(|(name, value)| name.len() + value.len()).sum();
        let mut owned = Pairs::with_capacity(pairs.len(), bytes);
        texts.for_each(|(name, value)| owned.push(name, value));
        owned
    }

    fn recorded_request(&mut self, audit: bool, parts: AuditParts) -> RecordedRequest {
        let multipart = self.request.processor == b"MULTIPART";
        let keeps_body = audit && (parts.has(b'C') || (parts.has(b'I') && !multipart));
        let fake_body = (audit && multipart && parts.has(b'I')).then(|| self.fields_urlencoded());
        RecordedRequest {
            line: self.owned(self.request.line),
            method: self.owned(self.request.method),
            target: self.owned(self.request.target),
            protocol: self.owned(self.request.protocol),
            server_name: self.owned(self.request.server_name),
            headers: self.pairs(&self.request.headers),
            body: (keeps_body && self.body.read).then(|| self.body.raw().to_vec()),
            fake_body,
            multipart: self.body.is_multipart,
            body_length: self.body.length,
        }
    }

    /// Part I of a multipart body: its fields as a urlencoded form.
    fn fields_urlencoded(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let fields = self.request.arguments.iter().filter(|argument| argument.origin == Origin::Body);
        for (number, field) in fields.enumerate() {
            if number > 0 {
                out.push(b'&');
            }
            url_encode(self.arena.get(field.name), &mut out);
            out.push(b'=');
            url_encode(self.arena.get(field.value), &mut out);
        }
        out
    }

    fn recorded_response(&self, audit: bool, parts: AuditParts) -> RecordedResponse {
        let keeps_body = audit && parts.has(b'E') && self.control.engine != EngineMode::Off;
        RecordedResponse {
            protocol: self.response.protocol.map(|p| self.owned(p)).unwrap_or_default(),
            status: self.response.status,
            reason: self.response.reason.clone(),
            headers: self.pairs(&self.response.headers),
            body: self.response.body_text.filter(|_| keeps_body).map(|body| self.owned(body)),
            chunked: self
                .response
                .header(&self.arena, b"Transfer-Encoding")
                .is_some_and(|v| v.eq_ignore_ascii_case(b"chunked")),
        }
    }

    /// The scores that the common rule sets keep in TX.
    fn scores(&self) -> Pairs {
        let score = |(name, slot)| Some((name, self.arena.get(self.tx.slot(slot)?.value)));
        TxNames::scores().filter_map(score).collect()
    }
}

fn url_encode(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b' ' => out.push(b'+'),
            b'*' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(*byte),
            _ => out.extend_from_slice(format!("%{byte:02x}").as_bytes()),
        }
    }
}
