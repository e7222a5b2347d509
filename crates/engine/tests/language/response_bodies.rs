//! Bodies of answers that rules want parsed: `ctl:responseBodyProcessor`, `ctl:forceResponseBodyVariable`.

use super::Site;

const RULES: &str = r#"
    SecResponseBodyAccess On
    SecResponseBodyMimeType application/json application/xml
    SecRequestBodyJsonDepthLimit 3
    SecArgumentsLimit 3
    SecRule RESPONSE_HEADERS:Content-Type "@contains json" "id:1,phase:3,nolog,pass,ctl:responseBodyProcessor=JSON"
    SecRule RESPONSE_HEADERS:Content-Type "@contains xml" "id:2,phase:3,nolog,pass,ctl:responseBodyProcessor=XML"
    SecRule RESPONSE_ARGS:json.user.role "@streq admin" "id:3,phase:4,pass"
    SecRule &RESPONSE_ARGS "@gt 0" "id:4,phase:4,pass"
    SecRule RESPONSE_ARGS:json.list "@eq 2" "id:5,phase:4,pass"
    SecRule RESPONSE_XML:/order/item "@streq b" "id:6,phase:4,pass"
    SecRule RESPONSE_XML://@* "@streq x" "id:7,phase:4,pass"
    SecRule RES_BODY_PROCESSOR "@rx ^(?:JSON|XML)$" "id:8,phase:4,pass"
    SecRule RES_BODY_ERROR "@eq 1" "id:9,phase:4,pass,logdata:'%{RES_BODY_ERROR_MSG}'"
    SecRule RES_BODY_PROCESSOR_ERROR_MSG "@rx ^SecArgumentsLimit|depth" "id:10,phase:4,pass"
    SecRule RESPONSE_BODY "@contains admin" "id:11,phase:4,pass"
    SecRule XML:/*|REQUEST_XML:/*|ARGS "@unconditionalMatch" "id:12,phase:4,pass"
"#;

const TYPES: [&str; 2] = ["application/json", "application/xml"];

fn ids(rules: &str, content_type: &'static str, body: &'static str) -> Vec<u64> {
    Site::new(rules).answering(content_type, body).get("/").ids()
}

#[test]
fn what_a_processor_made_of_an_answer_is_seen() {
    let [json, xml] = TYPES;
    for (content_type, body, expected) in [
        (json, r#"{"user":{"role":"admin"}}"#, &[3, 4, 8, 11][..]),
        (json, r#"{"list":[1,2]}"#, &[4, 5, 8]),
        (json, "[]", &[8]),
        (json, "", &[8]),
        (json, r#"{"user":{"role":"admin"},"#, &[3, 4, 8, 9, 11]),
        (json, r#"{"a":[[[[1]]]]}"#, &[8, 9, 10]),
        (json, r#"{"a":1,"b":2,"c":3,"d":4}"#, &[4, 8, 9, 10]),
        (xml, r#"<order><item a="x">b</item></order>"#, &[6, 7, 8]),
        (xml, "<order><item>b</item>", &[6, 8, 9]),
        ("text/html", r#"{"user":{"role":"admin"}}"#, &[]),
    ] {
        assert_eq!(ids(RULES, content_type, body), expected, "{content_type} {body}");
    }
}

#[test]
fn an_error_names_its_processor() {
    let outcome = Site::new(RULES).answering(TYPES[0], "{]").get("/");
    let text =
        outcome.record.alerts.iter().map(|alert| String::from_utf8_lossy(&alert.text)).collect::<String>();
    assert!(text.contains("[data \"JSON: parse error: invalid object key"), "{text}");
}

#[test]
fn a_body_of_any_type_is_read_where_a_rule_forces_it() {
    let forced = format!("{RULES}SecAction \"id:20,phase:3,nolog,pass,ctl:forceResponseBodyVariable=On\"\n");
    assert_eq!(ids(&forced, "text/html", "admin"), [11]);
    // Not where bodies are not read at all.
    let unread = forced.replace("SecResponseBodyAccess On", "SecResponseBodyAccess Off");
    assert!(ids(&unread, "text/html", "admin").is_empty());
}
