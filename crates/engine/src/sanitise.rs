//! What rules ask to hide, and how it is hidden.
//!
//! Effects only note *what* is secret. When the record is made, every note becomes a list of secret byte strings and
//! each occurrence of one in the record (request line, headers, bodies, alerts) is overwritten with `*`, so that no sink
//! ever sees it.

use crate::ruleset::Rule;
use crate::transaction::Transaction;
use crate::variables::Variable;

/// A compiled `sanitise…` action.
#[derive(Debug, Clone)]
pub(crate) enum Sanitise {
    Argument(Vec<u8>),
    RequestHeader(Vec<u8>),
    ResponseHeader(Vec<u8>),
    Matched,
    MatchedBytes { first: u8, last: u8 },
}

/// What a transaction has to hide.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) request_headers: Vec<Vec<u8>>,
    pub(crate) response_headers: Vec<Vec<u8>>,
    /// Values with how many leading and trailing bytes stay visible.
    pub(crate) values: Vec<(Vec<u8>, u8, u8)>,
}

impl Secrets {
    pub(crate) fn is_empty(&self) -> bool {
        self.arguments.is_empty()
            && self.request_headers.is_empty()
            && self.response_headers.is_empty()
            && self.values.is_empty()
    }
}

impl Sanitise {
    pub(crate) fn run(&self, transaction: &mut Transaction, _rule: &Rule) {
        match self {
            Sanitise::Argument(name) => note(&mut transaction.secrets.arguments, name),
            Sanitise::RequestHeader(name) => note(&mut transaction.secrets.request_headers, name),
            Sanitise::ResponseHeader(name) => note(&mut transaction.secrets.response_headers, name),
            Sanitise::Matched => {
                let Some((variable, member)) = transaction.matched_member() else { return };
                let secrets = &mut transaction.secrets;
                match variable {
                    Variable::Args | Variable::ArgsGet | Variable::ArgsPost | Variable::ArgsNames => {
                        note(&mut secrets.arguments, &member);
                    }
                    Variable::RequestHeaders => note(&mut secrets.request_headers, &member),
                    Variable::ResponseHeaders => note(&mut secrets.response_headers, &member),
                    _ => {}
                }
            }
            Sanitise::MatchedBytes { first, last } => {
                let value = transaction.matched_bytes();
                if !value.is_empty() {
                    transaction.secrets.values.push((value, *first, *last));
                }
            }
        }
    }
}

/// The list stays as short as the configuration and the request are: each name once.
fn note(names: &mut Vec<Vec<u8>>, name: &[u8]) {
    if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        names.push(name.to_vec());
    }
}

/// Overwrites every occurrence of a secret in a text.
pub(crate) fn mask(text: &mut [u8], secrets: &[(Vec<u8>, u8, u8)]) {
    for (secret, first, last) in secrets {
        if secret.is_empty() {
            continue;
        }
        let finder = memchr::memmem::Finder::new(secret);
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| finder.find(rest)) {
            let start = from + at;
            let end = start + secret.len();
            let keep_until = end.saturating_sub(usize::from(*last));
            for byte in
                text.get_mut((start + usize::from(*first)).min(keep_until)..keep_until).unwrap_or_default()
            {
                *byte = b'*';
            }
            from = end;
        }
    }
}
