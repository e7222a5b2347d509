//! One comparison: configuration, request and the origin's answer, in a form that can be rendered and reduced.
//!
//! Texts are strings whose characters are bytes (Latin-1), as in the reference's case format.

use serde_json::{Value, json};

/// A comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub directives: Vec<Directive>,
    pub request: Request,
    pub response: Response,
}

/// One directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive {
    Rule(Rule),
    /// Any other, as it stands in the file.
    Line(String),
}

/// A rule, chain link or `SecAction`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    pub targets: Vec<String>,
    /// `None`: a `SecAction`.
    pub operator: Option<String>,
    pub actions: Vec<String>,
    pub style: Style,
}

/// How a rule is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    #[default]
    Plain,
    /// Blanks around the commas between actions.
    Spaced,
    /// Names in capitals.
    Shouted,
    /// On several lines.
    Continued,
    /// Words in single quotes, where they hold none.
    Single,
}

/// The request in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Pieces between `&`; `None`: no question mark.
    pub query: Option<Vec<String>>,
    pub headers: Vec<(String, String)>,
    pub body: Body,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    None,
    /// With `Content-Length`.
    Plain(Vec<String>),
    /// In chunks.
    Chunked(Vec<String>),
}

/// What the origin answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Case {
    /// The configuration.
    pub fn rules(&self) -> String {
        self.directives.iter().map(|directive| directive.text() + "\n").collect()
    }

    /// What of docs/differences.md this case would show.
    pub fn left_out(&self) -> Option<&'static str> {
        let whole = [
            (self.leaves_its_body_unread(), "a body behind too many arguments"),
            (self.changes_half_a_chain(), "half a chain that is removed or looks elsewhere"),
            (self.counts_a_body_in_pieces(), "the length of a body that arrives in pieces"),
            (self.shows_an_empty_stream(), "a stream that holds nothing"),
        ];
        let of_a_directive = |(at, directive): (usize, &Directive)| match directive {
            Directive::Rule(rule) => rule.left_out(),
            Directive::Line(line) => self.left_out_for(at, line),
        };
        let found = whole.into_iter().find_map(|(shows, why)| shows.then_some(why));
        found.or_else(|| self.directives.iter().enumerate().find_map(of_a_directive))
    }

    fn left_out_for(&self, at: usize, line: &str) -> Option<&'static str> {
        if line.ends_with("\" \"ARGS\"") && self.rules().contains("ARGS:") {
            return Some("a whole collection that is replaced: members before it go along there");
        }
        if line.starts_with("SecRuleUpdate") && self.stands_early(at, line) {
            return Some("an update before its rule");
        }
        (line.starts_with("SecRuleUpdateActionById") && !line.contains("chain") && self.has_chain())
            .then_some("an update that takes a rule out of its chain there")
    }

    /// Whether its query alone has more arguments than are allowed: the reference parses no body then.
    fn leaves_its_body_unread(&self) -> bool {
        let limited = self.directives.iter().any(
            |directive| matches!(directive, Directive::Line(line) if line.starts_with("SecArgumentsLimit")),
        );
        let separators = |piece: &String| 1 + piece.matches(';').count();
        let most = self.request.query.iter().flatten().map(separators).sum::<usize>();
        // A document that is a number ends with the body, and so does what is found out about it.
        let (Body::Plain(pieces) | Body::Chunked(pieces)) = &self.request.body else { return false };
        let is_number = pieces.concat().trim().parse::<f64>().is_ok();
        limited && (most > 1 || is_number)
    }

    /// Whether a limit cuts a body that arrives in pieces, and a rule shows how much of it was read.
    fn counts_a_body_in_pieces(&self) -> bool {
        let rules = self.rules();
        let in_pieces = matches!(self.request.body, Body::Chunked(_));
        in_pieces
            && rules.contains("equestBody")
            && rules.contains("Limit")
            && rules.contains("REQUEST_BODY_LENGTH")
    }

    /// Whether a stream that holds nothing may be shown: it is empty there, and absent here.
    fn shows_an_empty_stream(&self) -> bool {
        let rules = self.rules();
        let shows = |switch: &str, name: &str| rules.contains(switch) && rules.contains(name);
        let sends_nothing = match &self.request.body {
            Body::None => true,
            Body::Plain(pieces) | Body::Chunked(pieces) => pieces.iter().all(String::is_empty),
        };
        shows("SecStreamIn", "STREAM_INPUT_BODY") && sends_nothing
            || shows("SecStreamOut", "STREAM_OUTPUT_BODY")
    }

    /// Whether rules may see more of an error page than header fields that no such page has. A page that a rule asked for is
    /// there in phase 5 only, any other from phase 3 on.
    pub fn shows_the_page(&self, rule_asked: bool) -> bool {
        let phases: &[&str] =
            if rule_asked { &["5", "logging"] } else { &["3", "4", "response", "5", "logging"] };
        let mut text = String::new();
        let mut sees_it = false;
        for directive in &self.directives {
            if let Directive::Rule(rule) = directive {
                sees_it = rule.phase().map_or(sees_it, |phase| phases.contains(&phase));
            }
            if sees_it || matches!(directive, Directive::Line(_)) {
                text.push_str(&directive.text());
            }
        }
        for absent in ["RESPONSE_HEADERS:X-Test", "RESPONSE_HEADERS:Set-Cookie"] {
            text = text.replace(absent, "");
        }
        let shown = ["RESPONSE_BODY", "RESPONSE_HEADERS", "STREAM_OUTPUT_BODY"];
        shown.iter().any(|name| text.contains(name)) || self.rules().contains("esponseBodyLimit")
    }

    /// Whether a marker may keep the links behind it from being removed with their chain, or from getting its new targets.
    fn changes_half_a_chain(&self) -> bool {
        let starts = |text: &'static str| move |directive: &Directive| matches!(directive, Directive::Line(line) if line.starts_with(text));
        let is_chained = |directive: &Directive| matches!(directive, Directive::Rule(rule) if rule.actions.iter().any(|action| action == "chain"));
        let parted =
            self.directives.windows(2).any(|pair| is_chained(&pair[0]) && starts("SecMarker")(&pair[1]));
        let changes = ["SecRuleRemove", "SecRuleUpdateTarget"];
        parted && changes.iter().any(|change| self.directives.iter().any(starts(change)))
    }

    /// Whether an update stands before every rule it names: there it does nothing.
    fn stands_early(&self, at: usize, line: &str) -> bool {
        let Some(word) = line.split(' ').nth(1) else { return false };
        let action = if line.contains("ByTag") {
            format!("tag:'{word}'")
        } else {
            format!("id:{}", word.trim_matches('"'))
        };
        let by_message = line.contains("ByMsg");
        let is_named = |directive: &Directive| match directive {
            Directive::Rule(rule) if by_message => {
                rule.actions.iter().any(|action| action.starts_with("msg:'m"))
            }
            Directive::Rule(rule) => rule.actions.contains(&action),
            Directive::Line(_) => false,
        };
        !self.directives.iter().take(at).any(is_named) && self.directives.iter().skip(at).any(is_named)
    }

    fn has_chain(&self) -> bool {
        self.directives.iter().any(|directive| match directive {
            Directive::Rule(rule) => rule.actions.iter().any(|action| action == "chain"),
            Directive::Line(_) => false,
        })
    }

    /// How much there is to read.
    pub fn size(&self) -> usize {
        self.rules().len()
            + self.request.text().len()
            + self.response.body.len()
            + self.response.headers.len() * 20
    }

    /// The case as the reference takes it.
    pub fn json(&self, id: usize) -> Value {
        let headers: Vec<_> =
            self.response.headers.iter().map(|(name, value)| json!([name, value])).collect();
        let reason = portcullis_http1::reason(self.response.status).unwrap_or("");
        json!({
            "id": id,
            "rules": self.rules(),
            "request": self.request.text(),
            "files": { "words.data": super::words::WORDS },
            "response": {
                "status": self.response.status,
                "reason": reason,
                "headers": headers,
                "body": self.response.body,
            },
        })
    }
}

impl Directive {
    fn text(&self) -> String {
        match self {
            Directive::Line(line) => line.clone(),
            Directive::Rule(rule) => rule.text(),
        }
    }
}

impl Rule {
    fn left_out(&self) -> Option<&'static str> {
        let has = |wanted: &str| self.actions.iter().any(|action| action == wanted);
        let begins = |wanted: &str| self.actions.iter().any(|action| action.starts_with(wanted));
        if !has("multiMatch") {
            return None;
        }
        if begins("ctl:'ruleRemoveTarget") {
            return Some("a rule with multiMatch that takes a target from itself");
        }
        self.transformations().is_empty().then_some("multiMatch without a transformation")
    }

    /// Its own transformations, those taken back left out.
    fn transformations(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.actions.iter().filter_map(|action| action.strip_prefix("t:")) {
            match name.strip_prefix('-') {
                _ if name.eq_ignore_ascii_case("none") => names.clear(),
                Some(removed) => names.retain(|name| !name.eq_ignore_ascii_case(removed)),
                None => names.push(name.trim_start_matches('+')),
            }
        }
        names
    }

    /// The phase that it states; a link states none.
    fn phase(&self) -> Option<&str> {
        let of = |action: &'_ String| action.find("phase:").map(|at| at + "phase:".len());
        let (action, at) = self.actions.iter().find_map(|action| Some((action, of(action)?)))?;
        action.get(at..).and_then(|rest| rest.split(',').next())
    }

    fn text(&self) -> String {
        let actions = match self.style {
            Style::Spaced => self.actions.join(" , "),
            Style::Shouted => self.actions.iter().map(|action| shouted(action)).collect::<Vec<_>>().join(","),
            Style::Continued => self.actions.join(",\\\n    "),
            Style::Plain | Style::Single => self.actions.join(","),
        };
        let mut words = vec![if self.operator.is_some() { "SecRule" } else { "SecAction" }.to_owned()];
        if self.style == Style::Shouted {
            words[0] = words[0].to_uppercase();
        }
        if let Some(operator) = &self.operator {
            words.push(self.word(&self.targets.join("|")));
            words.push(self.word(operator));
        }
        if self.operator.is_none() || !self.actions.is_empty() {
            words.push(self.word(&actions));
        }
        words.join(if self.style == Style::Continued { " \\\n  " } else { " " })
    }

    fn word(&self, text: &str) -> String {
        if self.style == Style::Single && !text.contains(['\'', '\\']) {
            return format!("'{text}'");
        }
        // What continues a line is none of the word's own backslashes.
        text.split("\\\n").map(quote).collect::<Vec<_>>().join("\\\n").replace("\"\\\n\"", "\\\n")
    }
}

/// An action with its name in capitals.
fn shouted(action: &str) -> String {
    match action.split_once(':') {
        Some((name, value)) => format!("{}:{value}", name.to_uppercase()),
        None => action.to_uppercase(),
    }
}

impl Request {
    /// The bytes sent, as text.
    pub fn text(&self) -> String {
        let query = self.query.as_ref().map_or(String::new(), |pieces| format!("?{}", pieces.join("&")));
        let mut text = format!("{} {}{query} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        match &self.body {
            Body::None => text.push_str("\r\n"),
            Body::Plain(pieces) => {
                let body = pieces.concat();
                text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.chars().count()));
            }
            Body::Chunked(pieces) => {
                text.push_str("Transfer-Encoding: chunked\r\n\r\n");
                for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                    text.push_str(&format!("{:x}\r\n{piece}\r\n", piece.chars().count()));
                }
                text.push_str("0\r\n\r\n");
            }
        }
        text
    }
}

/// A word of a configuration file: quotes and those backslashes that would be eaten are escaped.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let eaten = character == '\\' && matches!(characters.peek(), None | Some('\\' | '"'));
        if character == '"' || eaten {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}

/// An action with a value in single quotes.
pub fn action(name: &str, value: &str) -> String {
    format!("{name}:'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The bytes of a Latin-1 text.
pub fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}

/// Bytes as a Latin-1 text.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
