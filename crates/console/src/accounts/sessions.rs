//! Who is signed in, in memory: a restart signs everybody out.
//!
//! A session lasts twelve hours from its last use and seven days at most. It has a token of its own that forms carry, so that
//! another site's form is not taken for one of ours.

use std::collections::HashMap;

use super::secret;

/// Seconds without use until a session ends.
const IDLE: i64 = 12 * 3600;

/// Seconds until it ends anyway.
const LONGEST: i64 = 7 * 86_400;

/// Sessions at a time; beyond that the one used least recently ends.
const MOST: usize = 1000;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) account: String,
    pub(crate) csrf: String,
    began: i64,
    used: i64,
}

/// All of them, by the digest of their cookie.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_digest: HashMap<String, Session>,
}

impl Sessions {
    /// Begins one; the secret goes into the cookie.
    pub(crate) fn begin(&mut self, account: &str, now: i64) -> Result<String, getrandom::Error> {
        let cookie = secret::random()?;
        let csrf = secret::random()?;
        self.by_digest.retain(|_, session| session.is_alive(now));
        if self.by_digest.len() >= MOST
            && let Some(oldest) = self.by_digest.iter().min_by_key(|(_, s)| s.used).map(|(d, _)| d.clone())
        {
            self.by_digest.remove(&oldest);
        }
        let session = Session { account: account.to_owned(), csrf, began: now, used: now };
        self.by_digest.insert(secret::digest(&cookie), session);
        Ok(cookie)
    }

    /// The session of a cookie, which is used by that.
    pub(crate) fn find(&mut self, digest: &str, now: i64) -> Option<Session> {
        let session = self.by_digest.get_mut(digest).filter(|s| s.is_alive(now))?;
        session.used = now;
        Some(session.clone())
    }

    /// Whose session that is, without using it.
    pub(crate) fn account(&self, digest: &str, now: i64) -> Option<&str> {
        self.by_digest.get(digest).filter(|s| s.is_alive(now)).map(|s| s.account.as_str())
    }

    /// Ends one.
    pub(crate) fn end(&mut self, cookie: &str) {
        self.by_digest.remove(&secret::digest(cookie));
    }

    /// Ends all of an account.
    pub(crate) fn end_all(&mut self, account: &str) {
        self.by_digest.retain(|_, session| session.account != account);
    }
}

impl Session {
    fn is_alive(&self, now: i64) -> bool {
        now - self.used < IDLE && now - self.began < LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end() {
        let mut sessions = Sessions::default();
        let begin = |sessions: &mut Sessions| secret::digest(&sessions.begin("ada", 0).unwrap());
        let cookie = begin(&mut sessions);
        assert_eq!(sessions.account(&cookie, IDLE - 1), Some("ada"));
        assert!(sessions.account(&cookie, IDLE).is_none(), "looking is not using");
        assert_eq!(sessions.find(&cookie, IDLE - 1).unwrap().account, "ada");
        assert!(sessions.find(&cookie, 2 * IDLE).is_none());
        assert!(sessions.find("forged", 0).is_none());
        let cookie = begin(&mut sessions);
        sessions.end_all("ada");
        assert!(sessions.find(&cookie, 1).is_none());
    }
}
