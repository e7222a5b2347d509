//! The words that cases are made of: few enough that rules and requests meet, odd enough to matter.

use super::random::Random;

/// Names of arguments, headers' members, fields.
pub const NAMES: &[&str] =
    &["a", "b", "c", "foo", "A", "x.y", "id", "a[0]", "a b", "\u{e9}", "q\u{1}", "", "a:b"];

/// Values before encoding.
const VALUES: &[&str] = &[
    "x",
    "foo",
    "FOO bar",
    "1",
    "5",
    "-3",
    "10",
    " 7 ",
    "abcabc",
    "a'b\"c",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "select  1 from",
    "\u{e9}\u{ff}",
    "a\\b",
    "a\\x41b",
    "&lt;b&gt;",
    "%41",
    "%u0041%zz",
    "a\tb\nc",
    "x\u{0}y",
    "",
    "foo|bar",
    "10.0.0.1",
    "a/*c*/b",
    "QWJj",
    "1' OR 1=1--",
    "4111 1111 1111 1111",
    "-1 union select 1,2",
    "<img src=x onerror=alert(1)>",
    "some phrase of words",
    "\\u0041\\41 ",
    "/a/./b/../c",
    "tag",
    "abab",
    "AxA",
    "foo,bar;baz",
    "16777216 99999999999",
    "\u{c3}\u{a9}\u{e2}\u{82}",
];

/// Pieces of values, for the corners of transformations and operators.
const PIECES: &[&str] = &[
    "a",
    "B",
    "x",
    "foo",
    "1",
    "42",
    " ",
    "  ",
    "\t",
    "\r\n",
    "\u{0}",
    "\u{a0}",
    "%",
    "%4",
    "%41",
    "%u0041",
    "%uff1c",
    "%U00e9",
    "+",
    "\\",
    "\\x41",
    "\\u0041",
    "\\101",
    "\\n",
    "\\41 ",
    "\\0000041",
    "&",
    "&#",
    "&#x3c;",
    "&#60",
    "&lt",
    "&nbsp;",
    ";",
    "#",
    "/*",
    "*/",
    "<!--",
    "-->",
    "--",
    "-",
    "/",
    "//",
    "/./",
    "/../",
    "..",
    ".",
    "\\..\\",
    "\"",
    "'",
    "^",
    "`",
    ",",
    "(",
    "=",
    "0x",
    "0x41",
    "QUJD",
    "=",
    "==",
    "\u{e9}",
    "\u{c3}\u{a9}",
    "\u{e2}\u{82}\u{ac}",
    "\u{f0}\u{9f}\u{98}\u{80}",
    "\u{c0}\u{af}",
    "\u{80}",
    "\u{ff}",
    "<",
    ">",
    "|",
    "{",
    "}",
    "\u{1}",
    "\u{7f}",
];

/// A value before encoding: one of the list, or pieces in any order.
pub fn value(random: &mut Random) -> String {
    if random.chance(75) {
        return random.pick(VALUES).to_owned();
    }
    (0..random.below(7) + 1).map(|_| random.pick(PIECES)).collect()
}

/// Regular expressions of the linear kind and of the other.
pub const PATTERNS: &[&str] = &[
    "x",
    "^x$",
    "foo",
    "(?i)foo",
    "^(f)(o+)",
    "(a)(b)?(c)",
    "[0-9]+",
    "^\\d+$",
    "a|b",
    "(a|ab)(c|bcd)?",
    "\\bfoo\\b",
    "o{2}",
    "^$",
    "",
    "^",
    "[^a-z]",
    "\\x41",
    "(?:a|b)+?",
    "^(.*)$",
    "\\.\\./",
    "(?i)select\\s+(\\d)",
    "<(\\w+)>",
    "\\W",
    "[\"']",
    "(?=f)foo",
    "(a)\\1",
    "\\s",
    "(x)|(y)",
    ".",
    "^[\\x20-\\x7e]*$",
    "^0$",
    "^1$",
    "(?s)a.b",
    "b$",
    "(?i:FOO)\\s*bar",
    "^[\\w.]+$",
    "(?<n>f)oo",
    "(.)(.)?(.)?(z)?",
    "\\xe9",
    "(?!f)o",
    "[[:punct:]]",
    "a{0}b?",
    "(?:foo|f)(o*)$",
    "\\d{4}",
    "^(?:[^%]|%[0-9a-f]{2})*$",
];

/// Phrase lists.
pub const PHRASES: &[&str] =
    &["foo bar", "x", "abcd bc", "SELECT", "a|62|c", "\\\"q", "script etc", "a", "zzz yyy"];

/// The file of `@pmFromFile words.data`.
pub const WORDS: &str = "# words\nfoo\n  some phrase  \n\n<script\n\"q\"\na|62|c\n";

/// Texts that operators compare with.
pub const TEXTS: &[&str] = &[
    "x",
    "foo",
    "FOO",
    "1",
    "foo bar baz",
    "",
    "a",
    "abc",
    "%{tx.a}",
    "%{ARGS.a}",
    "x%{tx.b}y",
    "%{REQUEST_METHOD}",
    "%{MATCHED_VAR}",
    "%{nosuch}",
    "%{",
    "%{tx.0}",
];

/// Numbers that operators compare with.
pub const NUMBERS: &[&str] =
    &["0", "1", "2", "5", "-3", "10", "", "x", " 7", "99999999999", "%{tx.a}", "%{tx.n}", "3x"];

/// Members of TX.
pub const TX_NAMES: &[&str] = &["a", "b", "n", "A", "x-y", "score", "0", "1", "2", "q.r"];

/// Transformations that CRS uses, and the rest.
pub const TRANSFORMATIONS: &[&str] = &[
    "none",
    "none",
    "urlDecodeUni",
    "urlDecodeUni",
    "lowercase",
    "lowercase",
    "htmlEntityDecode",
    "jsDecode",
    "utf8toUnicode",
    "removeNulls",
    "cssDecode",
    "cmdLine",
    "removeWhitespace",
    "replaceComments",
    "normalizePath",
    "compressWhitespace",
    "escapeSeqDecode",
    "normalizePathWin",
    "urlDecode",
    "length",
    "base64Decode",
    "sha1",
    "hexEncode",
    "normalisePath",
    "removeCommentsChar",
    "md5",
    "trim",
    "trimLeft",
    "trimRight",
    "removeComments",
    "replaceNulls",
    "hexDecode",
    "sqlHexDecode",
    "base64Encode",
    "base64DecodeExt",
    "urlEncode",
    "parityZero7bit",
    "parityEven7bit",
    "parityOdd7bit",
    "normalisePathWin",
    "LowerCase",
    "-lowercase",
    "+trim",
    "-urlDecodeUni",
];

/// What macros are made of.
pub const MACROS: &[&str] = &[
    "%{tx.a}",
    "%{TX.b}",
    "%{tx.0}",
    "%{tx.1}",
    "%{MATCHED_VAR}",
    "%{MATCHED_VAR_NAME}",
    "%{ARGS.a}",
    "%{args.foo}",
    "%{REQUEST_METHOD}",
    "%{rule.id}",
    "%{rule.msg}",
    "%{rule.severity}",
    "%{REQUEST_HEADERS.host}",
    "%{REQUEST_URI}",
    "%{ARGS}",
    "%{&ARGS}",
    "%{nosuch}",
    "%{ARGS:a}",
    "%{tx.nosuch}",
    "%{HIGHEST_SEVERITY}",
    "%{REQUEST_COOKIES.c}",
    "%{ARGS_NAMES}",
    "%{env.e}",
    "%{MATCHED_VARS}",
    "%{tx.n}",
    "%{tx.q.r}",
    "%{REQUEST_LINE}",
    "%{ARGS_COMBINED_SIZE}",
    "%{",
    "%{}",
    "%{tx.}",
    "%{RULE.logdata}",
    "%{HTTP_X-Test}",
    "%{RESPONSE_STATUS}",
    "%{RESPONSE_HEADERS.x-test}",
    "%{rule.tag}",
    "%{tx.x-y}",
    "%{ip.a}",
    "%{session.n}",
    "%{SESSIONID}",
    "%{REQBODY_PROCESSOR}",
    "%{REQUEST_BASENAME}",
    "%{XML:/*}",
    "%{FILES.f}",
    "%{tx.10}",
    "%{MATCHED_VARS.ARGS:a}",
    "%{rule.phase}",
    "%{tx.a}}",
    "%%{tx.a}",
    "%{ tx.a}",
    "%{REQUEST_HEADERS:Host}",
    "%{UNIQUE}",
    "%{MATCHED_VARS_NAMES}",
];

/// A text with or without macros.
pub fn macro_text(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.below(3) + 1 {
        match random.below(3) {
            0 => text
                .push_str(random.pick(&["x", "score ", "5", "-", "a b", "\u{e9}", "it's", "\\d", "\"q\""])),
            _ => text.push_str(random.pick(MACROS)),
        }
    }
    text
}

/// A text as it may stand in a query or an urlencoded body: what must be is percent-encoded, and some of the rest.
pub fn encoded(random: &mut Random, text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        let plain = character.is_ascii_alphanumeric() || "-_.~/:[],;|()*'!".contains(character);
        let raw = "<>\"{}\\^%=".contains(character) && random.chance(40);
        match character {
            ' ' if random.chance(50) => out.push('+'),
            _ if (plain && !random.chance(4)) || raw => out.push(character),
            _ => {
                let code = u32::from(character);
                out.push_str(&if random.chance(50) {
                    format!("%{code:02x}")
                } else {
                    format!("%{code:02X}")
                });
            }
        }
    }
    out
}
