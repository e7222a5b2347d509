//! What a transformation says about a set of bytes holds for every value made of them.
//!
//! `urlDecode` says of {a, b} that it changes nothing: then it must leave `abba` unchanged. The screen skips
//! transformations on the strength of these answers, so a wrong one would hide an attack. Values are drawn from the
//! bytes that transformations care about, in small sets, because large sets are never an identity.

use portcullis_transformations::{ALL, ByteSet, Outcome, Tables, UnicodeMap};
use proptest::prelude::*;

/// Bytes that some transformation looks for, and some that none does.
const BYTES: &[u8] =
    b"aAbBfFxXuUgz019 \t\n\x0b\r%+&#;/\\.*-<>!\"'^,()=_[]:@$\0\x7f\x80\x85\xa0\xc0\xc2\xc3\xe2\xf0\xf5\xff";

fn values() -> impl Strategy<Value = Vec<u8>> {
    let from_few = proptest::collection::vec(proptest::sample::select(BYTES), 1..6)
        .prop_flat_map(|bytes| proptest::collection::vec(proptest::sample::select(bytes), 0..80));
    let any = proptest::collection::vec(any::<u8>(), 0..80);
    prop_oneof![9 => from_few, 1 => any]
}

fn check(value: &[u8], tables: &Tables<'_>) -> Result<[usize; 2], TestCaseError> {
    let set = ByteSet::from_bytes(value);
    let mut answered = [0; 2];
    let mut out = Vec::new();
    for transformation in ALL {
        let (name, shown) = (transformation.name, value.escape_ascii());
        let outcome = (transformation.apply)(value, tables, &mut out);
        let result = if outcome == Outcome::Unchanged { value } else { &out };
        if (transformation.identity)(&set) {
            answered[0] += 1;
            prop_assert_eq!(outcome, Outcome::Unchanged, "identity of {} on `{}`", name, shown);
            prop_assert!(
                (transformation.preserves)(&set),
                "{name} preserves what it does not change: `{shown}`"
            );
        }
        if (transformation.preserves)(&set) {
            answered[1] += 1;
            prop_assert_eq!(result, value, "{} preserves `{}`", name, shown);
        }
        prop_assert!(
            outcome != Outcome::Quiet || result != value,
            "{name} is quiet about nothing: `{shown}`"
        );
    }
    Ok(answered)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn identity_and_preservation_hold(value in values()) {
        check(&value, &Tables::default())?;
    }

    #[test]
    fn a_unicode_map_changes_nothing_about_them(value in values()) {
        // Every code unit of the map stands for a byte that the low byte is not.
        let map = UnicodeMap::parse(b"1 (x)\n0041:5a 00e9:65 ff1c:3c 2039:3c", 1).expect("a map");
        check(&value, &Tables { unicode: Some(&map) })?;
    }
}

#[test]
fn plain_text_is_left_alone_by_most() {
    // The claims are worth nothing if they are never made.
    let identities = |value: &[u8]| {
        let set = ByteSet::from_bytes(value);
        ALL.iter().filter(|t| (t.identity)(&set)).count()
    };
    for (value, least) in [(&b"plaintext"[..], 23), (b"two words", 16), (b"1234567890", 24)] {
        assert!(identities(value) >= least, "{} of `{}`", identities(value), value.escape_ascii());
    }
}

#[test]
fn every_pair_of_bytes() {
    let mut answered = [0; 2];
    for first in 0..=255 {
        for second in 0..=255 {
            let found =
                check(&[first, second, first, second, second], &Tables::default()).expect("claims hold");
            answered = [answered[0] + found[0], answered[1] + found[1]];
        }
    }
    println!("{} identities, {} preserved", answered[0], answered[1]);
    assert!(answered[0] > 500_000);
}
