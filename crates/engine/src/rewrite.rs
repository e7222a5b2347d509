//! Stream variables, and `@rsub`, which rewrites them.
//!
//! `SecRule STREAM_OUTPUT_BODY "@rsub s/a/b/" …` in phase 4: the client gets a body in which `a` is `b`. A stream is the body as
//! it was inspected; later rules see what earlier ones made of it, REQUEST_BODY and RESPONSE_BODY stay. The driver asks for
//! [`Transaction::rewritten_request_body`] after phase 2 and for [`Transaction::rewritten_response_body`] after phase 4.
//! The operator matches whether or not it finds something, as in ModSecurity. Unlike there, nothing is rewritten in
//! detection, and a response only with `SecContentInjection On`. (Reference manual, "rsub", "STREAM_INPUT_BODY")

use portcullis_operators::pattern::{Options, Pattern};
use portcullis_operators::{ArgumentError, Failure, Substitution, escape_pattern, replace_all};

use crate::arena::Text;
use crate::macros::{Piece, Template};
use crate::record::EngineMode;
use crate::ruleset::{Rule, TxNames};
use crate::transaction::Transaction;
use crate::variables::{Value, Variable};
use crate::verdict::Phase;

/// The bodies that may be rewritten.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    input: Stream,
    output: Stream,
}

#[derive(Debug, Default, Clone, Copy)]
struct Stream {
    text: Option<Text>,
    /// How long it was before any rule saw it.
    inspected: usize,
    changed: bool,
}

/// A body as rules have rewritten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewritten<'t> {
    /// The new bytes.
    pub bytes: &'t [u8],
    /// How many bytes at the start of the old body they stand for; what follows was not inspected and stays.
    pub inspected: usize,
}

/// A compiled `@rsub`.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pattern: Wanted,
    replacement: Template,
}

#[derive(Debug)]
enum Wanted {
    Fixed(Pattern),
    /// Compiled at each test from what its macros stand for.
    Expanded {
        text: Template,
        options: Options,
        escapes_macros: bool,
    },
}

impl Rewrite {
    /// Reads an argument.
    pub(crate) fn new(
        argument: &[u8],
        match_limit: u32,
        tx_names: &mut TxNames,
    ) -> Result<Self, ArgumentError> {
        let Substitution { pattern, replacement, caseless, escapes_macros } = Substitution::parse(argument)?;
        let options = Options { caseless, match_limit, ..Options::default() };
        let text = Template::parse(&pattern, tx_names);
        let pattern = if text.as_literal().is_some() {
            let compiled = Pattern::new(&pattern, options).map_err(|error| ArgumentError {
                message: format!("Error compiling pattern (offset {}): {}", error.offset, error.message),
                offset: None,
                help: None,
            })?;
            Wanted::Fixed(compiled)
        } else {
            Wanted::Expanded { text, options, escapes_macros }
        };
        Ok(Self { pattern, replacement: Template::parse(&replacement, tx_names) })
    }
}

impl Transaction {
    /// The value of a stream variable while it is there.
    pub(crate) fn stream(&self, variable: Variable) -> Option<Text> {
        let phase = self.cursor.phase?;
        let Streams { input, output } = self.streams;
        match variable {
            // A body that was rewritten has been sent on as soon as phase 2 is over.
            Variable::StreamInputBody if phase == Phase::RequestBody || !input.changed => input.text,
            Variable::StreamOutputBody if phase == Phase::ResponseBody || self.interception.is_some() => {
                output.text
            }
            _ => None,
        }
    }

    /// The request body has been read.
    pub(crate) fn fill_input_stream(&mut self) {
        if self.rules.settings.stream_request_body && !self.body.raw().is_empty() {
            let inspected = self.body.raw().len();
            let text = self.arena.push(self.body.raw());
            self.streams.input = Stream { text: Some(text), inspected, changed: false };
        }
    }

    /// The response body has been read: a stream begins with signed links, where links are signed.
    pub(crate) fn fill_output_stream(&mut self, text: Text) {
        if self.rules.settings.stream_response_body {
            let signed = self.sign_links(self.arena.get(text));
            let changed = signed.is_some();
            let new = signed.map_or(text, |signed| self.arena.push(&signed));
            self.streams.output = Stream { text: Some(new), inspected: text.len(), changed };
        }
    }

    /// What is forwarded instead of the request body that was inspected.
    pub fn rewritten_request_body(&self) -> Option<Rewritten<'_>> {
        self.rewritten(self.streams.input)
    }

    /// What is sent instead of the response body that was inspected.
    pub fn rewritten_response_body(&self) -> Option<Rewritten<'_>> {
        self.rewritten(self.streams.output).filter(|_| self.rules.settings.content_injection)
    }

    fn rewritten(&self, stream: Stream) -> Option<Rewritten<'_>> {
        let text = stream.text.filter(|_| stream.changed && self.control.engine == EngineMode::On)?;
        Some(Rewritten { bytes: self.arena.get(text), inspected: stream.inspected })
    }

    /// Runs `@rsub` on a value.
    pub(crate) fn rewrite(
        &mut self,
        rewrite: &Rewrite,
        rule: &Rule,
        value: &Value,
        tested: Text,
    ) -> Result<bool, Failure> {
        self.hit.clear();
        if !matches!(value.variable, Variable::StreamInputBody | Variable::StreamOutputBody) {
            return Err(Failure::Unexplained);
        }
        let mut replacement = Vec::new();
        self.expand_template(&rewrite.replacement, Some(rule), &mut replacement);
        let replaced = match &rewrite.pattern {
            Wanted::Fixed(pattern) => replace_all(pattern, self.arena.get(tested), &replacement)?,
            Wanted::Expanded { text, options, escapes_macros } => {
                let source = self.expand_pattern(text, *escapes_macros, rule);
                let pattern = Pattern::new(&source, *options).map_err(|_| Failure::Unexplained)?;
                replace_all(&pattern, self.arena.get(tested), &replacement)?
            }
        };
        let new = replaced.map_or(tested, |bytes| self.arena.push(&bytes));
        // A rule set that only detects leaves the exchange alone.
        if !self.detection.running {
            let stream = match value.variable {
                Variable::StreamInputBody => &mut self.streams.input,
                _ => &mut self.streams.output,
            };
            stream.changed |= self.arena.get(new) != self.arena.get(value.value);
            stream.text = Some(new);
        }
        self.hit.text = b"Operator rsub succeeded.".to_vec();
        Ok(true)
    }

    fn expand_pattern(&mut self, text: &Template, escapes_macros: bool, rule: &Rule) -> Vec<u8> {
        let mut source = Vec::new();
        if !escapes_macros {
            self.expand_template(text, Some(rule), &mut source);
            return source;
        }
        for piece in text.pieces() {
            match piece {
                Piece::Literal(text) => source.extend_from_slice(text),
                Piece::Reference(reference) => {
                    let mut value = Vec::new();
                    self.expand_reference(reference, Some(rule), &mut value);
                    source.extend_from_slice(&escape_pattern(&value));
                }
            }
        }
        source
    }
}
