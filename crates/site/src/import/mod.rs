//! `import`: a site out of an Apache or nginx configuration with ModSecurity.
//!
//! ```text
//! /etc/apache2, /etc/nginx, one rule file ─ apache | nginx ─▶ entries ─ transcribe ─▶ files of a site ─ settle ─▶ what loads
//! ```
//!
//! The files that hold rules are copied as they are, comments included, under names that keep their order; of files that mix
//! rules with the server's own directives the rules are taken. Paths of logs, collections and data files are changed to
//! those of a site. What the engine does not know is commented out. Everything changed or left out is in the report,
//! which is also laid down as [`REPORT`].
//!
//! Limits: one site comes out, so of several virtual hosts the first with rules of its own is taken; `<Directory>`, `<Files>`, `<If>`
//! and nginx locations other than `/` have no counterpart; the running server is not asked, only its files.

mod apache;
mod files;
mod nginx;
mod settle;
mod transcribe;

use std::path::{Path, PathBuf};

use crate::error::reason;
use crate::init::{InitError, Plan, lay_down};
use files::Tree;

/// The report's file in the site.
pub const REPORT: &str = "IMPORTED.md";

/// What to import.
#[derive(Debug, Clone)]
pub struct ImportSource {
    /// The folder of Apache (`apache2.conf`, `httpd.conf`) or nginx (`nginx.conf`), one with rules (`setup.conf`, `main.conf`, `modsecurity.conf`), or
    /// a configuration file.
    pub from: PathBuf,
    /// Where absolute paths in it are looked up, for a copy of another machine's files.
    pub root: Option<PathBuf>,
}

/// What became of a part of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is in the site as it was.
    Mapped,
    /// It is in the site in another form.
    Changed,
    /// It is not in the site.
    LeftOut,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What became of it.
    pub fate: Fate,
    /// `FILE:LINE` or a file.
    pub place: String,
    /// What, and why.
    pub text: String,
}

/// A site that was laid down.
#[derive(Debug)]
pub struct Imported {
    /// Apache, nginx or a rule file.
    pub kind: &'static str,
    /// What became of everything.
    pub notes: Vec<Note>,
    /// Files that were written, relative to the site's root.
    pub created: Vec<PathBuf>,
    /// Errors that the site still has; `check` draws them.
    pub errors: usize,
}

/// What the server's own directives say of the proxy.
#[derive(Debug, Default)]
struct Proxy {
    listen: Vec<String>,
    upstream: Vec<String>,
}

/// An entry of the configuration and the notes of reading it.
#[derive(Debug, Default)]
struct Draft {
    kind: &'static str,
    notes: Vec<Note>,
    proxy: Proxy,
}

impl Draft {
    fn note(&mut self, fate: Fate, place: impl Into<String>, text: impl Into<String>) {
        self.notes.push(Note { fate, place: place.into(), text: text.into() });
    }
}

/// Lays a site down at `root`. `settings_text` becomes `portcullis.toml`, with what could be read of the proxy set in it.
///
/// # Errors
/// When there is nothing to import, a file cannot be read, or the site cannot be laid down.
pub fn import(root: &Path, source: &ImportSource, settings_text: &str) -> Result<Imported, InitError> {
    let tree = Tree::new(source.root.as_deref());
    let entry = entry(&tree, source)?;
    let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut draft = Draft::default();
    let transcript = if name == "nginx.conf" {
        draft.kind = "nginx";
        let entries = nginx::entries(&tree, &entry, &mut draft)?;
        transcribe::transcribe(&tree, &entries, &[], &mut draft)
    } else {
        let modules = apache::modules(&tree, &entry);
        draft.kind = if modules.is_empty() { "a rule file" } else { "Apache" };
        transcribe::transcribe(&tree, &[transcribe::Entry::file(entry.clone())], &modules, &mut draft)
    };
    if transcript.files.is_empty() {
        let reason = "no ModSecurity directive is read from there".to_owned();
        return Err(InitError::NothingToImport { from: tree.real(&entry), reason });
    }
    let mut plan = Plan { title: format!("the rules of {}", entry.display()), ..Plan::default() };
    let (files, errors) = settle::settle(root, transcript.files, &mut draft);
    let settings = with_proxy(settings_text, &mut draft);
    for (path, content) in files {
        plan.add(path, content)?;
    }
    plan.add(REPORT, report(&draft, &entry))?;
    let created = lay_down(root, plan, &settings)?;
    Ok(Imported { kind: draft.kind, notes: draft.notes, created, errors })
}

/// The file that the server would read first.
fn entry(tree: &Tree, source: &ImportSource) -> Result<PathBuf, InitError> {
    let from = tree.named(&source.from);
    if tree.is_file(&from) {
        return Ok(from);
    }
    let known = [
        "apache2.conf",
        "httpd.conf",
        "conf/httpd.conf",
        "nginx.conf",
        "setup.conf",
        "main.conf",
        "modsecurity.conf",
    ];
    known.iter().map(|name| from.join(name)).find(|path| tree.is_file(path)).ok_or_else(|| {
        InitError::NothingToImport {
            from: source.from.clone(),
            reason: format!("it has none of {}", known.join(", ")),
        }
    })
}

/// Puts what could be read of the proxy into the settings, where it is one value.
fn with_proxy(settings: &str, draft: &mut Draft) -> String {
    let mut text = settings.to_owned();
    let mut set = |key: &str, value: String, values: &[String], notes: &mut Vec<Note>| {
        let place = "portcullis.toml".to_owned();
        let mark = format!("\n#{key} = ");
        let line = match (values, text.find(&mark)) {
            ([_], Some(at)) => at + 1,
            ([], _) => return,
            _ => {
                let text = format!("{key}: {} are there; set the one that counts", values.join(", "));
                return notes.push(Note { fate: Fate::LeftOut, place, text });
            }
        };
        let end = text[line..].find('\n').map_or(text.len(), |end| line + end);
        text.replace_range(line..end, &format!("{key} = {value}"));
        notes.push(Note { fate: Fate::Mapped, place, text: format!("{key} = {value}") });
    };
    let Proxy { listen, upstream } = &draft.proxy;
    let quoted = |values: &[String]| format!("{:?}", values.first().map_or("", String::as_str));
    set("listen", format!("[{}]", quoted(listen)), listen, &mut draft.notes);
    set("upstream", quoted(upstream), upstream, &mut draft.notes);
    text
}

/// The report as a page.
fn report(draft: &Draft, entry: &Path) -> String {
    let mut page = format!("# Imported from {}\n\n`{}`\n", draft.kind, entry.display());
    for (fate, title) in [(Fate::LeftOut, "Left out"), (Fate::Changed, "Changed"), (Fate::Mapped, "Mapped")] {
        page.push_str(&format!("\n## {title}\n\n"));
        let notes: Vec<&Note> = draft.notes.iter().filter(|note| note.fate == fate).collect();
        if notes.is_empty() {
            page.push_str("Nothing.\n");
        }
        for note in notes {
            page.push_str(&format!("- `{}`: {}\n", note.place, note.text));
        }
    }
    page
}

/// The error of a file that cannot be read.
fn unreadable(path: &Path, error: &std::io::Error) -> InitError {
    InitError::Read { path: path.to_path_buf(), reason: reason(error) }
}
