//! Accounts and API tokens.

use askama::Template;
use axum::http::StatusCode;

use super::{Page, render};
use crate::accounts::{AccountSummary, Role, TrailEntry};
use crate::app::{App, now};
use crate::people::{self, Deed};
use crate::request::{Answer, Failure, Request, see_other};
use crate::view::{ago, day, moment};

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Page,
    accounts: Vec<Account>,
    wrong: Option<String>,
    /// A token's secret, shown this once.
    secret: Option<String>,
    /// What was done, for an admin.
    trail: Option<Vec<Done>>,
}

struct Done {
    moment: String,
    ago: String,
    account: String,
    address: String,
    what: String,
}

impl Done {
    fn of(entry: TrailEntry) -> Self {
        let TrailEntry { seconds, account, address, what } = entry;
        Self { moment: moment(seconds), ago: ago(seconds), account, address, what }
    }
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
    let accounts = people::seen_by(app, request.viewer()?).into_iter();
    let accounts = accounts.map(|account| Account::of(account, &page.account)).collect();
    let trail = people::trail(app, request.viewer()?).ok();
    let trail = trail.map(|trail| trail.into_iter().map(Done::of).collect());
    render(status, &PeoplePage { accounts, wrong, secret, trail, page })
}

pub(super) fn act(app: &App, request: &Request) -> Result<Answer, Failure> {
    let done = deed(request).and_then(|deed| people::act(app, request.viewer()?, &request.peer, deed));
    match done {
        Ok(None) => Ok(see_other("/people")),
        Ok(secret) => page(app, request, StatusCode::OK, None, secret),
        // What is wrong stands beside the forms; what is forbidden is a page of its own.
        Err(failure) if failure.status != StatusCode::FORBIDDEN => {
            page(app, request, failure.status, Some(failure.message), None)
        }
        Err(failure) => Err(failure),
    }
}

/// What a form asks for.
fn deed(request: &Request) -> Result<Deed, Failure> {
    let text = |name| request.required(name).map(str::to_owned);
    Ok(match request.required("do")? {
        "add" => {
            Deed::AddAccount { account: text("account")?, password: text("password")?, role: role(request)? }
        }
        "remove" => Deed::RemoveAccount { account: text("account")? },
        "role" => Deed::SetRole { account: text("account")?, role: role(request)? },
        "password" => Deed::SetPassword { old: text("old")?, password: text("password")? },
        "add-token" => {
            let days = request.required("days")?.trim().parse();
            let days = days.map_err(|_| Failure::invalid("The days of a token are a number."))?;
            Deed::AddToken { name: text("name")?, role: role(request)?, days }
        }
        "remove-token" => {
            Deed::RemoveToken { account: request.field("account").map(str::to_owned), name: text("name")? }
        }
        other => return Err(Failure::invalid(format!("`{other}` is nothing to do here."))),
    })
}

fn role(request: &Request) -> Result<Role, Failure> {
    let word = request.required("role")?;
    Role::named(word)
        .ok_or_else(|| Failure::invalid(format!("`{word}` is no role; it is view, tune or admin.")))
}
