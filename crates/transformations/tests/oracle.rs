//! Random values against a real ModSecurity: results, and whether a change is reported.
//!
//! Each value is made of the special characters of one transformation and put through all of them, with the Unicode map
//! that Debian's package brings. Whether a change is reported shows in `multiMatch`: a rule that always matches counts
//! once for the value and once more for the result. Run by hand, see `oracle` of the test kit;
//! `PORTCULLIS_ORACLE_CASES` says how many values, `PORTCULLIS_ORACLE_SEED` which.

use portcullis_testkit::oracle::{Oracle, Random, percent, shown};
use portcullis_transformations::{ALL, Outcome, Tables, Transformation, UnicodeMap};
use serde_json::json;

/// Not in ModSecurity 2.9.7.
const NEWER: [&str; 2] = ["phpArgsNames", "uppercase"];

/// What values are made of: the pieces that matter to one transformation or a family.
const PIECES: [&[&str]; 14] = [
    &[
        "%", "%2", "%41", "%zz", "%g1", "+", "%u", "%U", "%u0041", "%uff1c", "%uFF5F", "%u00e9", "%u2039",
        "%uzz", "%u41", "a",
    ],
    &[
        "&",
        "&#",
        "&#x",
        "&#X3c",
        "60",
        "&#60",
        ";",
        "&lt",
        "&GT;",
        "&quot",
        "&nbsp;",
        "&amp",
        "&foo;",
        "x",
        "9999999999999",
    ],
    &[
        "\\", "\\u", "\\u0041", "\\uff1c", "\\uFF00", "\\x", "\\x41", "\\x4", "\\1", "\\12", "\\123",
        "\\400", "\\8", "\\n", "\\q", "7", "\r",
    ],
    &[
        "\\", "\\4", "\\41", "\\041", "\\ff1c", "\\0ff1c", "\\00ff1c", "\\1ff1c", "\\000041", "\n", " ",
        "\t", "g", "a", "\\\n", "F",
    ],
    &["C", "^", "\"", "'", "\\", " ", "  ", ",", ";", "/", "(", "\t", "\r", "\n", "\0", "x"],
    &["/*", "*/", "<!--", "-->", "--", "#", "-", "*", "/", "<", "!", ">", "a", " ", "\0"],
    &["/", "\\", ".", "..", "...", "//", "/./", "/../", "a", "b", "a..", "\0", "\\..\\", "\\\\"],
    &["0x", "0X", "41", "4", "g", "0", "x", "00", "\0", " ", "0x4142", "ff"],
    &["Y", "WJj", "=", "==", "!", "+", "/", "-", "_", "\r\n", "\0", " ", "A", "ZA==", "."],
    &["\u{e9}", "\u{20ac}", "\u{ff1c}", "\u{1f600}", "\0", "a", "\u{7ff}", "\u{800}", "\u{ffff}"],
    &[" ", "\t", "\n", "\x0b", "\x0c", "\r", "\u{a0}", "a", "  ", "\0", "\x1f"],
    &["a", "A", "z", "Z", "@", "[", "`", "{", "\x7f", "0", "9", "~", "*", "-", "_", " "],
    &["\\a", "\\b", "\\f", "\\v", "\\?", "\\'", "\\\"", "\\\\", "\\X41", "\\777", "\\08", "\\", "\\0", "z"],
    &["a", "\0", "\x01", "%00", "=", "&", "<", ">"],
];

fn value(random: &mut Random) -> Vec<u8> {
    let pieces = *random.pick(&PIECES);
    let mut value = Vec::new();
    for _ in 0..random.below(9) {
        match random.below(12) {
            0 => value.push(random.below(256) as u8),
            1 => value.extend_from_slice(other(random).as_bytes()),
            2 => value.push(*random.pick(b"\x80\xa0\xbf\xc0\xc3\xc4\xe0\xe2\xed\xf0\xf4\xf5\xf8\xff")),
            _ => value.extend_from_slice(random.pick(pieces).as_bytes()),
        }
    }
    value
}

fn other(random: &mut Random) -> &'static str {
    let pieces = *random.pick(&PIECES);
    random.pick::<&str>(pieces)
}

#[test]
fn results_agree() {
    let Some(oracle) = Oracle::find() else { return };
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (cases, seed) = (number("PORTCULLIS_ORACLE_CASES", 20_000), number("PORTCULLIS_ORACLE_SEED", 1));
    let map = std::fs::read("/etc/modsecurity/unicode.mapping").expect("the oracle's Unicode map");
    let map = UnicodeMap::parse(&map, 20_127).expect("a map");
    compare(&oracle, cases, 0x5eed_0000 + seed as u64, &Tables { unicode: Some(&map) });
}

fn compare(oracle: &Oracle, count: usize, seed: u64, tables: &Tables<'_>) {
    let known: Vec<&Transformation> = ALL.iter().copied().filter(|t| !NEWER.contains(&t.name)).collect();
    let mut rules = String::new();
    for (id, transformation) in (1..).zip(&known) {
        let name = transformation.name;
        rules.push_str(&format!(
            "SecRule ARGS:a \"@unconditionalMatch\" \
             \"id:{id},phase:2,pass,nolog,multiMatch,t:none,t:{name},setvar:tx.n_{name}=+1\"\n"
        ));
    }
    let shows: Vec<String> =
        known.iter().flat_map(|t| [format!("ARGS:a;t:{}", t.name), format!("TX:n_{}", t.name)]).collect();
    let mut random = Random(seed);
    let values: Vec<Vec<u8>> = (0..count).map(|_| value(&mut random)).collect();
    let cases: Vec<_> = values
        .iter()
        .map(|value| json!({"rules": rules, "get": format!("/?a={}", percent(value)), "show": shows}))
        .collect();
    let answers = oracle.ask(&[], &cases);
    let (mut compared, mut differences) = (0, Vec::new());
    let mut out = Vec::new();
    for (value, answer) in values.iter().zip(&answers) {
        for transformation in &known {
            let name = transformation.name;
            let expected = shown(answer, &format!("ARGS:a;t:{name}")).concat();
            let reported = shown(answer, &format!("TX:n_{name}")).concat() == b"2";
            let outcome = (transformation.apply)(value, tables, &mut out);
            let result = if outcome == Outcome::Unchanged { value } else { &out };
            compared += 1;
            if *result != expected || (outcome == Outcome::Changed) != reported {
                differences.push(format!(
                    "{name} of `{}`: `{}` {outcome:?}, ModSecurity `{}` {reported}",
                    value.escape_ascii(),
                    result.escape_ascii(),
                    expected.escape_ascii()
                ));
            }
        }
    }
    println!("{count} values, {compared} results, {} differ", differences.len());
    let first = differences.iter().take(40).cloned().collect::<Vec<String>>().join("\n");
    assert!(differences.is_empty(), "{first}");
    assert!(compared >= count * 30 && count > 0);
}
