//! `@validateDTD` and `@validateSchema`: the XML body against a grammar.
//!
//! `<order><x/></order>` with a DTD that wants `count` in it: the log has `Element order content does not follow the DTD, …`
//! at level 3, and the rule matches with `XML: DTD validation failed.` The grammar was compiled with the configuration
//! (`compile/grammars.rs`); a file that is no grammar fails here, at each request, as in v2. libxml2 parses the body again:
//! the tree of the variable XML is not its own. (spec: operators, "Validation and external operators")

use std::sync::OnceLock;

use portcullis_operators::Failure;
use portcullis_xmlschema::{Grammar, Kind, Message, Outcome};

use crate::escape::log_escape_keep_quotes;
use crate::transaction::Transaction;

/// What a rule validates with.
#[derive(Debug)]
pub(crate) struct Validation {
    pub(crate) kind: Kind,
    /// The file as the rule names it.
    pub(crate) name: String,
    /// Set when the whole configuration has been read, and before a transaction sees it.
    pub(crate) grammar: OnceLock<Result<Grammar, portcullis_xmlschema::Failure>>,
}

impl Transaction {
    /// Tests the body; the value does not matter, as in v2.
    pub(crate) fn test_validation(&mut self, validation: &Validation) -> Result<bool, Failure> {
        let (kind, in_tree) = match validation.kind {
            Kind::Dtd => ("DTD", "DTD"),
            Kind::Schema => ("Schema", "schema"),
        };
        self.hit.clear();
        if self.body.xml.document.is_none() {
            let text = format!("XML document tree could not be found for {in_tree} validation.");
            return Err(self.validation_error(&text));
        }
        if !self.body.xml_is_well_formed {
            return self
                .invalid(format!("XML: {kind} validation failed because content is not well formed."));
        }
        if self.body.error {
            return self.invalid(format!(
                "XML: {kind} validation could not proceed due to previous processing errors."
            ));
        }
        let grammar = match validation.grammar.get() {
            Some(Ok(grammar)) => grammar,
            other => {
                if let Some(Err(failure)) = other
                    && validation.kind == Kind::Schema
                {
                    self.tell(&failure.messages);
                }
                let text = format!("XML: Failed to load {kind}: {}", validation.name);
                return Err(self.validation_error(&text));
            }
        };
        let outcome = grammar.validate(self.body.raw());
        match outcome {
            Outcome::Valid(messages) => {
                self.tell(&messages);
                let name = &validation.name;
                self.debug(4, |_| format!("XML: Successfully validated payload against {kind}: {name}"));
                Ok(false)
            }
            Outcome::Invalid(messages) => {
                self.tell(&messages);
                self.invalid(format!("XML: {kind} validation failed."))
            }
            Outcome::NotWellFormed => {
                self.invalid(format!("XML: {kind} validation failed because content is not well formed."))
            }
        }
    }

    fn invalid(&mut self, text: String) -> Result<bool, Failure> {
        self.hit.text = text.into_bytes();
        Ok(true)
    }

    fn validation_error(&mut self, text: &str) -> Failure {
        self.debug(4, |_| format!("Operator error: {text}"));
        Failure::Unexplained
    }

    /// What libxml2 said of the document or the grammar; what it said of the text of a file is told when that is loaded.
    fn tell(&mut self, messages: &[Message]) {
        for message in messages.iter().filter(|message| !message.is_syntax) {
            let mut text = Vec::new();
            log_escape_keep_quotes(message.text.as_bytes(), &mut text);
            self.notice(if message.is_warning { 4 } else { 3 }, text);
        }
    }
}
