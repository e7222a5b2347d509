//! Lua scripts: how a transaction asks for a run, reads its outcome, and what it is to a running script.
//!
//! `SecRuleScript`, `@inspectFile x.lua` and `exec:x.lua` make a [`Need::Script`]; the driver runs it with this transaction as
//! the script's [`Host`] and answers what `main` returned. (Reference Manual, "SecRuleScript")

use std::sync::Arc;

use portcullis_lua::{Host, Member, Script};
use portcullis_operators::{Failure, Uncaptured};
use portcullis_transformations::{Outcome, Tables};

use crate::actions::CollectionRef;
use crate::ruleset::{KeyPattern, Rule, Selector};
use crate::transaction::Transaction;
use crate::variables::Variable;
use crate::verdict::{Answer, Need};
use portcullis_operators::pattern::{Options, Pattern};

impl Transaction {
    /// Whether a script finds something; with an argument for scripts that inspect a file.
    pub(crate) fn test_script(
        &mut self,
        script: &Arc<Script>,
        rule: &Rule,
        argument: Option<Vec<u8>>,
    ) -> Result<Result<bool, Failure>, Need> {
        self.hit.clear();
        self.hit.uncaptured = Uncaptured::Kept;
        let returned = self.run_script(script, rule, argument)?;
        Ok(match returned {
            Ok(None) => Ok(false),
            Ok(Some(message)) => {
                crate::escape::log_escape(&message, &mut self.hit.text);
                Ok(true)
            }
            Err(reason) => {
                let mut text = Vec::new();
                crate::escape::log_escape(reason.as_bytes(), &mut text);
                Err(Failure::Other([b"Lua: Script execution failed: ".as_slice(), &text].concat()))
            }
        })
    }

    /// What a script's `main` returns.
    pub(crate) fn run_script(
        &mut self,
        script: &Arc<Script>,
        rule: &Rule,
        argument: Option<Vec<u8>>,
    ) -> Result<Result<Option<Vec<u8>>, String>, Need> {
        match self.answer.take() {
            Some(Answer::Script(returned)) => {
                let shown =
                    returned.as_ref().ok().and_then(|text| text.as_deref()).unwrap_or(b"nil").to_vec();
                self.trace_text(8, &[b"Lua: Script completed, returning: ", &shown, b"."]);
                Ok(returned)
            }
            Some(Answer::Failed(reason)) => Ok(Err(reason)),
            _ => {
                self.trace_text(8, &[b"Lua: Executing script: ", script.name().as_bytes()]);
                self.script_rule = rule.index;
                Err(Need::Script { script: Arc::clone(script), argument })
            }
        }
    }

    /// A variable by the name that scripts use: `ARGS`, `ARGS.name`, `TX.score`.
    fn selected(&self, name: &[u8]) -> Result<(Variable, Selector), String> {
        let unknown = || format!("unknown variable: {}", String::from_utf8_lossy(name));
        let dot = name.iter().position(|byte| matches!(byte, b'.' | b':'));
        let variable =
            Variable::find(name.get(..dot.unwrap_or(name.len())).unwrap_or_default()).ok_or_else(unknown)?;
        let key = dot.and_then(|dot| name.get(dot + 1..)).unwrap_or_default();
        let selector = match key {
            [] => Selector::All,
            [b'/', pattern @ .., b'/'] if !pattern.is_empty() => {
                let options = Options { caseless: true, ..Options::default() };
                let compiled = Pattern::new(pattern, options).map_err(|error| error.message)?;
                Selector::Pattern(Arc::new(KeyPattern::new(pattern, compiled)))
            }
            _ if variable.is_xml() => {
                let path = portcullis_bodies::XPath::compile(&String::from_utf8_lossy(key), &[]);
                Selector::XPath(Arc::new(path.map_err(|error| error.to_string())?))
            }
            key => Selector::Name(key.to_vec()),
        };
        Ok((variable, selector))
    }
}

impl Host for Transaction {
    fn variables(&mut self, name: &[u8], transformations: &[Vec<u8>]) -> Result<Vec<Member>, String> {
        let (variable, selector) = self.selected(name)?;
        let mut steps = Vec::new();
        for name in transformations.iter().filter(|name| !name.eq_ignore_ascii_case(b"none")) {
            let step = portcullis_transformations::find(name).ok_or_else(|| {
                format!("invalid transformation function: {}", String::from_utf8_lossy(name))
            })?;
            steps.push(step);
        }
        let rules = Arc::clone(&self.rules);
        let Some(rule) = rules.rule(self.script_rule) else { return Ok(Vec::new()) };
        let mut values = Vec::new();
        self.collect(variable, &selector, rule, &mut values);
        let tables = Tables { unicode: rules.unicode.as_deref() };
        let mut found = Vec::new();
        for value in &values {
            let mut full_name = Vec::new();
            self.write_name(value, &mut full_name);
            let mut text = self.arena.get(value.value).to_vec();
            let mut out = Vec::new();
            for step in &steps {
                if (step.apply)(&text, &tables, &mut out) != Outcome::Unchanged {
                    std::mem::swap(&mut text, &mut out);
                }
            }
            found.push((full_name, text));
        }
        Ok(found)
    }

    fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), String> {
        let text = || String::from_utf8_lossy(name).into_owned();
        let dot =
            memchr::memchr(b'.', name).ok_or_else(|| format!("no collection in the name {}", text()))?;
        let (collection, member) = name.split_at(dot);
        let member = member.get(1..).unwrap_or_default();
        let collection = collection.to_ascii_lowercase();
        let member = match collection.as_slice() {
            b"tx" => CollectionRef::Tx(member),
            other => CollectionRef::Persistent(other, member),
        };
        self.set_member(member, value);
        self.trace_variable(member, Some(value));
        Ok(())
    }

    fn log(&mut self, level: u8, text: &[u8]) {
        if level <= 3 {
            self.notice(level, text);
        } else {
            self.trace_text(level, &[text]);
        }
    }
}
