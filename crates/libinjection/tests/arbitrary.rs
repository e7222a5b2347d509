//! Arbitrary input: nothing panics, nothing is superlinear, and harmless bytes are harmless.

use portcullis_libinjection::html::{self, Context as Place};
use portcullis_libinjection::sql::{self, Context, Dialect, Quote};
use portcullis_libinjection::{sqli, xss};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Pieces that states and rules react to.
#[rustfmt::skip]
const PIECES: &[&[u8]] = &[
    b"'", b"\"", b"`", b"\\", b"\0", b"\xa0", b"\xff", b" ", b"\n", b"--", b"-- ", b"#", b"/*", b"*/", b"/*!", b"(", b")", b"{",
    b"}", b"[", b"]", b";", b",", b".", b"1", b"1e", b"0x", b"0b1", b"$", b"$a$", b"$1", b"@", b"@@", b":", b"::", b"=", b"!",
    b"+", b"~", b"&", b"|", b"<=>", b"\\N", b"n'", b"q'(", b"nq'[", b"u&'", b"e'", b"x'", b"b'0", b"a", b"select", b"union ",
    b"and ", b"not ", b"in ", b"in(", b"like(", b"group ", b"by ", b"collate ", b"a_b", b"user(", b"if(", b"int ", b"sp_password",
    b"<", b">", b"/>", b"</", b"<a ", b"<%", b"%>", b"<?", b"<!", b"<!--", b"-->", b"-", b"-\0", b"-!>", b"<![CDATA[", b"]]>",
    b"<!doctype ", b"href=", b"on", b"onload=", b"style=", b"attributename=", b"&#", b"&#x", b"&#0", b"java", b"data:",
];

fn pieces(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..=most).prop_map(|pieces| pieces.concat())
}

/// Runs everything there is, every iterator to its end.
fn run_all(input: &[u8]) -> usize {
    let mut work = usize::from(xss(input)) + sqli(input).map_or(0, |found| found.as_ref().len());
    for quote in [Quote::None, Quote::Single, Quote::Double] {
        for dialect in [Dialect::Ansi, Dialect::MySql] {
            let context = Context { quote, dialect };
            work += sql::tokens(input, context).count() + sql::fold(input, context).tokens().len();
        }
    }
    for place in [Place::Text, Place::Tag, Place::Value(b'\''), Place::Value(b'"'), Place::Value(b'`')] {
        work += html::tokens(input, place).count();
    }
    work
}

/// Found cases go into this file's tests by hand, not into files of proptest's.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn nothing_panics(input in prop_oneof![pieces(12), prop::collection::vec(any::<u8>(), 0..200)]) {
        run_all(&input);
    }

    #[test]
    fn harmless_bytes_are_harmless(input in "[0-9a-fA-F_xXuUnN]{0,6}(union|user|select|in|not|int|[a-z0-9]{0,8})") {
        // The public function answers from the bytes; the readings themselves must agree.
        for dialect in [Dialect::Ansi, Dialect::MySql] {
            let letters = sql::fingerprint(input.as_bytes(), Context { quote: Quote::None, dialect });
            prop_assert!(letters.as_ref().len() < 4 && letters.as_ref() != b"X", "{}", letters);
            prop_assert_ne!(letters.as_ref().last(), Some(&b'c'));
        }
        prop_assert!(sqli(input.as_bytes()).is_none() && !xss(input.as_bytes()));
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// A quadratic step over a mebibyte costs many seconds even at the speed of `memchr`; all steps together take some 20 ms.
    #[test]
    fn nothing_is_superlinear(start in pieces(3), unit in pieces(3), end in pieces(2)) {
        let rounds = (1024 * 1024) / unit.len().max(1);
        let input = [start, unit.repeat(rounds), end].concat();
        let before = Instant::now();
        run_all(&input);
        prop_assert!(before.elapsed() < Duration::from_secs(5), "{:?} for {}", before.elapsed(), input.len());
    }
}
