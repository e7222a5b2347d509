//! `multipart/form-data` bodies, read as they stream in (API only at this commit; the parser follows).

use thiserror::Error;

/// What the parser keeps and where it stops counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultipartOptions {
    /// `SecUploadFileLimit`: contents of further files are not kept, and the flag is raised.
    pub file_limit: usize,
    /// Whether file contents are kept (FILES_TMP_CONTENT, SecUploadKeepFiles).
    pub keep_content: bool,
}

/// The text of REQBODY_ERROR_MSG.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct MultipartError {
    /// As v2 words it, with the prefix `Multipart: `.
    pub message: String,
    /// The flags at that moment, so that they are known too when [`Multipart::new`] fails.
    pub flags: MultipartFlags,
}

/// Every `MULTIPART_*` flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MultipartFlags {
    /// The parser failed while reading (part of MULTIPART_STRICT_ERROR).
    pub error: bool,
    /// MULTIPART_BOUNDARY_QUOTED.
    pub boundary_quoted: bool,
    /// MULTIPART_BOUNDARY_WHITESPACE.
    pub boundary_whitespace: bool,
    /// MULTIPART_DATA_BEFORE.
    pub data_before: bool,
    /// MULTIPART_DATA_AFTER.
    pub data_after: bool,
    /// MULTIPART_HEADER_FOLDING.
    pub header_folding: bool,
    /// MULTIPART_INVALID_HEADER_FOLDING.
    pub invalid_header_folding: bool,
    /// MULTIPART_LF_LINE.
    pub lf_line: bool,
    /// MULTIPART_CRLF_LINE.
    pub crlf_line: bool,
    /// MULTIPART_MISSING_SEMICOLON.
    pub missing_semicolon: bool,
    /// MULTIPART_INVALID_QUOTING.
    pub invalid_quoting: bool,
    /// MULTIPART_INVALID_PART.
    pub invalid_part: bool,
    /// MULTIPART_FILE_LIMIT_EXCEEDED.
    pub file_limit_exceeded: bool,
    /// MULTIPART_UNMATCHED_BOUNDARY (not part of the strict error).
    pub unmatched_boundary: bool,
}

impl MultipartFlags {
    /// MULTIPART_CRLF_LF_LINES.
    #[must_use]
    pub fn crlf_lf_lines(&self) -> bool {
        self.crlf_line && self.lf_line
    }

    /// MULTIPART_STRICT_ERROR.
    #[must_use]
    pub fn strict_error(&self) -> bool {
        self.error
            || self.boundary_quoted
            || self.boundary_whitespace
            || self.data_before
            || self.data_after
            || self.header_folding
            || self.lf_line
            || self.missing_semicolon
            || self.invalid_quoting
            || self.invalid_part
            || self.invalid_header_folding
            || self.file_limit_exceeded
    }
}

/// A file part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileInfo {
    /// As the client named it.
    pub filename: Vec<u8>,
    /// Bytes.
    pub size: u64,
    /// The part's Content-Type header.
    pub content_type: Option<Vec<u8>>,
    /// The bytes, only with [`MultipartOptions::keep_content`] and within the file limit.
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
}

/// A parser that takes the body in chunks.
#[derive(Debug)]
pub struct Multipart {
    flags: MultipartFlags,
    parts: Vec<Part>,
}

impl Multipart {
    /// Reads the boundary from the Content-Type header.
    ///
    /// # Errors
    /// The header is missing, too long or has no usable boundary.
    pub fn new(_content_type: Option<&[u8]>, _options: MultipartOptions) -> Result<Self, MultipartError> {
        Err(MultipartError {
            message: "Multipart: not read by this build".to_owned(),
            flags: MultipartFlags::default(),
        })
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// The body is malformed; nothing more may be fed.
    pub fn feed(&mut self, _chunk: &[u8]) -> Result<(), MultipartError> {
        Ok(())
    }

    /// Tells that the body has ended.
    ///
    /// # Errors
    /// The final boundary is missing.
    pub fn finish(&mut self) -> Result<(), MultipartError> {
        Ok(())
    }

    /// The flags raised so far.
    #[must_use]
    pub fn flags(&self) -> MultipartFlags {
        self.flags
    }

    /// The complete parts.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Bytes outside file parts, as `SecRequestBodyNoFilesLimit` counts them.
    #[must_use]
    pub fn no_files_bytes(&self) -> u64 {
        0
    }

    /// MULTIPART_NAME.
    #[must_use]
    pub fn last_name(&self) -> Option<&[u8]> {
        None
    }

    /// MULTIPART_FILENAME.
    #[must_use]
    pub fn last_filename(&self) -> Option<&[u8]> {
        None
    }
}
