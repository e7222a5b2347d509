//! What the debug log says of bodies: lines, in ModSecurity v2's words, about what the parsers found.
//!
//! A form with the part `a` = `1` leaves its header lines, its data and its name; at the end stands a warning for each
//! oddity of the form. Nothing here decides anything. (spec: engine, "Debug log")

use portcullis_bodies::{MultipartFlags, Part};

use crate::escape::log_escape_keep_quotes;
use crate::settings::LimitAction;
use crate::trace::TraceStep;
use crate::transaction::Transaction;

impl Transaction {
    /// A multipart parser begins.
    pub(crate) fn trace_boundary(&mut self, boundary: &[u8], quoted: bool) {
        let quoted = if quoted { " (quoted)" } else { "" };
        self.trace_text(9, &[format!("Multipart: Boundary{quoted}: ").as_bytes(), boundary]);
    }

    /// A form has been read.
    pub(crate) fn trace_parts(&mut self, parts: &[Part]) {
        if !self.traces(9) {
            return;
        }
        for (number, part) in parts.iter().enumerate() {
            for line in &part.headers {
                self.trace_text(9, &[b"Multipart: Added part header line \"", line, b"\""]);
            }
            self.trace_text(9, &[b"Multipart: Content-Disposition name: ", &part.name]);
            let offset = part.offset;
            match &part.file {
                Some(file) => {
                    self.trace_text(9, &[b"Multipart: Content-Disposition filename: ", &file.filename]);
                    let place = format!("\" (offset {offset}, length {})", file.size);
                    let added = format!("Multipart: Added file part {number:x} to the list: name \"");
                    let text: [&[u8]; 5] =
                        [added.as_bytes(), &part.name, b"\" file name \"", &file.filename, place.as_bytes()];
                    self.trace_text(9, &text);
                }
                None => {
                    self.trace_text(9, &[b"Multipart: Added data to variable: ", &part.value]);
                    let place = format!("\" (offset {offset}, length {})", part.value.len());
                    let added = format!("Multipart: Added part {number:x} to the list: name \"");
                    self.trace_text(9, &[added.as_bytes(), &part.name, place.as_bytes()]);
                }
            }
        }
    }

    /// Version 2 says in words what some of its error numbers mean.
    pub(crate) fn trace_duplicate(&mut self, message: &str) {
        for (number, what) in [("(-14)", "name"), ("(-15)", "filename")] {
            if message.contains(number) {
                self.trace_text(
                    4,
                    &[b"Multipart: Warning: Duplicate Content-Disposition ", what.as_bytes(), b"."],
                );
            }
        }
    }

    /// The oddities of a form.
    pub(crate) fn trace_flags(&mut self, flags: MultipartFlags) {
        if flags.data_after {
            self.trace_text(4, &[b"Multipart: Ignoring data after last boundary."]);
        }
        let lines = match (flags.crlf_line, flags.lf_line) {
            (true, true) => "mixed line endings used (CRLF/LF)",
            _ => "incorrect line endings used (LF)",
        };
        let warnings = [
            (flags.data_before, "seen data before first boundary"),
            (flags.data_after, "seen data after last boundary"),
            (flags.boundary_quoted, "boundary was quoted"),
            (flags.boundary_whitespace, "boundary whitespace in C-T header"),
            (flags.header_folding, "header folding used"),
            (flags.lf_line, lines),
            (flags.missing_semicolon, "missing semicolon in C-T header"),
            (flags.invalid_quoting, "invalid quoting used"),
            (flags.invalid_part, "invalid part parsing"),
            (flags.invalid_header_folding, "invalid header folding used"),
        ];
        for (_, warning) in warnings.iter().filter(|(raised, _)| *raised) {
            self.trace_text(4, &[b"Multipart: Warning: ", warning.as_bytes(), b"."]);
        }
    }

    /// So many bytes of the body have been taken.
    pub(crate) fn trace_body_growth(&mut self, before: u64) {
        let limit = self.rules.settings.request_body_in_memory_limit;
        if before <= limit && self.body.length > limit {
            self.trace_text(4, &[b"Input filter: Request too large to store in memory, switching to disk."]);
        }
    }

    /// The whole body is there.
    pub(crate) fn trace_body_end(&mut self, no_files: u64) {
        let length = self.body.length;
        self.debug(4, |_| format!("Request body no files length: {no_files}"));
        self.debug(4, |_| format!("Input filter: Completed receiving request body (length {length})."));
    }

    /// The response body is not read.
    pub(crate) fn trace_unread_response(&mut self) {
        if !self.control.response_body_access {
            self.trace_text(4, &[b"Response body buffering is not enabled."]);
            return;
        }
        let name = match self.response.content_type(&self.arena) {
            Some(name) => self.arena.get(name).to_vec(),
            None => b"null".to_vec(),
        };
        self.trace_text(4, &[b"Not buffering response body for unconfigured MIME type \"", &name, b"\"."]);
    }

    /// The response body is over its limit.
    pub(crate) fn trace_partial_response(&mut self) {
        if self.rules.settings.response_body_limit_action == LimitAction::ProcessPartial {
            let limit = self.control.response_body_limit;
            self.debug(4, |_| format!("Output filter: Processing partial response body (limit {limit})"));
        }
    }

    /// Keeps a line put together from pieces, escaped.
    pub(crate) fn trace_text(&mut self, level: u8, pieces: &[&[u8]]) {
        if self.traces(level) {
            let mut text = Vec::new();
            pieces.iter().for_each(|piece| log_escape_keep_quotes(piece, &mut text));
            self.trace(TraceStep::Line { level, text });
        }
    }
}
