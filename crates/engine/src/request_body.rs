//! The request body: limits, the body processors, and what they put into variables.
//!
//! The driver asks for a [`BodyPlan`] after phase 1, feeds what it reads and says when the body has ended; then phase 2
//! runs. Multipart bodies are parsed as they come and their files are not kept; the other processors need the body in
//! one piece, which the limits bound. (spec: engine, "Request body")

use std::ops::ControlFlow;

use portcullis_bodies::{
    JsonFailure, JsonLimits, JsonNames, Multipart, MultipartFlags, MultipartOptions, XmlDocument, XmlLimits,
};

use crate::arena::Text;
use crate::record::{EngineMode, Upload};
use crate::request::{Argument, Origin, Pair};
use crate::settings::{AuditEngine, LimitAction, XmlIntoArgs};
use crate::trace::TraceStep;
use crate::transaction::Transaction;
use crate::variables::Variable;
use crate::verdict::{BodyPlan, BodyProgress, Verdict};
use crate::xml_body::XmlBody;

/// What httpd reads at once, head included; a longer body reaches v2's parsers in pieces.
const FIRST_PIECE: usize = 8192;

/// The body as one transaction knows it.
#[derive(Debug, Default)]
pub(crate) struct RequestBody {
    state: State,
    /// Bytes that are inspected.
    pub(crate) length: u64,
    /// What is kept of the body: all of it, but for file parts.
    raw: Vec<u8>,
    multipart: Option<Multipart>,
    flags: MultipartFlags,
    /// REQUEST_BODY.
    pub(crate) variable: Option<Text>,
    pub(crate) error: bool,
    pub(crate) error_message: Text,
    pub(crate) over_limit: bool,
    /// Its announced length is; it counts as over the limit once it is read.
    announced_over_limit: bool,
    no_files_reported: bool,
    /// Whether the body is parsed as it comes in.
    is_parsed: bool,
    /// The parser of a multipart body has been set up.
    begun: bool,
    /// Bytes of a multipart body outside files.
    fields_length: u64,
    /// It was asked for and not refused at once: the exchange got past its head.
    pub(crate) planned: bool,
    /// It was given to the multipart parser.
    pub(crate) is_multipart: bool,
    /// It was read to its end.
    pub(crate) read: bool,
    pub(crate) files: Vec<Pair>,
    pub(crate) file_sizes: Vec<Pair>,
    pub(crate) file_paths: Vec<Pair>,
    /// Contents of files, for those who keep them.
    pub(crate) extracted: Vec<ExtractedFile>,
    /// The same for rules, once one has asked ([`Transaction::show_file_contents`]).
    pub(crate) file_contents: Vec<Pair>,
    /// Files could not be stored.
    pub(crate) unstored: bool,
    /// Files were not stored when phase 2 began, because nothing can see where they are.
    pub(crate) unseen: bool,
    pub(crate) files_size: u64,
    pub(crate) part_headers: Vec<Pair>,
    pub(crate) last_filename: Option<Text>,
    pub(crate) last_name: Option<Text>,
    pub(crate) xml: XmlBody,
    pub(crate) xml_is_well_formed: bool,
    pub(crate) uploads: Vec<Upload>,
}

/// A file of a form. It may be large, and most rule sets look at names and sizes only, so it stays out of the arena.
#[derive(Debug)]
pub(crate) struct ExtractedFile {
    /// Of the form's field.
    pub(crate) name: Text,
    pub(crate) content: Vec<u8>,
}

/// Where reading the body stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Unread,
    Reading(Processor),
    /// Parsed, refused or left alone.
    Done,
}

/// What reads the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Processor {
    None,
    Urlencoded,
    Multipart,
    Json,
    Xml,
    /// A name that no processor has.
    Unknown,
}

impl RequestBody {
    /// The kept bytes.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// A `MULTIPART_…` flag; `None` for any other variable.
    pub(crate) fn multipart_flag(&self, variable: Variable) -> Option<bool> {
        let flags = &self.flags;
        Some(match variable {
            Variable::MultipartStrictError => flags.strict_error(),
            Variable::MultipartUnmatchedBoundary => flags.unmatched_boundary,
            Variable::MultipartBoundaryQuoted => flags.boundary_quoted,
            Variable::MultipartBoundaryWhitespace => flags.boundary_whitespace,
            Variable::MultipartDataBefore => flags.data_before,
            Variable::MultipartDataAfter => flags.data_after,
            Variable::MultipartHeaderFolding => flags.header_folding,
            Variable::MultipartInvalidHeaderFolding => flags.invalid_header_folding,
            Variable::MultipartLfLine => flags.lf_line,
            Variable::MultipartCrlfLine => flags.crlf_line,
            Variable::MultipartCrlfLfLines => flags.crlf_lf_lines(),
            Variable::MultipartMissingSemicolon | Variable::MultipartSemicolonMissing => {
                flags.missing_semicolon
            }
            Variable::MultipartInvalidQuoting => flags.invalid_quoting,
            Variable::MultipartInvalidPart => flags.invalid_part,
            Variable::MultipartFileLimitExceeded => flags.file_limit_exceeded,
            _ => return None,
        })
    }
}

impl Transaction {
    /// What the driver does with the request body; asked once, after phase 1.
    pub fn request_body_plan(&mut self) -> BodyPlan {
        let plan = self.plan_request_body();
        if plan == BodyPlan::Skip && !self.has_request_body() {
            self.trace_text(4, &[b"Input filter: This request does not have a body."]);
        }
        self.body.planned = !matches!(plan, BodyPlan::Reject(_));
        plan
    }

    fn plan_request_body(&mut self) -> BodyPlan {
        if self.control.engine == EngineMode::Off
            || !self.control.request_body_access
            || !self.has_request_body()
        {
            self.body.state = State::Done;
            self.leave_request_headers();
            return BodyPlan::Skip;
        }
        let announced = self
            .request
            .header(&self.arena, b"Content-Length")
            .and_then(|v| std::str::from_utf8(v).ok())
            .and_then(|v| v.trim().parse::<u64>().ok());
        let limit = self.control.request_body_limit;
        if announced.is_some_and(|length| length > limit) {
            let text =
                format!("Request body (Content-Length) is larger than the configured limit ({limit}).");
            self.notice(1, text);
            if self.rejects_over_limit() {
                return BodyPlan::Reject(self.reject(413));
            }
            self.body.announced_over_limit = true;
        }
        // httpd looks at the length before it looks at the path.
        self.leave_request_headers();
        let processor = self.body_processor();
        self.body.state = State::Reading(processor);
        // A request with an error already (too many arguments in its query) is not parsed any further.
        self.body.is_parsed = !self.body.error;
        self.body.is_multipart = processor == Processor::Multipart;
        BodyPlan::Inspect
    }

    /// A driver that refuses the request after the plan never reads the body: the parser starts with its first bytes or
    /// its end, so that nothing is said of a body that nobody read.
    fn begin_parser(&mut self, processor: Processor) -> Result<Processor, Verdict> {
        self.body.over_limit |= self.body.announced_over_limit;
        if processor == Processor::Unknown {
            let mut text = b"Unknown request body processor: ".to_vec();
            text.extend_from_slice(&self.request.processor);
            self.notice(1, text);
            let rejects = self.rules.settings.compatibility.reject_body_end_errors;
            if self.control.engine == EngineMode::On || rejects {
                self.body.planned = false;
                return Err(self.reject(500));
            }
            self.body.state = State::Reading(Processor::None);
            return Ok(Processor::None);
        }
        if processor == Processor::Multipart && !self.body.begun {
            self.begin_multipart();
            // Of a request with an error already only the content type is judged.
            if !self.body.is_parsed {
                self.body.multipart = None;
            }
        }
        self.body.begun = true;
        Ok(processor)
    }

    /// The next bytes of the body.
    pub fn request_body(&mut self, chunk: &[u8]) -> BodyProgress {
        let State::Reading(processor) = self.body.state else { return BodyProgress::Enough };
        let processor = match self.begin_parser(processor) {
            Ok(processor) => processor,
            Err(verdict) => return BodyProgress::Reject(verdict),
        };
        let limit = self.control.request_body_limit;
        let room = limit.saturating_sub(self.body.length);
        let over = chunk.len() as u64 > room;
        if over && self.rejects_over_limit() {
            self.body.over_limit = true;
            self.notice(1, format!("Request body is larger than the configured limit ({limit})."));
            return BodyProgress::Reject(self.reject(413));
        }
        // Parsers that work as the body comes in see the whole piece that passes the limit; what is kept as it is ends
        // at the limit.
        let taken = match processor {
            Processor::Multipart | Processor::Json | Processor::Xml => chunk,
            Processor::None | Processor::Unknown | Processor::Urlencoded => {
                chunk.get(..usize::try_from(room).unwrap_or(usize::MAX)).unwrap_or(chunk)
            }
        };
        if processor == Processor::Multipart {
            self.feed_multipart(taken);
            if self.rules.settings.stream_request_body || self.control.force_request_body {
                self.body.raw.extend_from_slice(taken);
            } else {
                self.keep_for_audit(taken);
            }
        } else {
            self.body.raw.extend_from_slice(taken);
        }
        if let Some(verdict) = self.check_no_files_limit(processor, chunk.len(), taken.len()) {
            return BodyProgress::Reject(verdict);
        }
        let before = self.body.length;
        self.body.length += taken.len() as u64;
        self.trace_body_growth(before);
        if over { BodyProgress::Enough } else { BodyProgress::Continue }
    }

    /// The body has ended, or enough of it has been fed: parses what is parsed in one piece.
    pub fn request_body_end(&mut self) -> BodyProgress {
        let State::Reading(processor) = self.body.state else { return BodyProgress::Continue };
        let processor = match self.begin_parser(processor) {
            Ok(processor) => processor,
            Err(verdict) => return BodyProgress::Reject(verdict),
        };
        self.body.state = State::Done;
        self.body.read = true;
        let no_files = match &self.body.multipart {
            Some(multipart) => multipart.no_files_bytes(),
            None => self.body.raw.len() as u64,
        };
        let failed_at_end = match processor {
            Processor::None | Processor::Unknown => {
                if self.control.force_request_body {
                    self.publish_body();
                }
                false
            }
            Processor::Urlencoded => {
                self.publish_body();
                self.parse_urlencoded_body();
                false
            }
            Processor::Multipart => self.finish_multipart(),
            _ if !self.body.is_parsed => false,
            Processor::Json => self.parse_json(),
            Processor::Xml => self.parse_xml(),
        };
        // What has failed to parse is a body of no processor.
        if self.body.error && !failed_at_end && self.control.force_request_body {
            self.publish_body();
        }
        self.fill_input_stream();
        self.trace_body_end(no_files);
        if failed_at_end && self.rules.settings.compatibility.reject_body_end_errors {
            return BodyProgress::Reject(self.reject(500));
        }
        BodyProgress::Continue
    }

    /// Part C of the audit log shows a multipart body as sent, up to what the configuration lets a body take of memory.
    fn keep_for_audit(&mut self, chunk: &[u8]) {
        if self.control.audit_engine == AuditEngine::Off || !self.control.audit_parts.has(b'C') {
            return;
        }
        let limit = usize::try_from(self.rules.settings.request_body_in_memory_limit).unwrap_or(usize::MAX);
        let room = limit.saturating_sub(self.body.raw.len()).min(chunk.len());
        self.body.raw.extend_from_slice(chunk.get(..room).unwrap_or_default());
    }

    /// A body that ended before its announced length, or cannot be framed: phase 2 does not run.
    pub fn request_body_broken(&mut self, reason: &str) {
        if let State::Reading(processor) = self.body.state {
            // The driver refuses the request whatever the parser says.
            let _ = self.begin_parser(processor);
        }
        self.body.state = State::Done;
        self.notice(3, format!("Error reading request body: {reason}"));
    }

    /// A compressed body that cannot be decompressed: an error of the body, and phase 2 runs.
    pub fn request_body_undecodable(&mut self, reason: &str) {
        self.body.state = State::Done;
        self.body.read = true;
        self.parsing_failed(format!("Request body decompression error: {reason}"));
    }

    fn has_request_body(&self) -> bool {
        self.request.header(&self.arena, b"Content-Length").is_some()
            || self
                .request
                .header(&self.arena, b"Transfer-Encoding")
                .is_some_and(|v| memchr::memmem::find(&v.to_ascii_lowercase(), b"chunked").is_some())
    }

    fn rejects_over_limit(&self) -> bool {
        self.control.engine == EngineMode::On
            && self.rules.settings.request_body_limit_action == LimitAction::Reject
    }

    /// Ends the request phases with a status of the engine's own.
    fn reject(&mut self, status: u16) -> Verdict {
        self.body.state = State::Done;
        self.response.status = status;
        Verdict::Deny { status }
    }

    fn body_processor(&self) -> Processor {
        match self.request.processor.as_slice() {
            b"" => Processor::None,
            b"URLENCODED" => Processor::Urlencoded,
            b"MULTIPART" => Processor::Multipart,
            b"JSON" => Processor::Json,
            b"XML" => Processor::Xml,
            _ => Processor::Unknown,
        }
    }

    /// The limit on what is not a file; bodies that nobody reads do not count.
    fn check_no_files_limit(&mut self, processor: Processor, piece: usize, taken: usize) -> Option<Verdict> {
        let limit = self.rules.settings.request_body_no_files_limit;
        let length = match processor {
            Processor::Multipart => self.body.fields_length,
            Processor::None if !self.control.force_request_body => 0,
            // The whole piece counts, also where only its beginning is kept.
            _ => (self.body.raw.len() + piece - taken) as u64,
        };
        if length < limit || self.body.no_files_reported {
            return None;
        }
        self.body.no_files_reported = true;
        let text =
            format!("Request body no files data length is larger than the configured limit ({limit}).");
        if self.rejects_over_limit() || self.rules.settings.compatibility.reject_body_end_errors {
            if processor == Processor::Json {
                self.parse_json_so_far();
            }
            if let Some(mut multipart) = self.body.multipart.take() {
                self.publish_parts(&mut multipart);
            }
            self.notice(1, text);
            self.body.error = true;
            self.body.over_limit = true;
            if self.control.engine != EngineMode::On {
                self.body.length += taken as u64;
            }
            return Some(self.reject(413));
        }
        self.body_failed(text.as_bytes());
        self.notice(1, text);
        None
    }

    fn body_failed(&mut self, message: &[u8]) {
        self.body.error = true;
        self.body.error_message = self.arena.push(message);
    }

    fn parsing_failed(&mut self, text: String) {
        self.body_failed(text.as_bytes());
        self.notice(2, text);
    }

    fn publish_body(&mut self) {
        let raw = std::mem::take(&mut self.body.raw);
        self.body.variable = Some(self.arena.push(&raw));
        self.body.raw = raw;
    }

    fn parse_urlencoded_body(&mut self) {
        let raw = std::mem::take(&mut self.body.raw);
        self.add_urlencoded(&raw, Origin::Body);
        self.body.raw = raw;
    }

    /// Adds the arguments of a query string or an urlencoded body.
    pub(crate) fn add_urlencoded(&mut self, input: &[u8], origin: Origin) {
        let separator = self.rules.settings.argument_separator;
        let invalid = portcullis_bodies::urlencoded(input, separator, &mut |name, value| {
            // Those over the limit are dropped, and a malformed escape in them is an error all the same.
            let _ = self.add_argument(name, value, origin);
            ControlFlow::Continue(())
        });
        self.request.urlencoded_error |= invalid > 0;
    }

    /// Adds one argument; breaks at the limit, which is an error of the body even for a query string.
    pub(crate) fn add_argument(&mut self, name: &[u8], value: &[u8], origin: Origin) -> ControlFlow<()> {
        if self.request.arguments.len() >= self.rules.settings.arguments_limit {
            let limit = self.rules.settings.arguments_limit;
            self.debug(4, |_| {
                let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
                format!("Skipping request argument, over limit ({limit}): name \"{name}\", value \"{value}\"")
            });
            if !self.request.arguments_over_limit {
                self.request.arguments_over_limit = true;
                self.body_failed(b"SecArgumentsLimit exceeded");
            }
            return ControlFlow::Break(());
        }
        let origin_name = match origin {
            Origin::Query => "QUERY_STRING",
            Origin::Body => "BODY",
            Origin::Json => "JSON",
        };
        self.trace_pair(5, name, value, |name, value| TraceStep::Argument {
            origin: origin_name,
            name,
            value,
        });
        self.request.arguments_size += name.len() + value.len();
        let name = self.arena.push(name);
        let value = self.arena.push(value);
        self.request.arguments.push(Argument { name, value, origin });
        ControlFlow::Continue(())
    }

    fn begin_multipart(&mut self) {
        let content_type = self.request.header(&self.arena, b"Content-Type");
        let settings = &self.rules.settings;
        let options =
            MultipartOptions { file_limit: settings.upload_file_limit, keep_content: self.extracts_files() };
        match Multipart::new(content_type, options) {
            Ok(multipart) => {
                self.trace_boundary(multipart.boundary(), multipart.flags().boundary_quoted);
                // What is said of the boundary holds although nothing of the body is read.
                self.body.flags = multipart.flags();
                self.body.multipart = Some(multipart);
            }
            Err(error) => {
                self.body.flags = error.flags;
                self.body.flags.error = true;
                self.notice(2, format!("Multipart parsing error (init): {}", error.message));
                self.trace_flags(error.flags);
                self.body_failed(error.message.as_bytes());
            }
        }
    }

    fn feed_multipart(&mut self, chunk: &[u8]) {
        let Some(multipart) = &mut self.body.multipart else { return };
        let result = multipart.feed(chunk);
        self.body.flags = multipart.flags();
        self.body.fields_length = multipart.no_files_bytes();
        if let Err(error) = result
            && let Some(mut multipart) = self.body.multipart.take()
        {
            self.trace_parts(multipart.parts());
            self.publish_parts(&mut multipart);
            self.trace_duplicate(&error.message);
            self.body.flags.error = true;
            let text = format!("Multipart parsing error: {}", error.message);
            self.parsing_failed(text);
        }
    }

    /// True when the body failed only at its end.
    fn finish_multipart(&mut self) -> bool {
        let Some(mut multipart) = self.body.multipart.take() else { return false };
        let result = multipart.finish();
        self.body.flags = multipart.flags();
        if multipart.flags().file_limit_exceeded {
            let limit = self.rules.settings.upload_file_limit;
            self.notice(3, format!("Multipart: Upload file limit exceeded SecUploadFileLimit {limit}."));
        }
        self.trace_parts(multipart.parts());
        self.trace_flags(multipart.flags());
        self.publish_parts(&mut multipart);
        if let Err(error) = result {
            let text = format!("Multipart parsing error: {}", error.message);
            self.parsing_failed(text);
            return true;
        }
        // After an error no field is an argument, those before it included.
        for part in multipart.parts().iter().filter(|part| part.file.is_none()) {
            let _ = self.add_argument(&part.name, &part.value, Origin::Body);
        }
        false
    }

    /// What shows of the complete parts, also those before an error: their headers and files.
    fn publish_parts(&mut self, multipart: &mut Multipart) {
        self.body.last_name = multipart.last_name().map(|name| self.arena.push(name));
        self.body.last_filename = multipart.last_filename().map(|name| self.arena.push(name));
        for (number, part) in multipart.parts_mut().iter_mut().enumerate() {
            let name = self.arena.push(&part.name);
            for header in &part.headers {
                let value = self.arena.push(header);
                self.body.part_headers.push(Pair { name, value });
            }
            let Some(file) = &mut part.file else { continue };
            let value = self.arena.push(&file.filename);
            self.body.files.push(Pair { name, value });
            let value = self.arena.push_number(file.size);
            self.body.file_sizes.push(Pair { name, value });
            self.body.files_size += file.size;
            if let Some(content) = file.content.take() {
                self.body.extracted.push(ExtractedFile { name, content });
            }
            self.body.uploads.push(Upload {
                part: number as u32 + 1,
                size: file.size,
                name: file.filename.clone(),
                content_type: file.content_type.clone().unwrap_or_default(),
            });
        }
    }

    /// True when the body failed only at its end.
    fn parse_json(&mut self) -> bool {
        match self.parse_json_so_far() {
            None => false,
            Some(reason) => {
                self.parsing_failed(format!("JSON parser error: {reason}"));
                true
            }
        }
    }

    /// Parses what has come; the text of an unfinished document is the result, any other error is reported here.
    fn parse_json_so_far(&mut self) -> Option<String> {
        let raw = std::mem::take(&mut self.body.raw);
        let limits = JsonLimits { depth: self.rules.settings.json_depth_limit };
        let names =
            if self.rules.settings.compatibility.json_names_v3 { JsonNames::V3 } else { JsonNames::V2 };
        let result = portcullis_bodies::json(&raw, &limits, names, &mut |name, value| {
            self.add_argument(name, value, Origin::Json)
        });
        self.body.raw = raw;
        let text = match result {
            Ok(()) => return None,
            Err(JsonFailure::Premature(reason)) => return Some(reason.to_string()),
            Err(JsonFailure::Middle(reason)) => format!("JSON parsing error: {reason}"),
            Err(JsonFailure::Depth) => "JSON parsing error: JSON depth limit exceeded".to_owned(),
            Err(JsonFailure::Stopped) => {
                "JSON parsing error: parse error: client cancelled parse via callback return value\n"
                    .to_owned()
            }
        };
        self.parsing_failed(text);
        None
    }

    fn parse_xml(&mut self) -> bool {
        // v2 starts its parser with the first bytes.
        if self.body.raw.is_empty() {
            return false;
        }
        let raw = std::mem::take(&mut self.body.raw);
        self.trace_text(4, &[b"XML: Initialising parser."]);
        let result = XmlDocument::parse(&raw, &XmlLimits::default());
        let well_formed = u8::from(result.is_ok());
        self.debug(4, |_| format!("XML: Parsing complete (well_formed {well_formed})."));
        self.body.raw = raw;
        match result {
            Ok(document) => {
                self.body.xml_is_well_formed = true;
                self.publish_xml(Some(document));
                false
            }
            Err(error) => {
                // What stands before the error is inspected, as in v2.
                self.publish_xml(error.document.map(|document| *document));
                // v2 looks for errors from the second piece of the body on, and at the end.
                let at_end = error.premature || self.body.raw.len() < FIRST_PIECE;
                let text =
                    format!("XML {} error: {}", if at_end { "parser" } else { "parsing" }, error.message);
                self.parsing_failed(text);
                at_end
            }
        }
    }

    /// What rules see of a document: the variable XML, its leaves as arguments, or both.
    fn publish_xml(&mut self, document: Option<XmlDocument>) {
        let Some(document) = document else { return };
        let wanted = self.control.xml_into_args;
        if wanted != XmlIntoArgs::Off {
            let ended = portcullis_bodies::xml_leaves(&document, &mut |name, value| {
                self.add_argument(name, value, Origin::Body)
            });
            if ended.is_break() && !self.request.arguments_over_limit {
                self.parsing_failed("XML: the names of the arguments are too long".to_owned());
            }
        }
        self.body.xml.document = (wanted != XmlIntoArgs::OnlyArgs).then_some(document);
    }
}
