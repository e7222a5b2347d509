//! Ids of transactions: 27 characters in `mod_unique_id`'s form, `awZAi6TqKryWqTrRiswWRQAAAAc`.
//!
//! 20 bytes in base64 with `-` and `_`: four bytes of time, so that ids sort by second as those of httpd do, and
//! sixteen random ones, so that no two threads, processes or restarts meet and no client can guess another's id. The
//! random bytes come from the system, 4 KiB at a time: one system call for 256 ids.

const ALPHABET: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const RANDOM: usize = 16;

/// Makes ids; one per worker.
#[derive(Debug)]
pub(crate) struct UniqueIds {
    pool: Box<[[u8; RANDOM]; 256]>,
    next: usize,
}

impl UniqueIds {
    /// Draws the first random bytes.
    ///
    /// # Errors
    /// When the system has none to give.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut ids = Self { pool: Box::new([[0; RANDOM]; 256]), next: 0 };
        ids.refill()?;
        Ok(ids)
    }

    fn refill(&mut self) -> Result<(), getrandom::Error> {
        getrandom::fill(self.pool.as_flattened_mut())?;
        self.next = 0;
        Ok(())
    }

    /// The id of a request that came at this second of the Unix epoch.
    pub(crate) fn next(&mut self, seconds: i64) -> String {
        if self.next >= self.pool.len() && self.refill().is_err() {
            // Linux gives random bytes for ever once it gave the first. Should it not, the old ones are turned into
            // others that are at least different.
            self.pool.as_flattened_mut().iter_mut().for_each(|byte| *byte = byte.rotate_left(3) ^ 0x5a);
            self.next = 0;
        }
        let mut bytes = [0; 4 + RANDOM];
        let (time, random) = bytes.split_at_mut(4);
        time.copy_from_slice(&(seconds as u32).to_be_bytes());
        random.copy_from_slice(self.pool.get(self.next).unwrap_or(&[0; RANDOM]));
        self.next += 1;
        encode(&bytes)
    }
}

/// The longest id that is taken from a peer.
const LONGEST: usize = 128;

/// An id that a peer gives. It comes to stand in log lines and names of files, so it has letters, digits and `-_.:@=+` only.
pub(crate) fn of_peer(given: &[u8]) -> Option<String> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:@=+".contains(byte);
    let usable = !given.is_empty() && given.len() <= LONGEST && given.iter().all(is_plain);
    usable.then(|| String::from_utf8_lossy(given).into_owned())
}

/// Base64 without padding.
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 1);
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=group.len() {
            let digit = bits >> (18 - 6 * place) & 63;
            text.push(char::from(ALPHABET.get(digit as usize).copied().unwrap_or(b'A')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_have_the_form_of_mod_unique_id_and_never_meet() {
        let (mut a, mut b) = (UniqueIds::new().unwrap(), UniqueIds::new().unwrap());
        let mut seen = HashSet::new();
        for _ in 0..600 {
            for ids in [&mut a, &mut b] {
                let id = ids.next(0x6b06_408b);
                assert_eq!(id.len(), 27);
                // The time stands in the first characters, as in httpd's.
                assert!(id.starts_with("awZAi"), "{id}");
                assert!(id.bytes().all(|byte| ALPHABET.contains(&byte)));
                assert!(seen.insert(id));
            }
        }
    }

    #[test]
    fn what_could_break_a_line_or_a_path_is_no_id() {
        assert_eq!(of_peer(b"3f2c9f00-a:b.c_D=+@"), Some("3f2c9f00-a:b.c_D=+@".to_owned()));
        for bad in [&b""[..], b"a b", b"a/b", b"a\"b", b"a\xe9", b"a,b", &[b'a'; LONGEST + 1]] {
            assert_eq!(of_peer(bad), None);
        }
    }

    #[test]
    fn base64() {
        assert_eq!(encode(b"Man"), "TWFu");
        assert_eq!(encode(b"Ma"), "TWE");
        assert_eq!(encode(b"\xff\xff\xfe"), "___-");
    }
}
