//! Lua scripts of rules, with the `m` table that ModSecurity gives them.
//!
//! ```lua
//! function main()
//!     local agent = m.getvar("REQUEST_HEADERS.User-Agent", {"lowercase"})
//!     if agent and agent:find("nikto") then
//!         m.setvar("tx.scanner", agent)
//!         return "A scanner: " .. agent   -- a match, with this message
//!     end
//! end
//! ```
//!
//! The engine checks a script when it compiles the configuration ([`Script::compile`]) and asks its driver to run it
//! ([`Script::run`]); what the script reads and sets goes through a [`Host`], which is the transaction. Each run has a
//! state of its own: nothing is left for the next one. A run that takes too long or too much memory is stopped.
//!
//! The language is Lua 5.1, as in the ModSecurity packages of Debian, with all its standard libraries but `debug`: a script
//! comes from whoever writes the rules. (Reference Manual, "SecRuleScript")

use std::cell::RefCell;
use std::time::{Duration, Instant};

use mlua::{HookTriggers, Lua, Scope, StdLib, Table, Value, VmState};

/// A member of a collection: its full name and its value.
pub type Member = (Vec<u8>, Vec<u8>);

/// A transaction, as a script sees it.
pub trait Host {
    /// The members of a variable (`ARGS`, `ARGS.name`, `TX.score`) with their full names, transformed.
    ///
    /// # Errors
    /// There is no such variable or transformation.
    fn variables(&mut self, name: &[u8], transformations: &[Vec<u8>]) -> Result<Vec<Member>, String>;

    /// Sets a member of a collection (`tx.name`).
    ///
    /// # Errors
    /// There is no dot in the name.
    fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), String>;

    /// Writes to the log.
    fn log(&mut self, level: u8, text: &[u8]);
}

/// How much a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time.
    pub time: Duration,
    /// Memory, bytes.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(2), memory: 64 << 20 }
    }
}

/// How many instructions are run between two looks at the clock.
const INSTRUCTIONS: u32 = 10_000;

/// A script that has been read and is well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    name: String,
    source: Vec<u8>,
}

impl Script {
    /// Checks a script. `name` is what messages call it.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn compile(name: impl Into<String>, source: Vec<u8>) -> Result<Self, String> {
        let script = Self { name: name.into(), source };
        let lua = Lua::new();
        script.load(&lua).into_function().map_err(|error| said(&error))?;
        Ok(script)
    }

    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Calls its function `main`, with the argument if there is one. A text that it returns is a match and the message;
    /// nothing is none.
    ///
    /// # Errors
    /// It has no `main`, it fails, or it passes a limit.
    pub fn run(
        &self,
        argument: Option<&[u8]>,
        host: &mut dyn Host,
        limits: Limits,
    ) -> Result<Option<Vec<u8>>, String> {
        let lua = Lua::new_with(StdLib::ALL_SAFE, mlua::LuaOptions::default()).map_err(|e| said(&e))?;
        // Not every build of Lua can count its memory; the time limit holds in any case.
        let _ = lua.set_memory_limit(limits.memory);
        let end = Instant::now() + limits.time;
        let triggers = HookTriggers::new().every_nth_instruction(INSTRUCTIONS);
        let stop = move |_: &Lua, _: &mlua::Debug<'_>| match Instant::now() < end {
            true => Ok(VmState::Continue),
            false => Err(mlua::Error::runtime("it runs too long")),
        };
        lua.set_hook(triggers, stop).map_err(|error| said(&error))?;
        let host = RefCell::new(host);
        let shared = &host;
        let returned = lua.scope(|scope| {
            lua.globals().set("m", api(&lua, scope, shared)?)?;
            self.load(&lua).exec()?;
            let main: mlua::Function = lua.globals().get("main")?;
            match argument {
                Some(argument) => main.call::<Value>(lua.create_string(argument)?),
                None => main.call::<Value>(()),
            }
        });
        match returned.map_err(|error| said(&error))? {
            Value::Nil => Ok(None),
            value => Ok(text(&value)),
        }
    }

    fn load<'a>(&'a self, lua: &'a Lua) -> mlua::Chunk<'a> {
        lua.load(self.source.as_slice()).set_name(format!("@{}", self.name)).set_mode(mlua::ChunkMode::Text)
    }
}

/// The table `m`.
fn api<'scope, 'env: 'scope, 'host: 'env>(
    lua: &Lua,
    scope: &'scope Scope<'scope, 'env>,
    host: &'env RefCell<&'host mut dyn Host>,
) -> mlua::Result<Table> {
    let m = lua.create_table()?;
    let log = |_: &Lua, (level, text): (Value, mlua::String)| {
        let level = match level {
            Value::Integer(level) => u8::try_from(level).unwrap_or(9),
            Value::Number(level) => level as u8,
            _ => 9,
        };
        host.borrow_mut().log(level.clamp(1, 9), &text.as_bytes());
        Ok(())
    };
    m.set("log", scope.create_function(log)?)?;
    let getvar = |lua: &Lua, (name, steps): (mlua::String, Value)| {
        let found = host.borrow_mut().variables(&name.as_bytes(), &transformations(&steps)?);
        match found.map_err(mlua::Error::runtime)?.into_iter().next() {
            Some((_, value)) => Ok(Value::String(lua.create_string(value)?)),
            None => Ok(Value::Nil),
        }
    };
    m.set("getvar", scope.create_function(getvar)?)?;
    let getvars = |lua: &Lua, (name, steps): (mlua::String, Value)| {
        let found = host.borrow_mut().variables(&name.as_bytes(), &transformations(&steps)?);
        let all = lua.create_table()?;
        for (name, value) in found.map_err(mlua::Error::runtime)? {
            let one = lua.create_table()?;
            one.set("name", lua.create_string(name)?)?;
            one.set("value", lua.create_string(value)?)?;
            all.push(one)?;
        }
        Ok(all)
    };
    m.set("getvars", scope.create_function(getvars)?)?;
    let setvar = |_: &Lua, (name, value): (mlua::String, Value)| {
        let value = text(&value).unwrap_or_default();
        host.borrow_mut().set(&name.as_bytes(), &value).map_err(mlua::Error::runtime)
    };
    m.set("setvar", scope.create_function(setvar)?)?;
    Ok(m)
}

/// A name, or a list of names.
fn transformations(value: &Value) -> mlua::Result<Vec<Vec<u8>>> {
    match value {
        Value::Table(list) => {
            list.sequence_values::<mlua::String>().map(|name| Ok(name?.as_bytes().to_vec())).collect()
        }
        Value::String(name) => Ok(vec![name.as_bytes().to_vec()]),
        _ => Ok(Vec::new()),
    }
}

/// Text and numbers as Lua shows them; anything else is a match without a message.
fn text(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Integer(number) => Some(number.to_string().into_bytes()),
        Value::Number(number) => Some(number.to_string().into_bytes()),
        Value::Nil | Value::Boolean(false) => None,
        _ => Some(Vec::new()),
    }
}

/// The first line of an error, without where in us it arose.
fn said(error: &mlua::Error) -> String {
    let text = match error {
        mlua::Error::CallbackError { cause, .. } => cause.to_string(),
        other => other.to_string(),
    };
    let text = text.strip_prefix("runtime error: ").unwrap_or(&text);
    let text = text.strip_prefix("syntax error: ").unwrap_or(text);
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
