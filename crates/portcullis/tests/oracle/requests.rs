//! Random requests and answers.

mod bodies;

use super::case::{Body, Request, Response};
use super::random::Random;
use super::words::{NAMES, encoded, value};

/// A request that httpd accepts, mostly.
pub fn request(random: &mut Random) -> Request {
    let body = bodies::body(random);
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
        let value = value(random);
        let value = encoded(random, &value);
        pieces.push(match random.below(14) {
            0 => name,
            1 => String::new(),
            2 => format!("{name}={value}={value}"),
            3 => format!("={value}"),
            4 => format!("{name}={value}%4"),
            5 => format!("{name}={value};{name}=2"),
            6 => format!("{name}=%u0066{value}"),
            _ => format!("{name}={value}"),
        });
    }
    pieces
}

fn more_headers(random: &mut Random) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for _ in 0..random.below(4) {
        let (name, values): (&str, &[&str]) = match random.below(9) {
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
                    "$Version=1; a=\"x;y\"; $Path=/; b=2",
                    "a=\"1\", b=2",
                    "a=\"x\\\"y\"; c=foo",
                    "a = \"1\" ; b=x y ",
                    "a=1;b",
                    "; a=1",
                    "a=\"x",
                    "a==1; b=c=d",
                    "A=%66oo; \u{e9}=1",
                    "$a=1; a=2",
                ],
            ),
            6 => ("Authorization", &["Basic dXNlcjpwYXNz", "Bearer x", "Digest username=\"a\""]),
            7 => ("Content-Language", &["a", "foo;x=1"]),
            8 => ("cookie", &["b=3", "a=foo"]),
            3 => ("X-Test", &["x", "foo", "1", "a\u{e9}b", "", "a  b"]),
            4 => ("x-test", &["y", "foo bar", "2"]),
            _ => ("X-Other_h", &["z", "<b>", "10.0.0.1"]),
        };
        headers.push((name.to_owned(), random.pick(values).to_owned()));
    }
    headers
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
            "text/xml",
            "text/html;charset=\"x\"",
            "text",
        ]);
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
    }
    if random.chance(40) {
        headers.push(("X-Test".to_owned(), random.pick(&["x", "foo", "1"]).to_owned()));
    }
    if random.chance(8) {
        headers.push(("Location".to_owned(), "/foo?a=1".to_owned()));
    }
    // The reference puts them behind all others.
    if random.chance(10) {
        headers.push(("Set-Cookie".to_owned(), "a=1; Path=/".to_owned()));
    }
    if random.chance(6) {
        headers.push(("set-cookie".to_owned(), "b=2".to_owned()));
    }
    let body = random.pick(&[
        "<html>ok</html>\n",
        "foo bar",
        "",
        "error at line 5",
        "\u{e9}\u{0}x",
        "x",
        "foo bar foo bar foo bar foo",
    ]);
    Response { status, headers, body: body.to_owned() }
}
