//! Accounts and tokens in one file.
//!
//! `data/console/accounts.json`: names, roles, argon2id hashes, digests of tokens with their expiry. It is read at the start and
//! replaced whole at each change, readable by its owner alone; a change that cannot be written is not made.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{AccountSummary, Role, TokenSummary};

/// The file's name.
const FILE: &str = "accounts.json";

/// Most accounts, and most tokens.
const MOST: usize = 1000;

/// Why there are no accounts to be had.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The file or its folder.
    #[error("`{}`: {reason}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The system has no random bytes.
    #[error("no random bytes: {0}")]
    Random(String),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) hash: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) name: String,
    pub(super) account: String,
    pub(super) role: Role,
    pub(super) expires: i64,
    pub(super) digest: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Content {
    accounts: Vec<Account>,
    tokens: Vec<Token>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    content: Content,
}

impl Store {
    pub(super) fn open(folder: &Path) -> Result<Self, AccountsError> {
        let wrong = |path: &Path, reason: String| AccountsError::File { path: path.to_path_buf(), reason };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).map_err(|error| wrong(folder, error.to_string()))?;
        let path = folder.join(FILE);
        let content = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| wrong(&path, format!("not readable: {error}")))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Content::default(),
            Err(error) => return Err(wrong(&path, error.to_string())),
        };
        Ok(Self { path, content })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.content.accounts.is_empty()
    }

    pub(super) fn account(&self, name: &str) -> Option<&Account> {
        self.content.accounts.iter().find(|account| account.name == name)
    }

    pub(super) fn token(&self, digest: &str) -> Option<&Token> {
        self.content.tokens.iter().find(|token| token.digest == digest)
    }

    pub(super) fn list(&self) -> Vec<AccountSummary> {
        let tokens = |name: &str| -> Vec<TokenSummary> {
            let mine = self.content.tokens.iter().filter(|token| token.account == name);
            mine.map(|t| TokenSummary { name: t.name.clone(), role: t.role, expires: t.expires }).collect()
        };
        let accounts = self.content.accounts.iter();
        accounts
            .map(|a| AccountSummary { name: a.name.clone(), role: a.role, tokens: tokens(&a.name) })
            .collect()
    }

    pub(super) fn add(&mut self, account: Account) -> Result<(), String> {
        self.change(|content| {
            if content.accounts.iter().any(|known| known.name == account.name) {
                return Err(format!("There is an account `{}` already.", account.name));
            }
            if content.accounts.len() >= MOST {
                return Err(format!("There are {MOST} accounts already."));
            }
            content.accounts.push(account);
            Ok(())
        })
    }

    pub(super) fn remove(&mut self, name: &str) -> Result<(), String> {
        self.change(|content| {
            let before = content.accounts.len();
            content.accounts.retain(|account| account.name != name);
            if content.accounts.len() == before {
                return Err(format!("There is no account `{name}`."));
            }
            if !content.accounts.iter().any(|account| account.role == Role::Admin) {
                return Err("The last admin stays: nobody could let anybody in again.".to_owned());
            }
            content.tokens.retain(|token| token.account != name);
            Ok(())
        })
    }

    pub(super) fn set_role(&mut self, name: &str, role: Role) -> Result<(), String> {
        self.change(|content| {
            let account = content.accounts.iter_mut().find(|account| account.name == name);
            account.ok_or_else(|| format!("There is no account `{name}`."))?.role = role;
            if !content.accounts.iter().any(|account| account.role == Role::Admin) {
                return Err("The last admin stays one: nobody could let anybody in again.".to_owned());
            }
            Ok(())
        })
    }

    pub(super) fn set_hash(&mut self, name: &str, hash: String) -> Result<(), String> {
        self.change(|content| {
            let account = content.accounts.iter_mut().find(|account| account.name == name);
            account.ok_or_else(|| format!("There is no account `{name}`."))?.hash = hash;
            Ok(())
        })
    }

    pub(super) fn add_token(&mut self, token: Token) -> Result<(), String> {
        self.change(|content| {
            let mut mine = content.tokens.iter().filter(|known| known.account == token.account);
            if mine.any(|known| known.name == token.name) {
                return Err(format!("There is a token `{}` already.", token.name));
            }
            if content.tokens.len() >= MOST {
                return Err(format!("There are {MOST} tokens already."));
            }
            content.tokens.push(token);
            Ok(())
        })
    }

    pub(super) fn remove_token(&mut self, account: &str, name: &str) -> Result<(), String> {
        self.change(|content| {
            let before = content.tokens.len();
            content.tokens.retain(|token| token.account != account || token.name != name);
            if content.tokens.len() == before { Err(format!("There is no token `{name}`.")) } else { Ok(()) }
        })
    }

    fn change(&mut self, change: impl FnOnce(&mut Content) -> Result<(), String>) -> Result<(), String> {
        let mut content = self.content.clone();
        change(&mut content)?;
        self.write(&content)
            .map_err(|error| format!("`{}` cannot be written: {error}", self.path.display()))?;
        self.content = content;
        Ok(())
    }

    /// A temporary file is its owner's alone, and stays so when it takes the place of the old one.
    fn write(&self, content: &Content) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(content)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Accounts;
    use super::*;

    #[test]
    fn accounts_and_tokens_survive_and_die_together() {
        let folder = tempfile::tempdir().unwrap();
        let (accounts, secret) = Accounts::open(folder.path(), 0).unwrap();
        let secret = secret.unwrap();
        assert!(accounts.set_up("forged", "ada", "correct horse", 1).is_err());
        assert!(accounts.is_setup(&secret, super::super::SETUP_LIFE - 1), "the link lives an hour");
        assert!(!accounts.is_setup(&secret, super::super::SETUP_LIFE) && accounts.wants_setup());
        let first = secret;
        let secret = accounts.renew_setup(5000).unwrap();
        assert!(!accounts.is_setup(&first, 5000), "there is one link at a time");
        accounts.set_up(&secret, "ada", "correct horse", 5001).unwrap();
        assert!(accounts.set_up(&secret, "eve", "correct horse", 5001).is_err(), "the link works once");
        assert!(accounts.renew_setup(5002).is_none(), "there is an account");
        accounts.add("bob", "battery staple", Role::Tune).unwrap();
        let token = accounts.add_token("bob", "robot", Role::Admin, 1000).unwrap();
        let (accounts, secret) = Accounts::open(folder.path(), 0).unwrap();
        assert!(secret.is_none() && !accounts.wants_setup());
        let by_token = |token: &str, now| accounts.by_token(token, "192.0.2.1", now).unwrap();
        let viewer = by_token(&token, 999).unwrap();
        assert_eq!(
            (viewer.account.as_str(), viewer.role),
            ("bob", Role::Tune),
            "never more than its account"
        );
        assert!(accounts.knows(&viewer, 999) && !accounts.knows(&viewer, 1000));
        assert!(by_token(&token, 1000).is_none(), "expired");
        accounts.set_role("bob", Role::View).unwrap();
        assert!(!accounts.knows(&viewer, 999), "it may less than it did");
        accounts.remove("bob").unwrap();
        assert!(by_token(&token, 1).is_none());
        assert!(accounts.remove("ada").is_err(), "the last admin");
        assert!(accounts.set_role("ada", Role::Tune).is_err(), "the last admin");
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!text.contains("correct horse") && !text.contains(&token));
    }
}
