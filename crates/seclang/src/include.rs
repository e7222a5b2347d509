//! A whole configuration: files, what they include, and the sections that are decided while reading.
//!
//! `modsecurity.conf` with `Include rules/*.conf` → one list of items in the order httpd would run them, all sources
//! for diagnostics, and everything wrong with them. The site calls [`load`] with its loader and hands the items to the
//! compiler. This crate opens no file itself.
//!
//! Decided here, at the moment the line is read, as httpd does: `Include` and `IncludeOptional` (paths are relative to the
//! including file and, where nothing is there, to the file that was read first; matches of a wildcard in byte order), `Define`, `UnDefine` and `${VAR}` ([`crate::defines`]),
//! `<IfModule>`, `<IfDefine>` and `<IfVersion>` ([`crate::conditions`]). A false section is checked for balanced tags only.
//! Every other section stays, its content treated the same way; the compiler judges it.
//!
//! Limits: includes nest [`MAX_DEPTH`] deep, a configuration holds at most [`MAX_FILES`] files and [`MAX_BYTES`] bytes.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use crate::ast::{Directive, Item, Section, Word};
use crate::conditions;
use crate::defines::Defines;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lines::LogicalLine;
use crate::parse;
use crate::source::{FileId, Sources, Span};

/// How deep `Include` may nest.
pub const MAX_DEPTH: usize = 100;

/// How many files one configuration may be read from, each inclusion counted.
pub const MAX_FILES: usize = 10_000;

/// How many bytes one configuration may have, each inclusion counted.
pub const MAX_BYTES: usize = 512 * 1024 * 1024;

/// The code of what keeps the file that a directive stands for from being read.
pub const REMOTE_FAILED: &str = "remote-failed";

/// Why a file or folder could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Nothing of that name.
    #[error("no such file or folder")]
    NotFound,
    /// The loader does not follow symbolic links and this is one.
    #[error("it is a symbolic link, which is not followed")]
    SymbolicLink,
    /// A folder where a file was asked for.
    #[error("it is a folder")]
    Folder,
    /// The path leaves the area the loader may read.
    #[error("it lies outside the configuration; copy it there")]
    Outside,
    /// Anything else, in words that follow "cannot read X: ".
    #[error("{0}")]
    Other(String),
}

/// How configuration files are reached; implemented by the site, and by a map of texts in tests.
pub trait Loader {
    /// The content of a file.
    ///
    /// # Errors
    /// Why there is none.
    fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError>;

    /// The files that a pattern with `*`, `?` or `[…]` matches, in byte order; none is an empty list.
    ///
    /// # Errors
    /// Why the folder cannot be listed.
    fn glob(&self, pattern: &Path) -> Result<Vec<PathBuf>, LoadError>;

    /// The file whose content belongs behind a directive, as if it were included there. What keeps it from being read is
    /// reported as [`REMOTE_FAILED`].
    fn stands_for(&self, directive: &Directive) -> Option<PathBuf> {
        let _ = directive;
        None
    }
}

/// What the outside says while a configuration is read.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// Reads files.
    pub loader: &'a dyn Loader,
    /// Whether `<IfModule NAME>` holds.
    pub module: &'a dyn Fn(&str) -> bool,
    /// Whether `<IfDefine NAME>` holds for a name that no `Define` has set (httpd's `-D NAME`).
    pub define: &'a dyn Fn(&str) -> bool,
}

/// A configuration as read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Every file that was read.
    pub sources: Sources,
    /// What they hold, includes and conditional sections dissolved.
    pub items: Vec<Item>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether a finding keeps the configuration from being used.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Reads the entry files one after the other, and what they include.
pub fn load(entry: &[PathBuf], environment: &Environment<'_>) -> Loaded {
    let mut reader = Reader {
        environment,
        defines: Defines::new(environment.define),
        loaded: Loaded::default(),
        stack: Vec::new(),
        too_many: false,
        bytes: 0,
        reported: HashSet::new(),
    };
    for path in entry {
        let mut items = Vec::new();
        if let Err(error) = reader.file(path, None, &mut items) {
            let message = format!("cannot read `{}`: {error}", path.display());
            reader.loaded.diagnostics.push(Diagnostic::new(
                Severity::Error,
                "unreadable-file",
                None,
                message,
            ));
        }
        reader.loaded.items.append(&mut items);
    }
    reader.loaded
}

/// A file being read and the word that named it.
struct Frame {
    /// The path without `.` and `..`, to recognise a cycle.
    path: PathBuf,
    from: Option<Span>,
}

struct Reader<'a> {
    environment: &'a Environment<'a>,
    defines: Defines<'a>,
    loaded: Loaded,
    stack: Vec<Frame>,
    too_many: bool,
    /// Bytes read so far.
    bytes: usize,
    /// What parsing the files has reported, so that a second look at a line does not repeat it.
    reported: HashSet<(&'static str, Option<Span>)>,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, span: Span, message: String) {
        self.loaded.diagnostics.push(Diagnostic::error(code, span, message));
    }

    /// Reads one file; an error is for the caller to place, everything found inside is reported here.
    fn file(&mut self, path: &Path, from: Option<Span>, items: &mut Vec<Item>) -> Result<(), LoadError> {
        let plain = normalized(path);
        if let (Some(span), Some(depth)) = (from, self.stack.iter().position(|frame| frame.path == plain)) {
            self.cycle(path, span, depth);
            return Ok(());
        }
        if self.loaded.sources.files().len() >= MAX_FILES {
            self.too_many_files(from);
            return Ok(());
        }
        let text = self.environment.loader.read(path)?;
        self.bytes += text.len();
        if self.bytes > MAX_BYTES {
            return Err(LoadError::Other(format!("the configuration is larger than {MAX_BYTES} bytes")));
        }
        let id = self.loaded.sources.add(path.to_path_buf(), text);
        let known = self.loaded.diagnostics.len();
        let parsed = parse::parse_file(&self.loaded.sources, id, &mut self.loaded.diagnostics);
        self.reported.extend(self.loaded.diagnostics[known..].iter().map(|new| (new.code, new.span)));
        self.stack.push(Frame { path: plain, from });
        self.items(parsed, items);
        self.stack.pop();
        Ok(())
    }

    fn cycle(&mut self, path: &Path, span: Span, depth: usize) {
        let message = format!("`{}` includes itself", path.display());
        let mut finding = Diagnostic::error("include-cycle", span, message);
        for frame in &self.stack[depth + 1..] {
            if let Some(from) = frame.from {
                finding = finding.with_related(from, "on the way here");
            }
        }
        self.loaded.diagnostics.push(finding);
    }

    fn too_many_files(&mut self, from: Option<Span>) {
        if !self.too_many {
            let message = format!("the configuration consists of more than {MAX_FILES} files");
            self.loaded.diagnostics.push(Diagnostic::new(Severity::Error, "too-many-files", from, message));
        }
        self.too_many = true;
    }

    fn items(&mut self, parsed: Vec<Item>, out: &mut Vec<Item>) {
        for item in parsed {
            match item {
                Item::Directive(directive) => self.directive(directive, out),
                Item::Section(section) => self.section(section, out),
            }
        }
    }

    /// The line at `span` once more with `${VAR}` expanded; `None` when nothing in it was.
    fn expanded(&mut self, span: Span) -> Option<LogicalLine> {
        self.defines.expand(&self.loaded.sources, span, &mut self.loaded.diagnostics)
    }

    /// Takes a line apart again after expansion, without repeating what was said about it the first time.
    fn again<T>(&mut self, split: impl FnOnce(&mut Vec<Diagnostic>) -> T) -> T {
        let mut found = Vec::new();
        let result = split(&mut found);
        found.retain(|new| self.reported.insert((new.code, new.span)));
        self.loaded.diagnostics.append(&mut found);
        result
    }

    fn directive(&mut self, mut directive: Directive, out: &mut Vec<Item>) {
        if let Some(mut line) = self.expanded(directive.span) {
            line.last_line = directive.line;
            let file = directive.span.file;
            match self.again(|found| parse::directive(&line, file, found)) {
                Some(again) => directive = again,
                None => return,
            }
        }
        let name = &directive.name.value;
        if name.eq_ignore_ascii_case("Include") {
            self.include(&directive, true, out);
        } else if name.eq_ignore_ascii_case("IncludeOptional") {
            self.include(&directive, false, out);
        } else if name.eq_ignore_ascii_case("Define") {
            let finding = self.defines.define(&directive).err().map(|finding| *finding);
            self.loaded.diagnostics.extend(finding);
        } else if name.eq_ignore_ascii_case("UnDefine") {
            let finding = self.defines.undefine(&directive).err().map(|finding| *finding);
            self.loaded.diagnostics.extend(finding);
        } else {
            let stands_for = self.environment.loader.stands_for(&directive);
            let span = directive.span;
            out.push(Item::Directive(directive));
            if let Some(path) = stands_for
                && let Err(error) = self.file(&path, Some(span), out)
            {
                self.error(REMOTE_FAILED, span, format!("cannot use `{}`: {error}", path.display()));
            }
        }
    }

    /// httpd reads a true condition up to the end of its file at most; a false one it skips up to its closing tag, without
    /// which the rest of the file would silently be gone.
    fn must_be_closed(&mut self, section: &Section) {
        let start = section.span.start;
        let is_it = |finding: &&mut Diagnostic| {
            let at = finding.span.is_some_and(|span| (span.file, span.start) == (section.span.file, start));
            at && finding.code == "unclosed-section"
        };
        if let Some(finding) = self.loaded.diagnostics.iter_mut().find(is_it) {
            finding.severity = Severity::Error;
        }
    }

    fn section(&mut self, mut section: Section, out: &mut Vec<Item>) {
        if let Some(line) = self.expanded(section.span) {
            let opening = self.again(|found| parse::opening(&line, section.span.file, found));
            section.name = opening.name;
            section.args = opening.args;
        }
        if parse::is_conditional(&section.name.value) {
            let environment = self.environment;
            match conditions::holds(&section, environment.module, &|name| self.defines.is_set(name)) {
                Ok(true) => self.items(section.items, out),
                Ok(false) => self.must_be_closed(&section),
                Err(finding) => self.loaded.diagnostics.push(*finding),
            }
            return;
        }
        let mut inner = Vec::new();
        self.items(std::mem::take(&mut section.items), &mut inner);
        section.items = inner;
        out.push(Item::Section(section));
    }

    fn include(&mut self, directive: &Directive, required: bool, out: &mut Vec<Item>) {
        let [word] = directive.args.as_slice() else {
            let message = format!("`{}` takes one argument, a path", directive.name.value);
            self.error("argument-count", directive.span, message);
            return;
        };
        if self.stack.len() >= MAX_DEPTH {
            let message = format!("includes nest deeper than {MAX_DEPTH} files");
            self.error("include-too-deep", word.span, message);
            return;
        }
        let Some(paths) = self.resolved(word) else { return };
        let is_pattern = is_pattern(&word.text);
        for path in &paths {
            let found = match is_pattern {
                true => self.matching(path, word, out),
                false => self.included(path, word.span, out),
            };
            if found {
                return;
            }
        }
        match paths.first().filter(|_| required) {
            Some(_) if is_pattern => self.no_match(word),
            Some(path) => {
                let message = format!("cannot include `{}`: {}", path.display(), LoadError::NotFound);
                self.error("include-failed", word.span, message);
            }
            None => {}
        }
    }

    /// Reads the files that a pattern matches; false when there are none.
    fn matching(&mut self, pattern: &Path, word: &Word, out: &mut Vec<Item>) -> bool {
        match self.environment.loader.glob(pattern) {
            Ok(matches) => {
                for path in &matches {
                    if !self.included(path, word.span, out) {
                        let message = format!("cannot include `{}`: {}", path.display(), LoadError::NotFound);
                        self.error("include-failed", word.span, message);
                    }
                }
                !matches.is_empty()
            }
            Err(LoadError::NotFound) => false,
            Err(error) => {
                let message = format!("cannot list `{}`: {error}", pattern.display());
                self.error("include-failed", word.span, message);
                true
            }
        }
    }

    /// Reads a file; false when there is none.
    fn included(&mut self, path: &Path, span: Span, out: &mut Vec<Item>) -> bool {
        match self.file(path, Some(span), out) {
            Ok(()) => true,
            Err(LoadError::NotFound) => false,
            Err(error) => {
                let message = format!("cannot include `{}`: {error}", path.display());
                self.error("include-failed", span, message);
                true
            }
        }
    }

    fn no_match(&mut self, word: &Word) {
        let message = format!("no file matches `{}`", word.lossy());
        let finding = Diagnostic::error("include-failed", word.span, message)
            .with_help("use `IncludeOptional` when there may be none");
        self.loaded.diagnostics.push(finding);
    }

    /// What a word may name: seen from the file it stands in, and from the first one, as httpd has one root for all.
    fn resolved(&mut self, word: &Word) -> Option<Vec<PathBuf>> {
        let Ok(text) = std::str::from_utf8(&word.text) else {
            self.error("include-failed", word.span, "the path is not valid UTF-8".to_string());
            return None;
        };
        if text.is_empty() {
            self.error("include-failed", word.span, "the path is empty".to_string());
            return None;
        }
        let near = beside(&self.loaded.sources, word.span.file, Path::new(text));
        let first = self.stack.first().map(|frame| in_folder(frame.path.parent(), Path::new(text)));
        Some(std::iter::once(near.clone()).chain(first.filter(|first| *first != near)).collect())
    }
}

/// `path` seen from the folder of a file.
fn beside(sources: &Sources, file: FileId, path: &Path) -> PathBuf {
    in_folder(sources.path(file).parent(), path)
}

/// `path` seen from a folder.
fn in_folder(folder: Option<&Path>, path: &Path) -> PathBuf {
    let joined = folder.map_or_else(|| path.to_path_buf(), |folder| folder.join(path));
    // Going through the components drops `.`; `..` stays, because it may lead through a symbolic link.
    joined.components().filter(|part| *part != Component::CurDir).collect()
}

/// Whether a path is a wildcard pattern, as `apr_fnmatch_test` sees it.
fn is_pattern(text: &[u8]) -> bool {
    let bracket =
        memchr::memchr(b'[', text).is_some_and(|open| memchr::memchr(b']', &text[open..]).is_some());
    bracket || memchr::memchr2(b'*', b'?', text).is_some()
}

/// The path without `.` and with `..` taken back where that is possible by name alone.
fn normalized(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
