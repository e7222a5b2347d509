//! Light or dark: what the system says, or what a cookie says.

use crate::app::App;
use crate::request::{Answer, Failure, Request, see_other, set_cookie};

const COOKIE: &str = "portcullis_theme";
const YEAR: i64 = 365 * 86_400;

/// `light`, `dark`, or nothing for what the system says.
pub(super) fn of(request: &Request) -> &'static str {
    match request.cookie(COOKIE) {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "",
    }
}

pub(super) fn set(_: &App, request: &Request) -> Result<Answer, Failure> {
    let theme = match (request.field("theme"), of(request)) {
        (Some(theme @ ("light" | "dark")), _) => Some(theme),
        (Some("system"), _) => None,
        (_, "dark") => Some("light"),
        _ => Some("dark"),
    };
    let mut answer = see_other(super::sign_in::ours(request.field("back").unwrap_or("/")));
    set_cookie(&mut answer, COOKIE, theme, YEAR);
    Ok(answer)
}
