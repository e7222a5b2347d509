//! The rules of a configuration as lints look at them: in order, with what changes them.
//!
//! `SecRule ARGS "@rx x" "id:1,phase:2,deny"` and `SecRuleRemoveById 1` behind it → a [`Rule`] that an [`Exclusion`] removes. Read from the
//! directives after includes and conditions are settled; what the compiler would refuse is left out, because a site with errors
//! is not looked at.

use portcullis_engine::RuleSelector;
use portcullis_seclang::{
    Action, Directive, Item, OperatorExpr, Span, Target, parse_actions, parse_operator, parse_targets,
};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// Rules in the order of the configuration.
    pub(super) rules: Vec<Rule>,
    /// Labels of `SecMarker`.
    pub(super) markers: Vec<Marker>,
    /// What changes rules, in order.
    pub(super) exclusions: Vec<Exclusion>,
    /// File names that `SecRuleSetState Detect` names last, and where.
    pub(super) detecting: Vec<(Vec<u8>, Span)>,
}

/// A rule with its chain.
#[derive(Debug)]
pub(super) struct Rule {
    /// Place among rules, markers and exclusions.
    pub(super) position: usize,
    pub(super) id: Option<u64>,
    /// 1 to 5.
    pub(super) phase: u8,
    /// The beginning and its links.
    pub(super) links: Vec<Link>,
    pub(super) tags: Vec<Vec<u8>>,
    pub(super) msg: Option<Vec<u8>>,
    /// The disruptive action that it ends up with.
    pub(super) disruptive: Disruptive,
    /// Its directive; the file it stands in.
    pub(super) span: Span,
    /// The `<Location>` around it.
    pub(super) section: Option<Span>,
    /// The directive that takes it out.
    pub(super) removed: Option<Span>,
}

/// A disruptive action, and what made it what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disruptive {
    /// In lower case; `pass` when there is none.
    pub(super) name: String,
    pub(super) value: Vec<u8>,
    /// `block`, as the rule has it, stood for the default list's action.
    pub(super) is_block: bool,
    /// Where it was said.
    pub(super) said: Option<Span>,
    /// What it was before an update changed it.
    pub(super) before_update: Option<String>,
}

/// One `SecRule` or `SecAction`.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) targets: Vec<Target>,
    /// `None` for a `SecAction`.
    pub(super) operator: Option<OperatorExpr>,
    pub(super) actions: Vec<Action>,
}

/// A label.
#[derive(Debug)]
pub(super) struct Marker {
    pub(super) position: usize,
    pub(super) label: Vec<u8>,
}

/// What takes rules out or changes their targets.
#[derive(Debug)]
pub(super) struct Exclusion {
    pub(super) position: usize,
    pub(super) kind: ExclusionKind,
    /// What it selects: a range of ids, a tag, a message; each with its text.
    pub(super) selections: Vec<(RuleSelector, String)>,
    pub(super) span: Span,
    /// What stands behind `;`.
    pub(super) targets: Option<String>,
}

/// How an exclusion works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExclusionKind {
    /// `SecRuleRemove…`.
    Remove,
    /// `SecRuleUpdate…`.
    Update,
    /// `ctl:ruleRemove…` of the rule at this index.
    Ctl {
        /// Index in [`Model::rules`].
        rule: usize,
        /// Whole rules, not targets.
        whole: bool,
    },
}

impl Rule {
    /// Whether a selection names it.
    pub(super) fn is_selected(&self, selector: &RuleSelector) -> bool {
        selector.selects(self.id.unwrap_or(0), &self.tags, self.msg.as_deref())
    }

    /// When it runs: by phase, sections behind everything else, then in the order of the configuration.
    pub(super) fn order(&self) -> (u8, bool, usize) {
        (self.phase, self.section.is_some(), self.position)
    }

    /// The id for messages.
    pub(super) fn name(&self) -> String {
        self.id.map_or_else(|| "a rule".to_owned(), |id| format!("rule {id}"))
    }

    /// Whether it matches every request: no operator, or one that always matches on a value that is always there.
    pub(super) fn matches_always(&self) -> bool {
        let [link] = self.links.as_slice() else { return false };
        let Some(operator) = &link.operator else { return true };
        let always =
            operator.name.as_ref().is_some_and(|name| name.value.eq_ignore_ascii_case("unconditionalMatch"));
        always && !operator.negated && link.targets.iter().any(is_always_there)
    }
}

impl Link {
    /// The values of its actions of this name.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a [u8], Span)> {
        self.actions.iter().filter(move |action| action.name.value.eq_ignore_ascii_case(name)).map(|action| {
            (action.value.as_ref().map_or(&b""[..], |value| value.value.as_slice()), action.span)
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }
}

/// Scalars that every transaction has.
fn is_always_there(target: &Target) -> bool {
    let names =
        ["REMOTE_ADDR", "REQUEST_URI", "REQUEST_LINE", "REQUEST_METHOD", "UNIQUE_ID", "TIME", "DURATION"];
    target.count || !target.exclude && names.iter().any(|name| target.name.value.eq_ignore_ascii_case(name))
}

impl Model {
    /// Reads the directives.
    pub(super) fn of(items: &[Item]) -> Self {
        let mut builder = Builder::default();
        builder.items(items);
        let mut model = builder.model;
        let rules = &mut model.rules;
        for exclusion in model.exclusions.iter().filter(|e| e.kind == ExclusionKind::Remove) {
            for rule in rules.iter_mut().filter(|rule| rule.position < exclusion.position) {
                if exclusion.selections.iter().any(|(selector, _)| rule.is_selected(selector)) {
                    rule.removed.get_or_insert(exclusion.span);
                }
            }
        }
        model
    }

    /// Rules that nothing takes out.
    pub(super) fn running(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.removed.is_none())
    }
}

#[derive(Default)]
struct Builder {
    model: Model,
    position: usize,
    in_chain: bool,
    section: Option<Span>,
    /// The `SecDefaultAction` list in force.
    default: Vec<Action>,
}

impl Builder {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Directive(directive) => {
                    self.position += 1;
                    self.directive(directive);
                }
                Item::Section(section) => {
                    let outer = std::mem::take(&mut self.default);
                    let around = self.section.replace(section.span);
                    self.items(&section.items);
                    self.section = around;
                    self.default = outer;
                }
            }
        }
    }

    fn directive(&mut self, directive: &Directive) {
        match (directive.name.value.to_ascii_lowercase().as_str(), directive.args.as_slice()) {
            ("secrule", [targets, operator, actions @ ..]) => {
                let actions = actions.first().map(|word| parse_actions(word).unwrap_or_default());
                let targets = parse_targets(targets).unwrap_or_default();
                self.link(directive, targets, Some(parse_operator(operator)), actions.unwrap_or_default());
            }
            ("secaction", [actions]) => {
                self.link(directive, Vec::new(), None, parse_actions(actions).unwrap_or_default());
            }
            ("secdefaultaction", [actions]) => self.default = parse_actions(actions).unwrap_or_default(),
            ("secmarker", [label]) => {
                let label =
                    label.text.strip_prefix(b"'").and_then(|l| l.strip_suffix(b"'")).unwrap_or(&label.text);
                self.model.markers.push(Marker { position: self.position, label: label.to_vec() });
            }
            ("secrulesetstate", [state, files @ ..]) => {
                for file in files {
                    self.model.detecting.retain(|(name, _)| *name != file.text);
                    if state.text.eq_ignore_ascii_case(b"detect") {
                        self.model.detecting.push((file.text.clone(), file.span));
                    }
                }
            }
            ("secruleupdateactionbyid", [selection, actions]) => self.update_action(&selection.text, actions),
            (name, [first, rest @ ..]) => {
                let by = |prefix: &str| name.strip_prefix(prefix).and_then(selects_by);
                if let Some(read) = by("secruleremoveby") {
                    for word in std::iter::once(first).chain(rest) {
                        self.exclusion(ExclusionKind::Remove, read(&word.text), word.span, None);
                    }
                } else if let Some(read) = by("secruleupdatetargetby") {
                    self.exclusion(ExclusionKind::Update, read(&first.text), first.span, None);
                }
            }
            _ => {}
        }
    }

    fn link(
        &mut self,
        directive: &Directive,
        targets: Vec<Target>,
        operator: Option<OperatorExpr>,
        actions: Vec<Action>,
    ) {
        let continues = std::mem::take(&mut self.in_chain);
        let link = Link { targets, operator, actions };
        self.in_chain = link.has("chain");
        let rule = self.model.rules.len() - usize::from(continues && !self.model.rules.is_empty());
        self.ctl(rule, &link);
        if continues && let Some(rule) = self.model.rules.last_mut() {
            rule.links.push(link);
            return;
        }
        let last = |name: &str| link.values(name).last().map(|(value, _)| value.to_vec());
        let default_phase = || last_value(&self.default, "phase").and_then(|value| phase(&value));
        let id = last("id").and_then(|id| std::str::from_utf8(&id).ok()?.parse().ok());
        self.model.rules.push(Rule {
            position: self.position,
            id,
            phase: last("phase").and_then(|value| phase(&value)).or_else(default_phase).unwrap_or(2),
            tags: link.values("tag").map(|(tag, _)| tag.to_vec()).collect(),
            msg: last("msg"),
            disruptive: disruptive(&link.actions, &self.default),
            links: vec![link],
            span: directive.span,
            section: self.section,
            removed: None,
        });
    }

    fn ctl(&mut self, rule: usize, link: &Link) {
        for (value, span) in link.values("ctl") {
            let text = String::from_utf8_lossy(value).into_owned();
            let Some((name, value)) = text.split_once('=') else { continue };
            let name = name.to_ascii_lowercase();
            let (by, whole) = match name.strip_prefix("ruleremovetargetby") {
                Some(by) => (Some(by), false),
                None => (name.strip_prefix("ruleremoveby"), true),
            };
            let Some(read) = by.and_then(selects_by) else { continue };
            let (selection, targets) = match value.split_once(';') {
                Some((selection, targets)) => (selection, Some(targets.to_owned())),
                None => (value, None),
            };
            let kind = ExclusionKind::Ctl { rule, whole };
            self.exclusion(kind, read(selection.as_bytes()), span, targets);
        }
    }

    fn exclusion(
        &mut self,
        kind: ExclusionKind,
        selections: Vec<(RuleSelector, String)>,
        span: Span,
        targets: Option<String>,
    ) {
        self.model.exclusions.push(Exclusion { position: self.position, kind, selections, span, targets });
    }

    /// What `SecRuleUpdateActionById` does to the disruptive actions of the rules before it.
    fn update_action(&mut self, selection: &[u8], actions: &portcullis_seclang::Word) {
        let text = String::from_utf8_lossy(selection).into_owned();
        // `7:1` names a chain link, which has no disruptive action.
        if text.contains(':') && !text.ends_with(":0") {
            return;
        }
        let actions = parse_actions(actions).unwrap_or_default();
        let Some(said) = last_disruptive(&actions) else { return };
        for (selector, _) in by_id(selection) {
            for rule in self.model.rules.iter_mut().filter(|rule| rule.is_selected(&selector)) {
                let before = rule.disruptive.name.clone();
                let after = said.name.value.to_ascii_lowercase();
                if after != "block" {
                    let value = said.value.as_ref().map(|value| value.value.clone()).unwrap_or_default();
                    rule.disruptive = Disruptive {
                        name: after,
                        value,
                        is_block: false,
                        said: Some(said.span),
                        before_update: Some(before),
                    };
                }
            }
        }
    }
}

/// How the rest of a directive's or ctl's name selects.
type Read = fn(&[u8]) -> Vec<(RuleSelector, String)>;

fn selects_by(by: &str) -> Option<Read> {
    match by {
        "id" => Some(by_id),
        "tag" => Some(|text| one(text, RuleSelector::tag(text).ok())),
        "msg" => Some(|text| one(text, RuleSelector::msg(text).ok())),
        _ => None,
    }
}

fn by_id(text: &[u8]) -> Vec<(RuleSelector, String)> {
    let parts = text.split(|byte| *byte == b',');
    parts.flat_map(|part| one(part.trim_ascii(), RuleSelector::ids(part).ok())).collect()
}

fn one(text: &[u8], selector: Option<RuleSelector>) -> Vec<(RuleSelector, String)> {
    selector.map(|selector| (selector, String::from_utf8_lossy(text).into_owned())).into_iter().collect()
}

fn last_value(actions: &[Action], name: &str) -> Option<Vec<u8>> {
    let action = actions.iter().rev().find(|action| action.name.value.eq_ignore_ascii_case(name))?;
    action.value.as_ref().map(|value| value.value.clone())
}

fn phase(value: &[u8]) -> Option<u8> {
    match value.to_ascii_lowercase().as_slice() {
        b"request" => Some(2),
        b"response" => Some(4),
        b"logging" => Some(5),
        [digit @ b'1'..=b'5'] => Some(digit - b'0'),
        _ => None,
    }
}

fn last_disruptive(actions: &[Action]) -> Option<&Action> {
    let names = ["allow", "block", "deny", "drop", "pass", "proxy", "redirect"];
    actions.iter().rev().find(|action| names.iter().any(|name| action.name.value.eq_ignore_ascii_case(name)))
}

fn disruptive(actions: &[Action], default: &[Action]) -> Disruptive {
    let own = last_disruptive(actions);
    let is_block = own.is_some_and(|action| action.name.value.eq_ignore_ascii_case("block"));
    let counts = own.filter(|_| !is_block).or_else(|| last_disruptive(default));
    Disruptive {
        name: counts.map_or_else(|| "pass".to_owned(), |action| action.name.value.to_ascii_lowercase()),
        value: counts.and_then(|action| action.value.as_ref()).map(|v| v.value.clone()).unwrap_or_default(),
        is_block,
        said: counts.map(|action| action.span),
        before_update: None,
    }
}
