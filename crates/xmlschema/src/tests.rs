//! Grammars and documents, with libxml2's words.

use crate::{Files, Grammar, Kind, Outcome};

const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="order"><xs:complexType><xs:sequence>
<xs:element name="count" type="xs:positiveInteger" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"#;

const DTD: &str = "<!ELEMENT order (count+)>\n<!ELEMENT count (#PCDATA)>\n";

fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

fn grammar(kind: Kind, text: &str) -> Grammar {
    Grammar::compile(kind, "g", files(&[("g", text)])).expect("a grammar").0
}

/// The messages of a document that is not valid.
fn said(grammar: &Grammar, document: &str) -> Vec<String> {
    match grammar.validate(document.as_bytes()) {
        Outcome::Invalid(messages) => messages.into_iter().map(|message| message.text).collect(),
        other => panic!("{document}: {other:?}"),
    }
}

#[test]
fn a_dtd_allows_what_it_says() {
    let grammar = grammar(Kind::Dtd, DTD);
    let valid = grammar.validate(b"<order><count>1</count></order>");
    assert_eq!(valid, Outcome::Valid(Vec::new()));
    assert_eq!(
        said(&grammar, "<order><x/></order>"),
        [
            "Element order content does not follow the DTD, expecting (count)+, got (x)",
            "No declaration for element x"
        ]
    );
    assert_eq!(grammar.validate(b"<order><count></order>"), Outcome::NotWellFormed);
}

#[test]
fn a_schema_allows_what_it_says() {
    let grammar = grammar(Kind::Schema, SCHEMA);
    let valid = grammar.validate(b"<order><count>1</count></order>");
    assert_eq!(valid, Outcome::Valid(Vec::new()));
    assert_eq!(
        said(&grammar, "<order><count>none</count></order>"),
        ["Element 'count': 'none' is not a valid value of the atomic type 'xs:positiveInteger'."]
    );
}

#[test]
fn a_file_that_is_no_grammar_is_refused() {
    let schema = Grammar::compile(Kind::Schema, "g.xsd", files(&[("g.xsd", "<xs:schema>")])).unwrap_err();
    let text: Vec<_> =
        schema.messages.iter().map(|message| (message.is_syntax, message.text.as_str())).collect();
    assert_eq!(text.last(), Some(&(false, "Failed to parse the XML resource 'g.xsd'.")), "{text:?}");
    let dtd = Grammar::compile(Kind::Dtd, "g", files(&[("g", "<!ATLIST a>")])).unwrap_err();
    assert!(dtd.messages.iter().all(|message| message.is_syntax) && !dtd.messages.is_empty(), "{dtd:?}");
}

#[test]
fn nothing_is_read_but_the_files_that_are_given() {
    let passwd = "<!ENTITY % x SYSTEM \"file:///etc/passwd\">\n%x;\n";
    let (_, wanted) =
        Grammar::compile(Kind::Dtd, "g", files(&[("g", &(passwd.to_owned() + DTD))])).expect("a DTD");
    assert_eq!(wanted, ["file:///etc/passwd"]);
    let include = SCHEMA.replace(
        "<xs:element name=\"order\">",
        "<xs:include schemaLocation=\"types/a.xsd\"/><xs:element name=\"order\">",
    );
    let failure = Grammar::compile(Kind::Schema, "s/g.xsd", files(&[("s/g.xsd", &include)]));
    let wanted = match failure {
        Ok((_, wanted)) => wanted,
        Err(failure) => failure.wanted,
    };
    assert_eq!(wanted, ["s/types/a.xsd"]);
    let types = SCHEMA.replace("name=\"order\"", "name=\"other\"");
    let both = files(&[("s/g.xsd", &include), ("s/types/a.xsd", &types)]);
    let (grammar, wanted) = Grammar::compile(Kind::Schema, "s/g.xsd", both).expect("a schema of two files");
    assert!(wanted.is_empty());
    assert_eq!(grammar.validate(b"<other><count>2</count></other>"), Outcome::Valid(Vec::new()));
}

#[test]
fn a_document_loads_nothing_and_expands_nothing() {
    let grammar = grammar(Kind::Dtd, "<!ELEMENT a (#PCDATA)>");
    let external = "<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\" [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><a>&f;</a>";
    assert!(!matches!(grammar.validate(external.as_bytes()), Outcome::NotWellFormed));
    let mut bomb = "<!DOCTYPE a [<!ENTITY e0 \"0123456789\">".to_owned();
    for level in 1..30 {
        let entity = format!("&e{};", level - 1).repeat(10);
        bomb.push_str(&format!("<!ENTITY e{level} \"{entity}\">"));
    }
    bomb.push_str("]><a>&e29;</a>");
    // What it says does not matter; that it ends does.
    grammar.validate(bomb.as_bytes());
}

#[test]
fn messages_are_bounded() {
    let document = format!("<order>{}</order>", "<x/>".repeat(10_000));
    assert_eq!(said(&grammar(Kind::Dtd, DTD), &document).len(), crate::MESSAGES);
}

#[test]
fn threads_share_a_grammar() {
    for (kind, text) in [(Kind::Dtd, DTD), (Kind::Schema, SCHEMA)] {
        let grammar = grammar(kind, text);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let grammar = &grammar;
                scope.spawn(move || {
                    for round in 0..100 {
                        let valid = (thread + round) % 2 == 0;
                        let document = if valid { "<order><count>1</count></order>" } else { "<order/>" };
                        let outcome = grammar.validate(document.as_bytes());
                        assert_eq!(matches!(outcome, Outcome::Valid(_)), valid, "{outcome:?}");
                    }
                });
            }
        });
        assert!(grammar.copies().len() <= 4);
    }
}
