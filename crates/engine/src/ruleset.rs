//! The compiled configuration: immutable, shared by all transactions.
//!
//! Names are indexes here. A rule's targets, transformation chain, operator and effects are resolved; skip targets are
//! positions; macros are split into pieces. The evaluator in `phases` only walks these tables.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use crate::rewrite::Rewrite;
use portcullis_operators::{External, Test as OperatorTest, pattern::Pattern};
use portcullis_transformations::{Transformation, UnicodeMap};

use crate::actions::Effect;
use crate::bookkeeping::Bookkeeping;
use crate::compile::header_edit::HeaderEdit;
use crate::glance::Glances;
use crate::hash::OffsetHasher;
use crate::header_names::HeaderNames;
use crate::macros::Template;
use crate::message::Written;
use crate::prologue::Prologue;
use crate::screen::plan::Screen;
use crate::settings::Settings;
use crate::variables::Variable;
use crate::verdict::Phase;

/// Index of a rule in [`RuleSet::rules`].
pub(crate) type RuleIndex = u32;

/// Index of a TX name known at compile time.
pub(crate) type TxSlot = u16;

/// A compiled configuration.
#[derive(Debug)]
pub struct RuleSet {
    pub(crate) settings: Settings,
    pub(crate) rules: Vec<Rule>,
    pub(crate) programs: [Vec<Instruction>; 5],
    pub(crate) chains: TransformationChains,
    pub(crate) tx_names: TxNames,
    pub(crate) unicode: Option<Arc<UnicodeMap>>,
    pub(crate) geo: Option<Arc<portcullis_geo::Database>>,
    pub(crate) selections: Vec<RuleSelection>,
    /// Ids of rules with their places, sorted.
    pub(crate) ids: Vec<(u64, RuleIndex)>,
    /// Rules that the order of others depends on.
    pub(crate) landmarks: Landmarks,
    pub(crate) sections: Vec<LocationSection>,
    pub(crate) files: Vec<String>,
    /// Of each file, whether its rules only detect; empty when none does.
    pub(crate) detecting_files: Vec<bool>,
    pub(crate) header_edits: Vec<HeaderEdit>,
    pub(crate) summary: Vec<FileSummary>,
    /// The environment of the process that compiled it.
    pub(crate) variables: Vec<(Vec<u8>, Vec<u8>)>,
    /// Some rule can see where the files of a form are.
    pub(crate) sees_file_paths: bool,
    pub(crate) screen: Screen,
    /// What phase 1 begins with.
    pub(crate) prologue: Option<Prologue>,
    /// The header names that rules hold.
    pub(crate) header_names: HeaderNames,
    /// How positions are passed over.
    pub(crate) glances: Glances,
}

/// How many rules a file brought, for the start-up message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// The file as named in logs.
    pub path: String,
    /// Rules that stand alone or begin a chain.
    pub rules: usize,
    /// Chain links behind them.
    pub links: usize,
}

impl RuleSet {
    /// The code of two letters and the English name of the country where the database of `SecGeoLookupDb` puts an address;
    /// `None` without a database, and for addresses that it does not know.
    pub fn country(&self, address: IpAddr) -> Option<(String, String)> {
        let place = self.geo.as_ref()?.locate(address)?;
        (!place.country_code.is_empty()).then_some((place.country_code, place.country_name))
    }

    /// Whether there is a database of `SecGeoLookupDb`.
    pub fn knows_countries(&self) -> bool {
        self.geo.is_some()
    }

    /// Rules and chain links per file, in loading order; files without rules are left out.
    pub fn summary(&self) -> &[FileSummary] {
        &self.summary
    }

    /// Rules that stand alone or begin a chain, per phase; without those that `SecRuleRemove…` took out.
    pub fn rules_per_phase(&self) -> [usize; 5] {
        let mut counts = [0; 5];
        for rule in self.active_rules().filter(|rule| !rule.is_link()) {
            if let Some(count) = counts.get_mut(rule.phase().index()) {
                *count += 1;
            }
        }
        counts
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether some sets only detect.
    pub fn has_detecting_rules(&self) -> bool {
        !self.detecting_files.is_empty()
    }

    /// Whether a rule belongs to a set that only detects.
    pub(crate) fn is_detecting(&self, rule: &Rule) -> bool {
        self.detecting_files.get(usize::from(rule.file)).copied().unwrap_or(false)
    }

    pub(crate) fn rule(&self, index: RuleIndex) -> Option<&Rule> {
        self.rules.get(index as usize)
    }
}

/// One step of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// Run a rule or chain link.
    Rule(RuleIndex),
    /// Go on only where this context applies, else jump: a section, or what stands outside of all.
    Section { section: Option<u16>, otherwise: u32 },
}

/// A `<Location…>` block that holds rules.
#[derive(Debug)]
pub(crate) struct LocationSection {
    pub(crate) matcher: LocationMatcher,
    /// `SecRuleInheritance`: rules that stand before it, outside of it, run too.
    pub(crate) inherits: bool,
}

/// How a section selects requests, over the decoded path.
#[derive(Debug)]
pub(crate) enum LocationMatcher {
    /// `<Location /a>`: the path itself and what is below it.
    Prefix(Vec<u8>),
    /// `<LocationMatch RX>`.
    Pattern(Pattern),
}

impl LocationMatcher {
    /// Whether a path is selected.
    pub(crate) fn is_match(&self, path: &[u8]) -> bool {
        match self {
            Self::Prefix(prefix) => path
                .strip_prefix(prefix.as_slice())
                .is_some_and(|rest| rest.is_empty() || prefix.ends_with(b"/") || rest.starts_with(b"/")),
            Self::Pattern(pattern) => pattern.is_match(path).unwrap_or(false),
        }
    }
}

/// A rule or chain link.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Its place in [`RuleSet::rules`].
    pub(crate) index: RuleIndex,
    /// 0 on links.
    pub(crate) id: u64,
    pub(crate) phase: Phase,
    pub(crate) targets: Vec<Target>,
    pub(crate) operator: Operator,
    pub(crate) transformations: ChainId,
    /// The one member of TX that it tests, as it is or its count, where nothing else decides.
    pub(crate) member: Option<(TxSlot, bool)>,
    /// What it tests, when all it does is to keep books over TX.
    pub(crate) bookkeeping: Option<Bookkeeping>,
    /// Whether it can be asked for a match before it begins ([`crate::misses`]).
    pub(crate) can_miss: bool,
    pub(crate) multi_match: bool,
    pub(crate) capture: bool,
    pub(crate) effects: Vec<Effect>,
    /// Another link follows.
    pub(crate) is_chained: bool,
    /// This is a link, not a starter.
    pub(crate) is_link: bool,
    /// The rule that begins the chain (itself when there is none).
    pub(crate) starter: RuleIndex,
    pub(crate) decision: Decision,
    pub(crate) metadata: Metadata,
    /// Where to go on when the whole rule matched (`skip`, `skipAfter`).
    pub(crate) jump: Option<u32>,
    /// Position behind the chain, for a link that fails.
    pub(crate) after_chain: u32,
    /// Index in [`RuleSet::files`].
    pub(crate) file: u16,
    pub(crate) line: u32,
    /// Canonical text for part K of the audit log.
    pub(crate) text: Vec<u8>,
    /// The targets as written, with what updates added.
    pub(crate) target_text: Vec<u8>,
}

/// One element of a target list.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) variable: Variable,
    pub(crate) selector: Selector,
    pub(crate) count: bool,
    pub(crate) exclude: bool,
    /// The key as written, slashes of a regular expression included.
    pub(crate) key: Option<Vec<u8>>,
}

impl Target {
    /// A whole variable.
    pub(crate) fn all(variable: Variable) -> Self {
        Self { variable, selector: Selector::All, count: false, exclude: false, key: None }
    }
}

/// Which members a target selects.
#[derive(Debug, Clone)]
pub(crate) enum Selector {
    All,
    Name(Vec<u8>),
    Slot(TxSlot),
    Pattern(Arc<KeyPattern>),
    XPath(Arc<portcullis_bodies::XPath>),
}

/// A regular expression over member names, with its text for comparison.
#[derive(Debug)]
pub(crate) struct KeyPattern {
    pub(crate) source: Vec<u8>,
    pattern: Pattern,
    /// What every name that matches begins with or contains, in letters of any case.
    required: Required,
    /// The TX names of the configuration that match, once asked for.
    slots: std::sync::OnceLock<Vec<TxSlot>>,
}

impl KeyPattern {
    /// An expression with its text; it takes no notice of case.
    pub(crate) fn new(source: &[u8], pattern: Pattern) -> Self {
        let required = Required::by(source);
        Self { source: source.to_vec(), pattern, required, slots: std::sync::OnceLock::new() }
    }

    /// The slots of the TX names that match; `None` when a member's spelling could matter, as with `(?-i)`.
    ///
    /// A pattern belongs to one rule set, so `names` are always the same.
    pub(crate) fn slots(&self, names: &TxNames) -> Option<&[TxSlot]> {
        if memchr::memmem::find(&self.source, b"(?").is_some() {
            return None;
        }
        let matching =
            || (0..names.len() as TxSlot).filter(|slot| self.is_match(names.name(*slot))).collect();
        Some(self.slots.get_or_init(matching))
    }

    /// Whether a name matches.
    pub(crate) fn is_match(&self, name: &[u8]) -> bool {
        self.required.stands_in(name)
            && (self.required.is_enough || self.pattern.is_match(name).unwrap_or(false))
    }
}

/// A text that every name has which an expression matches.
#[derive(Debug, PartialEq, Eq)]
struct Required {
    text: Vec<u8>,
    /// It stands at the beginning.
    at_start: bool,
    /// Every name that has it is matched.
    is_enough: bool,
}

impl Required {
    /// `^header_920450_\d` needs `header_920450_` at the beginning; nothing is said of an expression with alternatives.
    fn by(source: &[u8]) -> Self {
        let (at_start, rest) = source.strip_prefix(b"^").map_or((false, source), |rest| (true, rest));
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = rest.iter().take_while(|byte| is_plain(byte)).count();
        // A repetition behind it takes the last one away.
        let is_repeated = matches!(rest.get(length), Some(b'*' | b'?' | b'{' | b'+'));
        let (text, behind) = rest.split_at(length - usize::from(is_repeated && length > 0));
        if source.contains(&b'|') {
            return Self { text: Vec::new(), at_start: false, is_enough: false };
        }
        // What may be empty asks for nothing.
        Self { text: text.to_vec(), at_start, is_enough: matches!(behind, b"" | b".*") }
    }

    fn stands_in(&self, name: &[u8]) -> bool {
        let length = self.text.len();
        if self.at_start {
            return name.get(..length).is_some_and(|begin| begin.eq_ignore_ascii_case(&self.text));
        }
        let Some(first) = self.text.first() else { return true };
        let is_at =
            |at: usize| name.get(at..at + length).is_some_and(|part| part.eq_ignore_ascii_case(&self.text));
        memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), name).any(is_at)
    }
}

/// A compiled operator.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) test: Test,
    pub(crate) negated: bool,
    /// As written, for the message of a negated match.
    pub(crate) name: String,
    pub(crate) argument: Template,
}

/// What the operator does.
#[derive(Debug)]
pub(crate) enum Test {
    Pure(Box<dyn OperatorTest>),
    External(External),
    /// `@validateDTD`, `@validateSchema`.
    Validation(Arc<crate::validation::Validation>),
    /// `@validateHash`.
    Hash(crate::signing::HashCheck),
    /// `@rsub`.
    Rewrite(Box<Rewrite>),
    /// `@restpath`.
    Path(Box<portcullis_operators::PathTemplate>),
    /// A Lua script: a rule of its own, or one that inspects the file that a value names.
    Script {
        script: Arc<portcullis_lua::Script>,
        inspects: bool,
    },
}

/// What a matching rule decides.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decision {
    pub(crate) disruptive: Disruptive,
    pub(crate) status: Option<u16>,
    pub(crate) log: bool,
    pub(crate) audit_log: bool,
    pub(crate) pause: Option<Template>,
}

/// The disruptive action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Disruptive {
    #[default]
    Pass,
    Deny,
    Drop,
    Redirect(Template),
    Proxy(Template),
    Allow(AllowScope),
}

/// How far `allow` reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AllowScope {
    /// No further rules in phases 1 to 4.
    Exchange,
    /// No further rules in phases 1 and 2.
    Request,
    /// No further rules in this phase.
    Phase,
}

/// What a rule says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metadata {
    pub(crate) rev: Option<Vec<u8>>,
    pub(crate) msg: Option<Template>,
    pub(crate) logdata: Option<Template>,
    pub(crate) severity: Option<i32>,
    pub(crate) ver: Option<Vec<u8>>,
    pub(crate) maturity: Option<i32>,
    pub(crate) accuracy: Option<i32>,
    pub(crate) tags: Vec<Template>,
    /// Of alerts, once one has been written.
    pub(crate) written: OnceLock<Option<Written>>,
}

/// Index of a transformation chain; 0 is the empty chain.
pub(crate) type ChainId = u16;

/// All transformation chains as a prefix tree: a chain is its parent and one more transformation.
#[derive(Debug, Default)]
pub(crate) struct TransformationChains {
    nodes: Vec<ChainNode>,
}

/// The last step of a chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChainNode {
    pub(crate) parent: ChainId,
    pub(crate) step: &'static Transformation,
}

impl TransformationChains {
    /// The id of a list of transformations, shared with every equal list and its prefixes.
    pub(crate) fn intern(&mut self, steps: &[&'static Transformation]) -> ChainId {
        let mut id = 0;
        for step in steps {
            let known =
                self.nodes.iter().position(|node| node.parent == id && std::ptr::eq(node.step, *step));
            id = match known {
                Some(index) => index as ChainId + 1,
                None => {
                    self.nodes.push(ChainNode { parent: id, step });
                    self.nodes.len() as ChainId
                }
            };
        }
        id
    }

    /// The last step of a chain; `None` for the empty chain.
    pub(crate) fn node(&self, id: ChainId) -> Option<ChainNode> {
        self.nodes.get((id as usize).checked_sub(1)?).copied()
    }

    /// The steps of a chain in order.
    pub(crate) fn steps(&self, mut id: ChainId) -> Vec<&'static Transformation> {
        let mut steps = Vec::new();
        while let Some(node) = self.node(id) {
            steps.push(node.step);
            id = node.parent;
        }
        steps.reverse();
        steps
    }
}

/// TX names that occur in the configuration, lower-cased, with the slot of each. Slots 0 to 99 are the captures. With them,
/// what else macros name.
#[derive(Debug, Default)]
pub(crate) struct TxNames {
    names: Vec<Vec<u8>>,
    /// Clients choose what is looked up, but only the configuration what is in it, so a plain hash does.
    index: std::collections::HashMap<Vec<u8>, TxSlot, OffsetHasher>,
    /// The variables that macros name.
    in_macros: Vec<Variable>,
}

impl TxNames {
    /// How many names `0`, `1`, … are reserved for captured groups.
    pub(crate) const CAPTURES: usize = 100;
    /// Names under which the common rule sets keep scores; their slots follow those of the groups.
    const SCORES: [&str; 8] = [
        "blocking_inbound_anomaly_score",
        "blocking_outbound_anomaly_score",
        "detection_inbound_anomaly_score",
        "detection_outbound_anomaly_score",
        "anomaly_score",
        "outbound_anomaly_score",
        "request_score",
        "response_score",
    ];

    pub(crate) fn new() -> Self {
        let mut names = Self::default();
        for n in 0..Self::CAPTURES {
            names.intern(n.to_string().as_bytes());
        }
        for name in Self::SCORES {
            names.intern(name.as_bytes());
        }
        names
    }

    /// The names of scores and their slots, which every rule set has.
    pub(crate) fn scores() -> impl Iterator<Item = (&'static str, TxSlot)> {
        Self::SCORES.into_iter().zip(Self::CAPTURES as TxSlot..)
    }

    pub(crate) fn intern(&mut self, name: &[u8]) -> TxSlot {
        let name = name.to_ascii_lowercase();
        if let Some(slot) = self.index.get(&name) {
            return *slot;
        }
        let slot = self.names.len() as TxSlot;
        self.names.push(name.clone());
        self.index.insert(name, slot);
        slot
    }

    /// Some macro names a variable.
    pub(crate) fn note_macro(&mut self, variable: Variable) {
        if !self.is_in_a_macro(variable) {
            self.in_macros.push(variable);
        }
    }

    /// Whether some macro of the configuration names a variable.
    pub(crate) fn is_in_a_macro(&self, variable: Variable) -> bool {
        self.in_macros.contains(&variable)
    }

    /// The slot of a lower-case name.
    pub(crate) fn find(&self, lower: &[u8]) -> Option<TxSlot> {
        self.index.get(lower).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn name(&self, slot: TxSlot) -> &[u8] {
        self.names.get(slot as usize).map_or(b"", Vec::as_slice)
    }
}

/// What jumps are found by: without such a rule they lead elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Landmarks {
    /// Some `skip` counts rules.
    pub(crate) all: bool,
    /// Ids that a `skipAfter` names.
    pub(crate) ids: BTreeSet<u64>,
}

/// Rules that a run-time removal names (`ctl:ruleRemove…`), resolved when the configuration is compiled.
#[derive(Debug, Default)]
pub(crate) struct RuleSelection {
    /// One bit per rule.
    pub(crate) rules: Arc<BitSet>,
}

/// A set of small numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    pub(crate) fn insert(&mut self, index: u32) {
        let word = index as usize / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(bits) = self.words.get_mut(word) {
            *bits |= 1 << (index % 64);
        }
    }

    pub(crate) fn remove(&mut self, index: u32) {
        if let Some(bits) = self.words.get_mut(index as usize / 64) {
            *bits &= !(1 << (index % 64));
        }
    }

    pub(crate) fn contains(&self, index: u32) -> bool {
        self.words.get(index as usize / 64).is_some_and(|bits| bits & (1 << (index % 64)) != 0)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let bits = |word: u64| (0..64).filter(move |bit| word >> bit & 1 == 1);
        (0..).zip(&self.words).flat_map(move |(index, word)| bits(*word).map(move |bit| index * 64 + bit))
    }

    pub(crate) fn union_with(&mut self, other: &BitSet) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (bits, more) in self.words.iter_mut().zip(&other.words) {
            *bits |= more;
        }
    }
}

impl FromIterator<u32> for BitSet {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut set = Self::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyPattern, Required};
    use portcullis_operators::pattern::{Options, Pattern};

    #[test]
    fn plain_key_patterns_mean_what_their_expressions_mean() {
        let names: [&[u8]; 9] =
            [b"", b"a", b"ab_", b"AB_1", b"xab_", b"xaB", b"ab\n_", b"\nab_x", b"aab__ab"];
        for source in
            ["^ab_", "ab_", "ab_.*", "ab_*", "^ab*", "^AB_.*", "a*", "^ab+", "ab.", "^", "b_$", "(?-i)ab"]
        {
            let options = Options { caseless: true, ..Options::default() };
            let pattern = || Pattern::new(source.as_bytes(), options).unwrap();
            let key = KeyPattern::new(source.as_bytes(), pattern());
            for name in names {
                assert_eq!(
                    Ok(key.is_match(name)),
                    pattern().is_match(name),
                    "{source} {}",
                    name.escape_ascii()
                );
            }
        }
    }

    #[test]
    fn names_have_what_their_expression_requires() {
        for (source, text, at_start, is_enough) in [
            ("^MSC_", "MSC_", true, true),
            ("^header_name_920450_", "header_name_920450_", true, true),
            ("^ab*", "a", true, false),
            ("^ab{0,2}", "a", true, false),
            ("^ab+", "a", true, false),
            ("^ab.*", "ab", true, true),
            ("^ab.*$", "ab", true, false),
            ("^ab\\d", "ab", true, false),
            ("ab", "ab", false, true),
            ("ab_.*", "ab_", false, true),
            ("ab_*", "ab", false, false),
            ("^a|b", "", false, false),
            ("^*", "", true, false),
            ("(?i)^ab", "", false, false),
            ("^", "", true, true),
        ] {
            let expected = Required { text: text.into(), at_start, is_enough };
            assert_eq!(Required::by(source.as_bytes()), expected, "{source}");
        }
    }

    #[test]
    fn required_texts_are_found_in_any_case() {
        let required = Required::by(b"paramcounter_.*");
        for (name, stands) in [
            ("paramcounter_ARGS:a", true),
            ("x_PARAMCOUNTER_", true),
            ("pparamcounter_", true),
            ("paramcounter", false),
            ("", false),
        ] {
            assert_eq!(required.stands_in(name.as_bytes()), stands, "{name}");
        }
    }
}
