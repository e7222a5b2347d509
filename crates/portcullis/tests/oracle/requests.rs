//! Random requests and answers.

use super::case::{Body, Request, Response};
use super::random::Random;
use super::words::{NAMES, VALUES, encoded};

/// A request that httpd accepts, mostly.
pub fn request(random: &mut Random) -> Request {
    let body = body(random);
    let method = match &body {
        (_, Body::None) => random.pick(&["GET", "GET", "GET", "HEAD", "OPTIONS", "get", "POST"]),
        _ => random.pick(&["POST", "POST", "POST", "PUT", "GET"]),
    };
    let path = random.pick(&[
        "/",
        "/",
        "/",
        "/a/b.php",
        "/a%20b/../c",
        "//x//y",
        "/index.php/foo",
        "/a%2fb",
        "/a/%2e%2e/b",
        "/\u{e9}<>",
        "/a\\b",
        "/a.b/c%41d;p=1",
        "/a/./",
        "/x%5cy",
        "/..a/b..",
        "http://abs.example:81/p%20q/..",
        "/%zz/x",
        "/../x",
    ]);
    let query = (!random.chance(25)).then(|| pairs(random));
    let mut headers = vec![(
        "Host".to_owned(),
        random.pick(&["localhost", "localhost", "h.example:8080", "[::1]:80", "10.0.0.1"]).to_owned(),
    )];
    headers.extend(more_headers(random));
    headers.extend(body.0.map(|kind| ("Content-Type".to_owned(), kind)));
    Request { method: method.to_owned(), path: path.to_owned(), query, headers, body: body.1 }
}

/// Pieces of a query string or an urlencoded body.
fn pairs(random: &mut Random) -> Vec<String> {
    let mut pieces = Vec::new();
    for _ in 0..random.below(5) {
        let name = random.pick(NAMES);
        let name = encoded(random, name);
        let value = random.pick(VALUES);
        let value = encoded(random, value);
        pieces.push(match random.below(12) {
            0 => name,
            1 => String::new(),
            2 => format!("{name}={value}={value}"),
            3 => format!("={value}"),
            4 => format!("{name}={value}%4"),
            _ => format!("{name}={value}"),
        });
    }
    pieces
}

fn more_headers(random: &mut Random) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for _ in 0..random.below(4) {
        let (name, values): (&str, &[&str]) = match random.below(6) {
            0 => ("User-Agent", &["Mozilla/5.0 (X)", "curl/7", "foo", ""]),
            1 => ("Accept", &["*/*", "text/html, a;q=0.5"]),
            2 => (
                "Cookie",
                &[
                    "a=1; b=2",
                    "a=1;a=2; C=x",
                    " a = 1 ; b",
                    "foo",
                    "c=%41; =x; d",
                    "a=\"x;y\"; b=1",
                    "a=1, b=2",
                    "sid=abc;;",
                ],
            ),
            3 => ("X-Test", &["x", "foo", "1", "a\u{e9}b", "", "a  b"]),
            4 => ("x-test", &["y", "foo bar", "2"]),
            _ => ("X-Other_h", &["z", "<b>", "10.0.0.1"]),
        };
        headers.push((name.to_owned(), random.pick(values).to_owned()));
    }
    headers
}

/// Content type and body.
fn body(random: &mut Random) -> (Option<String>, Body) {
    let (kind, pieces) = match random.below(10) {
        0..=3 => return (None, Body::None),
        4 | 5 => {
            let pairs = pairs(random);
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
            ]);
            (Some("text/xml".to_owned()), vec![text.to_owned()])
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
            ]);
            (Some("application/json".to_owned()), vec![text.to_owned()])
        }
        _ => {
            let kind = random.pick(&["text/plain", "application/octet-stream", ""]);
            let kind = (!kind.is_empty()).then(|| kind.to_owned());
            (kind, vec![random.pick(VALUES).to_owned()])
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
        "multipart/form-data; boundary=\"B\"",
        "multipart/form-data;boundary=B",
        "multipart/form-data boundary=B",
        "multipart/form-data",
        "multipart/form-data; boundary = B",
        "Multipart/Form-Data; Boundary=B",
    ]);
    let mut pieces = Vec::new();
    if random.chance(8) {
        pieces.push("preamble\r\n".to_owned());
    }
    for _ in 0..random.below(4) {
        let name = random.pick(&["a", "foo", "f", "b", ""]);
        let value = random.pick(VALUES);
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
                ])
                .to_owned(),
        };
        pieces.push(format!("--B{end}{head}{end}{end}{value}{end}"));
    }
    match random.below(10) {
        0 => {}
        1 => pieces.push("--B--".to_owned()),
        2 => pieces.push("--B--\r\nx".to_owned()),
        3 => pieces.push("--\r\n--B--\r\n".to_owned()),
        _ => pieces.push("--B--\r\n".to_owned()),
    }
    (kind.to_owned(), pieces)
}

/// What the origin answers.
pub fn response(random: &mut Random) -> Response {
    let status = if random.chance(75) { 200 } else { [201, 204, 302, 404, 500, 503][random.below(6)] };
    let mut headers = Vec::new();
    if random.chance(40) {
        let kind = random.pick(&[
            "text/html",
            "text/plain; charset=utf-8",
            "application/json",
            "TEXT/HTML",
            "image/png",
        ]);
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
    }
    if random.chance(40) {
        headers.push(("X-Test".to_owned(), random.pick(&["x", "foo", "1"]).to_owned()));
    }
    let body = random.pick(&["<html>ok</html>\n", "foo bar", "", "error at line 5", "\u{e9}\u{0}x", "x"]);
    Response { status, headers, body: body.to_owned() }
}
