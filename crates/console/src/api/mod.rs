//! The API under `/api/v1`: what the pages do, as JSON.
//!
//! A resource is a file: its handlers, and what the OpenAPI document says of each. Answers are typed values whose schema comes
//! from the type; mistakes are `application/problem+json`. Who asks is a session's cookie (changes then need the header
//! `X-CSRF-Token`) or an API token as `Authorization: Bearer …`.

mod accounts;
mod changes;
pub(crate) mod events;
mod exclusions;
mod history;
mod openapi;
mod rule_sets;
mod settings;
mod status;

use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::request::{Answer, Failure, answer};
use crate::routes::Route;

/// A field of a query.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

impl Field {
    /// One that may be left out.
    pub(crate) const fn new(name: &'static str, meaning: &'static str, kind: Kind) -> Self {
        Self { name, meaning, kind, required: false }
    }

    /// One that must be there.
    pub(crate) const fn required(name: &'static str, meaning: &'static str, kind: Kind) -> Self {
        Self { name, meaning, kind, required: true }
    }
}

/// What a field of a query holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A whole number from here to there.
    Number(u64, u64),
    /// The word of a stretch of time.
    Range,
}

/// What the OpenAPI document says of a path.
pub(crate) struct Endpoint {
    /// One sentence.
    pub(crate) summary: &'static str,
    /// Fields of the query.
    pub(crate) query: Vec<Field>,
    /// Statuses of its problems beyond those that follow from what it takes.
    pub(crate) problems: &'static [u16],
    /// The schema of the body it takes.
    pub(crate) takes: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// The schema of what it gives; `None` for what is no JSON.
    pub(crate) gives: Option<fn(&mut SchemaGenerator) -> Schema>,
}

impl Endpoint {
    /// One that gives a value of this type.
    pub(crate) fn gives<T: JsonSchema>(summary: &'static str) -> Self {
        Self { gives: Some(|generator| generator.subschema_for::<T>()), ..Self::streams(summary) }
    }

    /// One that stays open and sends events.
    pub(crate) fn streams(summary: &'static str) -> Self {
        Self { summary, query: Vec::new(), problems: &[], takes: None, gives: None }
    }

    pub(crate) fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Some(|generator| generator.subschema_for::<T>());
        self
    }

    pub(crate) fn query(mut self, query: impl Into<Vec<Field>>) -> Self {
        self.query = query.into();
        self
    }

    pub(crate) fn problems(mut self, problems: &'static [u16]) -> Self {
        self.problems = problems;
        self
    }
}

/// The rows of the list.
pub(crate) fn routes() -> Vec<Route> {
    [
        status::routes(),
        events::routes(),
        exclusions::routes(),
        rule_sets::routes(),
        history::routes(),
        settings::routes(),
        changes::routes(),
        accounts::routes(),
        openapi::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Why something was not done, as RFC 9457 has it.
#[derive(Debug, Serialize, JsonSchema)]
struct Problem {
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What is wrong and what to do.
    detail: String,
}

/// A failure as `application/problem+json`.
pub(crate) fn problem(failure: &Failure) -> Answer {
    let title = failure.status.canonical_reason().unwrap_or("Not done").to_owned();
    let problem = Problem { title, status: failure.status.as_u16(), detail: failure.message.clone() };
    let text = serde_json::to_string(&problem).unwrap_or_default();
    answer(failure.status, "application/problem+json", text)
}

/// A value as an answer.
fn given<T: Serialize>(value: &T) -> Result<Answer, Failure> {
    Ok(crate::request::json(StatusCode::OK, value))
}
