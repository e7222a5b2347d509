//! Bodies of answers that a rule wants parsed: `ctl:responseBodyProcessor`, as in Coraza.
//!
//! `{"user":{"role":"admin"}}` with the processor JSON → `RESPONSE_ARGS:json.user.role` is `admin`; `<order/>` with XML → nodes
//! for `RESPONSE_XML:/order`. Where it cannot be parsed RES_BODY_ERROR is 1, what stands before the error is there, and rules of
//! phase 4 decide. RESPONSE_BODY is what it is without a processor, unlike in Coraza.
//!
//! The limits are those of request bodies: SecRequestBodyJsonDepthLimit, SecArgumentsLimit.

use std::ops::ControlFlow;

use portcullis_bodies::{JsonFailure, JsonLimits, JsonNames, XmlDocument, XmlLimits};

use crate::request::Pair;
use crate::transaction::Transaction;
use crate::xml_body::XmlBody;

/// What parses the body of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseProcessor {
    Json,
    Xml,
}

impl ResponseProcessor {
    /// The processor of a name, in any case.
    pub(crate) fn parse(name: &[u8]) -> Option<Self> {
        match name.to_ascii_uppercase().as_slice() {
            b"JSON" => Some(Self::Json),
            b"XML" => Some(Self::Xml),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Xml => "XML",
        }
    }
}

/// What a processor made of a body.
#[derive(Debug, Default)]
pub(crate) struct ParsedBody {
    pub(crate) processor: Option<ResponseProcessor>,
    /// RESPONSE_ARGS.
    pub(crate) arguments: Vec<Pair>,
    /// RESPONSE_XML.
    pub(crate) xml: XmlBody,
    /// RES_BODY_PROCESSOR_ERROR_MSG.
    pub(crate) error: Option<String>,
}

impl ParsedBody {
    /// RES_BODY_PROCESSOR.
    pub(crate) fn processor_name(&self) -> &'static [u8] {
        self.processor.map_or(b"", |processor| processor.name().as_bytes())
    }

    /// RES_BODY_ERROR_MSG.
    pub(crate) fn named_error(&self) -> String {
        match (self.processor, &self.error) {
            (Some(processor), Some(error)) => format!("{}: {error}", processor.name()),
            _ => String::new(),
        }
    }
}

impl Transaction {
    /// Parses the body as far as it was inspected, with what a rule of an earlier phase has chosen.
    pub(crate) fn parse_response_body(&mut self) {
        let Some(processor) = self.response.parsed.processor else { return };
        let body = std::mem::take(&mut self.response.body);
        self.response.parsed.error = match processor {
            // Nothing is no document, and no malformed one.
            _ if body.is_empty() => None,
            ResponseProcessor::Json => self.parse_json_response(&body).err(),
            ResponseProcessor::Xml => self.parse_xml_response(&body).err(),
        };
        self.response.body = body;
        if self.response.parsed.error.is_some() {
            let text = self.response.parsed.named_error();
            self.debug(4, |_| format!("Response body could not be parsed: {text}"));
        }
    }

    fn parse_json_response(&mut self, body: &[u8]) -> Result<(), String> {
        let limits = JsonLimits { depth: self.rules.settings.json_depth_limit };
        let most = self.rules.settings.arguments_limit;
        let Self { arena, response, .. } = self;
        let arguments = &mut response.parsed.arguments;
        let mut each = |name: &[u8], value: &[u8]| {
            if arguments.len() >= most {
                return ControlFlow::Break(());
            }
            arguments.push(Pair { name: arena.push(name), value: arena.push(value) });
            ControlFlow::Continue(())
        };
        portcullis_bodies::json(body, &limits, JsonNames::Coraza, &mut each).map_err(
            |failure| match failure {
                JsonFailure::Middle(reason) | JsonFailure::Premature(reason) => reason.trim_end().to_owned(),
                JsonFailure::Depth => "JSON depth limit exceeded".to_owned(),
                JsonFailure::Stopped => "SecArgumentsLimit exceeded".to_owned(),
            },
        )
    }

    fn parse_xml_response(&mut self, body: &[u8]) -> Result<(), String> {
        match XmlDocument::parse(body, &XmlLimits::default()) {
            Ok(document) => {
                self.response.parsed.xml.document = Some(document);
                Ok(())
            }
            Err(error) => {
                self.response.parsed.xml.document = error.document.map(|document| *document);
                Err(error.message.to_string())
            }
        }
    }
}
