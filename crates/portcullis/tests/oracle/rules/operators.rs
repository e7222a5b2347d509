//! Operators and their arguments.

use super::super::random::Random;
use super::super::words::{NUMBERS, PATTERNS, PHRASES, TEXTS, macro_text};
use super::Maker;

impl Maker<'_> {
    pub(super) fn operator(&mut self) -> String {
        let negation = if self.random.chance(15) { "!" } else { "" };
        let text = match self.random.below(52) {
            0..=10 => format!("@rx {}", self.random.pick(PATTERNS)),
            11 => {
                let pattern = self.random.pick(PATTERNS);
                if pattern.starts_with(['@', '!']) { "x".to_owned() } else { pattern.to_owned() }
            }
            12 => "@rx ^%{tx.a}$".to_owned(),
            13 | 14 => format!("@pm {}", self.random.pick(PHRASES)),
            15 => format!("@contains {}", self.random.pick(TEXTS)),
            16 => format!("@streq {}", self.random.pick(TEXTS)),
            17 => format!("@within {}", self.random.pick(TEXTS)),
            18 => format!("@beginsWith {}", self.random.pick(TEXTS)),
            19 => format!("@endsWith {}", self.random.pick(TEXTS)),
            20 => format!("@containsWord {}", self.random.pick(TEXTS)),
            21 | 22 => format!("@eq {}", self.random.pick(NUMBERS)),
            23 => format!("@ge {}", self.random.pick(NUMBERS)),
            24 => format!("@gt {}", self.random.pick(NUMBERS)),
            25 => format!("@le {}", self.random.pick(NUMBERS)),
            26 => format!("@lt {}", self.random.pick(NUMBERS)),
            27 => format!(
                "@ipMatch {}",
                self.random.pick(&["10.0.0.0/8,127.0.0.1", "127.0.0.0/8", "10.0.0.1/32", "127.0.0.1,"])
            ),
            28 => format!(
                "@validateByteRange {}",
                self.random.pick(&[
                    "32-126",
                    "1-255",
                    "97,98,99",
                    "",
                    "9,10,13,32-126,128-255",
                    "0-255",
                    "x-70"
                ])
            ),
            29 => "@validateUrlEncoding".to_owned(),
            30 => "@validateUtf8Encoding".to_owned(),
            31 => "@strmatch foo".to_owned(),
            32 => "@noMatch".to_owned(),
            33 => "@detectSQLi".to_owned(),
            34 => "@detectXSS".to_owned(),
            35 => "@pmFromFile words.data".to_owned(),
            36 => "@verifyCC \\d{4}".to_owned(),
            37 => self
                .random
                .pick(&[
                    "@verifySSN \\d{3}-?\\d{2}-?\\d{4}",
                    "@verifyCPF \\d+",
                    "@verifyCC (\\d{4} ?){4}",
                    "@verifyCC ^\\d",
                ])
                .to_owned(),
            38 | 39 => format!("@rx {}", macro_pattern(self.random)),
            40 => {
                let name = self.random.pick(&[
                    "contains",
                    "streq",
                    "within",
                    "beginsWith",
                    "endsWith",
                    "containsWord",
                ]);
                format!("@{name} {}", macro_text(self.random))
            }
            41 => {
                let name = self.random.pick(&["eq", "ge", "gt", "le", "lt"]);
                format!("@{name} {}", macro_text(self.random))
            }
            42 => self
                .random
                .pick(&["@strmatch |66 6f|o", "@strmatch \\:", "@strmatch \"a b\"", "@strmatch %{tx.a}"])
                .to_owned(),
            43 => self
                .random
                .pick(&[
                    "@RX foo",
                    "@Contains a",
                    "@EQ 1",
                    "@uNconditionalMatch",
                    "  @rx x",
                    "@rx   x ",
                    "@contains  x ",
                    "@detectsqli",
                ])
                .to_owned(),
            45 => "@pmf words.data".to_owned(),
            46 => format!(
                "@pm {}",
                self.random.pick(&[
                    "%{tx.a} foo",
                    "a|62",
                    "|61 62|c x",
                    "x\\:y foo",
                    "foo foobar oba",
                    "abc bcd cd d",
                    "\u{e9} \u{ff}"
                ])
            ),
            _ => "@unconditionalMatch".to_owned(),
        };
        format!("{negation}{text}")
    }
}

/// An expression with a macro in it.
fn macro_pattern(random: &mut Random) -> String {
    let text =
        random.pick(&["%{tx.a}", "%{ARGS.a}", "%{REQUEST_METHOD}", "%{tx.n}", "%{nosuch}", "%{MATCHED_VAR}"]);
    match random.below(4) {
        0 => text.to_owned(),
        1 => format!("^({text})"),
        2 => format!("(?i){text}|foo"),
        _ => format!("[{text}x]"),
    }
}
