//! Whole transactions through both evaluators: whatever can be seen of them is equal.
//!
//! Rule sets are random, or a public one with everything switched on; requests are random, or carry the attacks of that
//! rule set's own tests. Compared are verdicts, alerts, matched rules, TX and the other collections, captures, the latest
//! match and what `ctl` changed. `PORTCULLIS_SCREEN_TRANSACTIONS` says how many transactions to run, `PORTCULLIS_SCREEN_SEED` which.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_seclang::{LoadError, Loader, Style, load, render};
use portcullis_testkit::corpus;

use super::operators::attacks;
use super::random::Random;
use super::requests::{Message, message};
use super::rules::rules;
use crate::prologue::Prologue;
use crate::{
    Answer, BodyPlan, Compatibility, Environment, Evaluation, Phase, RequestLine, RuleSet, Start, Step,
    Transaction, Verdict, Workspace, compile,
};

/// How many transactions to run.
pub fn transactions() -> usize {
    number("PORTCULLIS_SCREEN_TRANSACTIONS").unwrap_or(3000) as usize
}

/// A source of random numbers; the environment can ask for other ones than always.
pub fn random(seed: u64) -> Random {
    Random(seed ^ number("PORTCULLIS_SCREEN_SEED").unwrap_or(0))
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

/// A text, and the disk behind it.
pub struct Text<'a>(pub &'a str);

impl Loader for Text<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        if path == Path::new("test.conf") {
            return Ok(self.0.into());
        }
        std::fs::read(path).map_err(|error| LoadError::Other(error.to_string()))
    }

    fn glob(&self, _: &Path) -> Result<Vec<PathBuf>, LoadError> {
        Ok(Vec::new())
    }
}

pub fn rule_set(text: &str) -> Result<Arc<RuleSet>, String> {
    let loader = Text(text);
    let environment =
        portcullis_seclang::Environment { loader: &loader, module: &|_| true, define: &|_| false };
    let loaded = load(&[PathBuf::from("test.conf")], &environment);
    let read_file = |path: &Path| loader.read(path).map_err(|error| error.to_string());
    let environment = Environment {
        read_file: &read_file,
        variables: &[],
        secret: [0; 32],
        compatibility: Compatibility::default(),
    };
    let (rules, diagnostics) = compile(&loaded.items, &loaded.sources, &environment);
    rules.map(Arc::new).ok_or_else(|| render(&diagnostics, &loaded.sources, Style::default()))
}

/// Runs one transaction to its end; returns what can be seen of it, in words.
fn run(rules: &Arc<RuleSet>, message: &Message, evaluation: Evaluation, workspace: &mut Workspace) -> String {
    let start =
        Start { unique_id: "a".repeat(24), wall_micros: 1_700_000_000_000_000, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new_in(Arc::clone(rules), start, std::mem::take(workspace));
    transaction.set_evaluation(evaluation);
    let [client, server] = ["192.0.2.7:4000", "192.0.2.1:80"].map(|address| address.parse().unwrap());
    transaction.connection(client, server);
    let raw = [message.method.as_bytes(), b" ", &message.target, b" HTTP/1.1"].concat();
    transaction.request_line(RequestLine {
        raw: &raw,
        method: message.method.as_bytes(),
        target: &message.target,
        protocol: b"HTTP/1.1",
    });
    for (name, value) in &message.headers {
        transaction.request_header(name.as_bytes(), value);
    }
    let verdicts = phases(&mut transaction, message);
    let logging = phase(&mut transaction, Phase::Logging);
    let seen = transaction.dump();
    let (_, used) = transaction.finish_in();
    *workspace = used;
    format!("{verdicts:?} {logging:?}\n{seen}")
}

fn phase(transaction: &mut Transaction, phase: Phase) -> Verdict {
    loop {
        match transaction.run(phase, 0) {
            Step::Done(verdict) => return verdict,
            Step::Need(_) => transaction.provide(Answer::Failed("nothing outside".to_owned())),
        }
    }
}

/// The verdicts of the phases that ran, up to the one that ended the exchange.
fn phases(transaction: &mut Transaction, message: &Message) -> Vec<Verdict> {
    let mut verdicts = vec![phase(transaction, Phase::RequestHeaders)];
    let passed = |verdicts: &[Verdict]| verdicts.last() == Some(&Verdict::Pass);
    if passed(&verdicts) && transaction.request_body_plan() == BodyPlan::Inspect {
        transaction.request_body(&message.body);
        transaction.request_body_end();
    }
    if passed(&verdicts) {
        verdicts.push(phase(transaction, Phase::RequestBody));
    }
    if passed(&verdicts) {
        transaction.response_head(b"HTTP/1.1", 200, b"OK");
        transaction.response_header(b"Content-Type", b"text/html");
        transaction.response_header(b"X-Echo", &message.target);
        verdicts.push(phase(transaction, Phase::ResponseHeaders));
    }
    if passed(&verdicts) {
        if transaction.response_body_plan() == BodyPlan::Inspect {
            transaction.response_body(&message.answer);
        }
        transaction.response_body_end();
        verdicts.push(phase(transaction, Phase::ResponseBody));
    }
    verdicts
}

/// How many rules every configuration here has before those that are on trial.
const SET_UP: usize = 3;

/// Fails with the first line that differs; returns 1 where more matched than the set-up has rules.
pub fn compare(rules: &Arc<RuleSet>, text: &str, message: &Message, workspace: &mut Workspace) -> usize {
    difference(rules, message, workspace).unwrap_or_else(|why| panic!("{why}\n{text}\n{message:?}"))
}

/// 1 where more matched than the set-up has rules; an error is what differs. The workspace of earlier transactions is used for
/// the screened run only.
pub fn difference(
    rules: &Arc<RuleSet>,
    message: &Message,
    workspace: &mut Workspace,
) -> Result<usize, String> {
    let plain = run(rules, message, Evaluation::Plain, &mut Workspace::default());
    let screened = run(rules, message, Evaluation::Screened, workspace);
    if plain != screened {
        let lines = plain.lines().zip(screened.lines()).find(|(plain, screened)| plain != screened);
        return Err(format!("{lines:#?}\n--- plain\n{plain}\n--- screened\n{screened}"));
    }
    let matched = plain.lines().find(|line| line.starts_with("matched ["));
    Ok(usize::from(matched.is_some_and(|line| line.matches(',').count() >= SET_UP)))
}

#[test]
fn rules_that_only_keep_books_are_known() {
    let cases = [
        (r#"SecAction "phase:1,nolog,pass,setvar:tx.level=2""#, true),
        (r#"SecRule &TX:level "@eq 0" "phase:1,nolog,pass,setvar:tx.level=%{tx.default}""#, true),
        (r#"SecRule TX:level "!@lt 2" "phase:1,nolog,pass,skipAfter:END""#, true),
        (r#"SecRule TX:level "@lt 2" "phase:1,log,pass""#, false),
        (r#"SecRule TX:level "@lt 2" "phase:1,nolog,deny""#, false),
        (r#"SecRule TX:level "@lt 2" "phase:1,nolog,pass,setvar:ip.level=1""#, false),
        (r#"SecRule TX:level "@lt 2" "phase:1,nolog,pass,ctl:ruleEngine=Off""#, false),
        (r#"SecRule TX:level "@rx (.)" "phase:1,nolog,pass,capture""#, false),
        (r#"SecRule TX:level "@lt %{tx.other}" "phase:1,nolog,pass""#, false),
        (r#"SecRule TX:level "@lt 2" "phase:1,nolog,pass,t:length""#, false),
        (r#"SecRule TX "@lt 2" "phase:1,nolog,pass""#, false),
        (r#"SecRule REMOTE_ADDR "@ipMatch 192.0.2.7" "phase:1,nolog,pass""#, false),
    ];
    for (rule, expected) in cases {
        let text = rule.replace("phase:1", "id:1,phase:1") + "\nSecMarker END\n";
        let rules = rule_set(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(rules.rules.iter().any(|rule| rule.bookkeeping.is_some()), expected, "{rule}");
    }
}

/// What the rules of the first stretch leave is copied, unless something in the request or before the stretch forbids it.
#[test]
fn a_prologue_is_what_its_rules_do() {
    let set_up = r#"
SecRule &TX:a "@eq 0" "id:11,phase:1,pass,nolog,setvar:tx.A=1,severity:3"
SecRule TX:a "@eq 2" "id:12,phase:1,deny,log"
SecAction "id:13,phase:1,pass,nolog,setvar:tx.b=%{tx.a}%{tx.a},setvar:tx.c=+4"
SecRule TX:b "@eq 11" "id:14,phase:1,pass,nolog,skipAfter:ON"
SecAction "id:15,phase:1,pass,nolog,setvar:tx.never=1"
SecMarker ON
MIDDLE
SecRule TX:c "@ge 4" "id:16,phase:1,pass,nolog,setvar:tx.c=+1"
SecRule &TX:c "@eq 1" "id:17,phase:1,pass,nolog,setvar:tx.d=%{tx.c}"
SecRule ARGS "@contains behind" "id:18,phase:1,pass,log,setvar:tx.f=%{MATCHED_VAR}"
SecRule ARGS|TX:d "@rx 5|x" "id:30,phase:1,pass,log,msg:'%{MATCHED_VAR_NAME} %{tx.A} %{tx.d} %{HIGHEST_SEVERITY}',setvar:tx.e=%{MATCHED_VAR}"
SecRule TX "@unconditionalMatch" "id:31,phase:2,pass,log"
"#;
    let befores = [
        "",
        r#"SecRule ARGS "@contains before" "id:1,phase:1,pass,nolog,ctl:ruleRemoveById=13""#,
        r#"SecRule ARGS "@contains before" "id:1,phase:1,pass,nolog,ctl:ruleRemoveTargetById=11;TX:a""#,
        r#"SecRule ARGS "@contains before" "id:1,phase:1,pass,nolog,setvar:tx.a=7""#,
        r#"SecRule ARGS "@rx bef(ore)" "id:1,phase:1,pass,nolog,capture""#,
        r#"SecRule ARGS "@contains before" "id:1,phase:1,pass,nolog,ctl:ruleEngine=Off""#,
    ];
    let middles = [
        ("", 6),
        (r#"SecRule ARGS "@contains middle" "id:20,phase:1,pass,nolog,setvar:tx.c=9""#, 6),
        (r#"SecRule ARGS "!@contains middle" "id:20,phase:1,pass,nolog,setvar:tx.c=9""#, 4),
        (r#"SecAction "id:20,phase:1,pass,nolog,setvar:tx.c=+%{ARGS.n}""#, 4),
    ];
    let mut workspace = Workspace::new();
    for before in befores {
        for (middle, rules_run) in middles {
            let text = format!("SecRuleEngine On\n{before}\n{}", set_up.replace("MIDDLE", middle));
            let rules = rule_set(&text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(rules.prologue.as_ref().map(Prologue::rules_run), Some(rules_run), "{text}");
            for target in ["/", "/?n=3", "/?a=before", "/?a=middle", "/?a=before&b=middle&c=x", "/?a=behind"]
            {
                let message = Message {
                    method: "GET",
                    target: target.into(),
                    headers: Vec::new(),
                    body: Vec::new(),
                    answer: Vec::new(),
                };
                compare(&rules, &text, &message, &mut workspace);
            }
        }
    }
}

#[test]
fn random_rule_sets_decide_alike() {
    let mut random = random(0x7a05_ac71);
    let mut workspace = Workspace::new();
    let (mut ran, mut matched) = (0, 0);
    // A long run would otherwise compile rules for most of its time.
    let of_each = if transactions() > 100_000 { 200 } else { 20 };
    while ran < transactions() {
        let text = rules(&mut random);
        let rules = rule_set(&text).unwrap_or_else(|error| panic!("{error}"));
        for _ in 0..of_each {
            matched += compare(&rules, &text, &message(&mut random, &[]), &mut workspace);
            ran += 1;
        }
    }
    println!("{ran} transactions, {matched} with a match");
    assert!(matched * 3 > ran, "too few matches to mean anything");
}

/// A public rule set with its highest paranoia level.
fn whole(folder: &Path, level: &str) -> String {
    let mut text = format!(
        "SecRuleEngine DetectionOnly\nSecRequestBodyAccess On\nSecResponseBodyAccess On\n\
         SecResponseBodyMimeType text/html\nInclude {}/crs-setup.conf.example\n\
         SecAction \"id:900000,phase:1,pass,t:none,nolog,{level}\"\n\
         SecRule REQUEST_HEADERS:Content-Type \"json\" \"id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON\"\n\
         SecRule REQUEST_HEADERS:Content-Type \"xml\" \"id:2,phase:1,pass,nolog,ctl:requestBodyProcessor=XML\"\n",
        folder.display()
    );
    for file in corpus::files(&folder.join("rules"), "conf").unwrap_or_default() {
        text += &format!("Include {}\n", file.display());
    }
    text
}

#[test]
fn public_rule_sets_decide_alike() {
    let sets = [
        ("crs-v4", "setvar:tx.blocking_paranoia_level=4,setvar:tx.detection_paranoia_level=4"),
        ("crs-v3", "setvar:tx.paranoia_level=4"),
    ];
    let Some(values) = corpus::folder("crs-v4").map(|folder| attacks(&folder)) else { return };
    for (set, level) in sets {
        let Some(folder) = corpus::folder(set) else { continue };
        let text = whole(&folder, level);
        let rules = rule_set(&text).unwrap_or_else(|error| panic!("{error}"));
        let mut random = random(0x9ab1_1c5e);
        let mut workspace = Workspace::new();
        let matched: usize = (0..transactions() / 10)
            .map(|_| compare(&rules, set, &message(&mut random, &values), &mut workspace))
            .sum();
        println!("{set}: {} transactions, {matched} with a match", transactions() / 10);
    }
}
