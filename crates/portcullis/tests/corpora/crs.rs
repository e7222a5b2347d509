//! The OWASP CRS's own tests, in process: its rules as they are, under the settings its tests assume.
//!
//! Detection at paranoia level 4, bodies of both directions read, the limits of its test environment, the marker rule.
//! Two settings are httpd's ways, since the tests were written with httpd in front: header fields of one name are joined,
//! and bodies that break off are refused.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use portcullis_engine::Compatibility;
use portcullis_testkit::corpus;
use portcullis_testkit::rules::Source;
use portcullis_testkit::suite::Suite;

use crate::ftw;
use crate::in_process::InProcessSite;

/// `modsecurity.conf` of the test environment.
pub const SETTINGS: &str = r#"
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecRequestBodyLimitAction Reject
SecRequestBodyJsonDepthLimit 512
SecArgumentsLimit 1000
SecPcreMatchLimit 100000
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecResponseBodyLimit 1048576
SecResponseBodyLimitAction ProcessPartial
SecArgumentSeparator &
SecCookieFormat 0
SecRule REQUEST_HEADERS:Content-Type "^(?:application(?:/soap\+|/)|text/)xml" \
    "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "^application/json" \
    "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule &ARGS "@ge 1000" "id:200007,phase:2,t:none,log,deny,status:400,msg:'Too many arguments',severity:2"
SecRule REQBODY_ERROR "!@eq 0" \
    "id:200002,phase:2,t:none,log,deny,status:400,msg:'Failed to parse request body.',logdata:'%{reqbody_error_msg}',severity:2"
SecRule MULTIPART_STRICT_ERROR "!@eq 0" \
    "id:200003,phase:2,t:none,log,deny,status:400,msg:'Multipart request body failed strict validation'"
SecRule MULTIPART_UNMATCHED_BOUNDARY "@eq 1" \
    "id:200004,phase:2,t:none,log,deny,msg:'Multipart parser detected a possible unmatched boundary.'"
SecRule TX:/^MSC_/ "!@streq 0" \
    "id:200005,phase:2,t:none,deny,log,msg:'ModSecurity internal error flagged: %{MATCHED_VAR_NAME}'"
"#;

/// What the test environment adds to the set-up file.
pub const SET_UP: &str = r#"
SecAction "id:900300,phase:1,pass,t:none,nolog,setvar:tx.arg_name_length=100"
SecAction "id:900310,phase:1,pass,t:none,nolog,setvar:tx.max_num_args=255"
SecAction "id:900320,phase:1,pass,t:none,nolog,setvar:tx.arg_length=400"
SecAction "id:900340,phase:1,pass,t:none,nolog,setvar:tx.max_file_size=64100"
SecAction "id:900350,phase:1,pass,t:none,nolog,setvar:tx.combined_file_sizes=65535"
SecRule REQUEST_HEADERS:X-CRS-Test "@rx ^.*$" \
    "id:999999,phase:1,pass,t:none,log,msg:'%{MATCHED_VAR}',ctl:ruleRemoveById=1-999999"
"#;

/// The same for version 4 alone.
pub const SET_UP_4: &str = r#"
SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.blocking_paranoia_level=4"
SecAction "id:900001,phase:1,pass,t:none,nolog,setvar:tx.detection_paranoia_level=4"
SecAction "id:900330,phase:1,pass,t:none,nolog,setvar:tx.total_arg_length=6400"
"#;

/// The same for version 3 alone.
pub const SET_UP_3: &str = r#"
SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.paranoia_level=4"
SecAction "id:900330,phase:1,pass,t:none,nolog,setvar:tx.total_arg_length=64000"
SecAction "id:900950,phase:1,pass,t:none,nolog,setvar:tx.crs_validate_utf8_encoding=1"
SecAction "id:900951,phase:1,pass,nolog,ctl:ruleRemoveById=910000"
"#;

/// Version 4.
pub fn run_4() {
    run("crs-v4", SET_UP_4, include_str!("crs_v4.skip"));
}

/// Version 3.
pub fn run_3() {
    run("crs-v3", SET_UP_3, include_str!("crs_v3.skip"));
}

fn run(name: &str, set_up: &str, skips: &str) {
    let Some(folder) = corpus::folder(name) else { return };
    let Some(set) = corpus::fixture(name, "") else { return };
    let mut site = InProcessSite::new(Arc::new(rules(&set, set_up))).comparing();
    let report =
        ftw::run_in_process(&[folder.join("tests")], &mut site, &BTreeMap::new()).expect("readable tests");
    let mut suite = Suite::new(name, skips);
    report.passes.iter().for_each(|test| suite.case(test, "", Ok(())));
    for failure in &report.failures {
        suite.case(&failure.test, &failure.file, Err(failure.reasons.join("; ")));
    }
    suite.finish();
}

fn rules(folder: &Path, set_up: &str) -> portcullis_engine::RuleSet {
    let mut source = Source::new()
        .data("/unicode.mapping", include_bytes!("../../../../rules/unicode.mapping"))
        .text("/settings.conf", format!("{SETTINGS}SecUnicodeMapFile unicode.mapping 20127\n"))
        .file(folder.join("crs-setup.conf.example"))
        .text("/set-up.conf", format!("{set_up}{SET_UP}"));
    for file in corpus::files(&folder.join("rules"), "conf").expect("rule files") {
        source = source.file(file);
    }
    let compatibility =
        Compatibility { reject_body_end_errors: true, join_headers: true, ..Compatibility::default() };
    source.compile(compatibility).unwrap_or_else(|errors| panic!("{errors}"))
}
