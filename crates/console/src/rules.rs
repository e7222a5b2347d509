//! The rules of a file, as far as its text says what they are.
//!
//! `SecRule ARGS:q "@rx x" "id:7,phase:2,t:none,msg:'No x'"` → id 7, phase 2, `ARGS:q`, `@rx x`, `t:none`, `No x`, lines 1 to 1. Works on
//! sets that are off and on drafts with mistakes, so it reads syntax alone; what a rule means is the engine's.

use portcullis_seclang::{Directive, Item, Sources, parse_actions, parse_file};
use schemars::JsonSchema;
use serde::Serialize;

/// A rule without its chain links.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RuleSummary {
    /// Its id.
    pub(crate) id: Option<u64>,
    /// Its message; empty where it has none.
    pub(crate) message: String,
    /// Its phase as written; empty where the default counts.
    pub(crate) phase: String,
    /// Targets as written; empty for `SecAction`.
    pub(crate) targets: String,
    /// Operator and argument as written.
    pub(crate) operator: String,
    /// Transformations, in order.
    pub(crate) transformations: Vec<String>,
    /// Tags.
    pub(crate) tags: Vec<String>,
    /// Severity as written.
    pub(crate) severity: String,
    /// What it does to the request: `block`, `pass`, …
    pub(crate) disruptive: String,
    /// Variables it sets.
    pub(crate) sets: Vec<String>,
    /// Chain links after it.
    pub(crate) links: usize,
    /// First line, from 1.
    pub(crate) line: u32,
    /// The comment right above it.
    pub(crate) comment: String,
}

/// What decides about a request.
const DISRUPTIVE: [&str; 8] = ["block", "deny", "pass", "allow", "drop", "redirect", "proxy", "pause"];

/// The rules of a text, in order.
pub(crate) fn of(text: &[u8]) -> Vec<RuleSummary> {
    let mut sources = Sources::default();
    let file = sources.add("rules.conf".into(), text.to_vec());
    let items = parse_file(&sources, file, &mut Vec::new());
    let lines: Vec<String> = String::from_utf8_lossy(text).lines().map(str::to_owned).collect();
    let mut reader = Reader { sources: &sources, lines: &lines, rules: Vec::new(), in_chain: false };
    reader.read(&items);
    reader.rules
}

struct Reader<'a> {
    sources: &'a Sources,
    lines: &'a [String],
    rules: Vec<RuleSummary>,
    in_chain: bool,
}

impl Reader<'_> {
    fn read(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Section(section) => self.read(&section.items),
                Item::Directive(directive) => self.read_directive(directive),
            }
        }
    }

    fn read_directive(&mut self, directive: &Directive) {
        let is = |name: &str| directive.name.value.eq_ignore_ascii_case(name);
        let actions = match (is("SecRule"), is("SecAction")) {
            (true, _) => 2,
            (_, true) => 0,
            _ => return,
        };
        let word = |at: usize| directive.args.get(at).map(|w| w.lossy().into_owned()).unwrap_or_default();
        let mut rule = RuleSummary {
            line: self.sources.file(directive.span.file).position(directive.span.start).0,
            ..RuleSummary::default()
        };
        if actions == 2 {
            (rule.targets, rule.operator) = (word(0), word(1));
        }
        let found = directive.args.get(actions).map(|word| parse_actions(word).unwrap_or_default());
        let mut goes_on = false;
        for action in found.unwrap_or_default() {
            let name = action.name.value.to_ascii_lowercase();
            let value = action
                .value
                .map(|value| String::from_utf8_lossy(&value.value).into_owned())
                .unwrap_or_default();
            goes_on |= name == "chain";
            take(&mut rule, &name, value);
        }
        let is_link = std::mem::replace(&mut self.in_chain, goes_on);
        match self.rules.last_mut().filter(|_| is_link) {
            Some(first) => {
                first.links += 1;
                first.sets.append(&mut rule.sets);
            }
            None => {
                rule.comment = self.comment_above(rule.line);
                self.rules.push(rule);
            }
        }
    }

    /// The comment lines that end right above a line, without rulers.
    fn comment_above(&self, line: u32) -> String {
        let above = self.lines.get(..line.saturating_sub(1) as usize).unwrap_or_default();
        let comment = above.iter().rev().take(40).map_while(|line| line.trim_start().strip_prefix('#'));
        let mut words: Vec<&str> = comment.map(str::trim).filter(|text| !text.starts_with("--")).collect();
        words.reverse();
        words.join(" ").trim().to_owned()
    }
}

fn take(rule: &mut RuleSummary, name: &str, value: String) {
    match name {
        "id" => rule.id = value.parse().ok(),
        "msg" => rule.message = value,
        "phase" => rule.phase = value,
        "severity" => rule.severity = value,
        "tag" => rule.tags.push(value),
        "t" => rule.transformations.push(value),
        "setvar" => rule.sets.push(value),
        name if DISRUPTIVE.contains(&name) => name.clone_into(&mut rule.disruptive),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_with_their_links_and_comments() {
        let text = b"# ----\n# Says x.\nSecRule ARGS:q \"@rx x\" \"id:7,phase:2,t:none,msg:'No x',block,chain\"\n  SecRule ARGS \"y\" \"setvar:tx.a=1\"\n\nSecAction \"id:8,pass\"\n";
        let rules = of(text);
        assert_eq!(rules.len(), 2);
        let first = &rules[0];
        assert_eq!((first.id, first.links, first.line), (Some(7), 1, 3));
        assert_eq!((first.comment.as_str(), first.operator.as_str()), ("Says x.", "@rx x"));
        assert_eq!((first.message.as_str(), first.disruptive.as_str()), ("No x", "block"));
        assert_eq!(first.sets, ["tx.a=1"]);
        assert_eq!((rules[1].id, rules[1].targets.as_str()), (Some(8), ""));
    }
}
