//! `multipart/form-data` bodies, read as they stream in.
//!
//! A body with the part `Content-Disposition: form-data; name="a"` and the text `1` gives the part `a` = `1`; on the way
//! every oddity raises its `MULTIPART_*` flag exactly when ModSecurity v2.9.7 does. The engine feeds chunks and reads
//! flags, parts and the byte count for `SecRequestBodyNoFilesLimit`. How the body is cut into chunks never changes the
//! outcome. At most one line (4 KiB) is buffered besides form values and part headers; file contents are kept on
//! request only. Like the reference, a line of more than 4096 bytes is worked on in pieces of that size.
//! Manual: MULTIPART_STRICT_ERROR, MULTIPART_UNMATCHED_BOUNDARY, FILES, SecUploadFileLimit.

mod boundary;
mod disposition;
mod flags;
mod part;
#[cfg(test)]
mod tests;

use memchr::memmem::Finder;
use thiserror::Error;

use crate::c_locale::{escaped, is_space, until_nul};
use boundary::Boundary;
pub use flags::MultipartFlags;
use part::PartBuilder;
pub use part::{FileInfo, Part};

/// The longest piece of a line that is looked at as one; header lines must be shorter.
const BLOCK: usize = 4096;

/// What the parser keeps and where it stops counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultipartOptions {
    /// `SecUploadFileLimit`: contents of further files are not kept, and the flag is raised. As in the reference engine
    /// the limit works only when contents are kept.
    pub file_limit: usize,
    /// Whether file contents are kept (`SecUploadKeepFiles`, `SecTmpSaveUploadedFiles`; FILES_TMP_CONTENT).
    pub keep_content: bool,
}

/// Why the body is not a form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct MultipartError {
    /// As v2 words it, with the prefix `Multipart: `.
    pub message: String,
    /// The flags at that moment, so that they are known too when [`Multipart::new`] fails.
    pub flags: MultipartFlags,
}

/// A parser that takes the body in chunks.
#[derive(Debug)]
pub struct Multipart {
    options: MultipartOptions,
    boundary: Vec<u8>,
    /// Finds `--boundary` inside a line.
    delimiter: Finder<'static>,
    /// Finds a line that begins like a boundary.
    dashes: Finder<'static>,
    flags: MultipartFlags,
    /// The beginning of a block that is not complete yet.
    pending: Vec<u8>,
    /// Whether the next block begins a line.
    at_line_start: bool,
    /// Whether the previous block ended in a line feed without a carriage return.
    after_bare_lf: bool,
    boundaries: usize,
    /// Bytes of the body before the block that is being worked on.
    position: u64,
    seen_data: bool,
    complete: bool,
    current: Option<PartBuilder>,
    parts: Vec<Part>,
    /// Files whose content is being kept.
    files: usize,
    no_files_bytes: u64,
    last_name: Option<Vec<u8>>,
    last_filename: Option<Vec<u8>>,
    failure: Option<MultipartError>,
}

impl Multipart {
    /// Reads the boundary from the Content-Type header.
    ///
    /// # Errors
    /// The header is missing, too long or has no usable boundary.
    pub fn new(content_type: Option<&[u8]>, options: MultipartOptions) -> Result<Self, MultipartError> {
        let mut flags = MultipartFlags::default();
        let boundary = Boundary::read(content_type, &mut flags).map_err(|text| {
            flags.error = true;
            MultipartError { message: format!("Multipart: {text}"), flags }
        })?;
        let mut delimiter = b"--".to_vec();
        delimiter.extend_from_slice(&boundary.0);
        Ok(Self {
            options,
            boundary: boundary.0,
            delimiter: Finder::new(&delimiter).into_owned(),
            dashes: Finder::new(b"\n--"),
            flags,
            pending: Vec::new(),
            at_line_start: true,
            after_bare_lf: false,
            boundaries: 0,
            position: 0,
            seen_data: false,
            complete: false,
            current: None,
            parts: Vec::new(),
            files: 0,
            no_files_bytes: 0,
            last_name: None,
            last_filename: None,
            failure: None,
        })
    }

    /// The boundary, without dashes before it and without quotes.
    #[must_use]
    pub fn boundary(&self) -> &[u8] {
        &self.boundary
    }

    /// Takes the next bytes of the body. After an error it repeats the error and changes nothing.
    ///
    /// # Errors
    /// The body is malformed.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), MultipartError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.take(chunk).map_err(|text| {
            self.flags.error = true;
            self.fail(&text)
        })
    }

    /// Tells that the body has ended. A failure here is not part of MULTIPART_STRICT_ERROR.
    ///
    /// # Errors
    /// There is no boundary or no final one, or an earlier error, which is repeated.
    pub fn finish(&mut self) -> Result<(), MultipartError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if !self.seen_data || self.complete {
            return Ok(());
        }
        if self.boundaries == 0 {
            return Err(self.fail("No boundaries found in payload."));
        }
        if !self.ends_with_final_boundary() {
            return Err(self.fail("Final boundary missing."));
        }
        self.flags.lf_line |= self.after_bare_lf;
        self.flags.invalid_part |= !self.data_was_read();
        self.close_part();
        self.complete = true;
        Ok(())
    }

    /// The flags raised so far.
    #[must_use]
    pub fn flags(&self) -> MultipartFlags {
        self.flags
    }

    /// The complete parts, in order. After an error none of them is an argument; FILES still lists the files.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The same, for who takes contents out of them.
    pub fn parts_mut(&mut self) -> &mut [Part] {
        &mut self.parts
    }

    /// Bytes outside file parts, as `SecRequestBodyNoFilesLimit` counts them: part headers and form values.
    #[must_use]
    pub fn no_files_bytes(&self) -> u64 {
        self.no_files_bytes
    }

    /// MULTIPART_NAME: the `name` parameter seen last.
    #[must_use]
    pub fn last_name(&self) -> Option<&[u8]> {
        self.last_name.as_deref()
    }

    /// MULTIPART_FILENAME: the `filename` parameter seen last.
    #[must_use]
    pub fn last_filename(&self) -> Option<&[u8]> {
        self.last_filename.as_deref()
    }

    fn fail(&mut self, text: &str) -> MultipartError {
        let failure = MultipartError { message: format!("Multipart: {text}"), flags: self.flags };
        self.failure = Some(failure.clone());
        failure
    }

    /// Cuts the chunk into blocks: lines, or pieces of 4096 bytes of longer ones. A carriage return is never the last
    /// byte of a piece, so that a line end stays whole.
    fn take(&mut self, chunk: &[u8]) -> Result<(), String> {
        let mut rest = chunk;
        // Where in the chunk the delimiter stands next; looked for again only when it has been passed.
        let mut delimiter = None;
        self.seen_data |= !chunk.is_empty();
        while !rest.is_empty() {
            if self.complete {
                self.flags.data_after = true;
                return Ok(());
            }
            if self.reads_lines_of_data() {
                let here = chunk.len() - rest.len();
                let at = match delimiter.filter(|at| *at >= here) {
                    Some(at) => at,
                    None => self.delimiter.find(rest).map_or(chunk.len(), |at| here + at),
                };
                delimiter = Some(at);
                let length = self.plain_lines(rest.get(..at - here).unwrap_or(rest));
                if let Some((lines, after)) = rest.split_at_checked(length).filter(|_| length > 0) {
                    self.data(lines);
                    self.after_block(lines);
                    rest = after;
                    continue;
                }
            }
            let room = BLOCK.saturating_sub(self.pending.len());
            let window = rest.get(..room).unwrap_or(rest);
            let line = memchr::memchr(b'\n', window).map(|end| end + 1);
            let split_return = line.is_none() && window.len() == room && window.last() == Some(&b'\r');
            let length = line.unwrap_or(window.len()) - usize::from(split_return);
            let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = after;
            let full = split_return || length == room;
            if line.is_none() && !full {
                self.pending.extend_from_slice(piece);
                return Ok(());
            }
            if self.pending.is_empty() {
                self.block(piece, full)?;
            } else {
                let mut block = std::mem::take(&mut self.pending);
                block.extend_from_slice(piece);
                self.block(&block, full)?;
                block.clear();
                self.pending = block;
            }
        }
        Ok(())
    }

    /// Works on one block; `full` says that it filled the buffer of the reference engine.
    fn block(&mut self, block: &[u8], full: bool) -> Result<(), String> {
        if !self.is_boundary(block)? {
            match &mut self.current {
                None => self.flags.data_before = true,
                Some(part) if part.in_headers() => {
                    if full {
                        return Err(format!("Part header line over {BLOCK} bytes long"));
                    }
                    self.header_line(block)?;
                }
                Some(_) => self.data(block),
            }
        }
        self.after_block(block);
        Ok(())
    }

    fn after_block(&mut self, block: &[u8]) {
        self.at_line_start = block.ends_with(b"\n");
        self.after_bare_lf = self.at_line_start && !block.ends_with(b"\r\n");
        self.position += block.len() as u64;
    }

    /// Whether a line begins here that is data like the one before it, unless it has something of a boundary. The first
    /// block of data is worked on by itself: it may begin to be kept.
    fn reads_lines_of_data(&self) -> bool {
        self.at_line_start && self.pending.is_empty() && self.data_was_read()
    }

    /// The length of the lines at the beginning of a text without the delimiter, of which none begins like a boundary: they
    /// are data, and looking at them one by one raises no flag.
    fn plain_lines(&self, text: &[u8]) -> usize {
        if text.starts_with(b"--") {
            return 0;
        }
        let end = self.dashes.find(text).or_else(|| memchr::memrchr(b'\n', text));
        end.map_or(0, |end| end + 1)
    }

    /// Whether the block is a boundary line, which is then acted on. Raises the flags for what merely resembles one.
    fn is_boundary(&mut self, block: &[u8]) -> Result<bool, String> {
        if !self.at_line_start {
            return Ok(false);
        }
        let text = until_nul(block);
        let Some(rest) = text.strip_prefix(b"--").filter(|_| text.len() > 3) else {
            self.flags.unmatched_boundary |= self.delimiter.find(block).is_some();
            return Ok(false);
        };
        if let Some(end) = rest.strip_prefix(self.boundary.as_slice()) {
            return self.boundary_line(end, block);
        }
        if self.flags.boundary_quoted
            && rest.strip_prefix(b"\"").is_some_and(|rest| rest.starts_with(&self.boundary))
        {
            return Err("Invalid boundary (quotes).".to_owned());
        }
        let blanks = rest.iter().take_while(|&&byte| is_space(byte)).count();
        if blanks > 0 && rest.get(blanks..).is_some_and(|rest| rest.starts_with(&self.boundary)) {
            return Err("Invalid boundary (whitespace).".to_owned());
        }
        self.flags.unmatched_boundary = true;
        Ok(false)
    }

    /// A line that begins with the boundary; `end` is what follows it, up to a NUL.
    fn boundary_line(&mut self, end: &[u8], line: &[u8]) -> Result<bool, String> {
        self.flags.lf_line |= self.after_bare_lf;
        if self.boundaries > 0 && !self.data_was_read() {
            self.flags.invalid_part = true;
            return Ok(false);
        }
        let (last, line_end) = end.strip_prefix(b"--").map_or((false, end), |end| (true, end));
        match line_end {
            b"\r\n" => self.flags.crlf_line = true,
            b"\n" => self.flags.lf_line = true,
            _ => return Err(format!("Invalid boundary: {}", escaped(line))),
        }
        self.close_part();
        self.boundaries += 1;
        self.complete = last;
        if !last {
            self.current = Some(PartBuilder::default());
        }
        Ok(true)
    }

    fn header_line(&mut self, line: &[u8]) -> Result<(), String> {
        let Some(part) = &mut self.current else { return Ok(()) };
        if line.contains(&0) {
            return Err("Nul byte in part headers.".to_owned());
        }
        self.no_files_bytes += line.len() as u64;
        if line.ends_with(b"\r\n") {
            self.flags.crlf_line = true;
        } else {
            self.flags.lf_line = true;
        }
        if !matches!(line, b"\n" | b"\r\n") {
            return part.header_line(line, &mut self.flags);
        }
        part.data_begins_at(self.position + line.len() as u64);
        let (seen, outcome) = part.end_headers(&mut self.flags);
        if seen.name.is_some() {
            self.last_name = seen.name;
        }
        if seen.filename.is_some() {
            self.last_filename = seen.filename;
        }
        outcome
    }

    fn data(&mut self, block: &[u8]) {
        let Some(part) = &mut self.current else { return };
        if part.is_file() {
            let within = self.options.keep_content && self.files < self.options.file_limit;
            self.flags.file_limit_exceeded |= self.options.keep_content && !within;
            if part.file_data(block, within) {
                self.files += 1;
            }
        } else {
            self.no_files_bytes += part.field_data(block);
        }
    }

    fn data_was_read(&self) -> bool {
        self.current.as_ref().is_some_and(PartBuilder::data_was_read)
    }

    /// Whether what is pending is `--boundary--` without a line end.
    fn ends_with_final_boundary(&self) -> bool {
        let middle = self.pending.strip_prefix(b"--").and_then(|rest| rest.strip_suffix(b"--"));
        self.at_line_start && middle == Some(&self.boundary)
    }

    fn close_part(&mut self) {
        if let Some(part) = self.current.take() {
            match part.finish() {
                Some(part) => self.parts.push(part),
                None => self.flags.invalid_part = true,
            }
        }
    }
}
