//! The `MULTIPART_*` variables of one body.
//!
//! Each is a fact about the body; [`MultipartFlags::strict_error`] combines those that a strict site refuses. The parser
//! raises them, the engine shows them as `0` or `1`. None is ever cleared. Manual: MULTIPART_STRICT_ERROR.

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
