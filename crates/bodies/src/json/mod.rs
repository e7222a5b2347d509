//! JSON bodies as argument names and values, with yajl's grammar and error texts.
//!
//! `{"a":{"b":true},"c":[1,2]}` → `a.b` = `true`, `c.c` = `1`, `c.c` = `2`. The engine calls [`json`] once the body is
//! complete. Leaves before an error are delivered, as in the reference engine. The walker keeps one byte per open
//! level and never recurses; bytes copied into names are budgeted (see [`names`]), so a text of nested long keys costs
//! linear time. Manual: SecRequestBodyJsonDepthLimit, `ctl:requestBodyProcessor=JSON`.

mod lexer;
mod names;
mod strings;

use crate::Each;
use lexer::{Lexeme, Lexer, Token};
use names::{NameError, Names};

/// Limits of one JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// The deepest nesting (`SecRequestBodyJsonDepthLimit`): every array and every object but a top-level object counts.
    pub depth: usize,
}

/// How leaves are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonNames {
    /// As ModSecurity v2: `{"a":[1]}` → `a.a`.
    #[default]
    V2,
    /// As ModSecurity v3: `{"a":[1]}` → `json.a.array_0`.
    V3,
    /// As Coraza: `{"a":[1]}` → `json.a.0`, and `json.a` with the number of elements.
    Coraza,
}

/// Why a JSON text was not read to its end. Leaves before the failure have been delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonFailure {
    /// Found inside the text; the reason as v2 logs it, with its final line feed.
    Middle(String),
    /// Found only at the end of the body (cut off); the reason as v2 logs it, with its final line feed.
    Premature(String),
    /// Deeper than [`JsonLimits::depth`].
    Depth,
    /// The callback broke (the argument limit).
    Stopped,
}

/// Walks a JSON text and hands the name and value of each leaf to `each`. An empty text is no error.
///
/// # Errors
/// See [`JsonFailure`].
pub fn json(input: &[u8], limits: &JsonLimits, names: JsonNames, each: Each<'_>) -> Result<(), JsonFailure> {
    if input.is_empty() {
        return Ok(());
    }
    let names = Names::new(names, limits.depth, input.len());
    Walker { lexer: Lexer::new(input), open: Vec::new(), names, text: Vec::new(), each }.run()
}

/// What may stand next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The value of the text.
    Start,
    /// The first element of an array, or its end.
    ArrayStart,
    /// An element after a comma.
    ArrayValue,
    /// A comma or the end of the array.
    ArrayNext,
    /// The first key of an object, or its end.
    MapStart,
    /// A key after a comma.
    MapKey,
    /// The colon after a key.
    MapColon,
    /// The value after a colon.
    MapValue,
    /// A comma or the end of the object.
    MapNext,
    /// Only white space.
    Done,
}

/// A container that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Array,
    Map,
}

struct Walker<'a, 'e> {
    lexer: Lexer<'a>,
    open: Vec<Open>,
    names: Names,
    /// The decoded form of a string with escapes.
    text: Vec<u8>,
    each: Each<'e>,
}

impl Walker<'_, '_> {
    fn run(mut self) -> Result<(), JsonFailure> {
        let mut state = State::Start;
        loop {
            let lexeme = self.lexer.next();
            if lexeme.token == Token::End {
                return match state {
                    State::Done => Ok(()),
                    _ => Err(JsonFailure::Premature("parse error: premature EOF\n".to_owned())),
                };
            }
            state = self.step(state, &lexeme)?;
        }
    }

    fn step(&mut self, state: State, lexeme: &Lexeme<'_>) -> Result<State, JsonFailure> {
        if state == State::Done {
            return Err(parse_error(lexeme, "trailing garbage"));
        }
        if let Token::Error(text) = lexeme.token {
            return Err(failure(lexeme, "lexical", text));
        }
        match (state, lexeme.token) {
            (State::ArrayStart | State::ArrayNext, Token::CloseArray) => self.close(Open::Array),
            (State::MapStart | State::MapNext, Token::CloseMap) => self.close(Open::Map),
            (State::ArrayNext, Token::Comma) => Ok(State::ArrayValue),
            (State::MapNext, Token::Comma) => Ok(State::MapKey),
            (State::MapColon, Token::Colon) => Ok(State::MapValue),
            (State::MapStart | State::MapKey, Token::String { raw, escapes }) => {
                self.names.key(strings::decoded(raw, escapes, &mut self.text));
                Ok(State::MapColon)
            }
            (State::MapStart | State::MapKey, _) => {
                Err(parse_error(lexeme, "invalid object key (must be a string)"))
            }
            (State::MapColon, _) => {
                Err(parse_error(lexeme, "object key and value must be separated by a colon (':')"))
            }
            (State::MapNext, _) => {
                Err(parse_error(lexeme, "after key and value, inside map, I expect ',' or '}'"))
            }
            (State::ArrayNext, _) => Err(parse_error(lexeme, "after array element, I expect ',' or ']'")),
            (State::Start | State::ArrayStart | State::ArrayValue | State::MapValue | State::Done, _) => {
                self.value(lexeme)
            }
        }
    }

    fn value(&mut self, lexeme: &Lexeme<'_>) -> Result<State, JsonFailure> {
        let value = match lexeme.token {
            Token::OpenArray => {
                self.names.enter_array().map_err(name_failure)?;
                self.open.push(Open::Array);
                return Ok(State::ArrayStart);
            }
            Token::OpenMap => {
                self.names.enter_map().map_err(name_failure)?;
                self.open.push(Open::Map);
                return Ok(State::MapStart);
            }
            Token::String { raw, escapes } => strings::decoded(raw, escapes, &mut self.text),
            Token::Literal(text) => text,
            _ => return Err(parse_error(lexeme, "unallowed token at this point in JSON text")),
        };
        let name = self.names.leaf().map_err(name_failure)?;
        if (self.each)(name, value).is_break() {
            // v2 meets a number only where something follows it, or the end of the body.
            return Err(match lexeme.at_end {
                true => parse_error(lexeme, "client cancelled parse via callback return value"),
                false => JsonFailure::Stopped,
            });
        }
        self.names.after_leaf();
        Ok(self.after_value())
    }

    fn close(&mut self, container: Open) -> Result<State, JsonFailure> {
        self.open.pop();
        match container {
            Open::Array => {
                if let Some((name, count)) = self.names.count().map_err(name_failure)?
                    && (self.each)(name, count.to_string().as_bytes()).is_break()
                {
                    return Err(JsonFailure::Stopped);
                }
                self.names.leave_array();
            }
            Open::Map => self.names.leave_map(),
        }
        Ok(self.after_value())
    }

    /// What may follow a complete value at this level.
    fn after_value(&self) -> State {
        match self.open.last() {
            None => State::Done,
            Some(Open::Array) => State::ArrayNext,
            Some(Open::Map) => State::MapNext,
        }
    }
}

fn parse_error(lexeme: &Lexeme<'_>, text: &str) -> JsonFailure {
    failure(lexeme, "parse", text)
}

/// An error whose lexeme needed the end of the body to be recognised is one that v2 finds at the end.
fn failure(lexeme: &Lexeme<'_>, kind: &str, text: &str) -> JsonFailure {
    let text = format!("{kind} error: {text}\n");
    if lexeme.at_end { JsonFailure::Premature(text) } else { JsonFailure::Middle(text) }
}

fn name_failure(error: NameError) -> JsonFailure {
    match error {
        NameError::Depth => JsonFailure::Depth,
        NameError::Size => {
            JsonFailure::Middle("parse error: argument names take too much memory\n".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    /// The leaves of a text as Coraza names them.
    fn leaves(text: &str) -> String {
        let mut leaves = Vec::new();
        let mut each = |name: &[u8], value: &[u8]| {
            leaves.push(format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
            ControlFlow::Continue(())
        };
        json(text.as_bytes(), &JsonLimits { depth: 10 }, JsonNames::Coraza, &mut each).unwrap();
        leaves.join(" ")
    }

    #[test]
    fn corazas_names() {
        for (text, expected) in [
            (r#"{"a":1,"b":{"c":"x"}}"#, "json.a=1 json.b.c=x"),
            (r#"{"a":[22,[true,null]]}"#, "json.a.0=22 json.a.1.0=true json.a.1.1= json.a.1=2 json.a=2"),
            (r#"[{"a":1},{"":2}]"#, "json.0.a=1 json.1.=2 json=2"),
            (r#"{"a":[],"b":{}}"#, ""),
        ] {
            assert_eq!(leaves(text), expected, "{text}");
        }
    }
}
