//! The cases as data.
//!
//! ```json
//! {"name": "…", "send": ["GET /a HTTP/1.1\r\nHost: h\r\n\r\n"], "seen": ["GET /a HTTP/1.1"],
//!  "forwarded": ["GET /a HTTP/1.1\r\nHost: h\r\n\r\n"], "client": ["200:GET /a"]}
//! ```
//!
//! A code point is a byte. What may stand in each field is said beside it. An origin without a script answers each
//! request with its method and target, so that an answer tells which request it belongs to.

use serde_json::Value;
use std::path::Path;

/// One exchange of bytes and what must come of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// File and name.
    pub name: String,
    /// What the client does: bytes (a string, or a string and how often), or a wait.
    pub send: Vec<Step>,
    /// What the origin does for each request in turn; beyond the list it answers as usual.
    pub origin: Vec<Vec<Step>>,
    /// The request lines the rules see, each perhaps with LF and the body they see.
    pub seen: Vec<Vec<u8>>,
    /// Header fields (name, value) per request that the rules see; `None` for a name that must be absent.
    pub fields: Vec<(usize, Vec<u8>, Option<Vec<u8>>)>,
    /// The requests the origin receives, whole and without the `X-Forwarded` fields.
    pub forwarded: Vec<Vec<u8>>,
    /// The answers the client receives: `200`, `200:body`, `200~part` for one that is cut, `broken` for 502 or cut.
    pub client: Vec<String>,
    /// What the client's bytes must hold, and must not.
    pub contains: Vec<Vec<u8>>,
    pub lacks: Vec<Vec<u8>>,
    /// How many connections the origin gets.
    pub connections: Option<u64>,
    /// A part of a request may reach the origin when bodies are not inspected first.
    pub partial: bool,
    /// The second runner leaves it out: it needs the script.
    pub scripted: bool,
}

impl Case {
    /// The origin answers without reading the whole request.
    pub fn answers_early(&self) -> bool {
        self.origin.iter().any(|steps| steps.first() == Some(&Step::HeadOnly))
    }
}

/// A step of either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Client: waits for one more answer, interim ones not counted. Origin: waits until the client has waited so.
    Answered,
    /// Client: waits until the origin has played all steps of the requests it has received.
    Played,
    /// Client: waits for an interim answer.
    Interim,
    /// Origin, first: does not read the body.
    HeadOnly,
    /// Origin: answers as usual.
    Usual,
    /// Origin: closes the connection.
    Close,
}

/// All cases, in the order of the files.
pub fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/exchanges");
    let entries = std::fs::read_dir(folder).expect("the corpus belongs to the repository");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let stem = file.file_stem().expect("a file name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a text file");
        for line in text.lines() {
            let value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{stem}: {error}: {line}"));
            cases.push(case(&stem, &value));
        }
    }
    cases
}

fn case(stem: &str, value: &Value) -> Case {
    let name = format!("{stem}: {}", value["name"].as_str().expect("a name"));
    for key in value.as_object().expect("an object").keys() {
        let known = ["name", "send", "origin", "seen", "fields", "forwarded", "client", "partial"];
        let rare = ["contains", "lacks", "connections"];
        assert!(known.contains(&key.as_str()) || rare.contains(&key.as_str()), "{name}: unknown key {key}");
    }
    let list = |key: &str| value[key].as_array().map_or(&[][..], Vec::as_slice);
    let steps = |list: &[Value]| list.iter().map(|one| step(&name, one)).collect::<Vec<_>>();
    let texts = |key: &str| list(key).iter().map(|one| latin1(one.as_str().expect("a text"))).collect();
    let scripts = list("origin").iter().map(|script| steps(script.as_array().expect("a list of steps")));
    let field = |one: &Value| {
        let at = usize::try_from(one[0].as_u64().expect("an index")).expect("small");
        (at, latin1(one[1].as_str().expect("a name")), one[2].as_str().map(latin1))
    };
    Case {
        send: steps(list("send")),
        origin: scripts.collect(),
        seen: texts("seen"),
        fields: list("fields").iter().map(field).collect(),
        forwarded: texts("forwarded"),
        client: list("client").iter().map(|one| one.as_str().expect("a text").to_owned()).collect(),
        contains: texts("contains"),
        lacks: texts("lacks"),
        connections: value["connections"].as_u64(),
        partial: value["partial"].as_bool().unwrap_or(false),
        scripted: !list("origin").is_empty(),
        name,
    }
}

fn step(name: &str, value: &Value) -> Step {
    if let Some(parts) = value.as_array() {
        let times = usize::try_from(parts[1].as_u64().expect("a count")).expect("small");
        return Step::Send(latin1(parts[0].as_str().expect("a text")).repeat(times));
    }
    match value.as_str().expect("a text or a list") {
        "@answered" => Step::Answered,
        "@played" => Step::Played,
        "@interim" => Step::Interim,
        "@head" => Step::HeadOnly,
        "@usual" => Step::Usual,
        "@close" => Step::Close,
        text => {
            assert!(!text.starts_with('@'), "{name}: unknown step {text}");
            Step::Send(latin1(text))
        }
    }
}

/// Bytes from code points.
pub fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("code points are bytes")).collect()
}
