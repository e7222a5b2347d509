//! Selections of rules by id, tag or message: what `SecRuleRemove…`, `SecRuleUpdate…` and `ctl:ruleRemove…` name.

use portcullis_operators::pattern::{Options, Pattern};

/// A selection as written.
#[derive(Debug)]
pub enum RuleSelector {
    /// Ranges of ids, both ends included.
    Ids(Vec<(u64, u64)>),
    /// A regular expression over tags, macros unexpanded.
    Tag(Pattern),
    /// A regular expression over the message, macros unexpanded.
    Msg(Pattern),
}

impl RuleSelector {
    /// Reads `942100`, `1-5`, `1,3-4`. Junk selects nothing, as in ModSecurity v2, but a text without any number is an
    /// error: it is never meant.
    ///
    /// # Errors
    /// When it names no id.
    pub fn ids(text: &[u8]) -> Result<RuleSelector, String> {
        let text = String::from_utf8_lossy(text);
        let number = |part: &str| {
            let digits: String = part.trim().chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().ok()
        };
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let part = part.trim().trim_matches(['\'', '"']);
            let range = match part.split_once('-') {
                Some((from, to)) => number(from).zip(number(to)),
                None => number(part).map(|id| (id, id)),
            };
            ranges.extend(range);
        }
        if ranges.is_empty() {
            return Err(format!("`{text}` names no rule id"));
        }
        Ok(RuleSelector::Ids(ranges))
    }

    /// An unanchored, case-sensitive regular expression over tags.
    ///
    /// # Errors
    /// When the expression is bad.
    pub fn tag(text: &[u8]) -> Result<RuleSelector, String> {
        pattern(text).map(RuleSelector::Tag)
    }

    /// An unanchored, case-sensitive regular expression over messages.
    ///
    /// # Errors
    /// When the expression is bad.
    pub fn msg(text: &[u8]) -> Result<RuleSelector, String> {
        pattern(text).map(RuleSelector::Msg)
    }

    /// Whether a rule is selected.
    pub fn selects(&self, id: u64, tags: &[Vec<u8>], msg: Option<&[u8]>) -> bool {
        match self {
            RuleSelector::Ids(ranges) => {
                id != 0 && ranges.iter().any(|(from, to)| (*from..=*to).contains(&id))
            }
            RuleSelector::Tag(pattern) => tags.iter().any(|tag| pattern.is_match(tag).unwrap_or(false)),
            RuleSelector::Msg(pattern) => msg.is_some_and(|msg| pattern.is_match(msg).unwrap_or(false)),
        }
    }
}

fn pattern(text: &[u8]) -> Result<Pattern, String> {
    Pattern::new(text, Options::default())
        .map_err(|error| format!("bad regular expression: {}", error.message))
}
