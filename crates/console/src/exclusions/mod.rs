//! What a site takes out of its rules: the exclusions in its own files, as far as their text says.
//!
//! ```text
//! # Search takes SQL words
//! SecRule REQUEST_FILENAME "@streq /search" "id:90000,phase:1,pass,nolog,ctl:ruleRemoveTargetById=942100;ARGS:q"
//!     ─▶ rules [942100], targets [ARGS:q], where `REQUEST_FILENAME @streq /search`, reason "Search takes SQL words"
//! ```
//!
//! Read are `modsecurity.conf` and the files that run and are nobody's copy, or an edited one; what a vendor's set takes out of
//! itself is not the site's decision. Like `rules.rs` this reads syntax alone. `made.rs` asks the history who made them.

mod made;

use std::path::Path;

use portcullis_seclang::{Directive, Item, Sources, parse_actions, parse_file};
use portcullis_site::{CONFIGURATION, Site};

pub(crate) use made::{Made, made};

use crate::change::{LONGEST_FILE, digest, switched_off_path};
use crate::request::Failure;

/// Hexadecimal digits of an id.
const ID_DIGITS: usize = 16;

/// An exclusion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exclusion {
    /// By which it is known again: the same text in the same file.
    pub(crate) id: String,
    /// The file, below the site's root.
    pub(crate) path: String,
    /// The first line of the directive, from 1.
    pub(crate) line: u32,
    /// The directive as written.
    pub(crate) text: String,
    /// The comment right above it, line by line.
    pub(crate) reason: String,
    /// What is taken out: ids, ranges of ids, `tag …`, `msg …`.
    pub(crate) rules: Vec<String>,
    /// What the rules do not look at; empty when they do not run at all.
    pub(crate) targets: Vec<String>,
    /// The condition under which; empty when always.
    pub(crate) condition: String,
    /// The id of the rule that carries it, and whether that rule logs.
    pub(crate) carrier: Option<(u64, bool)>,
    /// Where comment and directive stand in the file.
    pub(crate) place_in_file: (usize, usize),
}

impl Exclusion {
    /// One sentence.
    pub(crate) fn summary(&self) -> String {
        let rules = match self.rules.as_slice() {
            [one] if one.starts_with(|c: char| c.is_ascii_digit()) && !one.contains('-') => {
                format!("rule {one}")
            }
            many => format!("rules {}", many.join(", ")),
        };
        let targets = self.targets.join(", ");
        match (self.targets.is_empty(), self.rules.len()) {
            (true, _) => format!("{rules} taken out"),
            (false, _) => format!("{targets} taken out of {rules}"),
        }
    }
}

/// All of a site, in the order in which they are read.
pub(crate) fn of(site: &Site) -> Result<Vec<Exclusion>, Failure> {
    let sets = site.rule_sets()?.into_iter().filter(|set| set.source.is_none() || set.is_edited);
    let files = sets.filter_map(|set| set.activated).map(|path| path.display().to_string());
    let mut all: Vec<Exclusion> = Vec::new();
    for path in [CONFIGURATION.to_owned()].into_iter().chain(files) {
        let Some(text) = site.read_file(&path, LONGEST_FILE)? else { continue };
        for mut one in in_text(&path, &text) {
            let same = all.iter().filter(|other| other.path == one.path && other.text == one.text).count();
            one.id = digest(format!("{path}\n{same}\n{}", one.text).as_bytes());
            one.id.truncate(ID_DIGITS);
            all.push(one);
        }
    }
    Ok(all)
}

fn in_text(path: &str, text: &[u8]) -> Vec<Exclusion> {
    let mut sources = Sources::default();
    let file = sources.add(Path::new(path).to_path_buf(), text.to_vec());
    let items = parse_file(&sources, file, &mut Vec::new());
    let mut reader = Reader { path, text, sources: &sources, found: Vec::new(), chain: None };
    reader.read(&items);
    reader.found
}

struct Reader<'a> {
    path: &'a str,
    text: &'a [u8],
    sources: &'a Sources,
    found: Vec<Exclusion>,
    /// A rule whose chain goes on.
    chain: Option<Exclusion>,
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
        let name = directive.name.value.to_ascii_lowercase();
        let words: Vec<String> = directive.args.iter().map(|word| word.lossy().into_owned()).collect();
        let mut one = self.placed(directive);
        match name.as_str() {
            "secruleremovebyid" => {
                one.rules = words.iter().flat_map(|w| w.split([' ', ','])).map(str::to_owned).collect();
            }
            "secruleremovebytag" => one.rules = words.iter().map(|word| format!("tag {word}")).collect(),
            "secruleremovebymsg" => one.rules = words.iter().map(|word| format!("msg {word}")).collect(),
            "secruleupdatetargetbyid" | "secruleupdatetargetbytag" | "secruleupdatetargetbymsg" => {
                let [rules, targets, ..] = words.as_slice() else { return };
                let kind = name.trim_start_matches("secruleupdatetargetby");
                one.rules = vec![if kind == "id" { rules.clone() } else { format!("{kind} {rules}") }];
                let targets = targets.split(['|', ',']).filter_map(|target| target.trim().strip_prefix('!'));
                one.targets = targets.map(str::to_owned).collect();
                if one.targets.is_empty() {
                    return;
                }
            }
            "secrule" | "secaction" => return self.read_rule(directive, &words, &one),
            _ => return,
        }
        self.found.push(one);
    }

    /// A rule whose actions take something out of others; a chain is one, with its links' conditions.
    fn read_rule(&mut self, directive: &Directive, words: &[String], placed: &Exclusion) {
        let is_rule = directive.name.value.eq_ignore_ascii_case("SecRule");
        let actions = directive
            .args
            .get(if is_rule { 2 } else { 0 })
            .map(|word| parse_actions(word).unwrap_or_default());
        let mut one = self.chain.take().unwrap_or_else(|| placed.clone());
        if one.line != placed.line {
            one.place_in_file.1 = placed.place_in_file.1;
            one.text = format!("{}\n{}", one.text, placed.text);
        }
        if let (true, [targets, operator, ..]) = (is_rule, words) {
            let and = if one.condition.is_empty() { "" } else { " and " };
            one.condition = format!("{}{and}{targets} {operator}", one.condition);
        }
        let (mut goes_on, mut logs, mut id) = (false, true, None);
        for action in actions.unwrap_or_default() {
            let value = action
                .value
                .map(|value| String::from_utf8_lossy(&value.value).into_owned())
                .unwrap_or_default();
            match action.name.value.to_ascii_lowercase().as_str() {
                "chain" => goes_on = true,
                "nolog" => logs = false,
                "log" => logs = true,
                "id" => id = value.parse().ok(),
                "ctl" => take_control(&mut one, &value),
                _ => {}
            }
        }
        one.carrier = one.carrier.or(id.map(|id| (id, logs)));
        if goes_on {
            self.chain = Some(one);
        } else if !one.rules.is_empty() {
            self.found.push(one);
        }
    }

    /// An exclusion of nothing yet, where a directive stands.
    fn placed(&self, directive: &Directive) -> Exclusion {
        let file = self.sources.file(directive.span.file);
        let (start, end) = (directive.span.start as usize, directive.span.end as usize);
        let text =
            String::from_utf8_lossy(self.text.get(start..end).unwrap_or_default()).trim_end().to_owned();
        let line_end = self.text.get(end..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'));
        let end = line_end.map_or(self.text.len(), |at| end + at + 1);
        let first = self.text.get(..start).and_then(|before| before.iter().rposition(|byte| *byte == b'\n'));
        let mut start = first.map_or(0, |at| at + 1);
        let mut comment = Vec::new();
        // The comment of the file of switched off rules is the file's, not the first rule's.
        while self.path != switched_off_path() {
            let Some(above) = self.text.get(..start.saturating_sub(1)).filter(|_| start > 0) else { break };
            let from = above.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let line = String::from_utf8_lossy(above.get(from..).unwrap_or_default()).trim().to_owned();
            let Some(words) = line.strip_prefix('#') else { break };
            comment.push(words.trim().to_owned());
            start = from;
        }
        comment.reverse();
        Exclusion {
            path: self.path.to_owned(),
            line: file.position(directive.span.start).0,
            text,
            reason: comment.join("\n"),
            place_in_file: (start, end),
            ..Exclusion::default()
        }
    }
}

/// `ruleRemoveTargetById=942100;ARGS:q`
fn take_control(one: &mut Exclusion, value: &str) {
    let Some((name, value)) = value.split_once('=') else { return };
    let name = name.to_ascii_lowercase();
    let (kind, with_target) =
        match (name.strip_prefix("ruleremovetargetby"), name.strip_prefix("ruleremoveby")) {
            (Some(kind), _) => (kind, true),
            (None, Some(kind)) => (kind, false),
            (None, None) => return,
        };
    let (rules, target) =
        if with_target { value.split_once(';').unwrap_or((value, "")) } else { (value, "") };
    let rules = if kind == "id" { rules.to_owned() } else { format!("{kind} {rules}") };
    if !one.rules.contains(&rules) {
        one.rules.push(rules);
    }
    if !target.is_empty() && !one.targets.iter().any(|known| known == target) {
        one.targets.push(target.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<Exclusion> {
        in_text("rules/activated_rules/x.conf", text.as_bytes())
    }

    #[test]
    fn every_way_to_take_something_out_is_found() {
        let text = "# a note of the file\n\n# Search takes SQL words.\n# From the event x.\nSecRule REQUEST_FILENAME \"@streq /s\" \\\n    \
                    \"id:7,phase:1,pass,nolog,ctl:ruleRemoveTargetById=942100;ARGS:q\"\nSecRuleUpdateTargetById 5 \"!ARGS:a|!ARGS:b\"\n\
                    SecRuleUpdateTargetById 6 \"ARGS:a\"\nSecRuleRemoveById 1 2-3\nSecRuleRemoveByTag x\n\
                    SecRule ARGS:a b \"id:9,pass,chain\"\n  SecRule ARGS:c d \"ctl:ruleRemoveByTag=sql\"\nSecAction \"id:10,pass\"\n";
        let shown: Vec<String> = found(text)
            .iter()
            .map(|e| {
                format!(
                    "{}|{}|{}|{}|{:?}|{}",
                    e.line,
                    e.rules.join(" "),
                    e.targets.join(" "),
                    e.condition,
                    e.carrier,
                    e.reason.replace('\n', " ")
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "5|942100|ARGS:q|REQUEST_FILENAME @streq /s|Some((7, false))|Search takes SQL words. From the event x.",
                "7|5|ARGS:a ARGS:b||None|",
                "9|1 2-3|||None|",
                "10|tag x|||None|",
                "11|tag sql||ARGS:a b and ARGS:c d|Some((9, true))|",
            ]
        );
    }

    #[test]
    fn a_place_holds_the_comment_and_whole_lines() {
        let text = "SecRuleRemoveById 1\n# why\nSecRuleRemoveById \\\n  2\nSecRuleRemoveById 3";
        let found = found(text);
        let places: Vec<&str> = found.iter().map(|e| &text[e.place_in_file.0..e.place_in_file.1]).collect();
        assert_eq!(
            places,
            ["SecRuleRemoveById 1\n", "# why\nSecRuleRemoveById \\\n  2\n", "SecRuleRemoveById 3"]
        );
    }
}
