//! `RequestHeader` and `Header`: httpd's header directives, as far as rule sets use them to act on what rules found.
//!
//! `RequestHeader append X-WAF-Events "%{matched_rule-1}e" env=matched_rule-1` puts what `setenv` left in ENV into the
//! request that the origin gets; `Header edit Set-Cookie RX TEXT` changes the response. Formats other than `%{NAME}e`
//! and `%%` are refused. (httpd manual, mod_headers)

use portcullis_operators::Capture;
use portcullis_operators::pattern::{Options, Pattern};
use portcullis_seclang::{Diagnostic, Directive, Word};

use super::{Compiler, DirectiveInfo};
use crate::record::EngineMode;
use crate::request::Pair;
use crate::transaction::Transaction;

/// The record of `RequestHeader`.
pub(super) static REQUEST_HEADER: DirectiveInfo = DirectiveInfo {
    name: "RequestHeader",
    aliases: &[],
    arguments: (2, 5),
    in_location: false,
    summary: "Sets, appends, adds, merges, edits or unsets a header field of the request to the origin.",
    compile: |compiler, directive| compile(compiler, directive, Direction::Request),
};

/// The record of `Header`.
pub(super) static HEADER: DirectiveInfo = DirectiveInfo {
    name: "Header",
    aliases: &[],
    arguments: (2, 6),
    in_location: false,
    summary: "Sets, appends, adds, merges, edits or unsets a header field of the response to the client.",
    compile: |compiler, directive| compile(compiler, directive, Direction::Response),
};

/// Which message is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// One compiled directive.
#[derive(Debug)]
pub(crate) struct HeaderEdit {
    direction: Direction,
    name: Vec<u8>,
    operation: Operation,
    condition: Option<Condition>,
}

#[derive(Debug)]
enum Operation {
    Set(Format),
    Append(Format),
    Add(Format),
    Merge(Format),
    Unset,
    Edit { pattern: Box<Pattern>, replacement: Vec<u8>, all: bool },
}

/// `env=NAME`, `env=!NAME`.
#[derive(Debug)]
struct Condition {
    name: Vec<u8>,
    negated: bool,
}

/// A value with `%{NAME}e`.
#[derive(Debug)]
struct Format(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Literal(Vec<u8>),
    Env(Vec<u8>),
}

fn compile(compiler: &mut Compiler<'_>, directive: &Directive, direction: Direction) {
    match read(&directive.args, direction) {
        Ok(edit) => compiler.header_edits.push(edit),
        Err((word, text)) => {
            let span = word.map_or(directive.name.span, |word| word.span);
            compiler.diagnostics.push(Diagnostic::error("invalid-header-edit", span, text));
        }
    }
}

fn read(words: &[Word], direction: Direction) -> Result<HeaderEdit, (Option<&Word>, String)> {
    let mut words = words;
    if direction == Direction::Response
        && let Some((first, rest)) = words.split_first()
        && (first.text.eq_ignore_ascii_case(b"always") || first.text.eq_ignore_ascii_case(b"onsuccess"))
    {
        words = rest;
    }
    let (condition, words) = match words.split_last() {
        Some((last, rest)) if last.text.starts_with(b"env=") => {
            let name = last.text.get(4..).unwrap_or_default();
            let (negated, name) = match name.strip_prefix(b"!") {
                Some(name) => (true, name),
                None => (false, name),
            };
            (Some(Condition { name: name.to_vec(), negated }), rest)
        }
        Some((last, _)) if last.text.starts_with(b"expr=") || last.text == b"early" => {
            return Err((Some(last), format!("`{}` is not supported here", last.lossy())));
        }
        _ => (None, words),
    };
    let [action, name, values @ ..] = words else {
        return Err((words.first(), "an action and a header name are needed".to_owned()));
    };
    let format = || match values {
        [value] => Format::parse(&value.text).map_err(|text| (Some(value), text)),
        _ => Err((Some(name), "one value is needed".to_owned())),
    };
    let operation = match action.text.to_ascii_lowercase().as_slice() {
        b"set" => Operation::Set(format()?),
        b"append" => Operation::Append(format()?),
        b"add" => Operation::Add(format()?),
        b"merge" => Operation::Merge(format()?),
        b"unset" => Operation::Unset,
        edit @ (b"edit" | b"edit*") => {
            let [pattern, replacement] = values else {
                return Err((Some(name), "edit needs a regular expression and a replacement".to_owned()));
            };
            let compiled = Pattern::new(&pattern.text, Options::default())
                .map_err(|error| (Some(pattern), format!("bad regular expression: {}", error.message)))?;
            Operation::Edit {
                pattern: Box::new(compiled),
                replacement: replacement.text.clone(),
                all: edit.ends_with(b"*"),
            }
        }
        _ => return Err((Some(action), format!("unknown header action `{}`", action.lossy()))),
    };
    let name = name.text.strip_suffix(b":").unwrap_or(&name.text).to_vec();
    Ok(HeaderEdit { direction, name, operation, condition })
}

impl Format {
    fn parse(text: &[u8]) -> Result<Format, String> {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut rest = text;
        while let Some((first, tail)) = rest.split_first() {
            rest = tail;
            if *first != b'%' {
                literal.push(*first);
                continue;
            }
            if let Some(tail) = tail.strip_prefix(b"%") {
                literal.push(b'%');
                rest = tail;
                continue;
            }
            let close = tail.starts_with(b"{").then(|| memchr::memmem::find(tail, b"}e")).flatten();
            let Some(close) = close else {
                return Err("only %{NAME}e and %% are supported in a header value".to_owned());
            };
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            pieces.push(Piece::Env(tail.get(1..close).unwrap_or_default().to_vec()));
            rest = tail.get(close + 2..).unwrap_or_default();
        }
        pieces.push(Piece::Literal(literal));
        Ok(Format(pieces))
    }
}

/// Header fields as they go out.
type Fields = Vec<(Vec<u8>, Vec<u8>)>;

impl Transaction {
    /// The request's header fields as the origin must get them, when they are not the client's: with the engine `On`,
    /// fields that rules saw joined (what rules saw is what the origin gets; a mode that only detects changes no byte),
    /// and what `RequestHeader` directives made of them. Else `None`.
    pub fn edited_request_headers(&self) -> Option<Fields> {
        let joined = self.request.has_joined_headers && self.control.engine == EngineMode::On;
        self.edited(Direction::Request, &self.request.headers, joined)
    }

    /// The response's header fields after `Header` directives; `None` when none of them applies.
    pub fn edited_response_headers(&self) -> Option<Fields> {
        self.edited(Direction::Response, &self.response.headers, false)
    }

    fn edited(&self, direction: Direction, headers: &[Pair], changed: bool) -> Option<Fields> {
        let applies = |edit: &&HeaderEdit| {
            edit.direction == direction
                && edit.condition.as_ref().is_none_or(|c| self.env_value(&c.name).is_some() != c.negated)
        };
        let mut edits = self.rules.header_edits.iter().filter(applies).peekable();
        if edits.peek().is_none() && !changed {
            return None;
        }
        let get = |pair: &Pair| (self.arena.get(pair.name).to_vec(), self.arena.get(pair.value).to_vec());
        let mut fields: Fields = headers.iter().map(get).collect();
        for edit in edits {
            self.apply_edit(edit, &mut fields);
        }
        Some(fields)
    }

    fn env_value(&self, name: &[u8]) -> Option<&[u8]> {
        self.env.iter().find(|pair| self.arena.get(pair.name) == name).map(|pair| self.arena.get(pair.value))
    }

    fn apply_edit(&self, edit: &HeaderEdit, fields: &mut Fields) {
        let is_it = |field: &(Vec<u8>, Vec<u8>)| field.0.eq_ignore_ascii_case(&edit.name);
        let format = |format: &Format| {
            let mut out = Vec::new();
            for piece in &format.0 {
                match piece {
                    Piece::Literal(text) => out.extend_from_slice(text),
                    // httpd writes "(null)" for a variable that is not set.
                    Piece::Env(name) => out.extend_from_slice(self.env_value(name).unwrap_or(b"(null)")),
                }
            }
            // A value must not end the field.
            out.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            out
        };
        match &edit.operation {
            Operation::Unset => fields.retain(|field| !is_it(field)),
            Operation::Set(value) => {
                fields.retain(|field| !is_it(field));
                fields.push((edit.name.clone(), format(value)));
            }
            Operation::Add(value) => fields.push((edit.name.clone(), format(value))),
            Operation::Append(value) | Operation::Merge(value) => {
                let value = format(value);
                let merge = matches!(edit.operation, Operation::Merge(_));
                match fields.iter_mut().find(|field| is_it(field)) {
                    Some((_, old)) if merge && old.split(|b| *b == b',').any(|v| v.trim_ascii() == value) => {
                    }
                    Some((_, old)) => {
                        old.extend_from_slice(b", ");
                        old.extend_from_slice(&value);
                    }
                    None => fields.push((edit.name.clone(), value)),
                }
            }
            Operation::Edit { pattern, replacement, all } => {
                for (_, value) in fields.iter_mut().filter(|field| is_it(field)) {
                    *value = replace(pattern, replacement, value, *all);
                }
            }
        }
    }
}

/// Replaces the first match or all; `$1` in the replacement is a group.
fn replace(pattern: &Pattern, replacement: &[u8], value: &[u8], all: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut from = 0;
    let mut groups = Vec::new();
    while from <= value.len() && pattern.captures(value, from, &mut groups).unwrap_or(false) {
        let Some(Capture::Range(start, end)) = groups.first().cloned() else { break };
        let (start, end) = (start as usize, end as usize);
        out.extend_from_slice(value.get(from..start).unwrap_or_default());
        let mut text = replacement;
        while let Some((first, rest)) = text.split_first() {
            text = rest;
            match (*first, rest) {
                (b'$', [digit @ b'0'..=b'9', rest @ ..]) => {
                    if let Some(Capture::Range(a, b)) = groups.get(usize::from(digit - b'0')) {
                        out.extend_from_slice(value.get(*a as usize..*b as usize).unwrap_or_default());
                    }
                    text = rest;
                }
                (b'\\', [next, rest @ ..]) => {
                    out.push(*next);
                    text = rest;
                }
                (byte, _) => out.push(byte),
            }
        }
        from = end;
        if start == end {
            // An empty match: copy one byte so that the search moves on.
            out.extend(value.get(end));
            from = end + 1;
        }
        if !all {
            break;
        }
    }
    out.extend_from_slice(value.get(from..).unwrap_or_default());
    out
}
