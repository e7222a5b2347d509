//! Overwrites in a record what rules asked to hide, so that no log, metric or store ever sees it.
//!
//! ```text
//! sanitiseArg:pw     GET /login?pw=s%65cret&x=1   →  GET /login?pw=********&x=1, ARGS:pw [data "******"]
//! ```
//!
//! A secret is hidden in its own place however short it is and however it is encoded there: the value of an argument in
//! query string and body, the value of a header. Elsewhere (an echo in a message, in the response, in another header) it
//! is looked for as it is, when it has at least three bytes: hiding every `1` would leave no readable log. Where the place
//! cannot be told from the bytes, as with escapes in JSON, the whole body is hidden. Each text is walked once, whatever
//! the number of secrets. (manual: "sanitiseArg", "sanitiseMatched", "sanitiseMatchedBytes")

use std::collections::HashSet;
use std::ops::ControlFlow;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::message::write_metadata;
use crate::record::{Alert, Pairs, Record};
use crate::request::{Argument, Origin};
use crate::transaction::Transaction;

/// Shorter secrets are hidden in their own place only.
const SHORTEST_ECHO: usize = 3;

/// Secrets to look for in a text, each with how many of its leading and trailing bytes stay.
struct Finder {
    automaton: Option<AhoCorasick>,
    keep: Vec<(u8, u8)>,
}

impl Finder {
    fn new<'a>(secrets: impl Iterator<Item = (&'a [u8], u8, u8)>) -> Self {
        let (mut patterns, mut keep) = (Vec::new(), Vec::new());
        for (secret, first, last) in secrets.filter(|(secret, ..)| !secret.is_empty()) {
            patterns.push(secret);
            keep.push((first, last));
        }
        let mut builder = AhoCorasick::builder();
        // The longest first: hiding a part would leave the rest. Secrets beyond what the automaton can hold do not occur
        // in requests, which have limits.
        let build = || builder.match_kind(MatchKind::LeftmostLongest).build(&patterns).ok();
        Self { automaton: (!patterns.is_empty()).then(build).flatten(), keep }
    }

    fn finds(&self, text: &[u8]) -> bool {
        self.automaton.as_ref().is_some_and(|automaton| automaton.is_match(text))
    }

    /// Says whether there was anything to hide.
    fn hide(&self, text: &mut [u8]) -> bool {
        let Some(automaton) = &self.automaton else { return false };
        let found: Vec<_> =
            automaton.find_iter(&*text).map(|found| (found.range(), found.pattern())).collect();
        for (range, pattern) in &found {
            let (first, last) = self.keep.get(pattern.as_usize()).copied().unwrap_or_default();
            let end = range.end.saturating_sub(usize::from(last));
            let start = (range.start + usize::from(first)).min(end);
            text.get_mut(start..end).unwrap_or_default().fill(b'*');
        }
        !found.is_empty()
    }
}

/// What there is to hide in one record.
struct Mask<'a> {
    /// Arguments whose whole value is secret, lower case.
    whole: HashSet<Vec<u8>>,
    /// Arguments of which some bytes are, lower case.
    partly: HashSet<Vec<u8>>,
    separator: u8,
    /// Bytes that matched, for the arguments of `partly`.
    matched: Finder,
    /// Everything that is long enough to be looked for anywhere.
    echoes: Finder,
    /// Everything else, for the values and the data of alerts.
    short: HashSet<&'a [u8]>,
}

fn lower(names: &[Vec<u8>]) -> HashSet<Vec<u8>> {
    names.iter().map(|name| name.to_ascii_lowercase()).collect()
}

fn names(list: &HashSet<Vec<u8>>, name: &[u8]) -> bool {
    !list.is_empty() && list.contains(&name.to_ascii_lowercase())
}

impl Mask<'_> {
    /// `name=value` pairs of a query string or a urlencoded body.
    fn pairs(&self, text: &mut [u8]) {
        for pair in text.split_mut(|byte| *byte == self.separator) {
            let Some(equals) = memchr::memchr(b'=', pair) else { continue };
            let (mut all, mut in_part) = (false, false);
            let raw = pair.get(equals + 1..).unwrap_or_default();
            let _ = portcullis_bodies::urlencoded(pair, self.separator, &mut |name, value| {
                in_part = names(&self.partly, name);
                all = names(&self.whole, name)
                    || (in_part && !self.matched.finds(raw))
                    || (self.echoes.finds(value) && !self.echoes.finds(raw));
                ControlFlow::Break(())
            });
            let value = pair.get_mut(equals + 1..).unwrap_or_default();
            if all {
                value.fill(b'*');
            } else if in_part {
                self.matched.hide(value);
            } else {
                self.echoes.hide(value);
            }
        }
    }

    /// The query string in a request line, a target or a Referer.
    fn query(&self, text: &mut [u8]) {
        if let Some(mark) = memchr::memchr(b'?', text) {
            let query = text.get_mut(mark + 1..).unwrap_or_default();
            // Behind the target of a request line stands the protocol.
            let end = memchr::memchr(b' ', query).unwrap_or(query.len());
            self.pairs(query.get_mut(..end).unwrap_or_default());
        }
    }

    fn headers(&self, headers: &mut Pairs, secret: &[Vec<u8>]) {
        let secret = lower(secret);
        headers.change_values(|name, value| {
            if names(&secret, name) {
                value.fill(b'*');
            } else if name.eq_ignore_ascii_case(b"referer") {
                self.query(value);
            }
            self.echoes.hide(value);
        });
    }

    /// An alert's parts, and its text made anew of them.
    fn alert(&self, alert: &mut Alert) {
        self.echoes.hide(&mut alert.uri);
        let Some(rule) = &mut alert.rule else {
            self.echoes.hide(&mut alert.text);
            return;
        };
        let before = rule.operator_message.clone();
        let mut changed = false;
        for part in [&mut rule.operator_message, &mut rule.msg].into_iter().chain(&mut rule.tags) {
            changed |= self.anywhere(part);
        }
        for part in [&mut rule.data, &mut rule.value] {
            changed |= self.anywhere(part) | self.words(part);
        }
        if changed {
            let old = std::mem::take(&mut alert.text);
            let shown = memchr::memmem::find(&old, &before);
            let end = shown.or_else(|| memchr::memmem::find(&old, b" [file \""));
            alert.text.extend_from_slice(old.get(..end.unwrap_or(0)).unwrap_or_default());
            if shown.is_some() {
                alert.text.extend_from_slice(&rule.operator_message);
            }
            write_metadata(rule, &mut alert.text);
            alert.text.truncate(crate::message::MESSAGE_LIMIT);
        }
    }

    /// A text that may hold anything: a query, pairs, an echo. Says whether there was something to hide.
    fn anywhere(&self, text: &mut [u8]) -> bool {
        let before = text.to_vec();
        if memchr::memchr(b'?', text).is_some() {
            self.query(text);
        } else {
            self.pairs(text);
        }
        self.echoes.hide(text);
        before != text
    }

    /// Short secrets where they stand alone between other characters than letters and digits.
    fn words(&self, text: &mut [u8]) -> bool {
        let mut changed = false;
        for word in text.split_mut(|byte| !byte.is_ascii_alphanumeric() && byte.is_ascii()) {
            if self.short.contains(&*word) {
                word.fill(b'*');
                changed = true;
            }
        }
        changed
    }
}

impl Transaction {
    /// Hides everything that rules sanitised.
    pub(crate) fn mask_record(&self, record: &mut Record) {
        let secrets = &self.secrets;
        let value = |argument: &Argument| self.arena.get(argument.value);
        let whole_names = lower(&secrets.arguments);
        let is_secret = |argument: &&Argument| names(&whole_names, self.arena.get(argument.name));
        let arguments = || self.request.arguments.iter().filter(is_secret);
        let headers = [
            (&self.request.headers, &secrets.request_headers),
            (&self.response.headers, &secrets.response_headers),
        ];
        let header_values = headers.iter().flat_map(|(pairs, list)| {
            let list = lower(list);
            let named = pairs.iter().filter(move |pair| names(&list, self.arena.get(pair.name)));
            named.map(|pair| self.arena.get(pair.value))
        });
        let matched = || secrets.values.iter().map(|(value, first, last)| (value.as_slice(), *first, *last));
        let whole = arguments().map(value).chain(header_values).map(|value| (value, 0, 0));
        let all: Vec<(&[u8], u8, u8)> = whole.chain(matched()).collect();
        let in_body: Vec<&[u8]> =
            arguments().filter(|argument| argument.origin != Origin::Query).map(value).collect();
        let mask = Mask {
            whole: lower(&secrets.arguments),
            partly: lower(&secrets.partly),
            separator: self.rules.settings.argument_separator,
            matched: Finder::new(matched()),
            echoes: Finder::new(all.iter().copied().filter(|(secret, ..)| secret.len() >= SHORTEST_ECHO)),
            short: all
                .iter()
                .map(|(secret, ..)| *secret)
                .filter(|secret| secret.len() < SHORTEST_ECHO)
                .collect(),
        };
        mask.record(record, self.request.processor.as_slice(), &in_body);
    }
}

impl Mask<'_> {
    /// `processor` read the request body; `in_body` are the secret values of its arguments.
    fn record(&self, record: &mut Record, processor: &[u8], in_body: &[&[u8]]) {
        let request = &mut record.request;
        for text in [&mut request.line, &mut request.target] {
            self.query(text);
            self.echoes.hide(text);
        }
        self.headers(&mut request.headers, &record.sanitised_request_headers);
        if let Some(body) = &mut request.body {
            match processor {
                b"URLENCODED" => self.pairs(body),
                b"MULTIPART" => hide_form_fields(body, in_body),
                _ if in_body.iter().any(|secret| secret.len() < SHORTEST_ECHO || !contains(body, secret)) => {
                    body.fill(b'*');
                }
                _ => {}
            }
            self.echoes.hide(body);
        }
        if let Some(fields) = &mut request.fake_body {
            self.pairs(fields);
        }
        let response = &mut record.response;
        self.headers(&mut response.headers, &record.sanitised_response_headers);
        if let Some(body) = &mut response.body {
            self.echoes.hide(body);
        }
        record.alerts.iter_mut().for_each(|alert| self.alert(alert));
        if let Some(interception) = &mut record.interception {
            self.echoes.hide(&mut interception.message);
        }
        for id in [&mut record.web_app.1, &mut record.web_app.2] {
            self.echoes.hide(id);
        }
        for text in record.trace.iter_mut().flat_map(|line| line.step.texts()) {
            self.anywhere(text);
            self.words(text);
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// The contents of parts of a multipart body that are secret. A part that has no end in what was kept is hidden: it may
/// be the beginning of a secret.
fn hide_form_fields(body: &mut [u8], secrets: &[&[u8]]) {
    let secrets: HashSet<&[u8]> = secrets.iter().copied().collect();
    if secrets.is_empty() {
        return;
    }
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = [b"\n", line.strip_suffix(b"\r").unwrap_or(line)].concat();
    if !delimiter.starts_with(b"\n--") {
        return body.fill(b'*');
    }
    let ends: Vec<usize> = memchr::memmem::find_iter(&*body, &delimiter).collect();
    let mut start = 0;
    for end in ends.iter().copied().chain([body.len()]) {
        let is_cut = end == body.len();
        let Some(part) = body.get_mut(start..end) else { break };
        let blank = [&b"\r\n\r\n"[..], b"\n\n"]
            .into_iter()
            .find_map(|blank| Some(memchr::memmem::find(part, blank)? + blank.len()));
        if let Some(content) = blank.and_then(|from| part.get_mut(from..)) {
            let length = content.strip_suffix(b"\r").unwrap_or(content).len();
            if let Some(content) =
                content.get_mut(..length).filter(|content| is_cut || secrets.contains(&**content))
            {
                content.fill(b'*');
            }
        }
        start = end + 1;
    }
}

#[cfg(test)]
#[path = "mask_tests.rs"]
mod tests;
