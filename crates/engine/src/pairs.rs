//! Names and values in order, in one buffer.
//!
//! A request's dozen of header fields is two allocations this way and not two dozen, and a record is made of every request.

use std::fmt;

/// See the module.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    bytes: Vec<u8>,
    /// Where each name and each value ends.
    ends: Vec<(usize, usize)>,
}

impl Pairs {
    /// Room for so many pairs of so many bytes together.
    pub fn with_capacity(pairs: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(pairs) }
    }

    /// Appends a pair.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(name);
        let end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((end, self.bytes.len()));
    }

    /// The pairs, name first.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |(middle, end)| {
            let pair = (self.bytes.get(start..*middle), self.bytes.get(*middle..*end));
            start = *end;
            (pair.0.unwrap_or_default(), pair.1.unwrap_or_default())
        })
    }

    /// The first value under a name, which is compared without case.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Calls `change` with each pair; it may overwrite the value.
    pub(crate) fn change_values(&mut self, mut change: impl FnMut(&[u8], &mut [u8])) {
        let mut rest = self.bytes.as_mut_slice();
        let mut start = 0;
        for (middle, end) in &self.ends {
            let Some((pair, behind)) = rest.split_at_mut_checked(end - start) else { return };
            if let Some((name, value)) = pair.split_at_mut_checked(middle - start) {
                change(name, value);
            }
            (rest, start) = (behind, *end);
        }
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut all = Self::default();
        pairs.into_iter().for_each(|(name, value)| all.push(name.as_ref(), value.as_ref()));
        all
    }
}

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(
                self.iter()
                    .map(|(name, value)| (name.escape_ascii().to_string(), value.escape_ascii().to_string())),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_their_order_and_their_bounds() {
        let pairs: [(&[u8], &[u8]); 4] = [(b"Host", b"a"), (b"", b"b"), (b"X", b""), (b"host", b"\xff")];
        let mut all: Pairs = pairs.into_iter().collect();
        assert!(all.iter().eq(pairs));
        assert_eq!((all.len(), all.get(b"HOST"), all.get(b"Y")), (4, Some(&b"a"[..]), None));
        all.change_values(|name, value| {
            if name.eq_ignore_ascii_case(b"host") {
                value.fill(b'*');
            }
        });
        assert_eq!(format!("{all:?}"), r#"[("Host", "*"), ("", "b"), ("X", ""), ("host", "*")]"#);
        assert!(Pairs::default().is_empty());
    }
}
