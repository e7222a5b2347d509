//! Rules that a glance tells: the plain evaluator, which does not glance, decides the same.

use super::requests::Message;
use super::transactions::{compare, rule_set};
use crate::{Phase, Workspace};

/// Each with whether there is a question for it.
const RULES: &[(&str, bool)] = &[
    (r#"TX:level "@lt 2""#, true),
    (r#"TX:level "@gt 2" "id:7,phase:1,pass,nolog,skipAfter:END""#, true),
    (r#"TX:level "@gt 2" "id:7,phase:1,pass,nolog,severity:2,skipAfter:END""#, true),
    (r#"&TX:level "@gt 0" "id:7,phase:1,pass,nolog,skip:1""#, true),
    (r#"&TX:absent "!@gt 0" "id:7,phase:1,pass,nolog""#, true),
    (r#"TX:level "!@lt 2""#, true),
    (r#"TX:absent "!@lt 2""#, true),
    (r#"&TX:absent "@eq 0""#, true),
    (r#"&TX:level "!@eq 0""#, true),
    (r#"TX:word "@lt 2""#, true),
    (r#"TX:level "@lt %{TX.word}""#, false),
    (r#"TX:level "@rx (.)""#, true),
    (r#"TX:level|TX:word "@lt 2""#, false),
    (r#"REQUEST_HEADERS:Range "@rx b""#, true),
    (r#"REQUEST_HEADERS:Range "!@rx b""#, true),
    (r#"REQUEST_HEADERS:Range|REQUEST_HEADERS:x-a "@rx b""#, true),
    (r#"REQUEST_HEADERS:Range|REQUEST_HEADERS:X-A|!REQUEST_HEADERS:Range "!@rx b""#, true),
    (r#"REQUEST_HEADERS_NAMES:Range "@rx a""#, true),
    (r#"REQUEST_HEADERS:Range|ARGS "@unconditionalMatch""#, false),
    (
        r#"REQUEST_HEADERS:Range "@rx b" "chain,id:7,phase:1,pass,log"
      SecRule TX:level "@eq 3""#,
        true,
    ),
    (r#"&REQUEST_HEADERS:Range "@eq 0""#, true),
    (r#"&REQUEST_HEADERS:Range "!@eq 0""#, true),
    (r#"&REQUEST_HEADERS:Range "@ge 2""#, true),
    (r#"&REQUEST_HEADERS:Range|&REQUEST_HEADERS:X-A "@eq 1""#, false),
    (r#"&REQUEST_HEADERS "@eq 0""#, false),
    (r#"&RESPONSE_HEADERS:X-Echo "@eq 0""#, true),
    (r#"RESPONSE_HEADERS:X-Echo|REQUEST_HEADERS:Range "@contains b""#, true),
];

/// What `ctl` may have done before.
const BEFORE: &[&str] = &[
    "",
    r#"SecAction "id:4,phase:1,pass,nolog,ctl:ruleRemoveById=7""#,
    r#"SecAction "id:4,phase:1,pass,nolog,ctl:ruleRemoveTargetById=7;REQUEST_HEADERS:Range""#,
    r#"SecAction "id:4,phase:1,pass,nolog,ctl:ruleRemoveTargetById=7;TX:level""#,
];

/// Fields of one name once and more often, in any case, and one whose name shares its place with another's.
fn requests() -> Vec<Vec<(&'static str, Vec<u8>)>> {
    let fields = |names: &[&'static str]| names.iter().map(|name| (*name, b"abc".to_vec())).collect();
    vec![
        fields(&[]),
        fields(&["Host", "User-Agent"]),
        fields(&["range"]),
        fields(&["Host", "RANGE", "X-A", "range"]),
        fields(&["Rxxxe", "x-b", "x-a"]),
        std::iter::repeat_with(|| ("X-C", Vec::new()))
            .take(300)
            .chain(fields(&["Range", "X-A"]))
            .collect::<Vec<_>>(),
    ]
}

#[test]
fn a_glance_decides_as_the_rule_does() {
    let mut workspace = Workspace::new();
    for (rule, has_question) in RULES {
        for phase in [1, 3] {
            let actions = format!(r#" "id:7,phase:{phase},pass,log""#);
            let rule = match rule.contains("id:7") {
                true => rule.replace("phase:1", &format!("phase:{phase}")),
                false => format!("{rule}{actions}"),
            };
            for before in BEFORE {
                let text = format!(
                    "SecRuleEngine On\nSecAction \"id:3,phase:1,pass,nolog,setvar:tx.level=3,setvar:tx.word=abc\"\n\
                     {before}\nSecRule {rule}\n\
                     SecRule TX:level|REQUEST_URI \"@rx [3b]\" \"id:8,phase:1,pass,log\"\nSecMarker END\n\
                     SecRule MATCHED_VAR_NAME|MATCHED_VAR \"@rx .\" \"id:9,phase:1,pass,log\"\n\
                     SecRule MATCHED_VAR_NAME|MATCHED_VAR \"@rx .\" \"id:10,phase:3,pass,log\"\n"
                );
                let rules = rule_set(&text).unwrap_or_else(|error| panic!("{error}"));
                let phase = if phase == 1 { Phase::RequestHeaders } else { Phase::ResponseHeaders };
                let starter = rules.rules.iter().find(|rule| rule.id == 7).unwrap();
                assert_eq!(rules.glances.has_question(&rules, phase, starter.index), *has_question, "{text}");
                for headers in requests() {
                    let message = Message {
                        method: "GET",
                        target: "/b".into(),
                        headers,
                        body: Vec::new(),
                        answer: Vec::new(),
                    };
                    compare(&rules, &text, &message, &mut workspace);
                }
            }
        }
    }
}
