//! Random arguments and values against a real ModSecurity: what compiles, what matches, messages and TX.0.
//!
//! Arguments and values are made of the pieces that matter to an operator, odd ones included; each argument meets
//! several values. The libinjection operators and `@verify…` have comparisons of their own. Run by hand, see `oracle`
//! of the test kit; `PORTCULLIS_ORACLE_CASES` says how many arguments, `PORTCULLIS_ORACLE_SEED` which.

use portcullis_operators::{Capture, Environment, Failure, Hit, Kind, Test, find};
use portcullis_testkit::oracle::{Oracle, Random, percent, shown};
use serde_json::{Value, json};

/// Values per argument.
const VALUES: usize = 6;
/// The data file that arguments name.
const FILE: &str = "data.txt";

/// An operator, and pieces of its arguments and values.
type Subject = (&'static str, &'static [&'static str], &'static [&'static str]);

const WORDS: &[&str] = &[
    "a", "A", "b", "ab", "foo", "Foo", "_", "1", " ", "-", ".", "\\", "\"", "'", "|", "é", "\x7f", "%", "$",
];
const NUMBERS: &[&str] =
    &["0", "1", "5", "-", "+", " ", "x", "2147483648", "4294967296", "99999999999999999999", ".", "e3"];
const PHRASES: &[&str] = &[
    "a", "B", "ab", "abc", "|61|", "|41 42|", "|6", "|", "\\:", "\\;", "\\\\", "\\q", "\"", " ", " ", "\t",
    "foo", "#", "é", "|00|", "zz",
];
const ADDRESSES: &[&str] = &[
    "10.0.0.1",
    "10.1.2.3",
    "1.2.3.4",
    "0.0.0.0",
    "255.255.255.255",
    "::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "fe80::",
    "/8",
    "/0",
    "/32",
    "/33",
    "/64",
    "/127",
    "/",
    "/08",
    "/8x",
    "/-1",
    "/255.0.0.0",
    ",",
    ",",
    ",",
    ",",
    " ",
    "010.0.0.1",
    "1.2.3",
    "x",
    "::",
    "256.1.1.1",
    "fe80::1%lo",
    "1",
];
const BYTES: &[&str] = &[
    "0",
    "9",
    "10",
    "13",
    "32",
    "65",
    "126",
    "127",
    "255",
    "256",
    "-",
    "-",
    "-",
    ",",
    ",",
    ",",
    " ",
    "x",
    "300",
    "4294967297",
];
const UTF8: &[&str] = &["a", "é", "€", "😀", "\u{7ff}", "\u{800}"];
const URLS: &[&str] = &["%", "%4", "%41", "%zz", "%g1", "a", "%%", "+", "%1"];

const SUBJECTS: [Subject; 20] = [
    ("pm", PHRASES, PHRASES),
    ("pm", PHRASES, PHRASES),
    ("pmFromFile", PHRASES, PHRASES),
    ("strmatch", PHRASES, PHRASES),
    ("within", WORDS, WORDS),
    ("contains", WORDS, WORDS),
    ("containsWord", WORDS, WORDS),
    ("beginsWith", WORDS, WORDS),
    ("endsWith", WORDS, WORDS),
    ("streq", WORDS, WORDS),
    ("eq", NUMBERS, NUMBERS),
    ("ge", NUMBERS, NUMBERS),
    ("gt", NUMBERS, NUMBERS),
    ("le", NUMBERS, NUMBERS),
    ("lt", NUMBERS, NUMBERS),
    ("ipMatch", ADDRESSES, ADDRESSES),
    ("ipMatchFromFile", ADDRESSES, ADDRESSES),
    ("validateByteRange", BYTES, WORDS),
    ("validateUrlEncoding", &[], URLS),
    ("validateUtf8Encoding", &[], UTF8),
];

fn join(random: &mut Random, pieces: &[&str], most: usize) -> String {
    if pieces.is_empty() {
        String::new()
    } else {
        (0..random.below(most)).map(|_| *random.pick(pieces)).collect()
    }
}

/// One rule with its values.
struct Subjected {
    operator: &'static str,
    argument: String,
    file: Vec<u8>,
    values: Vec<Vec<u8>>,
}

impl Subjected {
    fn new(random: &mut Random) -> Self {
        let &(operator, arguments, pieces) = random.pick(&SUBJECTS);
        let most = if arguments.as_ptr() == ADDRESSES.as_ptr() { 6 } else { 5 };
        // Blanks at the start belong to no argument.
        let mut argument = join(random, arguments, most).trim_start().to_owned();
        let mut file = Vec::new();
        if operator.ends_with("File") {
            argument = FILE.to_owned();
            for _ in 0..random.below(5) {
                file.extend_from_slice(random.pick(&["", "", " ", "#"]).as_bytes());
                file.extend_from_slice(join(random, arguments, 4).as_bytes());
                file.extend_from_slice(random.pick(&["\n", "\n", "\r\n", " \n"]).as_bytes());
            }
        }
        let values = (0..VALUES).map(|_| value(random, pieces, &argument)).collect();
        Self { operator, argument, file, values }
    }

    fn compile(&self) -> Result<Box<dyn Test>, String> {
        let operator = find(self.operator).expect("an operator");
        if operator.needs_argument && self.argument.is_empty() {
            return Err("no argument".to_owned());
        }
        let Kind::Pure(compile) = operator.kind else { panic!("{} is external", self.operator) };
        let read_file = |_: &str| Ok(self.file.clone());
        let environment = Environment { read_file: &read_file, match_limit: 1500, has_macros: false };
        compile(self.argument.as_bytes(), &environment).map_err(|error| error.message)
    }

    fn case(&self, value: &[u8]) -> Value {
        let argument =
            format!("@{} {}", self.operator, self.argument).replace('\\', "\\\\").replace('"', "\\\"");
        let latin1 = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect::<String>();
        let rule = format!("SecRule ARGS:a \"{argument}\" \"id:1,phase:2,pass,log,capture,msg:'m'\"");
        json!({
            "rules": latin1(rule.as_bytes()),
            "get": format!("/?a={}", percent(value)),
            "show": ["TX:0"],
            "files": { FILE: latin1(&self.file) },
        })
    }
}

fn value(random: &mut Random, pieces: &[&str], argument: &str) -> Vec<u8> {
    let mut value = Vec::new();
    for _ in 0..random.below(5) {
        match random.below(10) {
            0 => value.push(random.below(256) as u8),
            1 => value.extend_from_slice(argument.as_bytes()),
            2 => value.push(*random.pick(b"\x80\xbf\xc0\xc3\xe0\xed\xa0\xf0\xf4\x90\xf5\xf8\xff\0\n")),
            _ => value.extend_from_slice(random.pick(pieces).as_bytes()),
        }
    }
    value
}

#[test]
fn results_agree() {
    let Some(oracle) = Oracle::find() else { return };
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let mut random = Random(0x5eed_0000 + number("PORTCULLIS_ORACLE_SEED", 1) as u64);
    let subjects: Vec<Subjected> =
        (0..number("PORTCULLIS_ORACLE_CASES", 2_000)).map(|_| Subjected::new(&mut random)).collect();
    let cases: Vec<Value> =
        subjects.iter().flat_map(|subject| subject.values.iter().map(|value| subject.case(value))).collect();
    let answers = oracle.ask(&[], &cases);
    let mut differences = Vec::new();
    let (mut refused, mut matched) = (0, 0);
    let pairs = subjects.iter().flat_map(|subject| subject.values.iter().map(move |value| (subject, value)));
    for ((subject, value), answer) in pairs.zip(&answers) {
        let (ours, theirs) = (ours(subject, value), theirs(answer));
        refused += usize::from(theirs == "refused");
        matched += usize::from(theirs.starts_with("matched"));
        if ours != theirs {
            differences.push(format!(
                "@{} `{}` file `{}` on `{}`:\n   ours {ours}\n   v2   {theirs}",
                subject.operator,
                subject.argument,
                subject.file.escape_ascii(),
                value.escape_ascii()
            ));
        }
    }
    println!("{} tests, {matched} match, {refused} refused, {} differ", answers.len(), differences.len());
    assert!(
        differences.is_empty(),
        "{}",
        differences.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(matched * 10 > answers.len());
}

fn ours(subject: &Subjected, value: &[u8]) -> String {
    let test = match subject.compile() {
        Ok(test) => test,
        Err(_) => return "refused".to_owned(),
    };
    let argument = subject.argument.as_bytes();
    let mut hit = Hit::default();
    match test.test(value, argument, true, &mut hit) {
        Ok(false) => "none".to_owned(),
        Err(Failure::Other(text)) => format!("failed {}", logged(&text)),
        Err(Failure::Unexplained) => "failed ".to_owned(),
        Err(failure) => format!("failed {failure:?}"),
        Ok(true) => {
            let mut message = Vec::new();
            test.message(argument, &hit, b"ARGS:a", &mut message);
            let captured = match hit.captures.first() {
                None => Vec::new(),
                Some(Capture::Text(text)) => text.clone(),
                Some(Capture::Range(start, end)) => value[*start as usize..*end as usize].to_vec(),
                Some(Capture::Empty) => Vec::new(),
            };
            format!("matched {} TX.0 `{}`", String::from_utf8_lossy(&message), captured.escape_ascii())
        }
    }
}

/// As httpd writes a message to its error log.
fn logged(text: &[u8]) -> String {
    let escape = |&byte: &u8| match byte {
        b'\\' => "\\\\".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\t' => "\\t".to_owned(),
        0x0b => "\\v".to_owned(),
        0x08 => "\\b".to_owned(),
        0x20..=0x7e => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    text.iter().map(escape).collect()
}

fn theirs(answer: &Value) -> String {
    if answer["error"] == "config" {
        return "refused".to_owned();
    }
    if let Some(entry) = answer["log"].as_array().and_then(|log| log.first()) {
        let captured = shown(answer, "TX:0").concat();
        return format!("matched {} TX.0 `{}`", entry["op"].as_str().unwrap_or("?"), captured.escape_ascii());
    }
    let lines: Vec<&str> =
        answer["other"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if lines.iter().any(|line| line.contains("Rule processing failed")) {
        let text =
            lines.iter().find_map(|line| line.split("ModSecurity: ").nth(1)?.split(" [hostname").next());
        return format!("failed {}", text.filter(|text| !text.starts_with("Rule processing")).unwrap_or(""));
    }
    "none".to_owned()
}
