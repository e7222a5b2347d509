//! Whatever the bytes are: no panic, every place inside the file, no control byte in a report, formatting is stable.

#[path = "support/dump.rs"]
mod dump;

use std::time::{Duration, Instant};

use portcullis_seclang::{
    Diagnostic, Item, Sources, Span, Style, Word, format_file, parse_actions, parse_file, parse_operator,
    parse_targets, render, same,
};
use proptest::prelude::*;

/// Text made of the bytes that mean something, so that short inputs reach every branch.
fn configuration() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "SecRule",
        "SecAction",
        "ARGS",
        "id:1",
        "msg:'a",
        "@rx ",
        "!",
        "&",
        "|",
        ",",
        ":",
        "'",
        "\"",
        "\\",
        "\n",
        "\\\n",
        "\\\r\n",
        "\r",
        " ",
        "\t",
        "<",
        ">",
        "</",
        "<a>\n",
        "</a>\n",
        "#",
        "${A}",
        "$",
        "}",
        "/",
        "\0",
        "é",
        "漢",
        "\u{202e}",
        "x",
    ];
    let piece = prop_oneof![
        8 => proptest::sample::select(pieces.map(str::as_bytes).map(<[u8]>::to_vec).to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..4),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

struct Checker {
    length: u32,
}

impl Checker {
    fn span(&self, span: Span) {
        assert!(
            span.start <= span.end && span.end <= self.length,
            "{span:?} outside of {} bytes",
            self.length
        );
    }

    fn diagnostic(&self, finding: &Diagnostic) {
        finding
            .span
            .iter()
            .chain(finding.related.iter().map(|(span, _)| span))
            .for_each(|span| self.span(*span));
    }

    fn word(&self, word: &Word, findings: &mut Vec<Diagnostic>) {
        self.span(word.span);
        for offset in 0..=word.text.len() {
            self.span(word.span_of(offset, word.text.len()));
            self.span(word.span_of(0, offset));
        }
        let operator = parse_operator(word);
        self.span(operator.span);
        self.span(operator.argument.span);
        assert!(word.text.ends_with(&operator.argument.value));
        match parse_actions(word) {
            Ok(actions) => actions.iter().for_each(|action| self.span(action.span)),
            Err(found) => findings.extend(found),
        }
        match parse_targets(word) {
            Ok(targets) => targets.iter().for_each(|target| self.span(target.span)),
            Err(found) => findings.extend(found),
        }
    }

    fn items(&self, items: &[Item], findings: &mut Vec<Diagnostic>) {
        for item in items {
            match item {
                Item::Directive(directive) => {
                    self.span(directive.span);
                    self.span(directive.name.span);
                    directive.args.iter().for_each(|word| self.word(word, findings));
                }
                Item::Section(section) => {
                    self.span(section.span);
                    self.span(section.name.span);
                    section.args.iter().for_each(|word| self.word(word, findings));
                    self.items(&section.items, findings);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(3000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_parse_and_draw(text in configuration()) {
        let mut sources = Sources::default();
        let id = sources.add("a.conf".into(), text.clone());
        let mut findings = Vec::new();
        let items = parse_file(&sources, id, &mut findings);
        let checker = Checker { length: text.len() as u32 };
        checker.items(&items, &mut findings);
        findings.iter().for_each(|finding| checker.diagnostic(finding));
        let drawn = render(&findings, &sources, Style::default());
        let harmless = |c: char| c == '\n' || !(c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
        prop_assert!(drawn.chars().all(harmless), "{drawn:?}");
        render(&findings, &sources, Style { color: true });
        dump::dump(&items, &sources, &mut Vec::new());
    }

    #[test]
    fn formatting_keeps_the_meaning_and_is_stable(text in configuration()) {
        let mut sources = Sources::default();
        let id = sources.add("a.conf".into(), text.clone());
        let mut findings = Vec::new();
        let before = parse_file(&sources, id, &mut findings);
        match format_file(&sources, id) {
            Err(found) => prop_assert!(found == findings, "not formatted: {found:?}"),
            Ok(once) => {
                let again = sources.add("b.conf".into(), once.clone());
                let after = parse_file(&sources, again, &mut Vec::new());
                prop_assert!(same(&before, &after), "{:?}", once.escape_ascii().to_string());
                let twice = format_file(&sources, again).expect("formatted text is valid");
                prop_assert_eq!(once.escape_ascii().to_string(), twice.escape_ascii().to_string());
            }
        }
    }
}

/// Shapes on which a careless algorithm is quadratic; at this size it would run for hours, not seconds.
#[test]
fn time_is_linear() {
    let shapes: [&[u8]; 14] = [
        b"\\\n", b"<a>\n", b"</a>\n", b"<", b"\"a\"", b"'\\'", b"${a}", b"${", b"a,", b",,", b"# \\\n",
        b"\\\\", b"a \\\n", b":'",
    ];
    for shape in shapes {
        for start in ["", "SecAction \"", "<a "] {
            let mut text = start.as_bytes().to_vec();
            text.extend(shape.repeat(1_000_000 / shape.len()));
            let began = Instant::now();
            let mut sources = Sources::default();
            let id = sources.add("a.conf".into(), text);
            let mut findings = Vec::new();
            for item in &parse_file(&sources, id, &mut findings) {
                if let Item::Directive(directive) = item {
                    for word in directive.args.iter().take(1000) {
                        findings.extend(parse_actions(word).err().into_iter().flatten().take(10));
                    }
                }
            }
            render(&findings, &sources, Style::default());
            let _ = format_file(&sources, id);
            let took = began.elapsed();
            assert!(
                took < Duration::from_secs(20),
                "{start}{:?} took {took:?}",
                shape.escape_ascii().to_string()
            );
        }
    }
}
