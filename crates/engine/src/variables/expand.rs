//! From a target list to the values a rule tests.
//!
//! `ARGS|!ARGS:id|&REQUEST_HEADERS:Host` becomes one [`Value`] per member that is selected, in target order; an
//! exclusion takes away what was collected before it, and only that (ModSecurity v2's order). Values are ranges of the
//! transaction's arena: expanding copies nothing but numbers that have to be written out.

use std::sync::Arc;

use super::{Naming, Shape, Variable};
use crate::arena::Text;
use crate::escape::log_escape_keep_quotes;
use crate::header_names::is_response;
use crate::macros::{Reference, ReferenceKey};
use crate::members::Member;
use crate::request::{Origin, Pair};
use crate::ruleset::{Rule, Selector, Target};
use crate::transaction::Transaction;
use crate::xml_body::XmlBody;

/// One value to test.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value {
    pub(crate) variable: Variable,
    pub(crate) name: MemberName,
    pub(crate) value: Text,
    /// Which target of the rule selected it.
    pub(crate) target: u16,
}

/// How a value's full name is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberName {
    /// `REQUEST_URI`
    Bare,
    /// `ARGS:name`
    Member(Text),
    /// The name is complete (members of MATCHED_VARS keep their original name).
    Full(Text),
}

/// The members of RULE.
const RULE_MEMBERS: [&[u8]; 8] =
    [b"id", b"rev", b"severity", b"msg", b"logdata", b"ver", b"maturity", b"accuracy"];

impl Value {
    fn new(variable: Variable, name: MemberName, value: Text) -> Self {
        Self { variable, name, value, target: 0 }
    }
}

impl Selector {
    /// Whether a member of this name is selected. Asked for every header and many rules: lengths tell most names apart.
    #[inline]
    fn selects(&self, name: &[u8]) -> bool {
        match self {
            Selector::All => true,
            Selector::Name(wanted) => wanted.len() == name.len() && wanted.eq_ignore_ascii_case(name),
            Selector::Pattern(pattern) => pattern.is_match(name),
            // Slots and XPath expressions select by other means.
            Selector::Slot(_) | Selector::XPath(_) => false,
        }
    }
}

impl Transaction {
    /// Fills `values` with what a rule's targets select now.
    pub(crate) fn expand_targets(&mut self, rule: &Rule, values: &mut Vec<Value>) {
        values.clear();
        for (number, target) in rule.targets.iter().enumerate() {
            let before = values.len();
            if target.exclude {
                self.exclude(target, rule, values);
            } else if target.count {
                self.collect(target.variable, &target.selector, rule, values);
                let count = values.len() - before;
                values.truncate(before);
                let value = self.arena.push_count(count as u64);
                values.push(Value::new(target.variable, MemberName::Bare, value));
            } else {
                self.collect(target.variable, &target.selector, rule, values);
            }
            // A rule has far fewer targets than this.
            values.iter_mut().skip(before).for_each(|value| value.target = number as u16);
        }
    }

    /// Takes away collected values whose full name the target would generate.
    fn exclude(&mut self, target: &Target, rule: &Rule, values: &mut Vec<Value>) {
        let is_list = |variable| matches!(variable, Variable::MatchedVars | Variable::MatchedVarsNames);
        // Members of XML, ENV and RULE all have the same name, which is gone as soon as one of them is selected.
        let row = target.variable.info();
        let share_a_name = row.naming == Naming::Bare && matches!(row.shape, Shape::List | Shape::Keyed);
        // Members of MATCHED_VARS carry the names of other variables, so names have to be compared as texts.
        if share_a_name || is_list(target.variable) || values.iter().any(|value| is_list(value.variable)) {
            return self.exclude_by_name(target, rule, values);
        }
        values.retain(|value| {
            let selected = value.variable == target.variable
                && match (&target.selector, value.name) {
                    (Selector::Slot(slot), MemberName::Member(name)) => {
                        self.rules.tx_names.name(*slot).eq_ignore_ascii_case(self.arena.get(name))
                    }
                    (selector, MemberName::Member(name) | MemberName::Full(name)) => {
                        selector.selects(self.arena.get(name))
                    }
                    // The name of a count is that of the whole variable, which no member of `ARGS` has.
                    (_, MemberName::Bare) => value.variable.info().naming == Naming::Bare,
                };
            !selected
        });
    }

    fn exclude_by_name(&mut self, target: &Target, rule: &Rule, values: &mut Vec<Value>) {
        let mut excluded = Vec::new();
        self.collect(target.variable, &target.selector, rule, &mut excluded);
        let name = |value: &Value| {
            let mut name = Vec::new();
            self.write_name(value, &mut name);
            name.make_ascii_lowercase();
            name
        };
        let names: std::collections::HashSet<Vec<u8>> = excluded.iter().map(name).collect();
        values.retain(|value| !names.contains(&name(value)));
    }

    /// Appends the members of a variable that a selector selects.
    pub(crate) fn collect(
        &mut self,
        variable: Variable,
        selector: &Selector,
        rule: &Rule,
        values: &mut Vec<Value>,
    ) {
        if let (Selector::Name(name), Some(is_response)) = (selector, is_response(variable)) {
            return self.collect_header(variable, is_response, name, values);
        }
        match variable {
            Variable::Args | Variable::ArgsGet | Variable::ArgsPost => {
                self.collect_arguments(variable, selector, false, values);
            }
            Variable::ArgsNames | Variable::ArgsGetNames | Variable::ArgsPostNames => {
                self.collect_arguments(variable, selector, true, values);
            }
            Variable::RequestHeaders => {
                self.collect_pairs(variable, |t| &t.request.headers, selector, false, values);
            }
            Variable::RequestHeadersNames => {
                self.collect_pairs(variable, |t| &t.request.headers, selector, true, values);
            }
            Variable::RequestCookies => {
                self.collect_pairs(variable, |t| &t.request.cookies, selector, false, values);
            }
            Variable::RequestCookiesNames => {
                self.collect_pairs(variable, |t| &t.request.cookies, selector, true, values);
            }
            Variable::ResponseHeaders => {
                self.collect_pairs(variable, |t| &t.response.headers, selector, false, values);
            }
            Variable::ResponseHeadersNames => {
                self.collect_pairs(variable, |t| &t.response.headers, selector, true, values);
            }
            Variable::Files => self.collect_pairs(variable, |t| &t.body.files, selector, false, values),
            Variable::FilesNames => self.collect_pairs(variable, |t| &t.body.files, selector, true, values),
            Variable::FilesSizes => {
                self.collect_pairs(variable, |t| &t.body.file_sizes, selector, false, values);
            }
            Variable::FilesTmpnames => {
                self.collect_pairs(variable, |t| &t.body.file_paths, selector, false, values);
            }
            Variable::FilesTmpContent => {
                self.show_file_contents();
                self.collect_pairs(variable, |t| &t.body.file_contents, selector, false, values);
            }
            Variable::MultipartPartHeaders => {
                self.collect_pairs(variable, |t| &t.body.part_headers, selector, false, values);
            }
            Variable::ArgsPath => {
                self.collect_pairs(variable, |t| &t.path_arguments, selector, false, values);
            }
            Variable::Geo => self.collect_pairs(variable, |t| &t.geo, selector, false, values),
            Variable::Env => self.collect_environment(selector, values),
            Variable::MatchedVars | Variable::MatchedVarsNames => {
                self.collect_matched(variable, selector, values);
            }
            Variable::PerfRules => {
                for (id, micros) in self.slow_rules() {
                    let name = self.arena.push_number(id);
                    if selector.selects(self.arena.get(name)) {
                        let value = self.arena.push_number(micros);
                        values.push(Value::new(variable, MemberName::Member(name), value));
                    }
                }
            }
            Variable::Tx => self.collect_tx(selector, values),
            Variable::Ip | Variable::Global | Variable::Resource | Variable::Session | Variable::User => {
                self.collect_persistent(variable, selector, values);
            }
            Variable::Rule => {
                for key in RULE_MEMBERS.iter().filter(|key| selector.selects(key)) {
                    let mut text = Vec::new();
                    if self.rule_member(rule, key, &mut text) {
                        let value = self.arena.push(&text);
                        values.push(Value::new(variable, MemberName::Bare, value));
                    }
                }
            }
            Variable::Xml | Variable::RequestXml | Variable::ResponseXml => {
                self.collect_xml(variable, selector, values);
            }
            Variable::ResponseArgs => {
                self.collect_pairs(variable, |t| &t.response.parsed.arguments, selector, false, values);
            }
            Variable::Json => {}
            Variable::WebserverErrorLog => {
                for index in 0..self.alerts.len() {
                    let Some(line) = self
                        .alerts
                        .get(index)
                        .filter(|alert| alert.level <= 3)
                        .map(|a| self.server_log_text(a))
                    else {
                        continue;
                    };
                    let value = self.arena.push(&line);
                    values.push(Value::new(variable, MemberName::Bare, value));
                }
            }
            _ => {
                if let Some(value) = self.scalar(variable) {
                    values.push(Value::new(variable, MemberName::Bare, value));
                }
            }
        }
    }

    /// What the running rule and its chain have matched so far. Names are written when they are asked for here: of most
    /// matches nobody asks.
    fn collect_matched(&mut self, variable: Variable, selector: &Selector, values: &mut Vec<Value>) {
        let mut text = std::mem::take(&mut self.scratch_2);
        for index in 0..self.matched.vars.len() {
            let Some((source, value)) = self.matched.vars.get(index).copied() else { break };
            text.clear();
            self.write_name(&source, &mut text);
            if selector.selects(&text) {
                let name = self.arena.push(&text);
                let value = if variable == Variable::MatchedVars { value } else { name };
                values.push(Value::new(variable, MemberName::Full(name), value));
            }
        }
        self.scratch_2 = text;
    }

    fn collect_header(&self, variable: Variable, is_response: bool, name: &[u8], values: &mut Vec<Value>) {
        let (index, fields) = match is_response {
            false => (&self.request.header_index, &self.request.headers),
            true => (&self.response.header_index, &self.response.headers),
        };
        let is_named = |field: &Pair| {
            let given = self.arena.get(field.name);
            given.len() == name.len() && given.eq_ignore_ascii_case(name)
        };
        let names = matches!(variable, Variable::RequestHeadersNames | Variable::ResponseHeadersNames);
        for field in index.fields(self.rules.header_names.find(name), fields, is_named) {
            let value = if names { field.name } else { field.value };
            values.push(Value::new(variable, MemberName::Member(field.name), value));
        }
    }

    fn collect_pairs(
        &self,
        variable: Variable,
        pairs: impl Fn(&Transaction) -> &Vec<Pair>,
        selector: &Selector,
        names: bool,
        values: &mut Vec<Value>,
    ) {
        for pair in pairs(self) {
            if selector.selects(self.arena.get(pair.name)) {
                let value = if names { pair.name } else { pair.value };
                let name = if variable.info().naming == Naming::Bare {
                    MemberName::Bare
                } else {
                    MemberName::Member(pair.name)
                };
                values.push(Value::new(variable, name, value));
            }
        }
    }

    fn collect_arguments(
        &self,
        variable: Variable,
        selector: &Selector,
        names: bool,
        values: &mut Vec<Value>,
    ) {
        for argument in &self.request.arguments {
            let wanted = match variable {
                Variable::ArgsGet | Variable::ArgsGetNames => argument.origin == Origin::Query,
                Variable::ArgsPost | Variable::ArgsPostNames => argument.origin == Origin::Body,
                _ => true,
            };
            if wanted && selector.selects(self.arena.get(argument.name)) {
                let value = if names { argument.name } else { argument.value };
                values.push(Value::new(variable, MemberName::Member(argument.name), value));
            }
        }
    }

    /// What `setenv` set; a name that it did not set is looked for in the environment of the process.
    fn collect_environment(&mut self, selector: &Selector, values: &mut Vec<Value>) {
        let before = values.len();
        self.collect_pairs(Variable::Env, |t| &t.env, selector, false, values);
        let Selector::Name(wanted) = selector else { return };
        if values.len() == before {
            let rules = Arc::clone(&self.rules);
            let found = rules.variables.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            values.extend(found.map(|(_, value)| {
                let value = self.arena.push(value);
                Value::new(Variable::Env, MemberName::Bare, value)
            }));
        }
    }

    fn collect_tx(&mut self, selector: &Selector, values: &mut Vec<Value>) {
        if let Selector::Slot(slot) = selector {
            if let Some(member) = self.tx.slot(*slot) {
                values.push(Value::new(Variable::Tx, MemberName::Member(member.name), member.value));
            }
            return;
        }
        let is_selected = |member: &Member| selector.selects(self.arena.get(member.name));
        let slots = match selector {
            Selector::Pattern(pattern) => pattern.slots(&self.rules.tx_names),
            _ => None,
        };
        let mut selected: Vec<Member> = match slots {
            Some(slots) => {
                let known = slots.iter().filter_map(|slot| self.tx.slot(*slot));
                known.chain(self.tx.others().filter(is_selected)).collect()
            }
            None => self.tx.members().filter(is_selected).collect(),
        };
        selected.sort_unstable_by_key(|member| member.created);
        let value = |member: Member| Value::new(Variable::Tx, MemberName::Member(member.name), member.value);
        values.extend(selected.into_iter().map(value));
    }

    fn collect_persistent(&mut self, variable: Variable, selector: &Selector, values: &mut Vec<Value>) {
        let name = variable.info().name.as_bytes();
        let Some(collection) = self.collections.iter().find(|c| c.name.eq_ignore_ascii_case(name)) else {
            return;
        };
        for member in &collection.members {
            if selector.selects(&member.name) {
                let name = MemberName::Member(self.arena.push(&member.name));
                values.push(Value::new(variable, name, member.value));
            }
        }
    }

    fn collect_xml(&mut self, variable: Variable, selector: &Selector, values: &mut Vec<Value>) {
        if self.xml_body(variable).document.is_none() {
            return;
        }
        let push = |value| Value::new(variable, MemberName::Bare, value);
        let Selector::XPath(path) = selector else {
            values.push(push(self.arena.push(b"[XML document tree]")));
            return;
        };
        if !self.select_xml(variable, path) {
            self.rule_failed = true;
            self.notice(3, "XML: Unable to evaluate xpath expression.");
            return;
        }
        values.extend(self.xml_body(variable).texts(path).iter().map(|&text| push(text)));
    }

    /// The document that a variable shows.
    fn xml_body(&self, variable: Variable) -> &XmlBody {
        if variable == Variable::ResponseXml { &self.response.parsed.xml } else { &self.body.xml }
    }

    /// Evaluates an expression on the document of a variable unless that has been done; false when it cannot be.
    pub(crate) fn select_xml(&mut self, variable: Variable, path: &Arc<portcullis_bodies::XPath>) -> bool {
        let Self { response, body, arena, .. } = self;
        let xml = if variable == Variable::ResponseXml { &mut response.parsed.xml } else { &mut body.xml };
        xml.select(path, arena)
    }

    /// Appends a value's full name as logs show it (`ARGS:a\x01`).
    pub(crate) fn write_name(&self, value: &Value, out: &mut Vec<u8>) {
        match value.name {
            MemberName::Bare => out.extend_from_slice(value.variable.info().name.as_bytes()),
            // Escaped once more at each step, as in ModSecurity.
            MemberName::Full(name) => log_escape_keep_quotes(self.arena.get(name), out),
            MemberName::Member(name) => {
                out.extend_from_slice(value.variable.info().name.as_bytes());
                out.push(b':');
                log_escape_keep_quotes(self.arena.get(name), out);
            }
        }
    }

    /// Appends a value's name as the message of a negated match shows it: the target as written where members have no
    /// names of their own (`&ARGS:a`, `RULE:id`).
    pub(crate) fn write_required_name(&self, rule: &Rule, value: &Value, out: &mut Vec<u8>) {
        let target = rule.targets.get(usize::from(value.target)).filter(|_| value.name == MemberName::Bare);
        if target.is_some_and(|target| target.count) {
            out.push(b'&');
        }
        self.write_name(value, out);
        if let Some(key) = target.and_then(|target| target.key.as_ref()) {
            out.push(b':');
            out.extend_from_slice(key);
        }
    }

    /// Appends what a macro stands for: the first matching member's raw bytes, nothing when there is none.
    pub(crate) fn expand_reference(&mut self, reference: &Reference, rule: Option<&Rule>, out: &mut Vec<u8>) {
        if reference.variable == Variable::Rule {
            if let (Some(rule), ReferenceKey::Name(key)) = (rule, &reference.key) {
                self.rule_member(rule, key, out);
            }
            return;
        }
        if let (Variable::Tx, ReferenceKey::Slot(slot)) = (reference.variable, &reference.key) {
            if let Some(member) = self.tx.slot(*slot) {
                out.extend_from_slice(self.arena.get(member.value));
            }
            return;
        }
        let selector = match &reference.key {
            ReferenceKey::First => Selector::All,
            ReferenceKey::Name(name) => Selector::Name(name.clone()),
            ReferenceKey::Slot(slot) => Selector::Slot(*slot),
        };
        let rules = std::sync::Arc::clone(&self.rules);
        let Some(rule) = rule.or_else(|| rules.rules.first()) else { return };
        let mut values = Vec::new();
        self.collect(reference.variable, &selector, rule, &mut values);
        if let Some(first) = values.first() {
            out.extend_from_slice(self.arena.get(first.value));
        }
    }

    /// Appends `RULE:key` of the rule or the starter of its chain; false when there is no such member.
    fn rule_member(&self, rule: &Rule, key: &[u8], out: &mut Vec<u8>) -> bool {
        let Some(rule) = self.rules.rule(rule.starter) else { return false };
        let meta = &rule.metadata;
        let number = |n: Option<i32>| n.map(|n| n.to_string().into_bytes());
        let text = match key.to_ascii_lowercase().as_slice() {
            b"id" => Some(rule.id.to_string().into_bytes()),
            b"rev" => meta.rev.clone(),
            b"ver" => meta.ver.clone(),
            b"msg" => meta.msg.as_ref().map(|m| m.raw().to_vec()),
            b"logdata" => meta.logdata.as_ref().map(|m| m.raw().to_vec()),
            b"severity" => number(meta.severity),
            b"maturity" => number(meta.maturity),
            b"accuracy" => number(meta.accuracy),
            _ => None,
        };
        let Some(text) = text else { return false };
        out.extend_from_slice(&text);
        true
    }
}
