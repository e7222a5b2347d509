//! Random bodies: forms, documents, and what only looks like one.

use super::super::case::Body;
use super::super::random::Random;
use super::super::words::value;

/// Content type and body.
pub(super) fn body(random: &mut Random) -> (Option<String>, Body) {
    let (kind, pieces) = match random.below(10) {
        0..=3 => return (None, Body::None),
        4 | 5 => {
            let pairs = super::pairs(random);
            let kind = random.pick(&[
                "application/x-www-form-urlencoded",
                "Application/X-WWW-form-urlencoded; charset=utf-8",
            ]);
            (Some(kind.to_owned()), vec![pairs.join("&")])
        }
        6 | 7 => {
            let (kind, pieces) = multipart(random);
            (Some(kind), pieces)
        }
        8 if random.chance(40) => {
            let kind = random.pick(&["text/xml", "text/xml", "text/xml", "application/xml; charset=utf-8"]);
            let text = random.pick(&[
                "<r a=\"1\"><b>foo</b><b c='x'>&lt;y</b></r>",
                "<r>",
                "<r/>",
                "<r><b></r>",
                "",
                "x",
                "<?xml version=\"1.0\"?><r>foo</r>",
                "<r><![CDATA[<script>]]><!-- c --></r>",
                "<r>foo</r>tail",
                "<r xmlns:n='http://n'><n:x>1</n:x></r>",
                "<!DOCTYPE r [<!ENTITY e 'foo'>]><r>&e;</r>",
                "<r>a&amp;b&#65;<b/></r>",
                "<r a='1' a='2'/>",
                "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><r>\u{e9}</r>",
                "<r>\u{e9}</r>",
                "  <r/>",
                "<r><b>1</b>\n<b>2<c>3</c></b></r>",
                "<?pi x?><r a='&lt;'/>",
                "<r><b>foo</c></r>",
            ]);
            let text = if random.chance(40) { xml(random) } else { text.to_owned() };
            (Some(kind.to_owned()), vec![text])
        }
        8 => {
            let text = random.pick(&[
                "{\"a\":1,\"b\":[1,\"foo\",null]}",
                "{\"a\":{\"b\":true,\"c\":\"x\"}}",
                "[1,2,[3]]",
                "\"x\"",
                "{\"a\":\"\\u00e9\\u0041\"}",
                "{\"a\":",
                "{\"a\":1,}",
                "{\"a\":1} x",
                "",
                "{\"a\":1.50,\"\":2}",
                "nul",
                "{\"a\":\"foo\",\"a\":\"bar\"}",
                "{\"a.b\":{\"c\":1},\"d\":2}",
                "{\"a\":-0,\"b\":1e5,\"c\":01}",
                "[[1],{\"a\":[{\"b\":1}]}]",
                "{\"a\":\"\\ud83d\\ude00\\u0000x\"}",
                "{\"a\":\"\\ud83d\"}",
                " true ",
                "{\"a\" 1}",
                "{a:1}",
                "[1,2",
                "{\"a\":{\"\":1}}",
                "{\"a\":\"\u{e9}\"}",
                "{\"a\":[],\"b\":{}}",
                "1 2",
            ]);
            let text = if random.chance(40) { json(random, 3) } else { text.to_owned() };
            (Some("application/json".to_owned()), vec![text])
        }
        _ => {
            let kind = random.pick(&["text/plain", "application/octet-stream", ""]);
            let kind = (!kind.is_empty()).then(|| kind.to_owned());
            (kind, vec![value(random)])
        }
    };
    let body = if random.chance(25) { Body::Chunked(pieces) } else { Body::Plain(pieces) };
    (kind, body)
}

fn multipart(random: &mut Random) -> (String, Vec<String>) {
    let kind = random.pick(&[
        "multipart/form-data; boundary=B",
        "multipart/form-data; boundary=B",
        "multipart/form-data; boundary=B",
        "multipart/form-data; boundary=B",
        "multipart/form-data; boundary=B",
        "multipart/form-data; boundary=B",
        "multipart/form-data; boundary=\"B\"",
        "multipart/form-data;boundary=B",
        "multipart/form-data boundary=B",
        "multipart/form-data",
        "multipart/form-data; boundary = B",
        "Multipart/Form-Data; Boundary=B",
        "multipart/form-data; boundary=B; charset=x",
        "multipart/form-data; boundary='B'",
        "multipart/form-data; boundary=\"B",
        "multipart/form-data; boundary=",
        "multipart/form-data;  boundary=B",
        "multipart/form-data, boundary=B",
        "multipart/form-data; boundary=B boundary=C",
        "multipart/mixed; boundary=B",
    ]);
    let mut pieces = Vec::new();
    if random.chance(8) {
        pieces.push("preamble\r\n".to_owned());
    }
    for _ in 0..random.below(4) {
        let name = random.pick(&["a", "foo", "f", "b", ""]);
        let value = part_value(random);
        let end = if random.chance(6) { "\n" } else { "\r\n" };
        let head = match random.below(10) {
            0..=4 => format!("Content-Disposition: form-data; name=\"{name}\""),
            5..=7 => format!(
                "Content-Disposition: form-data; name=\"{name}\"; filename=\"t.txt\"{end}Content-Type: text/plain"
            ),
            8 => format!("Content-Disposition: form-data; name={name}"),
            _ => random
                .pick(&[
                    "Content-Disposition: form-data",
                    "X: y",
                    "Content-Disposition: form-data; name='a'",
                    "Content-Disposition: form-data; name=\"a\"; name=\"b\"",
                    "nocolon",
                    "Content-Disposition: form-data; name=\"a\";",
                    "Content-Disposition: form-data;name=\"a\";filename=t",
                    "content-disposition: form-data; name=\"a\"",
                    "Content-Disposition: form-data; filename=\"t\"; name=\"f\"",
                    "Content-Disposition: form-data; name=\"a\"\r\nX-H: y",
                    "Content-Disposition: form-data;\r\n name=\"a\"",
                    "Content-Disposition: form-data; name=\"a\\\"b\"",
                    "Content-Disposition: form-data; name=\"f\"; filename=\"\"",
                    "Content-Disposition: form-data; name=\"f\"; filename=\"a'b;c.txt\"",
                    "Content-Disposition: form-data; name=\"f\"; filename*=UTF-8''x",
                    "Content-Disposition: attachment; name=\"a\"",
                    "Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"a\"",
                    "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
                    "Content-Disposition: form-data; NAME=\"a\"",
                    "Content-Disposition: form-data; name=\"\u{e9}\"",
                    "",
                ])
                .to_owned(),
        };
        pieces.push(format!("--B{end}{head}{end}{end}{value}{end}"));
    }
    match random.below(12) {
        0 => {}
        4 => pieces.push("--B-- \r\n".to_owned()),
        5 => pieces.push("--B--\n".to_owned()),
        1 => pieces.push("--B--".to_owned()),
        2 => pieces.push("--B--\r\nx".to_owned()),
        3 => pieces.push("--\r\n--B--\r\n".to_owned()),
        _ => pieces.push("--B--\r\n".to_owned()),
    }
    (kind.to_owned(), pieces)
}

/// The content of a part: often plain, sometimes with what a boundary is made of.
fn part_value(random: &mut Random) -> String {
    match random.below(12) {
        0 => random
            .pick(&[
                "--",
                "--Bx",
                "a\r\n--",
                "a\n--B",
                "x--B",
                "--B-",
                "\r\n",
                "a\r\n\r\nb",
                "\n",
                "-----\r\nfoo",
                "a\rb",
                "--\"B\"",
            ])
            .to_owned(),
        _ => value(random),
    }
}

/// A document in JSON.
fn json(random: &mut Random, depth: usize) -> String {
    let choice = random.below(if depth == 0 { 4 } else { 8 });
    match choice {
        0 => random.pick(&["1", "-3", "1.50", "10", "1e3"]).to_owned(),
        1 => random.pick(&["true", "false", "null"]).to_owned(),
        2 | 3 => {
            format!(
                "\"{}\"",
                random.pick(&[
                    "x",
                    "foo",
                    "",
                    "a b",
                    "\\u0041",
                    "\\n",
                    "<b>",
                    "\\\"q\\\"",
                    "../x",
                    "\u{c3}\u{a9}"
                ])
            )
        }
        4 | 5 => {
            let items: Vec<_> = (0..random.below(4)).map(|_| json(random, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        _ => {
            let members: Vec<_> = (0..random.below(4))
                .map(|_| {
                    let name = random.pick(&["a", "b", "foo", "x.y", "", "array", "A"]);
                    format!("\"{name}\": {}", json(random, depth - 1))
                })
                .collect();
            format!("{{{}}}", members.join(" ,"))
        }
    }
}

/// A document in XML.
fn xml(random: &mut Random) -> String {
    fn element(random: &mut Random, depth: usize) -> String {
        let name = random.pick(&["b", "c", "b", "a"]);
        let attribute = random.pick(&["", "", " a='1'", " c='x'", " a=\"foo\" b=''"]);
        format!("<{name}{attribute}>{}</{name}>", content(random, depth))
    }
    fn content(random: &mut Random, depth: usize) -> String {
        (0..random.below(4))
            .map(|_| match random.below(3) {
                0 if depth > 0 => element(random, depth - 1),
                _ => {
                    random.pick(&["foo", " ", "1", "&lt;", "<!-- x -->", "<![CDATA[a<b]]>", "\n"]).to_owned()
                }
            })
            .collect()
    }
    format!("<r>{}</r>", content(random, 2))
}
