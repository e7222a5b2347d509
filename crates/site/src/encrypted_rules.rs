//! Rules that are served encrypted, for `SecRemoteRules crypto KEY https://…`.
//!
//! `IV SALT CIPHERTEXT` and a key → the text of the rules; a key that is not theirs → [`NotDecrypted`]. The reader of a site hands
//! it what was fetched, after the hash of that has been compared with the one in `portcullis.toml`.
//!
//! The layout is ModSecurity's: 16 bytes of initialisation vector, 16 bytes of salt, then AES-256 in CBC mode with PKCS #7
//! padding; its key is PBKDF2 with HMAC-SHA-1 over the words of the directive, 4,096 times. The text carries no authentication
//! code of its own: that it is what the site wants, its hash says.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use thiserror::Error;

/// Bytes of the initialisation vector, of the salt, and of a block.
const BLOCK: usize = 16;

/// How often the key is hashed.
const ROUNDS: u32 = 4096;

/// What was fetched is no encrypted text, or one of another key.
#[derive(Debug, Error)]
#[error("it cannot be decrypted with the key that SecRemoteRules names")]
pub(crate) struct NotDecrypted;

/// The text of encrypted rules.
pub(crate) fn decrypt(key: &[u8], content: &[u8]) -> Result<Vec<u8>, NotDecrypted> {
    let (vector, rest) = content.split_first_chunk::<BLOCK>().ok_or(NotDecrypted)?;
    let (salt, text) = rest.split_first_chunk::<BLOCK>().ok_or(NotDecrypted)?;
    let mut derived = [0; 32];
    pbkdf2::pbkdf2_hmac::<sha1::Sha1>(key, salt, ROUNDS, &mut derived);
    let cipher = cbc::Decryptor::<aes::Aes256>::new(&derived.into(), vector.into());
    let mut text = text.to_vec();
    let length = cipher.decrypt_padded::<Pkcs7>(&mut text).map_err(|_| NotDecrypted)?.len();
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by apr-util 1.6.3, which ModSecurity uses, with the key `my secret key`.
    const BY_THE_REFERENCE: &str = "\
        101112131415161718191a1b1c1d1e1f000102030405060708090a0b0c0d0e0f\
        67a760c90b4b71936603055525e0c1103ecad15d36e58be313cdb8c183256f43\
        418c0ef49843bd9d28fc0582eac760f9ffb940a425b8c2eb70b42c6471e920e4";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn text_of_the_reference_is_read() {
        let text = decrypt(b"my secret key", &bytes(BY_THE_REFERENCE)).unwrap();
        assert_eq!(text, b"SecRule ARGS:q \"@streq far\" \"id:2001,phase:2,deny,log\"\n");
    }

    #[test]
    fn another_key_and_less_than_a_text_are_refused() {
        let content = bytes(BY_THE_REFERENCE);
        assert!(decrypt(b"another key", &content).is_err());
        for length in [0, 15, 31, 32, 33, 95] {
            assert!(decrypt(b"my secret key", &content[..length]).is_err(), "{length} bytes");
        }
    }
}
