//! Passwords as argon2id hashes in PHC strings.
//!
//! `hash("correct horse battery staple")` → `$argon2id$v=19$…`, verified in constant time. A hash costs 19 MiB and some tens
//! of milliseconds on purpose; callers run it off the threads that serve connections, and few at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};

/// The fewest characters of a password.
pub(crate) const SHORTEST: usize = 10;

/// The most bytes that are hashed.
pub(crate) const LONGEST: usize = 256;

/// The hash of a password, or why it is none.
pub(crate) fn hash(password: &str) -> Result<String, String> {
    if password.chars().count() < SHORTEST {
        return Err(format!("A password has at least {SHORTEST} characters."));
    }
    if password.len() > LONGEST {
        return Err(format!("A password has at most {LONGEST} bytes."));
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| format!("The password cannot be hashed: {error}."))
}

/// Whether a password is the one that was hashed.
pub(crate) fn is_right(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    password.len() <= LONGEST && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_is_right() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert!(is_right("correct horse", &stored) && !is_right("correct horsf", &stored));
        assert!(!is_right("correct horse", "nonsense"));
        assert!(hash("short").is_err() && hash(&"x".repeat(257)).is_err());
    }
}
