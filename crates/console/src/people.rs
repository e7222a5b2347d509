//! What can be done with accounts and tokens, by the page and by the API alike.
//!
//! `{"kind":"set-role","account":"vic","role":"tune"}` → vic may tune. Everybody looks after their own password and tokens;
//! accounts are an admin's. A token makes no tokens and changes no password, so that none outlives its own end.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::accounts::{About, AccountSummary, Refused, Role, TrailEntry, Viewer};
use crate::app::{App, now};
use crate::gate;
use crate::request::Failure;

/// Days a token may last at most.
const LONGEST_DAYS: i64 = 730;

/// What too many wrong tries are told.
pub(crate) const TOO_MANY: &str = "Too many wrong tries. Wait a quarter of an hour, then try again.";

/// Something to do with accounts or tokens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Deed {
    /// Lets somebody in.
    AddAccount {
        /// 1 to 64 letters, digits, and `-`, `_`, `.`, `@`; the author of the account's commits.
        account: String,
        /// At least 10 characters.
        password: String,
        /// What it may do.
        role: Role,
    },
    /// Removes an account with its tokens and sessions. The last admin stays.
    RemoveAccount {
        /// Its name.
        account: String,
    },
    /// Gives an account another role. The last admin stays one.
    SetRole {
        /// Its name.
        account: String,
        /// What it may do from now on.
        role: Role,
    },
    /// Changes the password of who asks; their sessions end.
    SetPassword {
        /// The present one.
        old: String,
        /// The new one, at least 10 characters.
        password: String,
    },
    /// Makes a token for who asks.
    AddToken {
        /// What it is called.
        name: String,
        /// What it may do; never more than its account.
        role: Role,
        /// How many days it lasts, 1 to 730.
        days: i64,
    },
    /// Ends a token.
    RemoveToken {
        /// Whose it is; who asks without it.
        #[serde(default)]
        account: Option<String>,
        /// What it is called.
        name: String,
    },
}

/// The accounts that somebody sees: an admin all, others their own.
pub(crate) fn seen_by(app: &App, viewer: &Viewer) -> Vec<AccountSummary> {
    let is_seen = |account: &AccountSummary| viewer.role == Role::Admin || account.name == viewer.account;
    app.accounts.list().into_iter().filter(is_seen).collect()
}

/// How much of the trail is shown.
const TRAIL: usize = 200;

impl Deed {
    /// What the trail says of it.
    fn told(&self) -> String {
        match self {
            Deed::AddAccount { account, role, .. } => {
                format!("made the account {}, {}", shown(account), role.name())
            }
            Deed::RemoveAccount { account } => format!("removed the account {}", shown(account)),
            Deed::SetRole { account, role } => format!("gave {} the role {}", shown(account), role.name()),
            Deed::SetPassword { .. } => "changed the own password".to_owned(),
            Deed::AddToken { name, role, days } => {
                format!("made the token {}, {}, for {days} days", shown(name), role.name())
            }
            Deed::RemoveToken { account: Some(account), name } => {
                format!("ended the token {} of {}", shown(name), shown(account))
            }
            Deed::RemoveToken { account: None, name } => format!("ended the own token {}", shown(name)),
        }
    }
}

fn shown(name: &str) -> String {
    crate::view::printable(name.trim().as_bytes(), 64)
}

/// What was done to accounts and tokens and who tried to sign in, newest first: for an admin.
pub(crate) fn trail(app: &App, viewer: &Viewer) -> Result<Vec<TrailEntry>, Failure> {
    gate::check_role(viewer, Role::Admin)?;
    Ok(app.accounts.trail(TRAIL))
}

/// Does it and notes it, with the address it was asked from; the secret of a new token, which is told this once.
///
/// # Errors
/// As [`done`]; a password that was not right is noted, too.
pub(crate) fn act(app: &App, viewer: &Viewer, address: &str, deed: Deed) -> Result<Option<String>, Failure> {
    let told = deed.told();
    let asked_for_password = matches!(deed, Deed::SetPassword { .. });
    let made = done(app, viewer, deed);
    match &made {
        Ok(_) => app.accounts.note(About::Accounts, &viewer.account, address, told),
        Err(failure) if asked_for_password && failure.status != StatusCode::FORBIDDEN => {
            let what = format!("did not change the password: {}", failure.message);
            app.accounts.note(About::SignIn, &viewer.account, address, what);
        }
        Err(_) => {}
    }
    made
}

/// Does it.
///
/// # Errors
/// 403 for what the role does not reach, 429 for too many wrong passwords, 422 for everything else that is wrong.
fn done(app: &App, viewer: &Viewer, deed: Deed) -> Result<Option<String>, Failure> {
    let admin = || gate::check_role(viewer, Role::Admin);
    let accounts = &app.accounts;
    let done = match deed {
        Deed::AddAccount { account, password, role } => {
            admin()?;
            accounts.add(&account, &password, role)
        }
        Deed::RemoveAccount { account } => {
            admin()?;
            accounts.remove(&account)
        }
        Deed::SetRole { account, role } => {
            admin()?;
            accounts.set_role(&account, role)
        }
        Deed::SetPassword { old, password } => {
            in_person(viewer)?;
            return set_password(app, viewer, &old, &password);
        }
        Deed::AddToken { name, role, days } => {
            in_person(viewer)?;
            if !(1..=LONGEST_DAYS).contains(&days) {
                return Err(Failure::invalid(format!("A token lasts 1 to {LONGEST_DAYS} days.")));
            }
            let secret = accounts.add_token(&viewer.account, &name, role, now() + days * 86_400);
            return secret.map(Some).map_err(Failure::invalid);
        }
        Deed::RemoveToken { account, name } => {
            let account = account.unwrap_or_else(|| viewer.account.clone());
            if account != viewer.account {
                admin()?;
            }
            accounts.remove_token(&account, &name)
        }
    };
    done.map(|()| None).map_err(Failure::invalid)
}

fn set_password(app: &App, viewer: &Viewer, old: &str, new: &str) -> Result<Option<String>, Failure> {
    match app.accounts.set_password(&viewer.account, old, new, now()) {
        Ok(()) => Ok(None),
        Err(Refused::Wrong) => Err(Failure::invalid("The present password is not right.")),
        Err(Refused::Failed(reason)) => Err(Failure::invalid(reason)),
        Err(Refused::TooMany) => Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, TOO_MANY)),
    }
}

/// Whether somebody is signed in, rather than known by a token.
fn in_person(viewer: &Viewer) -> Result<(), Failure> {
    if viewer.csrf.is_some() {
        return Ok(());
    }
    let message = "A token makes no tokens and changes no password: sign in for that.";
    Err(Failure::new(StatusCode::FORBIDDEN, message))
}
