//! Who may use the console: accounts with roles, API tokens, sessions, and the limit on trying.
//!
//! ```text
//! data/console/accounts.json    accounts and the digests of tokens, readable by their owner alone
//! password.rs  argon2id         secret.rs    random secrets, of which digests are kept
//! sessions.rs  who is signed in attempts.rs  how often somebody may try
//! trail.rs     what was done to accounts, and who tried to sign in
//! ```
//!
//! The file lies in the site's data folder, outside of its history. Without an account there is a one-time link that makes
//! the first one; the process prints it, and it works until then, for [`SETUP_LIFE`]. A token dies with its account.

mod attempts;
mod password;
pub(crate) mod secret;
mod sessions;
mod store;
mod trail;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use attempts::Attempts;
use sessions::Sessions;
pub use store::AccountsError;
use store::{Account, Store, Token};
use trail::Trail;
pub(crate) use trail::{About, TrailEntry};

/// What somebody may do. Each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look at everything.
    View,
    /// Change rules: sets, their text, their settings, exclusions.
    Tune,
    /// Switch the mode, change the proxy's settings, restore, and say who may what.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Role; 3] = [Role::View, Role::Tune, Role::Admin];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Role::View => "view",
            Role::Tune => "tune",
            Role::Admin => "admin",
        }
    }

    /// The role of a word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Somebody the console knows, for this request.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    pub(crate) account: String,
    pub(crate) role: Role,
    /// What forms must carry; `None` for a token, which no browser sends by itself.
    pub(crate) csrf: Option<String>,
    credential: Credential,
}

/// What somebody is known by, as its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Credential {
    Session(String),
    Token(String),
}

/// An account as pages show it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct AccountSummary {
    /// Its name, the author of its changes.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) role: Role,
    /// Its tokens.
    pub(crate) tokens: Vec<TokenSummary>,
}

/// A token as pages show it: never its secret.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct TokenSummary {
    /// What it is called.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) role: Role,
    /// When it ends, seconds since the Unix epoch.
    pub(crate) expires: i64,
}

/// Why somebody is not signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The name or the password is wrong; which one is not told.
    Wrong,
    /// Too many tries.
    TooMany,
    /// The store or the system's randomness failed.
    Failed(String),
}

/// Seconds that the setup link works.
pub(crate) const SETUP_LIFE: i64 = 3600;

/// What somebody with a dead link is told.
pub(crate) const NO_SETUP: &str = "This link was used already, is older than an hour, or is not the one that was printed. \
    While there is no account, the process prints a new one when it starts, and when it gets SIGHUP.";

/// See the module.
pub(crate) struct Accounts {
    store: Mutex<Store>,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    trail: Mutex<Trail>,
    /// The digest of the setup secret and when it ends, while there is no account.
    setup: Mutex<Option<(String, i64)>>,
}

impl Accounts {
    /// Reads the accounts in a folder. With none, the secret of the setup link comes too.
    pub(crate) fn open(folder: &Path, now: i64) -> Result<(Self, Option<String>), AccountsError> {
        let store = Store::open(folder)?;
        let secret = store.is_empty().then(secret::random).transpose();
        let secret = secret.map_err(|error| AccountsError::Random(error.to_string()))?;
        let accounts = Self {
            store: Mutex::new(store),
            sessions: Mutex::default(),
            attempts: Mutex::default(),
            trail: Mutex::new(Trail::new(folder)),
            setup: Mutex::new(secret.as_deref().map(|secret| (secret::digest(secret), now + SETUP_LIFE))),
        };
        Ok((accounts, secret))
    }

    /// Whether the first account is still to be made.
    pub(crate) fn wants_setup(&self) -> bool {
        locked(&self.setup).is_some()
    }

    /// Whether a secret is that of the setup link.
    pub(crate) fn is_setup(&self, given: &str, now: i64) -> bool {
        is_valid(locked(&self.setup).as_ref(), given, now)
    }

    /// A new secret for the setup link, while there is no account; the one before is dead.
    pub(crate) fn renew_setup(&self, now: i64) -> Option<String> {
        let mut setup = locked(&self.setup);
        let secret = setup.as_ref().and_then(|_| secret::random().ok())?;
        *setup = Some((secret::digest(&secret), now + SETUP_LIFE));
        Some(secret)
    }

    /// Makes the first account; the link is dead from then on.
    pub(crate) fn set_up(&self, given: &str, name: &str, password: &str, now: i64) -> Result<(), String> {
        let hash = password::hash(password)?;
        let mut setup = locked(&self.setup);
        if !is_valid(setup.as_ref(), given, now) {
            return Err(NO_SETUP.to_owned());
        }
        locked(&self.store).add(Account { name: checked(name)?, role: Role::Admin, hash })?;
        *setup = None;
        Ok(())
    }

    /// Signs somebody in: the cookie's secret.
    pub(crate) fn sign_in(
        &self,
        name: &str,
        password: &str,
        address: &str,
        now: i64,
    ) -> Result<String, Refused> {
        let keys = [attempts::account("account", name), attempts::address("address", address)];
        if !locked(&self.attempts).begin(&keys, now) {
            return Err(Refused::TooMany);
        }
        let known = locked(&self.store).account(name).map(|account| account.hash.clone());
        // An unknown name costs the same hash, so that time does not tell which names there are.
        let is_right = match &known {
            Some(hash) => password::is_right(password, hash),
            None => password::hash("as long as any other").is_err(),
        };
        if !is_right {
            return Err(Refused::Wrong);
        }
        locked(&self.attempts).succeeded(&keys);
        self.begin_session(name, now).map_err(Refused::Failed)
    }

    /// A session without a password, for who has just made the account.
    pub(crate) fn begin_session(&self, name: &str, now: i64) -> Result<String, String> {
        locked(&self.sessions).begin(name, now).map_err(|error| error.to_string())
    }

    /// Ends a session.
    pub(crate) fn sign_out(&self, cookie: &str) {
        locked(&self.sessions).end(cookie);
    }

    /// Who has this cookie.
    pub(crate) fn by_cookie(&self, cookie: &str, now: i64) -> Option<Viewer> {
        let digest = secret::digest(cookie);
        let session = locked(&self.sessions).find(&digest, now)?;
        let store = locked(&self.store);
        let account = store.account(&session.account)?;
        let (csrf, credential) = (Some(session.csrf), Credential::Session(digest));
        Some(Viewer { account: session.account, role: account.role, csrf, credential })
    }

    /// Who has this API token. A token that is one is always taken: nobody guesses it, and many may share an address.
    pub(crate) fn by_token(&self, token: &str, address: &str, now: i64) -> Result<Option<Viewer>, Refused> {
        let digest = secret::digest(token);
        if let Some((account, role)) = self.token(&digest, now) {
            return Ok(Some(Viewer { account, role, csrf: None, credential: Credential::Token(digest) }));
        }
        let keys = [attempts::address("token", address)];
        if locked(&self.attempts).begin(&keys, now) { Ok(None) } else { Err(Refused::TooMany) }
    }

    /// Whether somebody may still do what they might when they were asked who they are: signed in or with a token that
    /// lasts, and in the same role.
    pub(crate) fn knows(&self, viewer: &Viewer, now: i64) -> bool {
        let known = match &viewer.credential {
            Credential::Token(digest) => self.token(digest, now),
            Credential::Session(digest) => {
                let name = locked(&self.sessions).account(digest, now).map(str::to_owned);
                let store = locked(&self.store);
                let account = name.and_then(|name| store.account(&name));
                account.map(|account| (account.name.clone(), account.role))
            }
        };
        known.is_some_and(|(account, role)| account == viewer.account && role == viewer.role)
    }

    /// The account of a token and what both together may do.
    fn token(&self, digest: &str, now: i64) -> Option<(String, Role)> {
        let store = locked(&self.store);
        let token = store.token(digest).filter(|token| token.expires > now)?;
        let account = store.account(&token.account)?;
        Some((account.name.clone(), token.role.min(account.role)))
    }

    /// Notes what was done, by whom and from where.
    pub(crate) fn note(&self, about: About, account: &str, address: &str, what: String) {
        let account = crate::view::printable(account.as_bytes(), 64);
        let entry = TrailEntry { seconds: crate::app::now(), account, address: address.to_owned(), what };
        locked(&self.trail).add(about, &entry);
    }

    /// What was noted, newest first.
    pub(crate) fn trail(&self, most: usize) -> Vec<TrailEntry> {
        locked(&self.trail).newest(most)
    }

    /// Why what was done last is not noted.
    pub(crate) fn trail_trouble(&self) -> Option<String> {
        locked(&self.trail).trouble()
    }

    /// Everybody.
    pub(crate) fn list(&self) -> Vec<AccountSummary> {
        locked(&self.store).list()
    }

    /// Adds an account.
    pub(crate) fn add(&self, name: &str, password: &str, role: Role) -> Result<(), String> {
        let hash = password::hash(password)?;
        locked(&self.store).add(Account { name: checked(name)?, role, hash })
    }

    /// Removes an account with its tokens and sessions. The last admin stays.
    pub(crate) fn remove(&self, name: &str) -> Result<(), String> {
        locked(&self.store).remove(name)?;
        locked(&self.sessions).end_all(name);
        Ok(())
    }

    /// Gives somebody another role. The last admin stays one.
    pub(crate) fn set_role(&self, name: &str, role: Role) -> Result<(), String> {
        locked(&self.store).set_role(name, role)
    }

    /// Changes somebody's password; all their sessions end.
    pub(crate) fn set_password(&self, name: &str, old: &str, new: &str, now: i64) -> Result<(), Refused> {
        let keys = [attempts::account("password", name)];
        if !locked(&self.attempts).begin(&keys, now) {
            return Err(Refused::TooMany);
        }
        let known = locked(&self.store).account(name).map(|account| account.hash.clone());
        if !known.is_some_and(|hash| password::is_right(old, &hash)) {
            return Err(Refused::Wrong);
        }
        locked(&self.attempts).succeeded(&keys);
        let hash = password::hash(new).map_err(Refused::Failed)?;
        locked(&self.store).set_hash(name, hash).map_err(Refused::Failed)?;
        locked(&self.sessions).end_all(name);
        Ok(())
    }

    /// Makes an API token; its secret is told this once.
    pub(crate) fn add_token(
        &self,
        account: &str,
        name: &str,
        role: Role,
        expires: i64,
    ) -> Result<String, String> {
        let secret = format!("pct_{}", secret::random().map_err(|error| error.to_string())?);
        let token = Token {
            name: checked(name)?,
            account: account.to_owned(),
            role,
            expires,
            digest: secret::digest(&secret),
        };
        locked(&self.store).add_token(token)?;
        Ok(secret)
    }

    /// Ends an API token.
    pub(crate) fn remove_token(&self, account: &str, name: &str) -> Result<(), String> {
        locked(&self.store).remove_token(account, name)
    }
}

fn is_valid(setup: Option<&(String, i64)>, given: &str, now: i64) -> bool {
    setup.is_some_and(|(digest, end)| *digest == secret::digest(given) && now < *end)
}

/// A name of an account or token: what can stand in a commit and on a line.
fn checked(name: &str) -> Result<String, String> {
    let name = name.trim();
    let is_name = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@'));
    if is_name {
        Ok(name.to_owned())
    } else {
        Err("A name has 1 to 64 letters, digits, and - _ . @ between them.".to_owned())
    }
}

/// A panic elsewhere while the lock was held leaves values that are whole: each is changed in one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
