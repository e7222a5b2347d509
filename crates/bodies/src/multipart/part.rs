//! One part of a form while it is read, and as it is handed out.
//!
//! The header lines `Content-Disposition: form-data; name="a"` and the data lines `1`, `2` become a [`Part`] `a` = `1\r\n2`.
//! The line end before the next boundary belongs to the boundary, so the last one is always held back. The parser
//! decides what is a header and what is data. Manual: MULTIPART_PART_HEADERS, FILES, FILES_SIZES.

use std::collections::BTreeMap;

use super::disposition::{self, Disposition};
use super::{BLOCK, MultipartFlags};
use crate::c_locale::{escaped, is_space};

/// Room for a file's content before it grows.
const FIRST_ROOM: usize = 16 * 1024;

/// A file part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileInfo {
    /// As the client named it.
    pub filename: Vec<u8>,
    /// Bytes.
    pub size: u64,
    /// The part's Content-Type header.
    pub content_type: Option<Vec<u8>>,
    /// The bytes, only when contents are kept and the file began within the file limit.
    pub content: Option<Vec<u8>>,
}

/// One complete part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The form field.
    pub name: Vec<u8>,
    /// The value of a form field; empty for files.
    pub value: Vec<u8>,
    /// Present when the part is a file.
    pub file: Option<FileInfo>,
    /// Header lines `Name: value`, unfolded.
    pub headers: Vec<Vec<u8>>,
    /// Where its data begins in the body.
    pub offset: u64,
}

/// A header of the part.
#[derive(Debug)]
struct Header {
    /// The line as sent, without its end, or rebuilt from name and value when it was folded.
    line: Vec<u8>,
    name: usize,
    value: usize,
}

impl Header {
    fn name(&self) -> &[u8] {
        self.line.get(..self.name).unwrap_or_default()
    }

    fn value(&self) -> &[u8] {
        self.line.get(self.value..).unwrap_or_default()
    }
}

/// A part that is being read.
#[derive(Debug, Default)]
pub(super) struct PartBuilder {
    headers: Vec<Header>,
    /// Lower-case names, to find a header without walking the list.
    index: BTreeMap<Vec<u8>, usize>,
    data_began: bool,
    data_read: bool,
    name: Option<Vec<u8>>,
    file: Option<FileInfo>,
    value: Vec<u8>,
    /// The line end of the last block: data unless a boundary follows.
    held: &'static [u8],
    /// Where its data begins in the body.
    offset: u64,
}

impl PartBuilder {
    /// Whether the empty line has not been seen.
    pub(super) fn in_headers(&self) -> bool {
        !self.data_began
    }

    /// Whether at least one line of data was read.
    pub(super) fn data_was_read(&self) -> bool {
        self.data_read
    }

    pub(super) fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Takes a header line that is not empty; the error is v2's text.
    pub(super) fn header_line(&mut self, line: &[u8], flags: &mut MultipartFlags) -> Result<(), String> {
        if line.first().is_some_and(|&byte| is_space(byte)) {
            return self.folded_line(line, flags);
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            return Err(format!("Invalid part header (colon missing): {}.", escaped(line)));
        };
        let (name, after) = line.split_at_checked(colon).unwrap_or((line, &[]));
        if name.is_empty() {
            return Err("Invalid part header (header name missing).".to_owned());
        }
        // 2.9.7 takes any byte here. Readers that skip such bytes would see another header than we do.
        if name.iter().any(|byte| !(33..=126).contains(byte)) {
            return Err("Invalid part header (contains invalid character).".to_owned());
        }
        let line = without_line_end(line);
        let blanks = after.iter().skip(1).take_while(|&&byte| matches!(byte, b'\t' | b' ')).count();
        let key = name.to_ascii_lowercase();
        if self.index.contains_key(&key) {
            return Err(format!("Duplicate part header: {}.", escaped(name)));
        }
        self.index.insert(key, self.headers.len());
        let value = (colon + 1 + blanks).min(line.len());
        self.headers.push(Header { line: line.to_vec(), name: colon, value });
        Ok(())
    }

    /// A line that goes on with the header before it.
    fn folded_line(&mut self, line: &[u8], flags: &mut MultipartFlags) -> Result<(), String> {
        flags.header_folding = true;
        let blanks = line.iter().take_while(|&&byte| is_space(byte)).count();
        let (fold, text) = line.split_at_checked(blanks).unwrap_or((line, &[]));
        flags.invalid_header_folding |= fold.iter().any(|byte| !matches!(byte, b'\t' | b' '));
        let Some(header) = self.headers.last_mut() else {
            return Err("Invalid part header (folding error).".to_owned());
        };
        if header.value != header.name + 2 || header.line.get(header.name..header.value) != Some(b": ") {
            let mut line = header.name().to_vec();
            line.extend_from_slice(b": ");
            line.extend_from_slice(header.value());
            *header = Header { line, name: header.name, value: header.name + 2 };
        }
        header.line.push(b' ');
        header.line.extend_from_slice(without_line_end(text));
        if header.value().len() > BLOCK {
            return Err("Part header too long.".to_owned());
        }
        Ok(())
    }

    /// Takes the empty line; the parameters seen are returned beside the outcome, since MULTIPART_NAME and
    /// MULTIPART_FILENAME hold them also when the header is refused.
    pub(super) fn end_headers(&mut self, flags: &mut MultipartFlags) -> (Disposition, Result<(), String>) {
        let mut seen = Disposition::default();
        let outcome = self.read_disposition(&mut seen, flags);
        if seen.extra_name.is_some() {
            seen.name = seen.extra_name.take();
        }
        if seen.extra_filename.is_some() {
            seen.filename = seen.extra_filename.take();
        }
        (seen, outcome)
    }

    fn read_disposition(&mut self, seen: &mut Disposition, flags: &mut MultipartFlags) -> Result<(), String> {
        let value = self.header(b"content-disposition").ok_or("Part missing Content-Disposition header.")?;
        if let Err(fault) = disposition::read(value, seen, flags) {
            return Err(format!("Invalid Content-Disposition header ({fault}): {}.", escaped(value)));
        }
        let name = seen.name.clone().ok_or("Content-Disposition header missing name field.")?;
        if let Some(filename) = seen.filename.clone() {
            // Crude parsers look for this text; where they see no file there must be none.
            if memchr::memmem::find(value, b"filename=").is_none() {
                return Err("Invalid Content-Disposition header (filename).".to_owned());
            }
            let content_type = self.header(b"content-type").map(<[u8]>::to_vec);
            self.file = Some(FileInfo { filename, content_type, size: 0, content: None });
        }
        self.name = Some(name);
        self.data_began = true;
        Ok(())
    }

    fn header(&self, name: &[u8]) -> Option<&[u8]> {
        self.headers.get(*self.index.get(name)?).map(Header::value)
    }

    /// Its data begins here.
    pub(super) fn data_begins_at(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// Takes data of a form field; returns how many bytes became part of its value.
    pub(super) fn field_data(&mut self, block: &[u8]) -> u64 {
        self.data_read = true;
        let (text, held) = hold_line_end(block);
        self.value.extend_from_slice(self.held);
        self.value.extend_from_slice(text);
        let added = self.held.len() + text.len();
        self.held = held;
        added as u64
    }

    /// Takes data of a file; `keep` says that content may begin to be kept. True when this block began it.
    pub(super) fn file_data(&mut self, block: &[u8], keep: bool) -> bool {
        self.data_read = true;
        let (text, held) = hold_line_end(block);
        let before = std::mem::replace(&mut self.held, held);
        let Some(file) = &mut self.file else { return false };
        let began = keep && file.content.is_none();
        if began {
            file.content = Some(Vec::with_capacity(FIRST_ROOM));
        }
        if let Some(content) = &mut file.content {
            content.extend_from_slice(before);
            content.extend_from_slice(text);
        }
        file.size += (before.len() + text.len()) as u64;
        began
    }

    /// The complete part; none when its headers never gave it a name.
    pub(super) fn finish(self) -> Option<Part> {
        let headers = self.headers.into_iter().map(|header| header.line).collect();
        Some(Part { name: self.name?, value: self.value, file: self.file, headers, offset: self.offset })
    }
}

/// Splits a block into data and the line end that is held back.
fn hold_line_end(block: &[u8]) -> (&[u8], &'static [u8]) {
    if let Some(text) = block.strip_suffix(b"\r\n") {
        (text, b"\r\n")
    } else if let Some(text) = block.strip_suffix(b"\n") {
        (text, b"\n")
    } else {
        (block, b"")
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    hold_line_end(line).0
}
