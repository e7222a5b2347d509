//! From AST to rule set: does the work once, so that the request path only walks tables.
//!
//! ```text
//! items ─ directives ─▶ drafts (rules, settings, markers) ─ link ─▶ RuleSet
//! ```
//!
//! A directive is one file here, or one row of [`settings`] when it only sets a value. All problems are reported
//! together; a rule set exists only when there is no error.

pub(crate) mod canonical;
pub(crate) mod draft;
mod grammars;
pub(crate) mod header_edit;
mod link;
mod location;
mod no_effect;
mod operator;
mod scripts;
mod sec_action;
mod sec_component_signature;
mod sec_conn;
mod sec_dataset;
mod sec_default_action;
mod sec_geo_lookup_db;
mod sec_guardian_log;
mod sec_hash;
mod sec_marker;
mod sec_remote_rules;
mod sec_rule;
mod sec_rule_inheritance;
mod sec_rule_remove;
mod sec_rule_script;
mod sec_rule_set_state;
mod sec_rule_update_action;
mod sec_rule_update_target;
mod sec_unicode_map_file;
pub(crate) mod selection;
mod settings;
mod targets;
mod update;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_seclang::{Diagnostic, Directive, Item, Section, Severity, Sources, Span};
use portcullis_transformations::UnicodeMap;

use crate::ruleset::{LocationSection, Operator, RuleSet, Target, TxNames};
use crate::settings::{Compatibility, Settings};
use draft::{Draft, Place};
use header_edit::HeaderEdit;
pub use sec_remote_rules::{UNREAD as UNREAD_REMOTE_RULES, remote_failures_warn};
use selection::RuleSelector;

/// What compiling needs from outside.
pub struct Environment<'a> {
    /// Reads a data file; the path is relative to what the loader of the configuration calls its root, or absolute.
    pub read_file: &'a dyn Fn(&Path) -> Result<Vec<u8>, String>,
    /// The environment of the process, for `ENV:name`.
    pub variables: &'a [(Vec<u8>, Vec<u8>)],
    /// Random bytes that nobody else knows, the same for each load of a process: `SecHashKey rand`.
    pub secret: [u8; 32],
    /// Decisions of the site where engines differ.
    pub compatibility: Compatibility,
}

/// One directive: what the compiler and the documentation need to know.
pub struct DirectiveInfo {
    /// Canonical name.
    pub name: &'static str,
    /// Other spellings (case never matters).
    pub aliases: &'static [&'static str],
    /// Least and greatest number of words behind it.
    pub arguments: (usize, usize),
    /// May stand inside `<Location…>`.
    pub in_location: bool,
    /// One sentence for the reference documentation.
    pub summary: &'static str,
    /// Reads one occurrence.
    pub(crate) compile: fn(&mut Compiler<'_>, &Directive),
}

impl std::fmt::Debug for DirectiveInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Directives that have a file of their own.
static DIRECTIVES: &[&DirectiveInfo] = &[
    &header_edit::HEADER,
    &header_edit::REQUEST_HEADER,
    &sec_action::DIRECTIVE,
    &sec_component_signature::DIRECTIVE,
    &sec_conn::ENGINE,
    &sec_conn::READ,
    &sec_conn::WRITE,
    &sec_dataset::DIRECTIVE,
    &sec_default_action::DIRECTIVE,
    &sec_geo_lookup_db::DIRECTIVE,
    &sec_guardian_log::DIRECTIVE,
    &sec_hash::ENGINE,
    &sec_hash::EXPRESSION,
    &sec_hash::KEY,
    &sec_hash::PARAMETER,
    &sec_hash::PHRASES,
    &sec_marker::DIRECTIVE,
    &sec_remote_rules::FAIL_ACTION,
    &sec_remote_rules::RULES,
    &sec_rule::DIRECTIVE,
    &sec_rule_inheritance::DIRECTIVE,
    &sec_rule_remove::BY_ID,
    &sec_rule_remove::BY_MSG,
    &sec_rule_remove::BY_TAG,
    &sec_rule_script::DIRECTIVE,
    &sec_rule_set_state::DIRECTIVE,
    &sec_rule_update_action::DIRECTIVE,
    &sec_rule_update_target::BY_ID,
    &sec_rule_update_target::BY_MSG,
    &sec_rule_update_target::BY_TAG,
    &sec_unicode_map_file::CODE_PAGE,
    &sec_unicode_map_file::DIRECTIVE,
];

/// Every directive that is known.
pub fn directives() -> impl Iterator<Item = &'static DirectiveInfo> {
    DIRECTIVES
        .iter()
        .copied()
        .chain(settings::DIRECTIVES.iter().copied())
        .chain(no_effect::DIRECTIVES.iter().copied())
}

/// Compiles a configuration: the rule set, unless there is an error, and everything there is to say.
pub fn compile(
    items: &[Item],
    sources: &Sources,
    environment: &Environment<'_>,
) -> (Option<RuleSet>, Vec<Diagnostic>) {
    let mut compiler = Compiler::new(sources, environment);
    compiler.remote_failures_warn = remote_failures_warn(items);
    compiler.items(items);
    compiler.end_chain();
    compiler.finish_updates();
    compiler.check_states();
    compiler.compile_grammars();
    compiler.check_signing();
    let failed = compiler.diagnostics.iter().any(|d| d.severity == Severity::Error);
    if failed {
        return (None, compiler.diagnostics);
    }
    compiler.link()
}

/// The state of a compilation.
pub(crate) struct Compiler<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) environment: &'a Environment<'a>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) settings: Settings,
    pub(crate) unicode: Option<Arc<UnicodeMap>>,
    /// `SecUnicodeCodePage`.
    pub(crate) code_page: u32,
    pub(crate) geo: Option<Arc<portcullis_geo::Database>>,
    /// Scripts read so far, by path.
    pub(crate) scripts: HashMap<PathBuf, Arc<portcullis_lua::Script>>,
    /// `SecDataset`s so far.
    pub(crate) datasets: HashMap<Vec<u8>, Vec<u8>>,
    /// Grammars that rules name, to be compiled at the end.
    pub(crate) grammars: Vec<grammars::Wanted>,
    pub(crate) tx_names: TxNames,
    pub(crate) selectors: Vec<RuleSelector>,
    pub(crate) header_edits: Vec<HeaderEdit>,
    /// Which files only detect, as `SecRuleSetState` says.
    pub(crate) states: sec_rule_set_state::States,
    /// The active `SecDefaultAction` list and where it stands.
    pub(crate) default: Draft,
    pub(crate) default_span: Option<Span>,
    /// The lists of each phase, where a site wants them apart.
    pub(crate) phase_defaults: [Option<Draft>; 5],
    pub(crate) rules: Vec<RuleDraft>,
    pub(crate) elements: Vec<Element>,
    pub(crate) ids: HashMap<u64, Span>,
    /// The rule that begins the chain that is open.
    pub(crate) open_chain: Option<usize>,
    pub(crate) sections: Vec<LocationSection>,
    pub(crate) section: Option<u16>,
    pub(crate) reject_actions_fixed: bool,
    /// `SecRemoteRules`, where it stands.
    pub(crate) remote_rules: Option<Span>,
    /// Files elsewhere that cannot be had are left out.
    pub(crate) remote_failures_warn: bool,
    /// Updates that have selected no rule so far.
    pub(crate) waiting_updates: Vec<update::Update>,
}

/// A rule or chain link while the configuration is read.
#[derive(Debug)]
pub(crate) struct RuleDraft {
    pub(crate) draft: Draft,
    pub(crate) targets: Vec<Target>,
    pub(crate) operator: Operator,
    pub(crate) starter: usize,
    pub(crate) is_link: bool,
    pub(crate) removed: bool,
    pub(crate) span: Span,
    pub(crate) line: u32,
    /// The targets as written, with what updates added; `None` for a `SecAction`.
    pub(crate) target_text: Option<Vec<u8>>,
}

/// What stands in the phase lists, in order.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) section: Option<u16>,
    pub(crate) kind: ElementKind,
}

/// See [`Element`].
#[derive(Debug)]
pub(crate) enum ElementKind {
    Rule(usize),
    Marker(Vec<u8>),
}

impl Compatibility {
    /// How actions are judged on a rule that is or is not a chain link.
    fn place(self, is_link: bool) -> Place {
        match (is_link, self.lenient_chain_links) {
            (false, _) => Place::Starter,
            (true, false) => Place::Link,
            (true, true) => Place::LenientLink,
        }
    }
}

impl<'a> Compiler<'a> {
    fn new(sources: &'a Sources, environment: &'a Environment<'a>) -> Self {
        Self {
            sources,
            environment,
            diagnostics: Vec::new(),
            settings: Settings { compatibility: environment.compatibility, ..Settings::default() },
            unicode: None,
            code_page: 20127,
            geo: None,
            scripts: HashMap::new(),
            datasets: HashMap::new(),
            grammars: Vec::new(),
            tx_names: TxNames::new(),
            selectors: Vec::new(),
            header_edits: Vec::new(),
            states: sec_rule_set_state::States::default(),
            default: Draft {
                phase: Some(crate::verdict::Phase::RequestBody),
                written: canonical::default_actions(),
                ..Draft::default()
            },
            default_span: None,
            phase_defaults: Default::default(),
            rules: Vec::new(),
            elements: Vec::new(),
            ids: HashMap::new(),
            open_chain: None,
            sections: Vec::new(),
            section: None,
            reject_actions_fixed: false,
            remote_rules: None,
            remote_failures_warn: false,
            waiting_updates: Vec::new(),
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Directive(directive) => self.directive(directive),
                Item::Section(section) => self.section(section),
            }
        }
    }

    fn directive(&mut self, directive: &Directive) {
        let name = &directive.name.value;
        let found = directives().find(|d| {
            d.name.eq_ignore_ascii_case(name) || d.aliases.iter().any(|a| a.eq_ignore_ascii_case(name))
        });
        let Some(info) = found else {
            let text = format!("unknown directive `{name}`");
            let diagnostic = Diagnostic::error("unknown-directive", directive.name.span, text);
            self.diagnostics.push(match portcullis_seclang::nearest(name, directives().map(|d| d.name)) {
                Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                None => diagnostic,
            });
            return;
        };
        if self.section.is_some() && !info.in_location {
            let text = format!("`{}` inside a <Location> section is not supported", info.name);
            let help = "move it outside the section";
            self.diagnostics
                .push(Diagnostic::error("not-in-location", directive.name.span, text).with_help(help));
            return;
        }
        let (least, most) = info.arguments;
        // An empty word counts as missing, as in httpd.
        let empty = |word: &portcullis_seclang::Word| word.text.is_empty();
        let given = directive.args.len();
        if given < least || given > most || directive.args.iter().take(least).any(empty) {
            let expected = if least == most { least.to_string() } else { format!("{least} to {most}") };
            let text = format!("`{}` takes {expected} arguments, but {given} are given", info.name);
            let extra = directive.args.get(most).map_or(directive.name.span, |word| word.span);
            self.diagnostics.push(Diagnostic::error("wrong-argument-count", extra, text));
            return;
        }
        self.states.note(info.name, directive);
        (info.compile)(self, directive);
    }

    fn section(&mut self, section: &Section) {
        location::compile(self, section);
    }

    /// Reads a data file that a directive names, relative to the folder of its configuration file.
    pub(crate) fn read_beside(&self, directive: &Directive, file: &str) -> Result<Vec<u8>, String> {
        let folder = self.sources.path(directive.span.file).parent().unwrap_or(Path::new(""));
        (self.environment.read_file)(&folder.join(file))
    }

    /// How many errors there are so far.
    pub(crate) fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count()
    }

    /// Reports an error.
    pub(crate) fn error(&mut self, code: &'static str, span: Span, text: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, text));
    }
}
