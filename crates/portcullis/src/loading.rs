//! A site read whole: its settings and its rules, with everything that is wrong with either.
//!
//! `read("S", flags and variables)` → settings, rule set and diagnostics in one value. `check`, `run`, a reload and `test`
//! read a site with it, so they agree about what is valid. Settings come first, because they decide how rules are compiled.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use portcullis_engine::RuleSet;
use portcullis_proxy::ErrorPages;
use portcullis_seclang::{Diagnostic, Sources};
use portcullis_site::{DATA, Fingerprint, Looks, RemoteFiles, SETTINGS, Site};

use crate::error_pages;
use crate::findings;
use crate::settings::{self, Entry, Resolved};

/// See the module.
#[derive(Debug)]
pub struct Reading {
    /// Settings of every source.
    pub resolved: Resolved,
    /// The rules; `None` when they have errors.
    pub rule_set: Option<Arc<RuleSet>>,
    /// Everything that is wrong with the site's files.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that the diagnostics point into.
    pub sources: Sources,
    /// The site's own error pages.
    pub pages: Arc<ErrorPages>,
    /// What all of it was made of.
    pub content: Content,
    /// What was looked at; what to watch for changes.
    pub looks: Looks,
}

/// The content of a site's files, to tell whether a change is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Of the rule files and what they name.
    rules: Fingerprint,
    /// The text of `portcullis.toml`; empty when there is none.
    settings: Vec<u8>,
    /// Of the error pages.
    pages: Fingerprint,
}

impl Content {
    /// The hash of the rule files and what they name, in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        self.rules.bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Reading {
    /// Whether the site cannot be used.
    pub fn failed(&self) -> bool {
        self.rule_set.is_none() || findings::has_errors(&self.diagnostics)
    }
}

/// Reads a site in a folder. `entries` are the settings of flags and variables. The error is for what is no site at all.
pub fn read(root: &Path, entries: Vec<Entry>) -> Result<Reading> {
    Ok(read_site(Site::open(root)?, entries))
}

/// Reads a site, wherever its files come from. It is compiled on a thread of its own, because the allocator gives back all
/// that compiling left free only when the thread ends.
pub fn read_site(site: Site, entries: Vec<Entry>) -> Reading {
    let (for_thread, its_entries) = (site.clone(), entries.clone());
    thread::scope(|scope| {
        let loader = thread::Builder::new().name("loader".to_owned());
        match loader.spawn_scoped(scope, move || read_here(for_thread, its_entries)) {
            Ok(reading) => reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // The system gives no thread: then the memory stays.
            Err(_) => read_here(site, entries),
        }
    })
}

fn read_here(site: Site, mut entries: Vec<Entry>) -> Reading {
    let root = site.root().to_path_buf();
    let mut settings_sources = Sources::default();
    let mut findings = Vec::new();
    entries.extend(settings::read_file(&site, &mut settings_sources, &mut findings));
    let mut resolved = settings::resolve(&root, entries);
    findings.append(&mut resolved.diagnostics);
    let settings = &resolved.settings;
    let kept = settings.instance_folder.as_deref().unwrap_or(&root).join(DATA).join("remote");
    let remote = RemoteFiles::new(settings.remote_files.clone(), kept);
    let site = site.with_defines(settings.defines.clone()).with_remote_files(remote);
    let loaded = site.load(resolved.settings.compatibility);
    let mut sources = loaded.sources;
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(moved(findings, sources.files().len()));
    for file in settings_sources.files() {
        sources.add(file.path.clone(), file.text.clone());
    }
    let settings = settings_sources.files().first().map(|file| file.text.clone());
    let mut looks = loaded.looks;
    looks.add_file(SETTINGS, settings.as_deref());
    let pages = error_pages::read(&site, &resolved.settings.error_pages);
    diagnostics.extend(pages.diagnostics);
    looks.extend(pages.looks);
    let settings = settings.unwrap_or_default();
    let content = Content { rules: loaded.fingerprint, settings, pages: pages.fingerprint };
    let pages = Arc::new(pages.pages);
    Reading { resolved, rule_set: loaded.rule_set, diagnostics, sources, pages, content, looks }
}

/// Findings whose files come to stand `places` further on.
fn moved(findings: Vec<Diagnostic>, places: usize) -> impl Iterator<Item = Diagnostic> {
    let shift = u32::try_from(places).unwrap_or(u32::MAX);
    findings.into_iter().map(move |mut finding| {
        finding.span.iter_mut().for_each(|span| span.file.0 += shift);
        finding
    })
}
