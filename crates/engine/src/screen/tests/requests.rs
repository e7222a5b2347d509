//! Random requests and answers that come close to what rules look for.

use super::random::Random;

/// A request and the body of its answer.
#[derive(Debug)]
pub struct Message {
    pub method: &'static str,
    pub target: Vec<u8>,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
    pub answer: Vec<u8>,
}

/// Pieces that the operators of `rules` look for, and some that they do not.
const PIECES: &[&[u8]] = &[
    b"union",
    b" select ",
    b"<script",
    b"alert(1)",
    b"../",
    b"/etc/passwd",
    b"' or 1=1--",
    b"a",
    b"b",
    b"xyz",
    b"%",
    b"+",
    b"&lt;",
    b"\\u0061",
    b"YWxlcnQ=",
    b"abc",
    b"foo",
    b"bar",
    b"POST",
    b"0",
    b"42",
    b";",
    b" ",
    b"=",
    b"\"",
    b"'",
    b"\xe9",
    b"\xc3\xa9",
    b"\t",
    b"\r\n",
    b"hello world",
    b"/*",
    b"*/",
    b"$(ls)",
    b"|cat",
    b"select",
    b"UNION",
    b"sLeep(5)",
    b"<?php",
    b"json",
    b"--",
    b"#",
    b"javascript:",
    b"onload=x",
    b"http://10.0.0.1/",
];

fn pick<'a>(random: &mut Random, list: &'a [&'a [u8]]) -> &'a [u8] {
    list[random.below(list.len())]
}

/// A value: pieces, some in capitals or encoded, or one of the given.
fn value(random: &mut Random, given: &[Vec<u8>]) -> Vec<u8> {
    if !given.is_empty() && random.below(3) > 0 {
        return given[random.below(given.len())].clone();
    }
    let mut out = Vec::new();
    for _ in 0..random.below(5) {
        let piece = pick(random, PIECES);
        match random.below(8) {
            0 => out.extend(piece.to_ascii_uppercase()),
            1 => piece.iter().for_each(|byte| out.extend(format!("%{byte:02x}").bytes())),
            2 => piece.iter().for_each(|byte| out.extend(format!("&#{byte};").bytes())),
            3 => piece.iter().for_each(|byte| out.extend(format!("\\x{byte:02x}").bytes())),
            _ => out.extend(piece),
        }
    }
    out
}

fn encoded(text: &[u8]) -> Vec<u8> {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._/<>'()*;:!$,@".contains(byte);
    let encode = |byte: &u8| if safe(byte) { vec![*byte] } else { format!("%{byte:02X}").into_bytes() };
    text.iter().flat_map(encode).collect()
}

fn form(random: &mut Random, given: &[Vec<u8>]) -> Vec<u8> {
    let names: [&[u8]; 7] = [b"a", b"b", b"abc", b"id", b"A", b"x[y]", b"union"];
    let mut out = Vec::new();
    for index in 0..random.below(4) {
        if index > 0 {
            out.push(b'&');
        }
        out.extend(encoded(pick(random, &names)));
        out.push(b'=');
        out.extend(encoded(&value(random, given)));
    }
    out
}

fn json(random: &mut Random, given: &[Vec<u8>]) -> Vec<u8> {
    let text = value(random, given).escape_ascii().to_string().replace("\\'", "'").replace("\\x", "\\u00");
    format!("{{\"a\":\"{text}\",\"b\":[1,\"abc\",null],\"c\":{{\"d\":true}}}}").into_bytes()
}

fn xml(random: &mut Random, given: &[Vec<u8>]) -> Vec<u8> {
    let text: Vec<u8> = value(random, given).into_iter().filter(|byte| !b"<>&\0".contains(byte)).collect();
    [b"<?xml version=\"1.0\"?><r at=\"abc\"><t>".as_slice(), &text, b"</t></r>"].concat()
}

fn multipart(random: &mut Random, given: &[Vec<u8>]) -> Vec<u8> {
    let (field, file) = (value(random, given), value(random, given));
    [
        b"--BB\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".as_slice(),
        &field,
        b"\r\n--BB\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.php\"\r\nContent-Type: text/plain\r\n\r\n",
        &file,
        b"\r\n--BB--\r\n",
    ]
    .concat()
}

/// A random request; its values come from `given` where there are any.
pub fn message(random: &mut Random, given: &[Vec<u8>]) -> Message {
    let paths: [&[u8]; 6] =
        [b"/", b"/index.php", b"/a/../b", b"/admin/x", b"/%75nion/%2e%2e/x", b"/etc/passwd"];
    let mut target = pick(random, &paths).to_vec();
    if random.below(4) > 0 {
        target.push(b'?');
        target.extend(form(random, given));
    }
    let line = |text: Vec<u8>| text.into_iter().filter(|byte| !b"\r\n\0".contains(byte)).collect::<Vec<_>>();
    let mut headers = vec![("Host", b"example.com".to_vec())];
    for name in ["User-Agent", "Referer", "X-Test", "Accept"] {
        if random.below(2) == 0 {
            headers.push((name, line(value(random, given))));
        }
    }
    if random.below(2) == 0 {
        let cookie = [b"sid=abc; a=".as_slice(), &line(value(random, given))].concat();
        headers.push(("Cookie", cookie));
    }
    let (kind, body): (&[u8], Vec<u8>) = match random.below(6) {
        0 => (b"application/x-www-form-urlencoded", form(random, given)),
        1 => (b"multipart/form-data; boundary=BB", multipart(random, given)),
        2 => (b"application/json", json(random, given)),
        3 => (b"text/xml", xml(random, given)),
        _ => (b"", Vec::new()),
    };
    if !kind.is_empty() {
        headers.push(("Content-Type", kind.to_vec()));
        headers.push(("Content-Length", body.len().to_string().into_bytes()));
    }
    let method = if kind.is_empty() { "GET" } else { "POST" };
    let answer = [b"<html>".as_slice(), &value(random, given), b"</html>"].concat();
    Message { method, target, headers, body, answer }
}
