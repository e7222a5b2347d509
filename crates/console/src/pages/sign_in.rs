//! Signing in and out, and the page behind the one-time link that makes the first account.

use askama::Template;
use axum::http::StatusCode;

use super::{render, theme};
use crate::accounts::{About, NO_SETUP, Refused};
use crate::app::{App, now};
use crate::gate::SESSION;
use crate::people::TOO_MANY;
use crate::request::{Answer, Failure, Request, see_other, set_cookie};

/// How long a browser keeps the cookie; the session itself may end before.
const WEEK: i64 = 7 * 86_400;

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    theme: String,
    wrong: Option<String>,
    account: String,
    next: String,
    wants_setup: bool,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct Setup {
    theme: String,
    wrong: Option<String>,
    account: String,
    token: String,
}

/// A path of ours to go on to; anything else is the first page.
pub(super) fn ours(next: &str) -> &str {
    let is_ours =
        next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && next.len() < 2000;
    if is_ours && next.bytes().all(|byte| byte.is_ascii_graphic()) { next } else { "/" }
}

pub(super) fn form(app: &App, request: &Request) -> Result<Answer, Failure> {
    let next = ours(request.asked("next").unwrap_or("/"));
    if request.viewer.is_some() {
        return Ok(see_other(next));
    }
    shown(app, request, StatusCode::OK, None, "", next)
}

fn shown(
    app: &App,
    request: &Request,
    status: StatusCode,
    wrong: Option<String>,
    account: &str,
    next: &str,
) -> Result<Answer, Failure> {
    render(
        status,
        &Login {
            theme: theme::of(request).to_owned(),
            wrong,
            account: account.to_owned(),
            next: next.to_owned(),
            wants_setup: app.accounts.wants_setup(),
        },
    )
}

pub(super) fn sign_in(app: &App, request: &Request) -> Result<Answer, Failure> {
    let (name, password) = (request.required("account")?, request.required("password")?);
    let next = ours(request.field("next").unwrap_or("/"));
    let signed = app.accounts.sign_in(name, password, &request.peer, now());
    let what = match &signed {
        Ok(_) => "signed in",
        Err(Refused::Wrong) => "was not let in: wrong account or password",
        Err(Refused::TooMany) => "was not let in: too many wrong tries",
        Err(Refused::Failed(_)) => "was not let in: the console failed",
    };
    app.accounts.note(About::SignIn, name, &request.peer, what.to_owned());
    let (status, wrong) = match signed {
        Ok(cookie) => return Ok(signed_in(next, &cookie)),
        Err(Refused::Wrong) => (StatusCode::FORBIDDEN, "Account or password is not right.".to_owned()),
        Err(Refused::TooMany) => (StatusCode::TOO_MANY_REQUESTS, TOO_MANY.to_owned()),
        Err(Refused::Failed(reason)) => (StatusCode::INTERNAL_SERVER_ERROR, reason),
    };
    shown(app, request, status, Some(wrong), name, next)
}

fn signed_in(next: &str, cookie: &str) -> Answer {
    let mut answer = see_other(next);
    set_cookie(&mut answer, SESSION, Some(cookie), WEEK);
    answer
}

pub(super) fn sign_out(app: &App, request: &Request) -> Result<Answer, Failure> {
    if let Some(cookie) = request.cookie(SESSION) {
        app.accounts.sign_out(cookie);
    }
    let mut answer = see_other("/login");
    set_cookie(&mut answer, SESSION, None, 0);
    Ok(answer)
}

pub(super) fn setup_form(app: &App, request: &Request) -> Result<Answer, Failure> {
    let token = request.asked("token").unwrap_or_default();
    if !app.accounts.is_setup(token, now()) {
        return Err(Failure::new(StatusCode::FORBIDDEN, NO_SETUP));
    }
    setup(request, StatusCode::OK, None, "", token)
}

fn setup(
    request: &Request,
    status: StatusCode,
    wrong: Option<String>,
    account: &str,
    token: &str,
) -> Result<Answer, Failure> {
    let theme = theme::of(request).to_owned();
    render(status, &Setup { theme, wrong, account: account.to_owned(), token: token.to_owned() })
}

pub(super) fn set_up(app: &App, request: &Request) -> Result<Answer, Failure> {
    let (token, name) = (request.required("token")?, request.required("account")?.trim());
    let password = request.required("password")?;
    if !app.accounts.is_setup(token, now()) {
        return Err(Failure::new(StatusCode::FORBIDDEN, NO_SETUP));
    }
    let made = if request.field("again") == Some(password) {
        app.accounts.set_up(token, name, password, now())
    } else {
        Err("The two passwords differ.".to_owned())
    };
    match made {
        Ok(()) => {
            let what = "made the first account, admin".to_owned();
            app.accounts.note(About::Accounts, name, &request.peer, what);
            let cookie = app.accounts.begin_session(name, now());
            let cookie = cookie.map_err(|reason| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, reason))?;
            Ok(signed_in("/", &cookie))
        }
        Err(wrong) => setup(request, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong), name, token),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_our_own_pages_come_next() {
        for next in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", ""] {
            assert_eq!(super::ours(next), "/", "{next}");
        }
        assert_eq!(super::ours("/events?q=rule:1"), "/events?q=rule:1");
    }
}
