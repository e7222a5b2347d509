//! Makes a disagreement small: all ways to leave one thing out are tried at once, again and again.
//!
//! Leaving out a directive, a target, an action, a header, a piece of query or body; shortening texts by halves. The
//! reference answers a whole batch in one start, so a round costs what a single question costs.

use super::case::{Body, Case, Directive, Rule, Style};

/// Every case that lacks one thing.
pub fn reductions(case: &Case) -> Vec<Case> {
    let mut out = Vec::new();
    let count = case.directives.len();
    for length in [count / 2, count / 4, 1] {
        for at in (0..count).step_by(length.max(1)) {
            let end = (at + length).min(count);
            out.push(with(case, |case| drop(case.directives.drain(at..end))));
        }
    }
    out.push(with(case, |case| case.request.headers.retain(|(name, _)| name == "Host")));
    for (at, directive) in case.directives.iter().enumerate() {
        let Directive::Rule(rule) = directive else { continue };
        for smaller in smaller_rules(rule) {
            out.push(with(case, |case| case.directives[at] = Directive::Rule(smaller)));
        }
    }
    request(case, &mut out);
    for at in 0..case.response.headers.len() {
        out.push(with(case, |case| drop(case.response.headers.remove(at))));
    }
    for text in halves(&case.response.body) {
        out.push(with(case, |case| case.response.body = text));
    }
    if case.response.status != 200 {
        out.push(with(case, |case| case.response.status = 200));
    }
    out.retain(|smaller| smaller != case);
    out
}

fn smaller_rules(rule: &Rule) -> Vec<Rule> {
    let mut out = Vec::new();
    let mut add = |change: &dyn Fn(&mut Rule)| {
        let mut smaller = rule.clone();
        change(&mut smaller);
        out.push(smaller);
    };
    for at in 0..rule.targets.len() {
        if rule.targets.len() > 1 {
            add(&|rule| drop(rule.targets.remove(at)));
        }
    }
    for at in 0..rule.actions.len() {
        add(&|rule| drop(rule.actions.remove(at)));
    }
    if rule.style != Style::Plain {
        add(&|rule| rule.style = Style::Plain);
    }
    if rule.operator.as_deref().is_some_and(|operator| operator != "@unconditionalMatch") {
        add(&|rule| rule.operator = Some("@unconditionalMatch".to_owned()));
    }
    out
}

fn request(case: &Case, out: &mut Vec<Case>) {
    for at in 0..case.request.headers.len() {
        out.push(with(case, |case| drop(case.request.headers.remove(at))));
        for text in halves(&case.request.headers[at].1) {
            out.push(with(case, |case| case.request.headers[at].1 = text));
        }
    }
    for text in halves(&case.request.path).filter(|text| text.starts_with('/')) {
        out.push(with(case, |case| case.request.path = text));
    }
    if let Some(pieces) = &case.request.query {
        out.push(with(case, |case| case.request.query = None));
        for (at, piece) in pieces.iter().enumerate() {
            let edit = |change: &dyn Fn(&mut Vec<String>)| {
                with(case, |case| case.request.query.as_mut().into_iter().for_each(change))
            };
            out.push(edit(&|pieces| drop(pieces.remove(at))));
            for text in halves(piece) {
                out.push(edit(&|pieces| pieces[at] = text.clone()));
            }
        }
    }
    let (Body::Plain(pieces) | Body::Chunked(pieces)) = &case.request.body else { return };
    out.push(with(case, |case| case.request.body = Body::None));
    if let Body::Chunked(pieces) = &case.request.body {
        out.push(with(case, |case| case.request.body = Body::Plain(pieces.clone())));
    }
    for (at, piece) in pieces.iter().enumerate() {
        let edit = |change: &dyn Fn(&mut Vec<String>)| {
            with(case, |case| {
                if let Body::Plain(pieces) | Body::Chunked(pieces) = &mut case.request.body {
                    change(pieces);
                }
            })
        };
        out.push(edit(&|pieces| drop(pieces.remove(at))));
        for text in halves(piece) {
            out.push(edit(&|pieces| pieces[at] = text.clone()));
        }
    }
}

fn with(case: &Case, change: impl FnOnce(&mut Case)) -> Case {
    let mut smaller = case.clone();
    change(&mut smaller);
    smaller
}

/// The text without its first half, without its second half, and short texts without each character.
fn halves(text: &str) -> impl Iterator<Item = String> + use<> {
    let characters: Vec<char> = text.chars().collect();
    let half = characters.len() / 2;
    let mut out = Vec::new();
    if characters.len() > 1 {
        out.push(characters[half..].iter().collect());
        out.push(characters[..half].iter().collect());
    }
    if characters.len() <= 12 {
        for at in 0..characters.len() {
            out.push(characters.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect());
        }
    }
    out.into_iter()
}
