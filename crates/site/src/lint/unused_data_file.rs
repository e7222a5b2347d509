//! Data files beside the activated rules that nothing reads.
//!
//! `rules/activated_rules/old-words.data` that no `@pmFromFile` names → `unused-data-file`. Rule files, hidden files and texts for people
//! (`README`, `LICENSE`, `*.md`, `*.txt`) are not meant.

use std::collections::HashSet;
use std::path::Path;

use portcullis_seclang::{Diagnostic, Severity};

use super::{Check, Lint, Subject};
use crate::files::Kind;
use crate::layout::ACTIVATED_RULES;

pub(super) static LINT: Lint = Lint {
    code: "unused-data-file",
    summary: "A data file in `rules/activated_rules` is read by no rule.",
    why: "who edits it expects an effect; or the rule that should read it names another file",
    check: Check::Rules(check),
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let root = subject.site.root();
    let read: HashSet<_> = subject.loaded.looks.paths(root).into_iter().collect();
    let folder = Path::new(ACTIVATED_RULES);
    let mut names: Vec<_> = subject.site.files().list(folder).unwrap_or_default();
    names.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, kind) in names {
        let path = root.join(folder).join(&name);
        if kind != Kind::File || !is_data(&name.to_string_lossy()) || read.contains(&path) {
            continue;
        }
        let message = format!("no rule that runs reads `{}`", path.display());
        let mut finding = Diagnostic::new(Severity::Warning, LINT.code, None, message);
        finding.help =
            Some("remove the file, or correct the name in the rule that should read it".to_owned());
        found.push(finding);
    }
}

fn is_data(name: &str) -> bool {
    let is_text = ["README", "LICENSE", "NOTICE"].iter().any(|text| name.starts_with(text))
        || [".md", ".txt"].iter().any(|end| name.ends_with(end));
    !(name.starts_with('.') || name.ends_with(".conf") || name.ends_with(".example") || is_text)
}
