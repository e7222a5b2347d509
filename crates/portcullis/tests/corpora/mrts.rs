//! MRTS: generated rules over every target and phase, each with its tests in FTW form.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_engine::Compatibility;
use portcullis_testkit::corpus;
use portcullis_testkit::rules::Source;
use portcullis_testkit::suite::Suite;

use crate::ftw::{self, Answer, Asked, InProcess, Outcome};
use crate::in_process::InProcessSite;

/// What the rules expect of the configuration around them.
const SETTINGS: &str = r#"
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecRule REQUEST_HEADERS:Content-Type "^(?:application(?:/soap\+|/)|text/)xml" \
    "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "^application/json" \
    "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
"#;

pub fn run() {
    let Some(folder) = corpus::folder("mrts") else { return };
    let Some(rules) = corpus::fixture("mrts", "rules").and_then(|rules| corpus::files(&rules, "conf")) else {
        return;
    };
    let mut source = Source::new().text("settings.conf", SETTINGS);
    for file in rules {
        source = source.file(file);
    }
    let rule_set = source.compile(Compatibility::default()).unwrap_or_else(|errors| panic!("{errors}"));
    let mut engine = WithText(InProcessSite::new(Arc::new(rule_set)).comparing());
    let report =
        ftw::run_in_process(&[folder.join("tests")], &mut engine, &BTreeMap::new()).expect("readable tests");
    let mut suite = Suite::new("mrts", include_str!("mrts.skip"));
    report.passes.iter().for_each(|test| suite.case(test, "", Ok(())));
    for failure in &report.failures {
        suite.case(&failure.test, &failure.file, Err(failure.reasons.join("; ")));
    }
    suite.finish();
}

/// An engine whose origin answers everything with a text: the rules of phase 4 look for its body.
struct WithText(InProcessSite);

impl InProcess for WithText {
    fn run(&mut self, request: &[u8], _: &dyn Fn(&Asked<'_>) -> Answer) -> anyhow::Result<Outcome> {
        let headers = vec![("Content-Type".to_owned(), "text/plain".to_owned())];
        self.0.run(request, &|_| Answer { status: 200, headers: headers.clone(), body: b"Hello".to_vec() })
    }
}
