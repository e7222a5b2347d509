//! What is screened, and how its values are reached: made once per rule set.
//!
//! `SecRule ARGS|REQUEST_HEADERS:Referer "@rx union.+select" "…,t:urlDecodeUni"` becomes a unit of the request's half with
//! the chain `urlDecodeUni`, reached from all of ARGS and from the Referer. A rule is screened when its operator has a
//! condition and all its targets hold what is final when the phase begins ([`final_from`]); chain links are not, because they
//! run only when the rule before them matched. A negated rule is visited always, and matches a value that its operator
//! cannot match without running it. Everything else is visited always.
//!
//! The phases of the request share their scanners ([`groups`]), those of the response theirs, so that a header that rules of
//! phases 1 and 2 look at is scanned once.

use std::collections::BTreeSet;

use super::alphabet::Symbols;
use super::condition::Condition;
use super::gapped::{Gapped, MOST, deleted};
use super::groups;
use super::passage::Passage;
use super::rarity::Rarity;
use super::scanner::{Scanner, Unit};
use crate::ruleset::{BitSet, ChainId, Instruction, Rule, Selector, Target, Test, TransformationChains};
use crate::variables::Variable;
use crate::verdict::Phase;
use portcullis_transformations::Transformation;

/// The screen of a rule set.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    /// Of the request's phases, and of the others.
    halves: [Half; 2],
    /// For each phase, the positions that are visited whatever the values.
    visited: [Vec<u64>; 5],
    /// For each rule, its unit.
    units: Vec<Option<Unit>>,
}

/// Phases whose rules look at the same values.
#[derive(Debug, Default)]
pub(crate) struct Half {
    /// Of each group of sources.
    pub(crate) scanners: Vec<Scanner>,
    pub(crate) units: Vec<UnitPlan>,
    /// Every chain of a unit and every beginning of one; the first is the empty chain, and a chain stands behind its
    /// beginnings.
    pub(crate) chains: Vec<ChainPlan>,
    pub(crate) sources: Vec<Source>,
}

/// A screened rule.
#[derive(Debug)]
pub(crate) struct UnitPlan {
    pub(crate) phase: Phase,
    /// Where it stands in the phase's program.
    pub(crate) position: usize,
    /// Index of its chain in [`Half::chains`].
    pub(crate) chain: usize,
    /// With `multiMatch`, the chains that lead to it: their results are tested too.
    pub(crate) steps: Vec<usize>,
}

/// A transformation chain: another one and a last step.
#[derive(Debug)]
pub(crate) struct ChainPlan {
    id: ChainId,
    /// Index of the chain without the last step; the empty chain's is its own.
    pub(crate) parent: usize,
    pub(crate) step: Option<&'static Transformation>,
    /// What passes the last step.
    pub(crate) passage: Passage,
    /// What passes all steps.
    pub(crate) whole: Passage,
}

/// A chain on the way to what units of a source test.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    /// Index in [`Half::chains`].
    pub(crate) chain: usize,
    /// Whether a unit tests its result.
    pub(crate) is_tested: bool,
    /// A value without these passes the chain; the edge, which every value has, where none does.
    pub(crate) blockers: Symbols,
}

/// Values that units look at.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) variable: Variable,
    /// `All`, or an XPath expression.
    pub(crate) selector: Selector,
    /// The phase from which on they are final.
    pub(crate) from: Phase,
    /// Index in [`Half::scanners`].
    pub(crate) group: usize,
    /// Units that look at all of them.
    units: BitSet,
    /// Units that look at those of a name, or at all but those.
    named: Vec<Named>,
    /// Chains that lead to what those units test, in order.
    pub(crate) chains: Vec<Walk>,
    /// A value without these passes all chains but those that let nothing pass.
    pub(crate) blockers: Symbols,
    /// The chains that let nothing pass, and their beginnings.
    pub(crate) closed: Vec<Walk>,
    /// Chains that units test, while the plan is made.
    tested: Vec<usize>,
    /// Units that are found without their chains, which are not among the others.
    pub(crate) gapped: Vec<Gapped>,
}

/// A member that some unit names.
#[derive(Debug)]
struct Named {
    name: Vec<u8>,
    included: BitSet,
    excluded: BitSet,
}

impl Source {
    /// Whether a unit looks at the member of this name.
    pub(crate) fn is_seen_by(&self, unit: Unit, name: &[u8]) -> bool {
        match self.named.iter().find(|named| named.name.eq_ignore_ascii_case(name)) {
            Some(named) => {
                (self.units.contains(unit) || named.included.contains(unit)) && !named.excluded.contains(unit)
            }
            None => self.units.contains(unit),
        }
    }

    /// Whether it matters what a member is called.
    pub(crate) fn tells_names(&self) -> bool {
        !self.named.is_empty()
    }

    /// Every unit that looks at some of the values.
    pub(crate) fn all_units(&self) -> impl Iterator<Item = Unit> {
        self.named.iter().flat_map(|named| named.included.iter()).chain(self.units.iter())
    }

    fn named(&mut self, name: &[u8]) -> &mut Named {
        let index = self.named.iter().position(|named| named.name.eq_ignore_ascii_case(name));
        let index = index.unwrap_or_else(|| {
            self.named.push(Named {
                name: name.to_vec(),
                included: BitSet::default(),
                excluded: BitSet::default(),
            });
            self.named.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the index was just found or made")]
        &mut self.named[index]
    }
}

impl Screen {
    /// Derives the screen of finished rules. Those that ordinary transactions pass over, by phase and position, get no
    /// unit: they would burden the scanner for nothing. When one is reached after all, it runs.
    pub(crate) fn new(
        rules: &[Rule],
        programs: &[Vec<Instruction>; 5],
        chains: &TransformationChains,
        passed_over: &[BitSet; 5],
    ) -> Self {
        let rarities = [Rarity::of_requests(), Rarity::of_answers()];
        let mut builders = [Builder::default(), Builder::default()];
        let mut screen = Self { units: vec![None; rules.len()], ..Self::default() };
        for ((phase, program), passed_over) in Phase::ALL.into_iter().zip(programs).zip(passed_over) {
            let [of_requests, of_answers] = &rarities;
            let rarity = if half_of(phase) == 0 { of_requests } else { of_answers };
            let mut visited = vec![0; program.len().div_ceil(64)];
            let broken_into = broken_into(rules, program);
            for (position, instruction) in program.iter().enumerate() {
                let rule = match instruction {
                    Instruction::Rule(index) => rules.get(*index as usize),
                    Instruction::Section { .. } => None,
                };
                let condition = rule
                    .filter(|_| !passed_over.contains(position as u32))
                    .and_then(|rule| condition(rule, phase, rarity));
                let builder = builders.get_mut(half_of(phase));
                let mut is_visited = rule.is_none_or(|rule| !rule.is_link);
                if let (Some(rule), Some(condition), Some(builder)) = (rule, condition, builder) {
                    let unit = builder.add(rule, condition, phase, position, chains);
                    if let Some(slot) = screen.units.get_mut(rule.index as usize) {
                        *slot = Some(unit);
                    }
                    is_visited = rule.operator.negated;
                }
                is_visited |= broken_into.contains(&position);
                if is_visited && let Some(word) = visited.get_mut(position / 64) {
                    *word |= 1 << (position % 64);
                }
            }
            if let Some(slot) = screen.visited.get_mut(phase.index()) {
                *slot = visited;
            }
        }
        let [requests, answers] = builders;
        let [of_requests, of_answers] = &rarities;
        screen.halves = [requests.finish(of_requests), answers.finish(of_answers)];
        screen
    }

    /// What the phase's rules are screened with.
    pub(crate) fn half(&self, phase: Phase) -> Option<&Half> {
        self.halves.get(half_of(phase))
    }

    /// The positions of a phase that are visited whatever the values.
    pub(crate) fn visited(&self, phase: Phase) -> &[u64] {
        self.visited.get(phase.index()).map_or(&[], Vec::as_slice)
    }

    /// The first position from `position` on that is visited whatever the values; beyond the program when there is none.
    pub(crate) fn next_visited(&self, phase: Phase, position: usize) -> usize {
        next_bit(self.visited(phase), position)
    }

    /// The unit of a rule, when it is screened.
    pub(crate) fn unit(&self, rule: &Rule) -> Option<Unit> {
        self.units.get(rule.index as usize).copied().flatten()
    }
}

/// The links that a rule may jump to, for a marker stands before them, and the beginnings of their chains: without those
/// a chain that is passed over would be entered at the link.
fn broken_into(rules: &[Rule], program: &[Instruction]) -> BTreeSet<usize> {
    let rule_at = |position: usize| match program.get(position) {
        Some(Instruction::Rule(index)) => rules.get(*index as usize),
        _ => None,
    };
    let is_link = |position: &usize| rule_at(*position).is_some_and(|rule| rule.is_link);
    let jumps = (0..program.len()).filter_map(|position| rule_at(position)?.jump);
    let links = jumps.map(|to| to as usize).filter(is_link);
    let with_beginning = |link: usize| [Some(link), (0..link).rev().find(|position| !is_link(position))];
    links.flat_map(with_beginning).flatten().collect()
}

/// The first set bit from `position` on; `usize::MAX` when there is none.
pub(super) fn next_bit(words: &[u64], position: usize) -> usize {
    let mut index = position / 64;
    let Some(word) = words.get(index) else { return usize::MAX };
    let mut bits = word & (u64::MAX << (position % 64));
    while bits == 0 {
        index += 1;
        match words.get(index) {
            Some(word) => bits = *word,
            None => return usize::MAX,
        }
    }
    index * 64 + bits.trailing_zeros() as usize
}

/// Which of the halves a phase belongs to.
pub(crate) fn half_of(phase: Phase) -> usize {
    usize::from(phase > Phase::RequestBody)
}

/// The condition under which a rule has to be visited; `None` when it has to be always.
fn condition(rule: &Rule, phase: Phase, rarity: &Rarity) -> Option<Condition> {
    let Test::Pure(test) = &rule.operator.test else { return None };
    // Without an expression, XML is one text that is written anew each time.
    let is_stored =
        |target: &Target| !target.variable.is_xml() || matches!(target.selector, Selector::XPath(_));
    let is_final = |target: &Target| {
        target.exclude
            || !target.count
                && is_stored(target)
                && final_from(target.variable).is_some_and(|from| from <= phase)
    };
    if rule.is_link || !rule.targets.iter().all(is_final) {
        return None;
    }
    // A negated rule is visited all the same. Its operator is spared where the condition is not met, which is worth a
    // scan on long values only; with several tests of a value it is not tried.
    let is_long = |target: &Target| {
        matches!(target.variable, Variable::ResponseBody | Variable::RequestBody | Variable::FilesTmpContent)
    };
    if rule.operator.negated && (rule.multi_match || !rule.targets.iter().all(is_long)) {
        return None;
    }
    // An argument with macros has no shape, so the condition is that of what is written.
    Condition::of(&test.shape(), rarity)
}

/// The phase at whose beginning a variable's members stay what they are for all phases of its half.
///
/// A member may still be added or replaced at the beginning of a later phase, as the path is. `None` for what rules
/// themselves change, and for what is computed anew each time.
fn final_from(variable: Variable) -> Option<Phase> {
    Some(match variable {
        Variable::Args
        | Variable::ArgsNames
        | Variable::ArgsGet
        | Variable::ArgsGetNames
        | Variable::RequestLine
        | Variable::RequestMethod
        | Variable::RequestProtocol
        | Variable::RequestUriRaw
        | Variable::RequestUri
        | Variable::RequestFilename
        | Variable::RequestBasename
        | Variable::QueryString
        | Variable::ServerName
        | Variable::RequestHeaders
        | Variable::RequestHeadersNames
        | Variable::RequestCookies
        | Variable::RequestCookiesNames => Phase::RequestHeaders,
        Variable::ArgsPost
        | Variable::ArgsPostNames
        | Variable::RequestBody
        | Variable::Files
        | Variable::FilesNames
        | Variable::FilesTmpContent
        | Variable::MultipartPartHeaders
        | Variable::MultipartFilename
        | Variable::MultipartName
        | Variable::Xml
        | Variable::RequestXml => Phase::RequestBody,
        Variable::ResponseHeaders
        | Variable::ResponseHeadersNames
        | Variable::ResponseProtocol
        | Variable::ResponseContentType => Phase::ResponseHeaders,
        Variable::ResponseBody | Variable::ResponseArgs | Variable::ResponseXml => Phase::ResponseBody,
        _ => return None,
    })
}

/// A half while it is built.
struct Builder {
    conditions: Vec<Condition>,
    half: Half,
}

impl Default for Builder {
    fn default() -> Self {
        let free = Passage::of_chain(&[]);
        let empty = ChainPlan { id: 0, parent: 0, step: None, passage: free, whole: free };
        Self { conditions: Vec::new(), half: Half { chains: vec![empty], ..Half::default() } }
    }
}

impl Builder {
    fn add(
        &mut self,
        rule: &Rule,
        condition: Condition,
        phase: Phase,
        position: usize,
        chains: &TransformationChains,
    ) -> Unit {
        let unit = self.half.units.len() as Unit;
        let chain = self.chain(rule.transformations, chains);
        let mut steps = Vec::new();
        let mut last = chain;
        while rule.multi_match && last != 0 {
            last = self.half.chains.get(last).map_or(0, |chain| chain.parent);
            steps.push(last);
        }
        for target in &rule.targets {
            self.add_target(unit, target, steps.iter().copied().chain([chain]));
        }
        self.conditions.push(condition);
        self.half.units.push(UnitPlan { phase, position, chain, steps });
        unit
    }

    /// The index of a chain; its beginnings are added before it.
    fn chain(&mut self, id: ChainId, chains: &TransformationChains) -> usize {
        let known = self.half.chains.iter().position(|chain| chain.id == id);
        let Some(node) = chains.node(id).filter(|_| known.is_none()) else { return known.unwrap_or(0) };
        let parent = self.chain(node.parent, chains);
        let passage = Passage::of_chain(&[node.step]);
        let before = self.half.chains.get(parent).map_or(passage, |chain| chain.whole);
        let whole = before.and_then(passage);
        self.half.chains.push(ChainPlan { id, parent, step: Some(node.step), passage, whole });
        self.half.chains.len() - 1
    }

    fn add_target(&mut self, unit: Unit, target: &Target, chains: impl Iterator<Item = usize>) {
        let selector = match &target.selector {
            Selector::XPath(path) => Selector::XPath(std::sync::Arc::clone(path)),
            _ => Selector::All,
        };
        let source = self.source(target.variable, selector);
        match (&target.selector, target.exclude) {
            // A member that a pattern leaves out is looked at all the same: it costs time only.
            (Selector::Pattern(_) | Selector::Slot(_) | Selector::All | Selector::XPath(_), true) => return,
            (Selector::Name(name), true) => {
                source.named(name).excluded.insert(unit);
                return;
            }
            (Selector::Name(name), false) => source.named(name).included.insert(unit),
            (_, false) => source.units.insert(unit),
        }
        // An exclusion takes away only what the targets before it select.
        source.named.iter_mut().for_each(|named| named.excluded.remove(unit));
        source.tested.extend(chains);
    }

    fn source(&mut self, variable: Variable, selector: Selector) -> &mut Source {
        let same = |source: &Source| {
            source.variable == variable
                && match (&source.selector, &selector) {
                    (Selector::XPath(left), Selector::XPath(right)) => left == right,
                    (Selector::XPath(_), _) | (_, Selector::XPath(_)) => false,
                    _ => true,
                }
        };
        let sources = &mut self.half.sources;
        let index = sources.iter().position(same).unwrap_or_else(|| {
            sources.push(Source {
                variable,
                selector,
                from: final_from(variable).unwrap_or(Phase::Logging),
                group: 0,
                units: BitSet::default(),
                named: Vec::new(),
                chains: Vec::new(),
                blockers: Symbols::EMPTY,
                closed: Vec::new(),
                tested: Vec::new(),
                gapped: Vec::new(),
            });
            sources.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the index was just found or made")]
        &mut sources[index]
    }

    fn finish(mut self, rarity: &Rarity) -> Half {
        let Half { sources, chains, units, .. } = &mut self.half;
        for source in sources.iter_mut() {
            source.set_gapped(chains, units, &self.conditions, rarity);
            source.arrange(chains);
        }
        let conditions = &self.conditions;
        let scanner = |units: &BitSet| {
            let members = units.iter().filter_map(|unit| Some((unit, conditions.get(unit as usize)?)));
            Scanner::new(members, rarity)
        };
        self.half.scanners = groups::arrange(sources).iter().map(scanner).collect();
        self.half
    }
}

/// The steps of a chain in order.
fn steps(chains: &[ChainPlan], chain: usize) -> Vec<&'static Transformation> {
    let parents = std::iter::successors(chains.get(chain), |plan| chains.get(plan.parent));
    let mut steps: Vec<_> = parents.map_while(|plan| plan.step).collect();
    steps.reverse();
    steps
}

impl Source {
    /// Takes the chains away that only delete, where their units can be found without them.
    fn set_gapped(
        &mut self,
        chains: &[ChainPlan],
        units: &[UnitPlan],
        conditions: &[Condition],
        rarity: &Rarity,
    ) {
        self.tested.sort_unstable();
        self.tested.dedup();
        for chain in self.tested.clone() {
            let steps = steps(chains, chain);
            let Some(deleted) = deleted(&steps).filter(|_| chain != 0) else { continue };
            let tests_it = |unit: &Unit| {
                units
                    .get(*unit as usize)
                    .is_some_and(|plan| plan.chain == chain || plan.steps.contains(&chain))
            };
            let here: BTreeSet<Unit> = self.all_units().filter(tests_it).collect();
            let gapped = |unit: Unit| {
                units.get(unit as usize).filter(|plan| plan.steps.is_empty())?;
                Gapped::new(unit, conditions.get(unit as usize)?, &deleted, rarity)
            };
            let Some(found) = here.into_iter().map(gapped).collect::<Option<Vec<_>>>() else { continue };
            let windows = self.gapped.iter().chain(&found).map(Gapped::len).sum::<usize>();
            if windows <= MOST {
                self.gapped.extend(found);
                self.tested.retain(|other| *other != chain);
            }
        }
    }

    /// Orders the chains, adds their beginnings, and sorts out which let nothing pass.
    fn arrange(&mut self, chains: &[ChainPlan]) {
        let tested = std::mem::take(&mut self.tested);
        let lead_to = |chain: usize, marks: &mut [bool]| {
            let mut next = chain;
            while next != 0 {
                if let Some(mark) = marks.get_mut(next) {
                    *mark = true;
                }
                next = chains.get(next).map_or(0, |chain| chain.parent);
            }
        };
        let mut needed = vec![false; chains.len()];
        tested.iter().for_each(|chain| lead_to(*chain, &mut needed));
        let mut shut = vec![false; chains.len()];
        let mut closed = vec![false; chains.len()];
        for (index, plan) in chains.iter().enumerate().skip(1) {
            let is_shut = !plan.passage.lets_something_pass() || shut.get(plan.parent) == Some(&true);
            if let Some(mark) = shut.get_mut(index) {
                *mark = is_shut;
            }
            match needed.get(index) == Some(&true) {
                true if is_shut => lead_to(index, &mut closed),
                true => self.blockers = self.blockers.union(plan.passage.blockers()),
                false => {}
            }
        }
        let walk = |(chain, plan): (usize, &ChainPlan)| {
            let nothing_passes = Symbols::BYTES.union(Symbols::EDGE);
            let is_open = plan.whole.lets_something_pass();
            let blockers = if is_open { plan.whole.blockers() } else { nothing_passes };
            Walk { chain, is_tested: tested.contains(&chain), blockers }
        };
        let listed = |marks: &[bool]| {
            let marked = |(chain, _): &(usize, _)| marks.get(*chain) == Some(&true);
            chains.iter().enumerate().filter(marked).map(walk).collect()
        };
        self.chains = listed(&needed);
        self.closed = listed(&closed);
    }
}
