//! What our transaction did, in the words of ModSecurity 3's logs.
//!
//! `Operator @contains test` and `Value test` at `ARGS:a` → `(Rule: 1) Executing operator "Contains" with param "test"
//! against ARGS.` and `Target value: "test" (Variable: ARGS:a)`. Only what a step of ours stands behind is said.

use portcullis_engine::record::{Alert, AlertRule, EngineMode};
use portcullis_engine::trace::TraceStep;
use portcullis_engine::{RuleDescription, RuleSet};

use super::case::Case;
use super::drive::Seen;

/// Three logs.
pub struct Said {
    /// Per alert, the transformations of its rule: `t:trim,t:lowercase`.
    pub transformations: Vec<String>,
    pub debug: Vec<u8>,
    pub error: Vec<u8>,
    pub audit: Vec<u8>,
}

impl Said {
    /// The logs of a case.
    pub fn of(case: &Case, seen: &Seen) -> Self {
        let mut said =
            Self { transformations: Vec::new(), debug: Vec::new(), error: Vec::new(), audit: Vec::new() };
        said.removed_rules(case, &seen.rules);
        let mut alerts = seen.record.alerts.iter();
        let mut state = State::new(&seen.rules);
        let mut lines = Vec::new();
        for line in &seen.record.trace {
            if let TraceStep::Line { level, text } = &line.step {
                if let Some(alert) = alerts.clone().next().filter(|alert| alert.text == *text) {
                    alerts.next();
                    let entry = state.alert(alert, &seen.record);
                    said.about_alert(alert);
                    said.transformations.push(state.transformations.join(","));
                    lines.push((alert.level, entry));
                }
                said.note(*level, text, &mut state);
            } else {
                said.step(&line.step, &mut state);
            }
        }
        for (level, entry) in &lines {
            if *level <= 3 {
                said.error.extend_from_slice(entry);
            }
        }
        if seen.rules.settings().engine == EngineMode::Off {
            said.debug(b"[4] Rule engine disabled, returning...");
        }
        if seen.record.audit {
            said.audit.extend_from_slice(b"---aaaaaaaa---A--\n---aaaaaaaa---H--\n");
            lines.iter().for_each(|(_, entry)| said.audit.extend_from_slice(entry));
            said.audit.extend_from_slice(b"---aaaaaaaa---Z--\n");
        }
        if seen.record.audit || !seen.record.alerts.is_empty() {
            said.debug(b"[8] Request was relevant to be saved.");
        }
        said
    }

    fn debug(&mut self, line: &[u8]) {
        self.debug.extend_from_slice(line);
        self.debug.push(b'\n');
    }

    /// Rules of the text that directives took out never run: they leave no step.
    fn removed_rules(&mut self, case: &Case, rules: &RuleSet) {
        let active: Vec<u64> = rules.active_rules().filter_map(|rule| rule.id()).collect();
        for (at, _) in case.rules.0.match_indices("id:") {
            let rest = &case.rules.0[at + 3..];
            let digits: String =
                rest.trim_start_matches('\'').chars().take_while(char::is_ascii_digit).collect();
            let Ok(id) = digits.parse::<u64>() else { continue };
            if !active.contains(&id) {
                for by in ["an SecRuleRemove", "a SecRuleRemoveByMsg", "a SecRuleRemoveByTag"] {
                    self.debug(format!("[9] Skipped rule id '{id}'. Removed by {by} directive.").as_bytes());
                }
            }
        }
    }

    fn step(&mut self, step: &TraceStep, state: &mut State<'_>) {
        match step {
            TraceStep::Rule(index) => {
                self.skipped_rules(*index, state);
                let Some(rule) = state.begin(*index) else { return };
                let id = state.id(&rule);
                self.namespaces(&rule);
                if rule.operator().eq_ignore_ascii_case("unconditionalMatch") {
                    self.debug(format!("[4] (Rule: {id}) Executing unconditional rule...").as_bytes());
                }
                let targets = String::from_utf8_lossy(rule.targets()).into_owned();
                let (name, argument) = (operator_name(rule.operator()), rule.argument());
                let mut line =
                    format!("[4] (Rule: {id}) Executing operator \"{name}\" with param \"").into_bytes();
                line.extend_from_slice(argument);
                line.extend_from_slice(format!("\" against {targets}.").as_bytes());
                self.debug(&line);
            }
            TraceStep::Argument { origin, name, value } => {
                let origin = if *origin == "QUERY_STRING" { "GET" } else { origin };
                let mut line = format!("[4] Adding request argument ({origin}): name \"").into_bytes();
                line.extend_from_slice(name);
                line.extend_from_slice(b"\", value \"");
                line.extend_from_slice(value);
                line.push(b'"');
                self.debug(&line);
            }
            TraceStep::RuleRemoved(index) => {
                let Some(rule) = state.rules.describe(*index) else { return };
                let id = state.id(&rule);
                self.debug(
                    format!("[9] Rule id: {id} was skipped due to a ruleRemoveById action...").as_bytes(),
                );
                self.debug(
                    format!("[9] Skipped rule id '{id}'. Skipped due to a ruleRemoveByTag action.")
                        .as_bytes(),
                );
            }
            TraceStep::Transformed { name, value } => {
                if state.in_operator {
                    state.transformations.clear();
                    state.in_operator = false;
                }
                state.transformations.push(format!("t:{name}"));
                // Some of its transformations show their names in lower case.
                for name in [(*name).to_owned(), name.to_ascii_lowercase()] {
                    let mut line = format!("[9]  T (0) t:{name}: \"").into_bytes();
                    hex_escape(value, &mut line);
                    line.push(b'"');
                    self.debug(&line);
                }
            }
            TraceStep::Operator { argument, target, .. } => {
                state.target = state.full_name(target);
                state.in_operator = true;
                state.argument.clone_from(argument);
            }
            TraceStep::Value(value) => {
                let mut line = b"[9] Target value: \"".to_vec();
                hex_escape(value, &mut line);
                line.extend_from_slice(b"\" (Variable: ");
                line.extend_from_slice(&state.target);
                line.push(b')');
                self.debug(&line);
            }
            TraceStep::Captured { number, value } => {
                let kind = match state.rule.map(|rule| operator_name(rule.operator())) {
                    Some(name) if !matches!(name.as_str(), "Rx" | "RxGlobal") => format!("{name} match"),
                    _ => "regex subexpression".to_owned(),
                };
                let mut line = format!("[7] Added {kind} TX.{number}: ").into_bytes();
                line.extend_from_slice(value);
                self.debug(&line);
            }
            TraceStep::Variable { collection, name, value } => {
                let Some(value) = value else { return };
                let collection = String::from_utf8_lossy(collection).to_ascii_uppercase();
                let mut line = format!("[8] Saving variable: {collection}:").into_bytes();
                line.extend_from_slice(name);
                line.extend_from_slice(b" with value: ");
                line.extend_from_slice(value);
                self.debug(&line);
            }
            TraceStep::Outcome { matched, intercepted, .. } => {
                self.debug(format!("[4] Rule returned {}.", u8::from(*matched)).as_bytes());
                if *intercepted {
                    self.debug(b"[8] Running action deny");
                    self.debug(b"[4] Running (disruptive)     action: deny.");
                }
                state.matched = *matched;
            }
            TraceStep::Cookie { .. }
            | TraceStep::Phase { .. }
            | TraceStep::PhaseSkipped(_)
            | TraceStep::Targets { .. }
            | TraceStep::TargetRemoved(_)
            | TraceStep::Macro { .. }
            | TraceStep::Before(_)
            | TraceStep::Matched
            | TraceStep::Line { .. } => {}
        }
    }

    /// What is said of a rule that logs.
    fn about_alert(&mut self, alert: &Alert) {
        let Some(rule) = &alert.rule else { return };
        let mut line = b"[9] Saving msg: ".to_vec();
        line.extend_from_slice(&rule.msg);
        self.debug(&line);
        for tag in &rule.tags {
            let mut line = b"[9] Rule tag: ".to_vec();
            line.extend_from_slice(tag);
            self.debug(&line);
        }
        self.debug(b"[4] Running action: log");
        let message = String::from_utf8_lossy(&rule.operator_message);
        if let Some((_, score)) = message.split_once("Score: ") {
            self.debug(format!("[4] Fuzzy hash: matched with score: {score}").as_bytes());
        }
    }

    /// Messages of the engine's own are often the same in both.
    fn note(&mut self, level: u8, text: &[u8], state: &mut State<'_>) {
        let mut line = format!("[{level}] ").into_bytes();
        line.extend_from_slice(text);
        self.debug(&line);
        if level == 3 && state.in_operator && state.validates() {
            self.debug(&[b"[3] XML Error: ", text].concat());
        }
        let text = String::from_utf8_lossy(text);
        let lower = text.to_ascii_lowercase();
        if let Some((name, key)) = collection(&text) {
            state.collections.push((name, key));
        }
        if text.starts_with("Access allowed") {
            self.debug(b"[4] Dropping the evaluation of upcoming rules in favor of an `allow' action.");
            self.rules_behind(state);
        }
        for (mode, word) in [("on", "Enabled"), ("off", "Disabled"), ("detectiononly", "DetectionOnly")] {
            if lower == format!("ctl: set ruleengine to {mode}.") {
                let line =
                    format!("[8] Setting SecRuleEngine to {word} as requested by a ctl:ruleEngine action");
                self.debug(line.as_bytes());
            }
        }
        if lower == "ctl: set requestbodyaccess to off." {
            self.debug(
                b"[4] Request body processing is enabled, but disabled to this transaction due to ctl:requestBodyAccess action",
            );
        }
        if let Some(rest) = text.strip_prefix("Set env variable \"") {
            let line = format!("[8] Setting environment variable: {}", rest.replacen("\" to: ", " to ", 1));
            self.debug(line.as_bytes());
        }
        if let Some(rest) = text.strip_prefix("Not buffering response body for unconfigured MIME type \"") {
            let name = rest.trim_end_matches("\".");
            let line = format!("[4] Response Content-Type is {name}. It is not marked to be inspected.");
            self.debug(line.as_bytes());
        }
        if text.contains("Execution error - PCRE limits exceeded") {
            self.debug(b"[3] rx: regex error 'MATCH_LIMIT' for pattern");
        }
        if let Some(rest) = text.strip_prefix("Lua: Executing script: ") {
            self.debug(format!("[9] Running script... {rest}").as_bytes());
        }
        if let Some(rest) = text.strip_prefix("XML parser error: ") {
            self.debug(format!("[4] XML parsing error: {rest}").as_bytes());
        }
    }

    /// `skip` and `skipAfter` pass over rules without a step.
    fn skipped_rules(&mut self, next: u32, state: &State<'_>) {
        let Some(last) = state.rule.filter(|_| state.matched) else { return };
        let behind =
            state.rules.active_rules().filter(|rule| (last.index() + 1..next).contains(&rule.index()));
        let skipped: Vec<u64> =
            behind.filter(|rule| rule.phase() == last.phase()).filter_map(|rule| rule.id()).collect();
        for id in skipped {
            self.debug(format!("[9] Skipped rule id '{id}' due to a `skip' action.").as_bytes());
        }
    }

    /// The rules that an `allow` keeps from running.
    fn rules_behind(&mut self, state: &State<'_>) {
        let Some(last) = state.rule else { return };
        let behind: Vec<_> = state
            .rules
            .active_rules()
            .filter(|rule| rule.index() > last.index() && !rule.is_link())
            .collect();
        for rule in behind {
            let (file, line) = (rule.file(), rule.line());
            for name in [format!("{file}:{line}"), rule.id().unwrap_or_default().to_string()] {
                let text = format!(
                    "[9] Skipped rule id '{name}' as request trough the utilization of an `allow' action."
                );
                self.debug(text.as_bytes());
            }
        }
    }

    fn namespaces(&mut self, rule: &RuleDescription<'_>) {
        let text = String::from_utf8_lossy(rule.text()).into_owned();
        for (at, _) in text.match_indices("xmlns:") {
            let rest: String = text[at + 6..].chars().filter(|c| *c != '\'').collect();
            let value: String = rest.chars().take_while(|c| !matches!(c, ',' | '"')).collect();
            let Some((prefix, href)) = value.split_once('=') else { continue };
            self.debug(
                format!("[4] Registered XML namespace href \"{href}\" prefix \"{prefix}\"").as_bytes(),
            );
        }
    }
}

/// The name and key of a collection that is loaded or created.
fn collection(text: &str) -> Option<(String, String)> {
    let rest = text
        .strip_prefix("Creating collection (name \"")
        .or(text.strip_prefix("Retrieved collection (name \""))?;
    let (name, rest) = rest.split_once("\", key \"")?;
    Some((name.to_ascii_uppercase(), rest.strip_suffix("\").")?.to_owned()))
}

/// Where in the trace we are.
struct State<'a> {
    rules: &'a RuleSet,
    rule: Option<RuleDescription<'a>>,
    target: Vec<u8>,
    argument: Vec<u8>,
    matched: bool,
    /// What the value at hand went through.
    transformations: Vec<String>,
    /// The operator has been asked about it.
    in_operator: bool,
    /// Names and keys of collections in use.
    collections: Vec<(String, String)>,
}

impl<'a> State<'a> {
    /// The rule at hand asks libxml2 about the body.
    fn validates(&self) -> bool {
        let operator = self.rule.as_ref().map(|rule| rule.operator().to_ascii_lowercase());
        operator.is_some_and(|name| name == "validatedtd" || name == "validateschema")
    }

    fn new(rules: &'a RuleSet) -> Self {
        Self {
            rules,
            rule: None,
            target: Vec::new(),
            argument: Vec::new(),
            matched: false,
            transformations: Vec::new(),
            in_operator: false,
            collections: Vec::new(),
        }
    }

    /// A target as it is named there: members that we show without their key have it, counts too, and a member of a
    /// persistent collection shows the collection's key.
    fn full_name(&self, name: &[u8]) -> Vec<u8> {
        let written = self.rule.map_or(b"".as_slice(), |rule| rule.targets());
        let elements = || written.split(|byte| *byte == b'|').map(|element| element.trim_ascii());
        let bare = |element: &[u8]| {
            let element = element.strip_prefix(b"&").unwrap_or(element).to_vec();
            element.iter().filter(|byte| **byte != b'\'').copied().collect::<Vec<u8>>()
        };
        let named = |element: &&[u8]| {
            let element = bare(element).to_ascii_uppercase();
            element.strip_prefix(name).is_some_and(|rest| rest.starts_with(b":") && !rest.starts_with(b":/^"))
        };
        if let Some(element) = elements().find(named) {
            let element = bare(element);
            return [name, element.get(name.len()..).unwrap_or_default()].concat();
        }
        for list in [b"MATCHED_VARS_NAMES".as_slice(), b"MATCHED_VARS"] {
            if elements().any(|element| element.eq_ignore_ascii_case(list))
                && !name.starts_with(b"MATCHED_VAR")
            {
                return [list, b":", name].concat();
            }
        }
        let text = String::from_utf8_lossy(name).into_owned();
        match text.split_once(':').filter(|(of, _)| self.collections.iter().any(|(known, _)| known == of)) {
            Some((of, member)) => {
                let key = self.collections.iter().find(|(known, _)| known == of).map_or("", |(_, key)| key);
                format!("{of}:{key}::::{member}").into_bytes()
            }
            None => name.to_vec(),
        }
    }

    fn begin(&mut self, index: u32) -> Option<RuleDescription<'a>> {
        self.rule = self.rules.describe(index);
        self.target.clear();
        self.argument.clear();
        self.transformations.clear();
        self.rule
    }

    /// The id of a rule or of the rule that begins its chain.
    fn id(&self, rule: &RuleDescription<'_>) -> u64 {
        let starter = self.rules.describe(rule.starter());
        starter.and_then(|starter| starter.id()).unwrap_or_default()
    }

    /// The line of a rule in the error log.
    fn alert(&self, alert: &Alert, record: &portcullis_engine::Record) -> Vec<u8> {
        let Some(meta) = &alert.rule else {
            return [b"ModSecurity: ", alert.text.as_slice(), b"\n"].concat();
        };
        let mut line = b"ModSecurity: ".to_vec();
        if meta.intercepted {
            let status = record.response.status;
            let phase = alert.phase.number();
            line.extend_from_slice(format!("Access denied with code {status} (phase {phase}). ").as_bytes());
        } else {
            line.extend_from_slice(b"Warning. ");
        }
        let name = self.rule.map(|rule| operator_name(rule.operator())).unwrap_or_default();
        line.extend_from_slice(format!("Matched \"Operator `{name}' with parameter `").as_bytes());
        line.extend_from_slice(&self.argument);
        line.extend_from_slice(b"' against variable `");
        line.extend_from_slice(&self.target);
        line.extend_from_slice(b"' (Value: `");
        hex_escape(&meta.value, &mut line);
        line.extend_from_slice(b"' ) ");
        self.metadata(meta, &mut line);
        line.push(b'\n');
        line
    }

    fn metadata(&self, meta: &AlertRule, line: &mut Vec<u8>) {
        let number = |number: Option<u8>| number.unwrap_or_default().to_string().into_bytes();
        let mut fields = vec![
            ("file", meta.file.clone().into_bytes()),
            ("line", meta.line.to_string().into_bytes()),
            ("id", meta.id.to_string().into_bytes()),
            ("rev", meta.rev.clone()),
            ("msg", meta.msg.clone()),
            ("data", meta.data.clone()),
            ("severity", number(meta.severity)),
            ("ver", meta.ver.clone()),
            ("maturity", number(meta.maturity)),
            ("accuracy", number(meta.accuracy)),
        ];
        fields.extend(meta.tags.iter().map(|tag| ("tag", tag.clone())));
        for (name, value) in fields {
            line.extend_from_slice(format!("[{name} \"").as_bytes());
            hex_escape(&value, line);
            line.extend_from_slice(b"\"] ");
        }
    }
}

/// `streq` → `StrEq`.
fn operator_name(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "streq" => "StrEq".to_owned(),
        "strmatch" => "StrMatch".to_owned(),
        "verifycc" => "VerifyCC".to_owned(),
        "verifycpf" => "VerifyCPF".to_owned(),
        "verifyssn" => "VerifySSN".to_owned(),
        "verifysvnr" => "VerifySVNR".to_owned(),
        "detectxss" => "DetectXSS".to_owned(),
        "detectsqli" => "DetectSQLi".to_owned(),
        "pmfromfile" | "pmf" => "PmFromFile".to_owned(),
        "ipmatchfromfile" | "ipmatchf" => "IpMatchFromFile".to_owned(),
        "unconditionalmatch" => "Unconditional".to_owned(),
        _ => name[..1].to_ascii_uppercase() + &name[1..],
    }
}

fn hex_escape(value: &[u8], out: &mut Vec<u8>) {
    for byte in value {
        match byte {
            0x20..=0x7e => out.push(*byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
}
