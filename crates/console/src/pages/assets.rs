//! Style, script and icon, compiled into the program.

use axum::http::{HeaderValue, StatusCode, header};

use crate::app::App;
use crate::request::{Answer, Failure, Request, answer};

const CSS: &str = include_str!("../../assets/console.css");
const JS: &str = include_str!("../../assets/console.js");
const ICON: &str = include_str!("../../assets/icon.svg");

/// Browsers ask again after an hour: a new version of the program may have another style.
fn asset(kind: &'static str, text: &'static str) -> Result<Answer, Failure> {
    let mut answer = answer(StatusCode::OK, kind, text);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    Ok(answer)
}

pub(super) fn css(_: &App, _: &Request) -> Result<Answer, Failure> {
    asset("text/css; charset=utf-8", CSS)
}

pub(super) fn js(_: &App, _: &Request) -> Result<Answer, Failure> {
    asset("text/javascript; charset=utf-8", JS)
}

pub(super) fn icon(_: &App, _: &Request) -> Result<Answer, Failure> {
    asset("image/svg+xml", ICON)
}
