//! What a rule file says of itself: title and description from its comments, rules and paranoia levels from its directives.
//!
//! ```text
//! # SQL injection            → title "SQL injection"
//! #
//! # Looks for … in …         → description "Looks for … in …"
//! SecRule … "…,tag:'paranoia-level/2'"  → paranoia level 2
//! ```
//!
//! Lines of rulers, copyright notices and the file's own name are no title.

use std::collections::BTreeSet;

use portcullis_seclang::{Directive, Item, Sources, parse_actions, parse_file};

/// What a file says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// One line; empty when no comment says one.
    pub title: String,
    /// The paragraph behind it; may be empty.
    pub description: String,
    /// Rules, without chain links.
    pub rules: usize,
    /// Paranoia levels that its rules name in tags.
    pub paranoia_levels: BTreeSet<u8>,
}

impl About {
    /// Reads a file's text; what does not parse does not count.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut about = Self::default();
        about.read_comments(&String::from_utf8_lossy(text));
        let mut sources = Sources::default();
        let id = sources.add("rules.conf".into(), text.to_vec());
        about.read_items(&parse_file(&sources, id, &mut Vec::new()), &mut false);
        about
    }

    fn read_comments(&mut self, text: &str) {
        let mut paragraphs: Vec<Vec<&str>> = vec![Vec::new()];
        for line in text.lines().take(120) {
            let Some(comment) = line.trim().strip_prefix('#') else {
                if line.trim().is_empty() {
                    paragraphs.push(Vec::new());
                    continue;
                }
                break;
            };
            let comment = comment.trim().trim_matches(['-', '=', '#', '[', ']']).trim();
            match paragraphs.last_mut() {
                Some(last) if !comment.is_empty() => last.push(comment),
                _ => paragraphs.push(Vec::new()),
            }
        }
        let mut said = paragraphs.iter().filter(|lines| !lines.is_empty() && !is_boilerplate(lines));
        if let Some((title, rest)) = said.next().and_then(|lines| lines.split_first()) {
            // A line may hold more than the first sentence: the rest of it belongs to the description.
            let (title, more) = title.split_once(". ").unwrap_or((title, ""));
            title.trim_end_matches('.').clone_into(&mut self.title);
            self.description = if rest.is_empty() && more.is_empty() {
                said.next().map(|lines| lines.join(" ")).unwrap_or_default()
            } else {
                [&[more], rest].concat().join(" ").trim().to_owned()
            };
        }
    }

    fn read_items(&mut self, items: &[Item], in_chain: &mut bool) {
        for item in items {
            match item {
                Item::Section(section) => self.read_items(&section.items, in_chain),
                Item::Directive(directive) => self.read_directive(directive, in_chain),
            }
        }
    }

    fn read_directive(&mut self, directive: &Directive, in_chain: &mut bool) {
        let is_rule = ["SecRule", "SecAction"].iter().any(|n| directive.name.value.eq_ignore_ascii_case(n));
        if !is_rule {
            return;
        }
        self.rules += usize::from(!*in_chain);
        *in_chain = false;
        let position = if directive.name.value.eq_ignore_ascii_case("SecAction") { 0 } else { 2 };
        let Some(word) = directive.args.get(position) else { return };
        for action in parse_actions(word).unwrap_or_default() {
            match (action.name.value.to_ascii_lowercase().as_str(), &action.value) {
                ("chain", _) => *in_chain = true,
                ("tag", Some(tag)) => {
                    let level = tag.value.strip_prefix(b"paranoia-level/".as_slice());
                    let level = level.and_then(|level| std::str::from_utf8(level).ok()?.parse::<u8>().ok());
                    self.paranoia_levels.extend(level);
                }
                _ => {}
            }
        }
    }
}

/// Licence and copyright, which files begin with.
fn is_boilerplate(lines: &[&str]) -> bool {
    let text = lines.join(" ").to_ascii_lowercase();
    ["copyright", "licen", "ver.", "please see the enclosed"].iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_sentence() {
        let about =
            About::of(b"# Starter rules: leaks. A page about them\n# matches too.\n\nSecAction \"id:1\"\n");
        assert_eq!(about.title, "Starter rules: leaks");
        assert_eq!(about.description, "A page about them matches too.");
    }

    #[test]
    fn a_file_says_what_it_is() {
        let text = b"# ------\n# OWASP CRS ver.4.28.0\n# Copyright (c) 2021\n# ------\n\n#\n# -= Paranoia Level 0 =-\n# More words.\n\nSecRule A \"@eq 0\" \"id:1,chain,tag:'paranoia-level/1'\"\nSecRule B \"x\" \"t:none\"\nSecAction \"id:2,tag:'paranoia-level/3'\"\n";
        let about = About::of(text);
        assert_eq!((about.title.as_str(), about.description.as_str()), ("Paranoia Level 0", "More words."));
        assert_eq!((about.rules, about.paranoia_levels.into_iter().collect::<Vec<_>>()), (2, vec![1, 3]));
    }
}
