//! Source files and positions in them.
//!
//! A [`Span`] is a byte range in one file. Lines and columns are computed when a diagnostic is drawn or a rule
//! remembers where it stood, never stored with each node.

use std::path::{Path, PathBuf};

/// Index of a file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A byte range `start..end` in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that covers both; `other` must be of the same file.
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One file as read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path as the user would name it (diagnostics and the `[file "…"]` tag of logs).
    pub path: PathBuf,
    /// The bytes; configuration files need not be UTF-8.
    pub text: Vec<u8>,
    line_starts: Vec<u32>,
}

/// All files of one configuration, in the order they were read.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file. Files above 4 GiB are the loader's error, not ours: offsets are 32-bit.
    pub fn add(&mut self, path: PathBuf, text: Vec<u8>) -> FileId {
        let mut line_starts = vec![0];
        line_starts.extend(text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i as u32 + 1));
        self.files.push(SourceFile { path, text, line_starts });
        FileId(self.files.len() as u32 - 1)
    }

    /// The file behind an id that this value gave out.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files in reading order.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The path of a file.
    pub fn path(&self, id: FileId) -> &Path {
        &self.file(id).path
    }

    /// The bytes of a span.
    pub fn text(&self, span: Span) -> &[u8] {
        &self.file(span.file).text[span.start as usize..span.end as usize]
    }
}

impl SourceFile {
    /// Line and column of a byte offset, both from 1; the column counts bytes.
    pub fn position(&self, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|s| *s <= offset) - 1;
        (line as u32 + 1, offset - self.line_starts[line] + 1)
    }

    /// The bytes of a line (from 1), without its line end.
    pub fn line(&self, number: u32) -> &[u8] {
        let i = number as usize - 1;
        let start = self.line_starts[i] as usize;
        let end = self.line_starts.get(i + 1).map_or(self.text.len(), |e| *e as usize - 1);
        self.text[start..end].strip_suffix(b"\r").unwrap_or(&self.text[start..end])
    }

    /// How many lines the file has (a final line end starts no further line to look at).
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }
}
