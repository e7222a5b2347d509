//! `GET /api/v1/openapi.json`: the document of the API, made of the list of routes and of the types they give and take.
//!
//! It is checked in as `crates/console/openapi.json`; a test compares, and `PORTCULLIS_BLESS=1` writes it anew.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{Endpoint, Kind, Problem};
use crate::app::App;
use crate::range::RANGES;
use crate::request::{Answer, Failure, Request};
use crate::routes::{self, Access, Route, VIEW};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/openapi.json", VIEW, show)]
}

fn show(_: &App, _: &Request) -> Result<Answer, Failure> {
    Ok(crate::request::json(StatusCode::OK, &document()))
}

/// The document.
fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let problem = schemas.subschema_for::<Problem>();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::all() {
        let Some(endpoint) = &route.endpoint else { continue };
        let operation = operation(&route, endpoint, &mut schemas);
        let path = route.path.replace("{*", "{");
        let method = if route.method == Method::GET { "get" } else { "post" };
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[method] = operation;
    }
    let schemas: Map<String, Value> = schemas.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Portcullis console", "version": "1",
                  "description": "What the console's pages do, as JSON. Times are seconds since the Unix epoch." },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "problem": { "description": "Why it was not done.",
                "content": { "application/problem+json": { "schema": problem } } } },
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": crate::gate::SESSION },
                "token": { "type": "http", "scheme": "bearer" },
            },
        },
        "security": [{ "session": [] }, { "token": [] }],
    })
}

fn operation(route: &Route, endpoint: &Endpoint, schemas: &mut SchemaGenerator) -> Value {
    let parts = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = parts
        .map(|name| {
            json!({ "name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": { "type": "string" } })
        })
        .collect();
    parameters.extend(endpoint.query.iter().map(|field| {
        json!({ "name": field.name, "in": "query", "required": field.required, "description": field.meaning,
                "schema": kind(field.kind) })
    }));
    let needs = match route.access {
        Access::Role(role) => role.name(),
        Access::Public => "nothing",
    };
    let content = match endpoint.gives {
        Some(schema) => json!({ "application/json": { "schema": schema(schemas) } }),
        None => json!({ "text/event-stream": { "schema": { "type": "string" } } }),
    };
    let mut responses = json!({ "200": { "description": "Done.", "content": content } });
    for status in problems(route, endpoint) {
        responses[status.to_string()] = json!({ "$ref": "#/components/responses/problem" });
    }
    let mut operation = json!({
        "summary": endpoint.summary,
        "description": format!("Needs the role `{needs}`."),
        "responses": responses,
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(schema) = endpoint.takes {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema(schemas) } } });
    }
    operation
}

/// The statuses of an operation's problems.
fn problems(route: &Route, endpoint: &Endpoint) -> BTreeSet<u16> {
    // Nobody we know, another name in Host, wrong tokens again and again, files that cannot be read.
    let mut statuses = BTreeSet::from([401, 421, 429, 500]);
    if route.path.contains('{') {
        statuses.insert(404);
    }
    // The name of a file or a set may be none; so may a field.
    if !endpoint.query.is_empty() || route.path.contains('{') {
        statuses.insert(422);
    }
    if route.method != Method::GET {
        // Not enough of a role, another site's form or a session's token that is missing; a body that is late, long, or wrong.
        statuses.extend([403, 408, 413, 422]);
    }
    statuses.extend(endpoint.problems);
    statuses
}

/// The schema of a field of a query.
fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Range => {
            let words = RANGES.map(|range| range.word);
            json!({ "type": "string", "enum": words, "default": "day" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_the_one_checked_in() {
        let made = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        if std::env::var_os("PORTCULLIS_BLESS").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let known = std::fs::read_to_string(path).unwrap_or_default();
        assert!(made == known, "openapi.json is not what the code says; PORTCULLIS_BLESS=1 writes it");
        let documented = routes::all().iter().filter(|route| route.path.starts_with("/api/")).count();
        assert!(documented > 8, "{documented}");
    }
}
