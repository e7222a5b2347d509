//! Leaving out what the engine does not know, until the site loads.
//!
//! `SecVendorOption On` → `# SecVendorOption On`, and a line in the report. The would-be site is loaded in memory; every directive that is an
//! error as such is commented out, with the chain it belongs to, and it is loaded again. Errors of another kind stay: they need the
//! owner.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_seclang::{Directive, Item, Severity, Sources, Span, parse_actions, parse_file};

use super::{Draft, Fate};
use crate::files::{Kind, Snapshot};
use crate::layout::ACTIVATED_RULES;
use crate::site::Site;

/// Errors that say that the engine has no such thing.
const UNKNOWN: [&str; 6] = [
    "unknown-directive",
    "unsupported-directive",
    "not-in-location",
    "unsupported-operator",
    "unknown-operator",
    "unsupported-section",
];

/// Rounds of loading; each leaves out everything that the one before reported.
const ROUNDS: usize = 5;

/// The files as they load, and how many errors are left.
pub(super) fn settle(
    root: &Path,
    mut files: BTreeMap<PathBuf, Vec<u8>>,
    draft: &mut Draft,
) -> (BTreeMap<PathBuf, Vec<u8>>, usize) {
    let mut left = 0;
    for _ in 0..ROUNDS {
        let mut snapshot = Snapshot::default();
        snapshot.files.extend(files.iter().map(|(path, text)| (path.clone(), (Kind::File, text.clone()))));
        snapshot.files.entry(Path::new(ACTIVATED_RULES).join(".keep")).or_insert((Kind::File, Vec::new()));
        let Ok(site) = Site::of(root.to_path_buf(), Arc::new(snapshot)) else { return (files, left) };
        let loaded = site.load(Default::default());
        let errors: Vec<_> =
            loaded.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).collect();
        left = errors.len();
        let mut changed = BTreeMap::<PathBuf, Vec<(Span, String)>>::new();
        for finding in errors.iter().filter(|finding| UNKNOWN.contains(&finding.code)) {
            let Some(span) = finding.span else { continue };
            let path = loaded.sources.path(span.file);
            let path = path.strip_prefix(root).unwrap_or(path).to_path_buf();
            changed.entry(path).or_default().push((span, finding.message.clone()));
        }
        if changed.is_empty() {
            break;
        }
        for (path, findings) in changed {
            let Some(text) = files.get_mut(&path) else { continue };
            *text = without(&path, text, &findings, draft);
        }
    }
    (files, left)
}

/// The text with the directives at these places commented out.
fn without(path: &Path, text: &[u8], findings: &[(Span, String)], draft: &mut Draft) -> Vec<u8> {
    let mut sources = Sources::default();
    let id = sources.add(path.to_path_buf(), text.to_vec());
    let mut directives = Vec::new();
    flatten(parse_file(&sources, id, &mut Vec::new()), &mut directives);
    let mut lines = std::collections::BTreeSet::new();
    for (span, message) in findings {
        let hit = |d: &Directive| d.span.start <= span.start && span.start < d.span.end;
        let Some(at) = directives.iter().position(hit) else { continue };
        let first = (0..at)
            .rev()
            .take_while(|before| directives.get(*before).is_some_and(chains))
            .last()
            .unwrap_or(at);
        let last = (at..directives.len()).find(|at| !directives.get(*at).is_some_and(chains)).unwrap_or(at);
        let file = sources.file(id);
        for directive in directives.get(first..=last).unwrap_or_default() {
            let from = file.position(directive.span.start).0;
            let to = file.position(directive.span.end.saturating_sub(1).max(directive.span.start)).0;
            lines.extend(from..=to);
        }
        let place = format!("{}:{}", path.display(), file.position(span.start).0);
        draft.note(Fate::LeftOut, place, message.clone());
    }
    let mut out = Vec::with_capacity(text.len() + 2 * lines.len());
    for (number, line) in (1u32..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
        if lines.contains(&number) {
            out.extend_from_slice(b"# ");
        }
        out.extend_from_slice(line);
    }
    out
}

fn flatten(items: Vec<Item>, directives: &mut Vec<Directive>) {
    for item in items {
        match item {
            Item::Directive(directive) => directives.push(directive),
            Item::Section(section) => flatten(section.items, directives),
        }
    }
}

/// Whether another link follows.
fn chains(directive: &Directive) -> bool {
    let name = &directive.name.value;
    let word = match name.to_ascii_lowercase().as_str() {
        "secrule" => directive.args.get(2),
        "secaction" => directive.args.first(),
        _ => None,
    };
    let actions = word.and_then(|word| parse_actions(word).ok()).unwrap_or_default();
    actions.iter().any(|action| action.name.value.eq_ignore_ascii_case("chain"))
}
