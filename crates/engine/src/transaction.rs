//! One exchange as the rules see it: state only.
//!
//! The driver tells what it knows (`connection`, `request_line`, `request_header`, …), calls [`Transaction::run`] for
//! each phase and acts on the [`Step`](crate::Step). What happens inside a phase is in `phases`, bodies are in `request_body` and
//! `response`; effects change the state through the methods here. Nothing in it reads a clock or a socket.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::actions::{CollectionRef, RemovedTarget};
use crate::arena::{Arena, Text};
use crate::costs::Costs;
use crate::hash::OffsetHasher;
use crate::inject::Injection;
use crate::macros::{Piece, Template};
use crate::members::{Member, TxMembers};
use crate::persistent::{Collection, CollectionUpdate, leading_number};
use crate::phases::Cursor;
use crate::record::{Alert, AuditParts, EngineMode, Interception, Stopwatch};
use crate::request::{Pair, Request};
use crate::request_body::RequestBody;
use crate::response::Response;
use crate::rewrite::Streams;
use crate::ruleset::{AllowScope, BitSet, ChainId, Rule, RuleIndex, RuleSet, TxSlot};
use crate::sanitise::Secrets;
use crate::screen::run::Screening;
use crate::settings::{AuditEngine, XmlIntoArgs};
use crate::trace::Trace;
use crate::variables::{Value, Variable};
use crate::verdict::{Answer, Need, Phase};
use crate::workspace::Workspace;
use crate::worlds::Detection;
use portcullis_operators::Hit;

/// What a transaction is told when it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The id in every log; `mod_unique_id`'s alphabet and length are what parsers expect.
    pub unique_id: String,
    /// Microseconds since the Unix epoch.
    pub wall_micros: i64,
    /// Offset of local time from UTC, seconds.
    pub utc_offset_seconds: i32,
}

/// The request line, split.
#[derive(Debug, Clone, Copy)]
pub struct RequestLine<'a> {
    /// As received, without its line end.
    pub raw: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// The target.
    pub target: &'a [u8],
    /// `HTTP/1.1`.
    pub protocol: &'a [u8],
}

/// One exchange.
#[derive(Debug)]
pub struct Transaction {
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) start: Start,
    pub(crate) arena: Arena,
    pub(crate) constants: Constants,
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    pub(crate) request: Request,
    pub(crate) body: RequestBody,
    pub(crate) response: Response,
    pub(crate) tx: TxMembers,
    pub(crate) env: Vec<Pair>,
    pub(crate) geo: Vec<Pair>,
    /// ARGS_PATH, which `@restpath` sets.
    pub(crate) path_arguments: Vec<Pair>,
    pub(crate) collections: Vec<Collection>,
    pub(crate) session_id: Option<Text>,
    pub(crate) user_id: Option<Text>,
    pub(crate) matched: Matched,
    pub(crate) highest_severity: i32,
    pub(crate) control: Control,
    pub(crate) detection: Detection,
    pub(crate) cursor: Cursor,
    pub(crate) answer: Option<Answer>,
    pub(crate) alerts: Vec<Alert>,
    pub(crate) relevant: bool,
    pub(crate) interception: Option<Interception>,
    /// Every match of a rule or link, in order.
    pub(crate) matched_rules: Vec<RuleIndex>,
    pub(crate) secrets: Secrets,
    pub(crate) injection: Injection,
    pub(crate) streams: Streams,
    pub(crate) limits_exceeded: bool,
    /// The rule being run met an error that is no operator's.
    pub(crate) rule_failed: bool,
    /// Microseconds since the start, as the driver last said.
    pub(crate) now: u64,
    pub(crate) stopwatch: Stopwatch,
    pub(crate) trace: Trace,
    /// The rule whose script runs.
    pub(crate) script_rule: RuleIndex,
    /// Results of transformation chains by value and chain.
    pub(crate) transformed: HashMap<(u32, u32, ChainId), Text, OffsetHasher>,
    pub(crate) screening: Screening,
    pub(crate) values: Vec<Value>,
    pub(crate) scratch: Vec<u8>,
    pub(crate) scratch_2: Vec<u8>,
    /// Name of the member that is set.
    pub(crate) member_name: Vec<u8>,
    pub(crate) argument: Vec<u8>,
    /// Whether `argument` is what the running rule's operator stands for now.
    pub(crate) argument_is_current: bool,
    /// What `setvar` assigns.
    pub(crate) assigned: Vec<u8>,
    pub(crate) hit: Hit,
    /// What rules cost, when somebody measures.
    pub(crate) costs: Option<Box<Costs>>,
    workspace: Workspace,
}

/// Texts that do not change.
#[derive(Debug, Default)]
pub(crate) struct Constants {
    zero: Text,
    one: Text,
    pub(crate) unique_id: Text,
    pub(crate) client_addr: Text,
    pub(crate) client_port: Text,
    pub(crate) server_addr: Text,
    pub(crate) server_port: Text,
}

impl Constants {
    pub(crate) fn digit(&self, one: bool) -> Text {
        if one { self.one } else { self.zero }
    }
}

/// The latest match and the matches of the rule or chain.
#[derive(Debug, Default)]
pub(crate) struct Matched {
    pub(crate) value: Text,
    /// The full name of `source`, once somebody has asked for it.
    pub(crate) name: Option<Text>,
    pub(crate) source: Option<Value>,
    pub(crate) vars: Vec<(Value, Text)>,
}

/// What `ctl` can change.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) engine: EngineMode,
    pub(crate) audit_engine: AuditEngine,
    pub(crate) audit_parts: AuditParts,
    pub(crate) debug_log_level: u8,
    pub(crate) request_body_access: bool,
    pub(crate) request_body_limit: u64,
    pub(crate) force_request_body: bool,
    pub(crate) xml_into_args: XmlIntoArgs,
    pub(crate) response_body_access: bool,
    pub(crate) response_body_limit: u64,
    /// `ctl:forceResponseBodyVariable`: bodies of every type are inspected.
    pub(crate) force_response_body: bool,
    /// `SecHashEngine`, `ctl:hashEngine`.
    pub(crate) signs: bool,
    /// `ctl:hashEnforcement`, on where the engine is.
    pub(crate) enforces_signatures: bool,
    pub(crate) allow: Option<AllowScope>,
    pub(crate) removed_rules: BitSet,
    pub(crate) rules_with_removed_targets: BitSet,
    pub(crate) removed_targets: Vec<(Arc<BitSet>, Arc<Vec<RemovedTarget>>)>,
}

impl Control {
    fn new(rules: &RuleSet) -> Self {
        let settings = &rules.settings;
        Self {
            engine: settings.engine,
            audit_engine: settings.audit_engine,
            audit_parts: settings.audit_parts,
            debug_log_level: settings.debug_log_level,
            request_body_access: settings.request_body_access,
            request_body_limit: settings.request_body_limit,
            force_request_body: false,
            xml_into_args: settings.xml_into_args,
            response_body_access: settings.response_body_access,
            response_body_limit: settings.response_body_limit,
            force_response_body: false,
            signs: settings.signing.on,
            enforces_signatures: settings.signing.on,
            allow: None,
            removed_rules: BitSet::default(),
            rules_with_removed_targets: BitSet::default(),
            removed_targets: Vec::new(),
        }
    }

    /// `ctl:ruleEngine`: of several in one list of actions the last counts. After Off no further rule runs.
    pub(crate) fn set_engine(&mut self, mode: EngineMode) {
        self.engine = mode;
    }
}

impl Transaction {
    /// Begins a transaction on a rule set; it keeps this rule set to its end.
    pub fn new(rules: Arc<RuleSet>, start: Start) -> Self {
        Self::new_in(rules, start, Workspace::default())
    }

    /// As [`Transaction::new`], with the buffers of an earlier one.
    pub fn new_in(rules: Arc<RuleSet>, start: Start, mut workspace: Workspace) -> Self {
        workspace.begin(&rules);
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let arena = &mut workspace.arena;
        let constants = Constants {
            zero: arena.push(b"0"),
            one: arena.push(b"1"),
            unique_id: arena.push(start.unique_id.as_bytes()),
            ..Constants::default()
        };
        let control = Control::new(&rules);
        let Workspace { headers, cookies, arguments, .. } = &mut workspace;
        let request = Request {
            headers: std::mem::take(headers),
            cookies: std::mem::take(cookies),
            arguments: std::mem::take(arguments),
            ..Request::default()
        };
        Self {
            start,
            arena: std::mem::take(&mut workspace.arena),
            constants,
            client: unknown,
            server: unknown,
            request,
            body: RequestBody::default(),
            response: Response::with_room(std::mem::take(&mut workspace.response_headers)),
            tx: std::mem::take(&mut workspace.tx),
            env: Vec::new(),
            geo: Vec::new(),
            path_arguments: Vec::new(),
            collections: Vec::new(),
            session_id: None,
            user_id: None,
            matched: Matched { vars: std::mem::take(&mut workspace.matched_values), ..Matched::default() },
            highest_severity: 255,
            control,
            detection: Detection::default(),
            cursor: Cursor::default(),
            answer: None,
            alerts: Vec::new(),
            relevant: false,
            interception: None,
            matched_rules: std::mem::take(&mut workspace.matched_rules),
            secrets: Secrets::default(),
            injection: Injection::default(),
            streams: Streams::default(),
            limits_exceeded: false,
            rule_failed: false,
            now: 0,
            stopwatch: Stopwatch::default(),
            trace: Trace::default(),
            script_rule: 0,
            transformed: std::mem::take(&mut workspace.transformed),
            screening: std::mem::take(&mut workspace.screening),
            values: std::mem::take(&mut workspace.values),
            scratch: std::mem::take(&mut workspace.scratch),
            scratch_2: std::mem::take(&mut workspace.scratch_2),
            member_name: std::mem::take(&mut workspace.member_name),
            argument: std::mem::take(&mut workspace.argument),
            argument_is_current: false,
            assigned: std::mem::take(&mut workspace.assigned),
            hit: std::mem::take(&mut workspace.hit),
            costs: None,
            workspace,
            rules,
        }
    }

    /// Gives the buffers back.
    pub(crate) fn into_workspace(self) -> Workspace {
        let mut workspace = Workspace {
            arena: self.arena,
            tx: self.tx,
            screening: self.screening,
            transformed: self.transformed,
            headers: self.request.headers,
            response_headers: self.response.headers,
            cookies: self.request.cookies,
            arguments: self.request.arguments,
            matched_rules: self.matched_rules,
            matched_values: self.matched.vars,
            values: self.values,
            scratch: self.scratch,
            scratch_2: self.scratch_2,
            member_name: self.member_name,
            argument: self.argument,
            assigned: self.assigned,
            hit: self.hit,
            ..self.workspace
        };
        workspace.end();
        workspace
    }

    /// Both ends of the connection. `client` is the real client where a trusted proxy said so.
    pub fn connection(&mut self, client: SocketAddr, server: SocketAddr) {
        self.client = client;
        self.server = server;
        self.constants.client_addr = self.arena.push_address(client.ip());
        self.constants.client_port = self.arena.push_port(client.port());
        self.constants.server_addr = self.arena.push_address(server.ip());
        self.constants.server_port = self.arena.push_port(server.port());
    }

    /// The request line.
    pub fn request_line(&mut self, line: RequestLine<'_>) {
        self.request.line = self.arena.push(line.raw);
        self.request.method = self.arena.push(line.method);
        self.request.protocol = self.arena.push(line.protocol);
        let target = self.arena.push(line.target);
        self.request.set_target(&mut self.arena, target);
    }

    /// One header field, in order of arrival.
    pub fn request_header(&mut self, name: &[u8], value: &[u8]) {
        self.request.header_changes += 1;
        let authority = self.request.authority.filter(|_| name.eq_ignore_ascii_case(b"host"));
        let found = self.rules.header_names.find(name);
        let known = self.request.header_index.find(found);
        if let Some((first, _)) = known
            && self.rules.settings.compatibility.join_headers
            && authority.is_none()
        {
            let arena = &self.arena;
            let mut later = self.request.headers.iter_mut().skip(first);
            if let Some(header) = later.find(|h| arena.get(h.name).eq_ignore_ascii_case(name)) {
                header.value = self.arena.extend(header.value, b", ");
                header.value = self.arena.extend(header.value, value);
                self.request.has_joined_headers = true;
                return;
            }
        }
        self.request.header_index.insert(found, self.request.headers.len());
        let name = self.arena.push(name);
        // httpd replaces Host by the authority of an absolute-form target.
        let value = authority.unwrap_or_else(|| self.arena.push(value));
        self.request.headers.push(Pair { name, value });
    }

    /// The head of the response.
    pub fn response_head(&mut self, protocol: &[u8], status: u16, reason: &[u8]) {
        self.response.set_head(&mut self.arena, protocol, status, reason);
    }

    /// One header field of the response.
    pub fn response_header(&mut self, name: &[u8], value: &[u8]) {
        let found = self.rules.header_names.find(name);
        self.response.header_index.insert(found, self.response.headers.len());
        let name = self.arena.push(name);
        let value = self.arena.push(value);
        self.response.headers.push(Pair { name, value });
    }

    /// Whether a rule has intercepted the exchange.
    pub fn is_intercepted(&self) -> bool {
        self.interception.is_some()
    }

    /// The engine's mode now.
    pub fn mode(&self) -> EngineMode {
        self.control.engine
    }

    /// The id in every log.
    pub fn unique_id(&self) -> &str {
        &self.start.unique_id
    }

    /// Offset of the local time that rules see, seconds.
    pub fn utc_offset_seconds(&self) -> i32 {
        self.start.utc_offset_seconds
    }

    /// The rule set this transaction runs.
    pub fn rule_set(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// What `append` and `prepend` put around the response body.
    pub fn injection(&self) -> &Injection {
        &self.injection
    }

    /// The driver puts the injection around this body.
    pub fn trace_injection(&mut self) {
        let Injection { start, end } = self.injection.clone();
        for (text, line) in [
            (start, "Content Injection (b): Added content to top: "),
            (end, "Content-Injection (b): Added content to bottom: "),
        ] {
            if !text.is_empty() {
                self.trace_text(9, &[line.as_bytes(), &text]);
            }
        }
    }

    /// Answers the last [`Need`]; `run` goes on where it stood.
    pub fn provide(&mut self, answer: Answer) {
        self.answer = Some(answer);
    }

    /// What the persistent collections' store has to apply, after phase 5.
    pub fn collection_updates(&self) -> Vec<CollectionUpdate> {
        let end = self.start.wall_micros.saturating_add_unsigned(self.now).div_euclid(1_000_000);
        self.collections.iter().filter_map(|collection| collection.update(end, &self.arena)).collect()
    }

    /// Seconds since the Unix epoch at the request's start, ModSecurity's "request time".
    pub(crate) fn now_seconds(&self) -> i64 {
        self.start.wall_micros.div_euclid(1_000_000)
    }

    /// Appends a text with its macros expanded.
    pub(crate) fn expand_template(&mut self, template: &Template, rule: Option<&Rule>, out: &mut Vec<u8>) {
        for piece in template.pieces() {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text),
                Piece::Reference(reference) => {
                    let start = out.len();
                    self.expand_reference(reference, rule, out);
                    self.trace_macro(reference, out.get(start..).unwrap_or_default());
                }
            }
        }
    }

    /// Adds a line of the engine's own; writers of logs escape it.
    pub(crate) fn notice(&mut self, level: u8, text: impl Into<Vec<u8>>) {
        let uri = self.arena.get(self.request.path).to_vec();
        let phase = self.cursor.phase.unwrap_or(Phase::RequestHeaders);
        self.relevant |= level <= 3;
        let text = text.into();
        self.trace_line(level, &text);
        self.alerts.push(Alert { level, text, uri, rule: None, phase });
    }
}

/// Changes that effects make.
impl Transaction {
    /// Sets a member of TX or of a loaded collection; any other collection is ignored.
    pub(crate) fn set_member(&mut self, member: CollectionRef<'_>, value: &[u8]) {
        if self.is_out_of_reach(member) {
            return;
        }
        match member {
            CollectionRef::TxSlot(slot, spelling) => {
                let value = self.arena.push(value);
                let name = self.arena.push(spelling);
                self.tx.set_slot(slot, value, name);
            }
            CollectionRef::Tx(name) => {
                let value = self.arena.push(value);
                self.set_tx(name, value);
            }
            CollectionRef::Persistent(collection, member) => {
                if let Some(collection) = self.collections.iter_mut().find(|c| c.name == collection) {
                    collection.set(member, value, &mut self.arena);
                }
            }
        }
    }

    /// Sets a member of TX to what another one is, empty where there is none.
    pub(crate) fn copy_tx(&mut self, from: TxSlot, to: TxSlot, spelling: &[u8]) {
        let value = self.tx.slot(from).map_or_else(|| self.arena.push(b""), |member| member.value);
        let name = self.arena.push(spelling);
        self.tx.set_slot(to, value, name);
    }

    /// What a set in detection counts over requests would reach the decisions about later ones.
    fn is_out_of_reach(&self, member: CollectionRef<'_>) -> bool {
        self.detection.running && matches!(member, CollectionRef::Persistent(..))
    }

    fn set_tx(&mut self, name: &[u8], value: Text) {
        let spelling = self.arena.push(name);
        self.set_tx_as(name, value, spelling);
    }

    /// Sets a member of TX by name in any case, under a spelling.
    fn set_tx_as(&mut self, name: &[u8], value: Text, spelling: Text) {
        let mut lower = std::mem::take(&mut self.scratch_2);
        lower.clear();
        lower.extend_from_slice(name);
        lower.make_ascii_lowercase();
        match self.rules.tx_names.find(&lower) {
            Some(slot) => self.tx.set_slot(slot, value, spelling),
            None => self.tx.set_other(&lower, value, spelling),
        }
        self.scratch_2 = lower;
    }

    /// Adds to a member's number, which never falls below 0. A member that exists keeps its spelling.
    pub(crate) fn add_to_member(&mut self, member: CollectionRef<'_>, delta: i32) {
        if self.is_out_of_reach(member) {
            return;
        }
        let (known, spelling) = match member {
            CollectionRef::TxSlot(slot, spelling) => (self.tx.slot(slot), spelling),
            CollectionRef::Tx(name) => (self.tx_member(name), name),
            CollectionRef::Persistent(collection, member) => {
                if let Some(collection) = self.collections.iter_mut().find(|c| c.name == collection) {
                    collection.add(member, delta, &mut self.arena);
                }
                return;
            }
        };
        let current = known.map_or(0, |known| crate::actions::atoi(self.arena.get(known.value)));
        let value = self.arena.push_count(u64::from(current.wrapping_add(delta).max(0).unsigned_abs()));
        let name = known.map_or_else(|| self.arena.push(spelling), |known| known.name);
        match member {
            CollectionRef::TxSlot(slot, _) => self.tx.set_slot(slot, value, name),
            CollectionRef::Tx(spelling) => self.set_tx_as(spelling, value, name),
            CollectionRef::Persistent(..) => {}
        }
    }

    fn tx_member(&self, name: &[u8]) -> Option<Member> {
        let lower = name.to_ascii_lowercase();
        match self.rules.tx_names.find(&lower) {
            Some(slot) => self.tx.slot(slot),
            None => self.tx.other(&lower),
        }
    }

    /// A TX member by name in any case.
    pub(crate) fn tx_value(&self, name: &[u8]) -> Option<Text> {
        self.tx_member(name).map(|member| member.value)
    }

    /// Deletes a member.
    pub(crate) fn remove_member(&mut self, member: CollectionRef<'_>) {
        if self.is_out_of_reach(member) {
            return;
        }
        match member {
            CollectionRef::TxSlot(slot, _) => self.tx.unset_slot(slot),
            CollectionRef::Tx(name) => {
                let lower = name.to_ascii_lowercase();
                match self.rules.tx_names.find(&lower) {
                    Some(slot) => self.tx.unset_slot(slot),
                    None => self.tx.unset_other(&lower),
                }
            }
            CollectionRef::Persistent(collection, member) => {
                if let Some(collection) = self.collections.iter_mut().find(|c| c.name == collection) {
                    collection.remove(member);
                }
            }
        }
    }

    /// `expirevar`.
    pub(crate) fn expire_member(&mut self, collection: &[u8], member: &[u8], seconds: i64) {
        let at = (self.now_seconds() + seconds).to_string();
        if let Some(collection) = self.collections.iter_mut().find(|c| c.name == collection) {
            let name = [b"__expire_".as_slice(), member].concat();
            collection.set(&name, at.as_bytes(), &mut self.arena);
        }
    }

    /// `deprecatevar`: only members that exist in a collection that was stored before decay.
    pub(crate) fn deprecate_member(&mut self, collection: &[u8], member: &[u8], amount: i64, seconds: i64) {
        let now = self.now_seconds();
        let Some(collection) = self.collections.iter_mut().find(|c| c.name == collection) else { return };
        let read = |name: &[u8]| collection.get(name).map(|m| leading_number(self.arena.get(m.value)));
        let (Some(current), Some(updated)) = (read(member), read(b"LAST_UPDATE_TIME")) else { return };
        let steps = (now - updated).max(0) / seconds;
        let left = (current - amount.saturating_mul(steps)).max(0);
        if left != current {
            collection.deprecate(member, left, &mut self.arena);
        }
    }

    /// `initcol` and its relatives. A collection is loaded once; asking again for the same name loads nothing, though
    /// SESSIONID and USERID follow.
    pub(crate) fn init_collection(
        &mut self,
        name: &[u8],
        per_application: bool,
        key: &[u8],
    ) -> Result<(), Need> {
        if per_application {
            let text = self.arena.push(key);
            match name {
                b"session" => self.session_id = Some(text),
                b"user" => self.user_id = Some(text),
                _ => {}
            }
        }
        if self.collections.iter().any(|c| c.name == name) {
            return Ok(());
        }
        let storage = if per_application {
            let id = self.rules.settings.web_app_id.as_bytes();
            [id, b"_", name.to_ascii_uppercase().as_slice()].concat()
        } else {
            name.to_vec()
        };
        let stored = match self.answer.take() {
            Some(Answer::Collection(stored)) => stored,
            Some(Answer::Failed(reason)) => {
                self.notice(3, format!("Failed to load collection: {reason}"));
                None
            }
            _ => return Err(Need::Collection { collection: storage, key: key.to_vec() }),
        };
        let how = if stored.is_some() { "Retrieved" } else { "Creating" };
        self.trace_text(4, &[how.as_bytes(), b" collection (name \"", name, b"\", key \"", key, b"\")."]);
        let (timeout, now) = (self.rules.settings.collection_timeout, self.now_seconds());
        self.collections.push(Collection::load(name, storage, key, stored, timeout, now, &mut self.arena));
        Ok(())
    }

    /// `setenv`: `None` unsets.
    pub(crate) fn set_env(&mut self, name: &[u8], value: Option<&[u8]>) {
        let arena = &self.arena;
        self.env.retain(|pair| arena.get(pair.name) != name);
        if let Some(value) = value {
            let pair = Pair { name: self.arena.push(name), value: self.arena.push(value) };
            self.env.push(pair);
        }
    }

    /// `exec`: the program's outcome only matters for the log.
    pub(crate) fn run_program(&mut self, path: &str, arguments: Vec<Vec<u8>>) -> Result<(), Need> {
        match self.answer.take() {
            Some(Answer::Program(Ok(output))) if !output.is_empty() => {}
            Some(Answer::Program(Ok(_))) => {
                self.notice(1, format!("Failed to execute: {path}: no output"));
            }
            Some(Answer::Program(Err(reason)) | Answer::Failed(reason)) => {
                self.notice(1, format!("Failed to execute: {path}: {reason}"));
            }
            _ => {
                let environment = self.program_environment();
                return Err(Need::Program { path: path.to_owned(), arguments, environment });
            }
        }
        Ok(())
    }

    /// The CGI variables a program is given.
    pub(crate) fn program_environment(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let get = |text: Text| self.arena.get(text).to_vec();
        let mut environment = vec![
            (b"REQUEST_METHOD".to_vec(), get(self.request.method)),
            (b"REQUEST_URI".to_vec(), get(self.request.target)),
            (b"QUERY_STRING".to_vec(), self.request.query.map(get).unwrap_or_default()),
            (b"REMOTE_ADDR".to_vec(), get(self.constants.client_addr)),
            (b"REMOTE_PORT".to_vec(), get(self.constants.client_port)),
            (b"SERVER_ADDR".to_vec(), get(self.constants.server_addr)),
            (b"SERVER_NAME".to_vec(), get(self.request.server_name)),
            (b"SERVER_PORT".to_vec(), get(self.constants.server_port)),
            (b"SERVER_PROTOCOL".to_vec(), get(self.request.protocol)),
            (b"UNIQUE_ID".to_vec(), get(self.constants.unique_id)),
        ];
        environment.extend(self.env.iter().map(|pair| (get(pair.name), get(pair.value))));
        environment
            .retain(|(name, value)| !name.contains(&0) && !value.contains(&0) && !name.contains(&b'='));
        environment
    }

    /// MATCHED_VAR_NAME.
    pub(crate) fn matched_name(&mut self) -> Text {
        if let Some(name) = self.matched.name {
            return name;
        }
        let mut text = std::mem::take(&mut self.scratch_2);
        text.clear();
        if let Some(source) = self.matched.source {
            self.write_name(&source, &mut text);
        }
        let name = self.arena.push(&text);
        self.scratch_2 = text;
        self.matched.name = Some(name);
        name
    }

    /// Variable and member name of the latest match, for `sanitiseMatched`.
    pub(crate) fn matched_member(&self) -> Option<(Variable, Vec<u8>)> {
        let source = self.matched.source?;
        match source.name {
            crate::variables::MemberName::Member(name) => {
                Some((source.variable, self.arena.get(name).to_vec()))
            }
            _ => None,
        }
    }

    /// The bytes that matched (TX.0), or the whole matched value, for `sanitiseMatchedBytes`.
    pub(crate) fn matched_bytes(&self) -> Vec<u8> {
        let capture = self.tx.slot(0 as TxSlot).map(|m| m.value);
        self.arena.get(capture.unwrap_or(self.matched.value)).to_vec()
    }
}
