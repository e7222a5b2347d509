//! `@validateDTD` and `@validateSchema`: what rules say of a body, in the words of ModSecurity 2.9.7 on the same files.

use portcullis_engine::Verdict;

use super::Site;

const RULES: &str = r#"
    SecAction "id:1,phase:1,nolog,pass,ctl:requestBodyProcessor=XML"
    SecRule XML "@validateDTD order.dtd" "id:2,phase:2,deny"
    SecRule XML "@validateSchema order.xsd" "id:3,phase:2,deny"
"#;

const DTD: &str = "<!ELEMENT order (count)+>\n<!ELEMENT count (#PCDATA)>\n";

const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="order"><xs:complexType><xs:sequence>
<xs:element name="count" type="xs:positiveInteger" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"#;

fn site(rules: &str, dtd: &str, schema: &str) -> Site {
    Site::new(rules).file("order.dtd", dtd).file("order.xsd", schema)
}

/// Ids and the messages of a request, a line each.
fn told(site: &Site, body: &str) -> (Vec<u64>, Vec<String>) {
    let outcome = site.ask("POST", "/", &[], body.as_bytes());
    let ids = outcome.ids();
    assert_eq!(outcome.verdict != Verdict::Pass, !ids.is_empty(), "{body}");
    let texts = outcome.record.alerts.iter().map(|alert| match &alert.rule {
        Some(rule) => String::from_utf8_lossy(&rule.operator_message).into_owned(),
        None => format!("{} {}", alert.level, String::from_utf8_lossy(&alert.text)),
    });
    (ids, texts.collect())
}

#[test]
fn a_body_that_its_grammar_does_not_allow_matches() {
    let site = site(RULES, DTD, SCHEMA);
    for (body, ids, texts) in [
        ("<order><count>1</count></order>", &[][..], &[][..]),
        (
            "<order><x/></order>",
            &[2],
            &[
                "3 Element order content does not follow the DTD, expecting (count)+, got (x)",
                "3 No declaration for element x",
                "XML: DTD validation failed.",
            ],
        ),
        (
            "<order><count>\u{fc}</count></order>",
            &[3],
            &[
                r"3 Element 'count': '\xc3\xbc' is not a valid value of the atomic type 'xs:positiveInteger'.",
                "XML: Schema validation failed.",
            ],
        ),
        (
            "<order>",
            &[2],
            &[
                "2 XML parser error: XML: Failed parsing document.",
                "XML: DTD validation failed because content is not well formed.",
            ],
        ),
        ("", &[], &[]),
    ] {
        assert_eq!(
            told(&site, body),
            (ids.to_vec(), texts.iter().map(|t| (*t).to_owned()).collect()),
            "{body}"
        );
    }
}

#[test]
fn an_earlier_error_is_a_match_and_no_tree_is_an_error() {
    let limited = format!("SecRequestBodyNoFilesLimit 10\nSecRequestBodyLimitAction ProcessPartial\n{RULES}");
    let outcome = site(&limited, DTD, SCHEMA).ask("POST", "/", &[], b"<order><count>1</count></order>");
    assert_eq!(outcome.ids(), [2]);
    let everywhere = RULES
        .replace("SecRule XML", "SecRule REQUEST_METHOD")
        .replace("Processor=XML", "Processor=URLENCODED");
    let (ids, texts) = told(&site(&everywhere, DTD, SCHEMA), "x");
    assert!(ids.is_empty(), "{texts:?}");
    assert_eq!(texts, ["1 Rule processing failed (id=2, msg=).", "1 Rule processing failed (id=3, msg=)."]);
}

#[test]
fn a_file_that_is_no_grammar_fails_at_each_request() {
    let (ids, texts) = told(&site(RULES, "<!ATLIST a>", "<xs:schema>"), "<order/>");
    assert!(ids.is_empty());
    assert_eq!(
        texts,
        [
            "1 Rule processing failed (id=2, msg=).",
            "3 Failed to parse the XML resource 'order.xsd'.",
            "1 Rule processing failed (id=3, msg=)."
        ]
    );
}

#[test]
fn other_files_of_a_grammar_are_read_where_that_is_switched_on() {
    let parts = "<!ENTITY % rest SYSTEM \"parts/count.dtd\">\n<!ELEMENT order (count)+>\n%rest;\n";
    for (switch, ids) in [("Off", &[2][..]), ("On", &[])] {
        let rules = format!("{RULES}\nSecXmlExternalEntity {switch}\n");
        let site = site(&rules, parts, SCHEMA).file("parts/count.dtd", "<!ELEMENT count (#PCDATA)>");
        assert_eq!(told(&site, "<order><count>1</count></order>").0, ids, "{switch}");
    }
}
