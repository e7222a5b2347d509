//! Random secrets and the digests that are kept of them.
//!
//! A session's cookie, an API token and the setup link carry a secret of 256 random bits; the process keeps its SHA-256. So
//! neither a file nor a look-up tells a secret, and comparing digests leaks nothing about one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A new secret in 43 characters of URLs.
pub(crate) fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a secret.
pub(crate) fn digest(secret: &str) -> String {
    digest_of(secret.as_bytes())
}

/// The digest of any bytes.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}
