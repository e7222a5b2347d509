//! Rules out of a configuration into the files of a site, in the order in which they were read.
//!
//! A file that holds nothing but ModSecurity's directives, read in one go, is copied whole; of any other the directives are taken, as
//! they are written. Everything up to the file with the engine's settings becomes `modsecurity.conf`, what follows
//! `rules/activated_rules/NNN-NAME.conf`, with the untouched copy in `rules/base_rules`. Paths are changed on the way ([`Paths`]).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use portcullis_seclang::{
    Directive, Environment, FileId, Item, LoadError, Loader, Section, Severity, SourceFile, Sources, load,
    parse_file, parse_operator,
};

use super::files::Tree;
use super::{Draft, Fate, apache};
use crate::layout::{ACTIVATED_RULES, BASE_RULES, CONFIGURATION, MODULES};

/// A file that a server hands to ModSecurity, or text that stands in its own configuration.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) text: Option<Vec<u8>>,
}

impl Entry {
    pub(super) fn file(path: PathBuf) -> Self {
        Self { path, text: None }
    }
}

/// Files of a site.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    pub(super) files: BTreeMap<PathBuf, Vec<u8>>,
}

/// Reads files of the tree, and texts of entries under their paths.
struct Reader<'a> {
    tree: &'a Tree,
    entries: &'a [Entry],
}

impl Loader for Reader<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        match self.entries.iter().find(|entry| entry.path == path).and_then(|entry| entry.text.clone()) {
            Some(text) => Ok(text),
            None => self.tree.read(path),
        }
    }

    fn glob(&self, pattern: &Path) -> Result<Vec<PathBuf>, LoadError> {
        self.tree.glob(pattern)
    }
}

/// What is taken of one file, in one go.
struct Segment {
    file: FileId,
    /// Byte ranges of directives and of `<Location>` sections.
    ranges: Vec<Range<usize>>,
    directives: Vec<Directive>,
}

/// Reads the entries and takes the rules. `modules` are those that Apache has loaded.
pub(super) fn transcribe(
    tree: &Tree,
    entries: &[Entry],
    modules: &[String],
    draft: &mut Draft,
) -> Transcript {
    let paths: Vec<PathBuf> = entries.iter().map(|entry| entry.path.clone()).collect();
    let has = |name: &str| {
        modules.iter().any(|module| module == name) || MODULES.contains(&name) && name != "portcullis"
    };
    let reader = Reader { tree, entries };
    let environment = Environment { loader: &reader, module: &has, define: &|_| false };
    let loaded = load(&paths, &environment);
    for finding in loaded.diagnostics.iter().filter(|finding| finding.severity == Severity::Error) {
        let place =
            finding.span.map_or_else(String::new, |span| position(&loaded.sources, span.file, span.start));
        draft.note(Fate::LeftOut, place, finding.message.clone());
    }
    let mut taker = Taker {
        sources: &loaded.sources,
        draft,
        segments: Vec::new(),
        has_host: false,
        others: BTreeMap::new(),
    };
    taker.items(&loaded.items);
    let Taker { segments, others, .. } = taker;
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        let text = format!("directives of the server itself: {}", names.join(", "));
        draft.note(Fate::LeftOut, paths.first().map_or_else(String::new, |p| p.display().to_string()), text);
    }
    Writer { tree, sources: &loaded.sources, segments: &segments, draft, out: Transcript::default() }.write()
}

fn position(sources: &Sources, file: FileId, offset: u32) -> String {
    let file = sources.file(file);
    format!("{}:{}", file.path.display(), file.position(offset).0)
}

/// Whether a directive is the engine's.
fn is_ours(name: &str) -> bool {
    name.len() > 3 && name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("sec"))
}

struct Taker<'a> {
    sources: &'a Sources,
    draft: &'a mut Draft,
    segments: Vec<Segment>,
    /// Whether the rules of a virtual host are taken.
    has_host: bool,
    /// Directives that are not ours, counted.
    others: BTreeMap<String, usize>,
}

impl Taker<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Directive(directive) => self.directive(directive),
                Item::Section(section) => self.section(section),
            }
        }
    }

    fn place(&self, file: FileId, offset: u32) -> String {
        position(self.sources, file, offset)
    }

    fn directive(&mut self, directive: &Directive) {
        let name = &directive.name.value;
        if is_ours(name) {
            let range = directive.span.start as usize..directive.span.end as usize;
            return self.take(directive.span.file, range, std::slice::from_ref(directive));
        }
        let place = self.place(directive.span.file, directive.span.start);
        if !apache::proxy(directive, &place, self.draft) {
            *self.others.entry(name.clone()).or_default() += 1;
        }
    }

    fn take(&mut self, file: FileId, range: Range<usize>, directives: &[Directive]) {
        match self.segments.last_mut() {
            Some(last) if last.file == file => {
                last.ranges.push(range);
                last.directives.extend_from_slice(directives);
            }
            _ => self.segments.push(Segment { file, ranges: vec![range], directives: directives.to_vec() }),
        }
    }

    fn section(&mut self, section: &Section) {
        let name = section.name.value.to_ascii_lowercase();
        let span = section.span;
        let words: Vec<_> = section.args.iter().map(|word| word.lossy().into_owned()).collect();
        let shown = format!("<{} {}>", section.name.value, words.join(" "));
        let ours = ours_in(&section.items);
        let place = self.place(span.file, span.start);
        if name == "virtualhost" {
            if ours.is_empty() {
                return self.items(&section.items);
            }
            if self.has_host {
                let text = format!("{shown}: a site has one host; import it apart");
                return self.draft.note(Fate::LeftOut, place, text);
            }
            self.has_host = true;
            self.draft.note(
                Fate::Changed,
                place,
                format!("{shown}: its rules hold for every host of the site"),
            );
            return self.items(&section.items);
        }
        if ours.is_empty() {
            return self.items(&section.items);
        }
        let is_whole = ours.len() == section.items.len()
            && ours.iter().all(|directive| directive.span.file == span.file);
        if matches!(name.as_str(), "location" | "locationmatch") && is_whole {
            let range = span.start as usize..span.end as usize;
            return self.take(span.file, range, &ours);
        }
        let text = format!("{shown}: rules in such a section; put them into a rule that tests the path");
        self.draft.note(Fate::LeftOut, place, text);
    }
}

fn ours_in(items: &[Item]) -> Vec<Directive> {
    let mut found = Vec::new();
    for item in items {
        match item {
            Item::Directive(directive) if is_ours(&directive.name.value) => found.push(directive.clone()),
            Item::Section(section) => found.extend(ours_in(&section.items)),
            Item::Directive(_) => {}
        }
    }
    found
}

struct Writer<'a> {
    tree: &'a Tree,
    sources: &'a Sources,
    segments: &'a [Segment],
    draft: &'a mut Draft,
    out: Transcript,
}

impl Writer<'_> {
    fn write(mut self) -> Transcript {
        let segments = self.segments;
        let is_settings = |segment: &&Segment| {
            let name = file_name(&self.sources.file(segment.file).path);
            name.starts_with("modsecurity.conf")
                || segment.directives.iter().any(|d| is_named(d, "SecRuleEngine"))
        };
        let main = segments.iter().position(|segment| is_settings(&segment)).map_or(0, |at| at + 1);
        let (settings, rules) = segments.split_at(main);
        if !segments.is_empty() {
            self.settings(settings);
        }
        let width = rules.len().to_string().len().max(3);
        for (number, segment) in rules.iter().enumerate() {
            self.rules(segment, &format!("{:0width$}", (number + 1) * 10));
        }
        self.out
    }

    fn settings(&mut self, segments: &[Segment]) {
        let mut text = Vec::new();
        for segment in segments {
            let path = self.sources.file(segment.file).path.display().to_string();
            if segments.len() > 1 {
                text.extend(format!("# From {path}\n\n").into_bytes());
            }
            text.extend(self.text(segment, Path::new("")));
            text.extend(b"\n");
            self.draft.note(Fate::Mapped, path, format!("in {CONFIGURATION}"));
        }
        let is_set = self.segments.iter().flat_map(|s| &s.directives).any(|d| is_named(d, "SecRuleEngine"));
        if !is_set {
            text.extend(b"\n# It was nowhere set, and ModSecurity is off then.\nSecRuleEngine Off\n");
            self.draft.note(
                Fate::Changed,
                CONFIGURATION,
                "SecRuleEngine Off: it was nowhere set, which is the same",
            );
        }
        self.out.files.insert(CONFIGURATION.into(), text);
    }

    fn rules(&mut self, segment: &Segment, number: &str) {
        let source = self.sources.file(segment.file);
        let name = file_name(&source.path);
        let name = if name.ends_with(".conf") { name } else { format!("{name}.conf") };
        let path = Path::new(ACTIVATED_RULES).join(format!("{number}-{name}"));
        let text = self.text(segment, Path::new(ACTIVATED_RULES));
        let original = Path::new(BASE_RULES).join(&name);
        if text == source.text && !self.out.files.contains_key(&original) {
            self.out.files.insert(original, text.clone());
        }
        self.draft.note(Fate::Mapped, source.path.display().to_string(), format!("in {}", path.display()));
        self.out.files.insert(path, text);
    }

    /// The text of a segment with the paths of a site, in a file of this folder.
    fn text(&mut self, segment: &Segment, folder: &Path) -> Vec<u8> {
        let source = self.sources.file(segment.file);
        let edits = Paths { writer: self, source, folder }.edits(segment);
        let whole = 0..source.text.len();
        let ranges =
            if is_whole(source, segment) { std::slice::from_ref(&whole) } else { segment.ranges.as_slice() };
        let mut out = Vec::new();
        for range in ranges {
            let mut at = range.start;
            for (place, new) in
                edits.iter().filter(|(place, _)| range.start <= place.start && place.end <= range.end)
            {
                out.extend_from_slice(&source.text[at..place.start]);
                out.extend_from_slice(new);
                at = place.end;
            }
            out.extend_from_slice(&source.text[at..range.end]);
            if !out.ends_with(b"\n") {
                out.push(b'\n');
            }
        }
        out
    }
}

fn is_named(directive: &Directive, name: &str) -> bool {
    directive.name.value.eq_ignore_ascii_case(name)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a segment is all that its file says, and the file says the same in a site.
fn is_whole(source: &SourceFile, segment: &Segment) -> bool {
    let mut sources = Sources::default();
    let id = sources.add(source.path.clone(), source.text.clone());
    let items = parse_file(&sources, id, &mut Vec::new());
    let mut directives = 0;
    is_plain(&items, &mut directives) && directives == segment.directives.len()
}

fn is_plain(items: &[Item], directives: &mut usize) -> bool {
    items.iter().all(|item| match item {
        Item::Directive(directive) => {
            *directives += 1;
            is_ours(&directive.name.value)
        }
        Item::Section(section) => {
            let name = section.name.value.to_ascii_lowercase();
            let holds = match name.as_str() {
                "ifmodule" => section.args.first().is_some_and(|word| MODULES.contains(&&*word.lossy())),
                "ifversion" | "location" | "locationmatch" => true,
                _ => false,
            };
            holds && is_plain(&section.items, directives)
        }
    })
}

/// A range of a file's text and what takes its place.
type Edit = (Range<usize>, Vec<u8>);

/// Directives whose files a site keeps elsewhere, and where.
const OUTPUTS: [(&str, &str); 6] = [
    ("SecAuditLog", "logs"),
    ("SecAuditLog2", "logs"),
    ("SecDebugLog", "logs"),
    ("SecAuditLogStorageDir", "logs"),
    ("SecDataDir", "data"),
    ("SecUploadDir", "data"),
];

/// Directives whose first argument is a data file.
const DATA: [&str; 4] = ["SecUnicodeMapFile", "SecGeoLookupDb", "SecGsbLookupDb", "SecRuleScript"];

/// Operators whose argument names data files.
const OPERATORS: [&str; 8] = [
    "pmFromFile",
    "pmf",
    "ipMatchFromFile",
    "ipMatchF",
    "validateSchema",
    "validateDTD",
    "inspectFile",
    "fuzzyHash",
];

/// Changes of paths in a segment; data files come along.
struct Paths<'a, 'b> {
    writer: &'a mut Writer<'b>,
    source: &'a SourceFile,
    folder: &'a Path,
}

impl Paths<'_, '_> {
    /// The edits of all directives, in order.
    fn edits(mut self, segment: &Segment) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut seen = HashSet::new();
        for directive in &segment.directives {
            let Some(first) = directive.args.first() else { continue };
            let span = first.span_of(0, first.text.len());
            if let Some((_, folder)) = OUTPUTS.iter().find(|(name, _)| is_named(directive, name)) {
                edits.extend(self.output(
                    &first.lossy(),
                    span.start as usize..span.end as usize,
                    folder,
                    directive,
                ));
            } else if DATA.iter().any(|name| is_named(directive, name)) {
                edits.extend(self.data(
                    &first.lossy(),
                    span.start as usize..span.end as usize,
                    directive,
                    &mut seen,
                ));
            } else if is_named(directive, "SecRule")
                && let Some(word) = directive.args.get(1)
            {
                let operator = parse_operator(word);
                let reads = operator
                    .name
                    .as_ref()
                    .is_some_and(|name| OPERATORS.iter().any(|known| name.value.eq_ignore_ascii_case(known)));
                if reads {
                    let span = operator.argument.span;
                    let argument = String::from_utf8_lossy(&operator.argument.value).into_owned();
                    edits.extend(self.data(
                        &argument,
                        span.start as usize..span.end as usize,
                        directive,
                        &mut seen,
                    ));
                }
            }
        }
        edits.sort_by_key(|(place, _)| place.start);
        edits
    }

    fn note(&mut self, fate: Fate, directive: &Directive, text: String) {
        let place = position(self.writer.sources, directive.span.file, directive.span.start);
        self.writer.draft.note(fate, place, text);
    }

    fn output(
        &mut self,
        path: &str,
        range: Range<usize>,
        folder: &str,
        directive: &Directive,
    ) -> Option<Edit> {
        let name = &directive.name.value;
        if path.starts_with("/dev/") || path == "none" {
            return None;
        }
        if path.starts_with('|') {
            self.note(
                Fate::LeftOut,
                directive,
                format!("{name} {path}: logs are written to files; follow logs/audit.log instead"),
            );
            return Some((range, b"logs/audit.log".to_vec()));
        }
        let is_folder = matches!(folder, "data") || is_named(directive, "SecAuditLogStorageDir");
        let new =
            if is_folder { format!("{folder}/") } else { format!("{folder}/{}", file_name(Path::new(path))) };
        if new == path {
            return None;
        }
        self.note(Fate::Changed, directive, format!("{name} {path} is {new}"));
        Some((range, new.into_bytes()))
    }

    /// Copies the files beside the rules and names them by that place.
    fn data(
        &mut self,
        argument: &str,
        range: Range<usize>,
        directive: &Directive,
        seen: &mut HashSet<String>,
    ) -> Option<Edit> {
        let mut names = BTreeSet::new();
        let mut new = Vec::new();
        for word in argument.split_ascii_whitespace() {
            let beside = self.source.path.parent().unwrap_or(Path::new("/")).join(word);
            let Ok(content) = self.writer.tree.bytes(&beside) else {
                // An operator may have options beside files; a file that is not there is the loader's finding.
                new.push(word.to_owned());
                continue;
            };
            let name = file_name(&beside);
            let place = self.folder.join(&name);
            if self.writer.out.files.get(&place).is_some_and(|known| *known != content) {
                self.note(
                    Fate::LeftOut,
                    directive,
                    format!("{word}: another file of this name is there; rename one and import again"),
                );
            } else {
                self.writer.out.files.insert(place, content.clone());
                if !self.folder.as_os_str().is_empty() {
                    self.writer.out.files.entry(Path::new(BASE_RULES).join(&name)).or_insert(content);
                }
            }
            names.insert(name.clone());
            new.push(name);
        }
        let new = new.join(" ");
        if new == argument || names.is_empty() {
            return None;
        }
        if seen.insert(new.clone()) {
            self.note(Fate::Changed, directive, format!("{argument} is {new}, beside the rules"));
        }
        Some((range, new.into_bytes()))
    }
}
