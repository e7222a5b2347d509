//! Which events somebody wants to see, from the words they write.
//!
//! ```text
//! rule:942100 path:/shop/* score:>4 verdict:blocked select    all of these must hold; the bare word is looked for in matched data
//! ```
//!
//! Fields: `rule`, `tag`, `path`, `client`, `country` (DE or Germany, where a geographic database is configured), `host`, `method`,
//! `id` (a `*` at the end: begins with), `status` (403 or 4xx), `score`
//! (5, >5, >=5, <5, <=5), `verdict`, `text`. Values with blanks stand in double quotes. A mistake is told with its place in the
//! text. The store turns a filter into SQL; values only ever become parameters of it.
//!
//! `text:` and a word without a field find the same: where the target with its arguments, a message, matched data, the name or
//! the value of what matched, or the reason of a failure holds them, A to Z like a to z. There is no index of words, which would
//! cost each event more than all the rest: events are looked through, so that parts of words are found, too. What is not
//! printable is written as it is shown: `\x00`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::bytes::Bytes;
use crate::event::Verdict;

/// A stretch of time, microseconds since the Unix epoch; the end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Window {
    /// From here.
    pub from_micros: i64,
    /// Up to here.
    pub to_micros: i64,
}

impl Window {
    /// All there is.
    pub const ALL: Window = Window { from_micros: i64::MIN, to_micros: i64::MAX };

    /// The last so many seconds before `now_micros`, the present included.
    pub fn last(now_micros: i64, seconds: i64) -> Self {
        let from_micros = now_micros.saturating_sub(seconds.saturating_mul(1_000_000));
        Self { from_micros, to_micros: now_micros.saturating_add(1) }
    }
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Over,
    AtLeast,
    Under,
    AtMost,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    Rule(u64),
    Tag(String),
    /// A column, a text, and whether it is only the beginning.
    Text(&'static str, String, bool),
    Status(u16, u16),
    Score(Comparison, i64),
    Verdict(Verdict),
    /// Two letters or a name; becomes [`Term::Clients`] before the store is asked.
    Country(String),
    Clients(Vec<String>),
    Anywhere(Bytes),
}

/// See the module. The default holds for every event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub(crate) terms: Vec<Term>,
    /// When.
    pub window: Window,
}

impl Default for Filter {
    fn default() -> Self {
        Self { terms: Vec::new(), window: Window::ALL }
    }
}

/// What is wrong with the text of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Where the word begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// One sentence.
    pub message: String,
}

const FIELDS: &str = "rule, tag, path, client, country, host, method, id, status, score, verdict, text";

/// More conditions are refused: each costs a look at every event.
const MOST_TERMS: usize = 20;

impl Filter {
    /// Reads a text. The window is [`Window::ALL`]; set it afterwards.
    ///
    /// # Errors
    /// At the first word that means nothing.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut terms = Vec::new();
        for (start, end) in words(text) {
            let word = text.get(start..end).unwrap_or_default();
            terms.push(term(word).map_err(|message| FilterError { start, end, message })?);
            if terms.len() > MOST_TERMS {
                return Err(FilterError { start, end, message: format!("more than {MOST_TERMS} words") });
            }
        }
        Ok(Self { terms, window: Window::ALL })
    }

    /// The same conditions in another stretch of time.
    pub fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Only events in which this rule matched, too.
    pub fn with_rule(mut self, rule: u64) -> Self {
        self.terms.push(Term::Rule(rule));
        self
    }

    /// Only events in which a rule with this tag matched, too.
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.terms.push(Term::Tag(tag.to_owned()));
        self
    }
}

/// Where words stand: separated by blanks that are not in double quotes.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut start, mut quoted) = (None, false);
    for (at, character) in text.char_indices() {
        if character == '"' {
            quoted = !quoted;
        }
        if character.is_whitespace() && !quoted {
            found.extend(start.take().map(|start| (start, at)));
        } else if start.is_none() {
            start = Some(at);
        }
    }
    found.extend(start.map(|start| (start, text.len())));
    found
}

fn term(word: &str) -> Result<Term, String> {
    let field = word
        .split_once(':')
        .filter(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let Some((name, value)) = field else { return Ok(anywhere(&unquoted(word)?)) };
    let value = unquoted(value)?;
    if value.is_empty() {
        return Err(format!("`{name}:` needs a value"));
    }
    let text = |column| {
        let begins = value.ends_with('*');
        Term::Text(column, value.trim_end_matches('*').to_owned(), begins)
    };
    match name {
        "rule" => {
            let number = value.parse().ok().filter(|id: &u64| i64::try_from(*id).is_ok());
            number.map(Term::Rule).ok_or_else(|| format!("`{value}` is not the id of a rule"))
        }
        "tag" => Ok(Term::Tag(value)),
        "text" => Ok(anywhere(&value)),
        "path" => Ok(text("path")),
        "client" => Ok(text("client")),
        "country" => Ok(Term::Country(value)),
        "host" => Ok(text("host")),
        "method" => Ok(text("method")),
        "id" => Ok(text("id")),
        "status" => status(&value),
        "score" => score(&value),
        "verdict" => Verdict::named(&value).map(Term::Verdict).ok_or_else(|| {
            let known: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.name()).collect();
            format!("`{value}` is not one of {}", known.join(", "))
        }),
        _ => Err(format!("there is no field `{name}`; there are {FIELDS}, and words without a field")),
    }
}

fn anywhere(text: &str) -> Term {
    // A backslash that begins no escape stands for itself.
    Term::Anywhere(Bytes::parse(text).unwrap_or_else(|| text.into()))
}

fn unquoted(value: &str) -> Result<String, String> {
    match value.matches('"').count() {
        0 => Ok(value.to_owned()),
        count if count % 2 == 0 => Ok(value.replace('"', "")),
        _ => Err("a double quote has no end".to_owned()),
    }
}

fn status(value: &str) -> Result<Term, String> {
    let wrong = || format!("`{value}` is neither a status like 403 nor a class like 4xx");
    if let Some(class) = value.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=9).contains(class)).ok_or_else(wrong)?;
        return Ok(Term::Status(class * 100, class * 100 + 99));
    }
    let status = value.parse().map_err(|_| wrong())?;
    Ok(Term::Status(status, status))
}

fn score(value: &str) -> Result<Term, String> {
    let signs = [
        (">=", Comparison::AtLeast),
        ("<=", Comparison::AtMost),
        (">", Comparison::Over),
        ("<", Comparison::Under),
    ];
    let found = signs.iter().find_map(|(sign, comparison)| Some((value.strip_prefix(sign)?, *comparison)));
    let (number, comparison) = found.unwrap_or((value, Comparison::Equal));
    let number = number.parse().map_err(|_| format!("`{value}` is no score; write 5, >5, >=5, <5 or <=5"))?;
    Ok(Term::Score(comparison, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_conditions() {
        let filter = Filter::parse("rule:942100 path:/a* status:4xx score:>=5 \"or 1\"").unwrap();
        let path = Term::Text("path", "/a".to_owned(), true);
        let score = Term::Score(Comparison::AtLeast, 5);
        let text = Term::Anywhere("or 1".into());
        assert_eq!(filter.terms, [Term::Rule(942_100), path, Term::Status(400, 499), score, text.clone()]);
        assert_eq!(Filter::parse("text:\"or 1\"").unwrap().terms, [text]);
        assert_eq!(Filter::parse("text:\\x00").unwrap().terms, [Term::Anywhere(b"\0".as_slice().into())]);
        assert_eq!(Filter::parse(" ").unwrap(), Filter::default());
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let place = |text: &str| Filter::parse(text).map_err(|error| (error.start, error.end));
        assert_eq!(place("path:/a rule:x"), Err((8, 14)));
        assert_eq!(place("verdict:maybe"), Err((0, 13)));
        assert_eq!(place("colour:red"), Err((0, 10)));
        assert_eq!(place("status:9xxx tag:"), Err((0, 11)));
        assert_eq!(place("a tag:"), Err((2, 6)));
        assert_eq!(place("path:\"/a b"), Err((0, 10)));
    }
}
