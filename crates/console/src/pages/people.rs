//! Accounts and API tokens.

use askama::Template;
use axum::http::StatusCode;

use super::sign_in::TOO_MANY;
use super::{Page, render};
use crate::accounts::{AccountSummary, Refused, Role};
use crate::app::{App, now};
use crate::gate;
use crate::request::{Answer, Failure, Request, see_other};
use crate::view::day;

/// Days a token may last at most.
const LONGEST_DAYS: i64 = 730;

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Page,
    accounts: Vec<Account>,
    wrong: Option<String>,
    /// A token's secret, shown this once.
    secret: Option<String>,
}

struct Account {
    name: String,
    role: &'static str,
    is_me: bool,
    tokens: Vec<(String, &'static str, String, bool)>,
}

impl Account {
    fn of(account: AccountSummary, me: &str) -> Self {
        let token = |token: crate::accounts::TokenSummary| {
            (token.name, token.role.name(), day(token.expires), token.expires <= now())
        };
        Self {
            is_me: account.name == me,
            role: account.role.name(),
            name: account.name,
            tokens: account.tokens.into_iter().map(token).collect(),
        }
    }
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    page(app, request, StatusCode::OK, None, None)
}

fn page(
    app: &App,
    request: &Request,
    status: StatusCode,
    wrong: Option<String>,
    secret: Option<String>,
) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "People and tokens", "people")?;
    let sees_all = page.role == Role::Admin;
    let accounts = app.accounts.list().into_iter().filter(|account| sees_all || account.name == page.account);
    let accounts = accounts.map(|account| Account::of(account, &page.account)).collect();
    render(status, &PeoplePage { accounts, wrong, secret, page })
}

/// Everybody looks after their own password and tokens; accounts are an admin's.
pub(super) fn act(app: &App, request: &Request) -> Result<Answer, Failure> {
    let viewer = request.viewer()?;
    let admin = || gate::check_role(viewer, Role::Admin);
    let result = match request.required("do")? {
        "add" => {
            admin()?;
            app.accounts.add(request.required("account")?, request.required("password")?, role(request)?)
        }
        "remove" => {
            admin()?;
            app.accounts.remove(request.required("account")?)
        }
        "role" => {
            admin()?;
            app.accounts.set_role(request.required("account")?, role(request)?)
        }
        "password" => {
            let (old, new) = (request.required("old")?, request.required("password")?);
            match app.accounts.set_password(&viewer.account, old, new, now()) {
                Ok(()) => Ok(()),
                Err(Refused::Wrong) => Err("The present password is not right.".to_owned()),
                Err(Refused::Failed(reason)) => Err(reason),
                Err(Refused::TooMany) => {
                    return page(
                        app,
                        request,
                        StatusCode::TOO_MANY_REQUESTS,
                        Some(TOO_MANY.to_owned()),
                        None,
                    );
                }
            }
        }
        "add-token" => {
            let days = request
                .required("days")?
                .trim()
                .parse::<i64>()
                .ok()
                .filter(|d| (1..=LONGEST_DAYS).contains(d));
            match days {
                None => Err(format!("A token lasts 1 to {LONGEST_DAYS} days.")),
                Some(days) => {
                    let expires = now() + days * 86_400;
                    let made = app.accounts.add_token(
                        &viewer.account,
                        request.required("name")?,
                        role(request)?,
                        expires,
                    );
                    match made {
                        Ok(secret) => return page(app, request, StatusCode::OK, None, Some(secret)),
                        Err(wrong) => Err(wrong),
                    }
                }
            }
        }
        "remove-token" => {
            let account = request.field("account").unwrap_or(&viewer.account);
            if account != viewer.account {
                admin()?;
            }
            app.accounts.remove_token(account, request.required("name")?)
        }
        other => return Err(Failure::invalid(format!("`{other}` is nothing to do here."))),
    };
    match result {
        Ok(()) => Ok(see_other("/people")),
        Err(wrong) => page(app, request, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong), None),
    }
}

fn role(request: &Request) -> Result<Role, Failure> {
    let word = request.required("role")?;
    Role::named(word)
        .ok_or_else(|| Failure::invalid(format!("`{word}` is no role; it is view, tune or admin.")))
}
