//! What rules ask to hide: `sanitiseArg:pw` → `pw` among the secret arguments of the transaction.
//!
//! Effects only note *what* is secret; the mask overwrites it when the record is made.

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
    /// Bytes that matched, with how many leading and trailing ones stay visible.
    pub(crate) values: Vec<(Vec<u8>, u8, u8)>,
    /// The arguments in which they did.
    pub(crate) partly: Vec<Vec<u8>>,
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
                let member = transaction.matched_member();
                let secret = (transaction.matched_bytes(), *first, *last);
                let secrets = &mut transaction.secrets;
                if !secret.0.is_empty() && !secrets.values.contains(&secret) {
                    secrets.values.push(secret);
                }
                match member {
                    Some((Variable::Args | Variable::ArgsGet | Variable::ArgsPost, name)) => {
                        note(&mut secrets.partly, &name);
                    }
                    Some((Variable::ArgsNames, name)) => note(&mut secrets.arguments, &name),
                    // Of a header the whole value, as in the reference.
                    Some((Variable::RequestHeaders, name)) => note(&mut secrets.request_headers, &name),
                    Some((Variable::ResponseHeaders, name)) => note(&mut secrets.response_headers, &name),
                    _ => {}
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
