//! Rules and what one request does to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_engine::{
    Answer, BodyPlan, Compatibility, Costs, Need, Phase, Record, RequestLine, RuleSet, Start, Step,
    Transaction, Verdict,
};
use portcullis_testkit::rules::Source;

/// A configuration with the engine on.
pub struct Site {
    source: Source,
    rules: String,
    compatibility: Compatibility,
    /// Type and body of the origin's answer.
    answer: Option<(&'static str, &'static str)>,
}

/// What came of a request.
pub struct Outcome {
    pub verdict: Verdict,
    pub record: Record,
    /// Whether files of its body stay on disk.
    pub keeps_files: bool,
    /// Those that had no path and are kept.
    pub files_to_keep: Vec<Vec<u8>>,
}

impl Site {
    /// These rules.
    pub fn new(rules: &str) -> Self {
        let compatibility = Compatibility::default();
        Self { source: Source::new(), rules: rules.to_owned(), compatibility, answer: None }
    }

    /// The files and texts of a source.
    pub fn of(source: Source) -> Self {
        Self { source, ..Self::new("") }
    }

    /// With these decisions.
    pub fn deciding(mut self, compatibility: Compatibility) -> Self {
        self.compatibility = compatibility;
        self
    }

    /// With an answer of the origin.
    pub fn answering(mut self, content_type: &'static str, body: &'static str) -> Self {
        self.answer = Some((content_type, body));
        self
    }

    /// With a file that rules name.
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.source = self.source.data(name, text);
        self
    }

    /// Compiles.
    pub fn compile(&self) -> Result<Arc<RuleSet>, String> {
        let before = "SecRuleEngine On\nSecRequestBodyAccess On\n";
        let source =
            self.source.clone().text("settings.conf", before).text("rules.conf", self.rules.as_str());
        source.compile(self.compatibility).map(Arc::new)
    }

    /// A request for this target.
    pub fn get(&self, target: &str) -> Outcome {
        self.ask("GET", target, &[], b"")
    }

    /// A request.
    pub fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Outcome {
        let rules = self.compile().unwrap_or_else(|errors| panic!("{errors}"));
        let start =
            Start { unique_id: "id".to_owned(), wall_micros: 1_760_000_000_000_000, utc_offset_seconds: 0 };
        let mut transaction = Transaction::new(rules, start);
        if transaction.times_rules() {
            transaction.set_costs(Box::new(Costs::new(ticking)));
        }
        let raw = format!("{method} {target} HTTP/1.1");
        transaction.request_line(RequestLine {
            raw: raw.as_bytes(),
            method: method.as_bytes(),
            target: target.as_bytes(),
            protocol: b"HTTP/1.1",
        });
        for (name, value) in headers {
            transaction.request_header(name.as_bytes(), value.as_bytes());
        }
        if !body.is_empty() {
            transaction.request_header(b"Content-Length", body.len().to_string().as_bytes());
        }
        let verdict = exchange(&mut transaction, body, self.answer).err().unwrap_or(Verdict::Pass);
        let _ = phase(&mut transaction, Phase::Logging);
        let keeps_files = transaction.keeps_files();
        let files_to_keep = transaction.files_to_keep().map(<[u8]>::to_vec).collect();
        Outcome { verdict, record: transaction.finish(), keeps_files, files_to_keep }
    }
}

impl Outcome {
    /// The ids of the rules that logged, in order.
    pub fn ids(&self) -> Vec<u64> {
        self.record.alerts.iter().filter_map(|alert| Some(alert.rule.as_ref()?.id)).collect()
    }

    /// Whether the request was answered with this status.
    pub fn denied(&self, status: u16) -> bool {
        self.verdict == Verdict::Deny { status }
    }
}

fn exchange(transaction: &mut Transaction, body: &[u8], answer: Option<(&str, &str)>) -> Result<(), Verdict> {
    phase(transaction, Phase::RequestHeaders)?;
    if transaction.request_body_plan() == BodyPlan::Inspect {
        transaction.request_body(body);
        transaction.request_body_end();
    }
    phase(transaction, Phase::RequestBody)?;
    transaction.response_head(b"HTTP/1.1", 200, b"OK");
    let (content_type, body) = answer.unwrap_or_default();
    if !content_type.is_empty() {
        transaction.response_header(b"Content-Type", content_type.as_bytes());
    }
    phase(transaction, Phase::ResponseHeaders)?;
    if transaction.response_body_plan() == BodyPlan::Inspect {
        transaction.response_body(body.as_bytes());
    }
    transaction.response_body_end();
    phase(transaction, Phase::ResponseBody)
}

fn phase(transaction: &mut Transaction, phase: Phase) -> Result<(), Verdict> {
    loop {
        match transaction.run(phase, 0) {
            Step::Done(Verdict::Pass) => return Ok(()),
            Step::Done(verdict) => return Err(verdict),
            Step::Need(Need::Script { script, argument }) => {
                let returned =
                    script.run(argument.as_deref(), transaction, portcullis_lua::Limits::default());
                transaction.provide(Answer::Script(returned));
            }
            Step::Need(Need::StoreFiles { contents }) => {
                let paths = (0..contents.len()).map(|number| format!("/stored/{number}")).collect();
                transaction.provide(Answer::Files(paths));
            }
            Step::Need(_) => transaction.provide(Answer::Failed("nothing is there".to_owned())),
        }
    }
}

/// A clock that is five microseconds further each time somebody looks.
fn ticking() -> u64 {
    static TIME: AtomicU64 = AtomicU64::new(0);
    TIME.fetch_add(5_000, Ordering::Relaxed)
}
