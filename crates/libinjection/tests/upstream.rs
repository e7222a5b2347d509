//! The test files of the C library: an input each, and the tokens, folded tokens, fingerprint or HTML tokens it has.

use portcullis_libinjection::html::{self, Kind as Html};
use portcullis_libinjection::sql::{self, Context, Kind as Sql};
use portcullis_libinjection::sqli;
use portcullis_testkit::corpus;
use portcullis_testkit::suite::Suite;
use std::fmt::Write;

#[test]
fn upstream_files_agree() {
    let Some(folder) = corpus::folder("libinjection") else { return };
    let Some(paths) = corpus::files(&folder.join("tests"), "txt") else { return };
    let mut suite = Suite::new("libinjection (tests)", "");
    for path in &paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = one_char_per_byte(&std::fs::read(path).unwrap());
        let (_, rest) = text.split_once("--INPUT--\n").unwrap();
        let (input, expected) = rest.split_once("--EXPECTED--\n").unwrap();
        let bytes: Vec<u8> = input.trim_ascii_end().chars().map(|byte| byte as u8).collect();
        let found = answer(name, &bytes);
        let agrees = found.trim_ascii_end() == expected.trim_ascii_end();
        let outcome =
            agrees.then_some(()).ok_or_else(|| format!("\n{input}expected:\n{expected}\nfound:\n{found}"));
        suite.case(name, &path.display().to_string(), outcome);
    }
    suite.finish();
}

/// Some files are not UTF-8.
fn one_char_per_byte(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// What the file of this name asks, in the words of the C library's test driver.
fn answer(name: &str, input: &[u8]) -> String {
    let mut lines = String::new();
    if name.starts_with("test-tokens") {
        sql::tokens(input, Context::PLAIN).for_each(|token| sql_line(&token, &mut lines));
    } else if name.starts_with("test-folding") {
        sql::fold(input, Context::PLAIN).tokens().iter().for_each(|token| sql_line(token, &mut lines));
    } else if name.starts_with("test-sqli") {
        lines = sqli(input).map(|fingerprint| fingerprint.to_string()).unwrap_or_default();
    } else if name.starts_with("test-html5") {
        html::tokens(input, html::Context::Text).for_each(|token| html_line(&token, &mut lines));
    } else {
        panic!("no runner for {name}");
    }
    lines
}

fn sql_line(token: &sql::Token<'_>, lines: &mut String) {
    let delimiter = |byte: Option<u8>| byte.map(|byte| char::from(byte).to_string()).unwrap_or_default();
    let text = one_char_per_byte(token.text());
    let quoted = format!("{}{text}{}", delimiter(token.open), delimiter(token.close));
    let shown = match token.kind {
        Sql::String => quoted,
        Sql::Variable => "@".repeat(token.sigils.into()) + &quoted,
        _ => text,
    };
    writeln!(lines, "{} {shown}", char::from(token.kind.letter())).unwrap();
}

fn html_line(token: &html::Token<'_>, lines: &mut String) {
    let kind = match token.kind {
        Html::Text => "DATA_TEXT",
        Html::TagName => "TAG_NAME_OPEN",
        Html::TagEnd => "TAG_NAME_CLOSE",
        Html::SelfClosingEnd => "TAG_NAME_SELFCLOSE",
        Html::ClosingTag => "TAG_CLOSE",
        Html::AttributeName => "ATTR_NAME",
        Html::AttributeValue => "ATTR_VALUE",
        Html::Comment => "TAG_COMMENT",
        Html::Doctype => "DOCTYPE",
    };
    writeln!(lines, "{kind},{},{}", token.text.len(), one_char_per_byte(token.text)).unwrap();
}
