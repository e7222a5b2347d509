//! A request's bytes from its parts, with the additions that the CRS tests rely on.
//!
//! `{method: POST, data: "a=b c"}` → `POST / HTTP/1.1`, `Content-Type: application/x-www-form-urlencoded`,
//! `Connection: close`, `Content-Length: 5`, body `a=b+c`. The additions are those of the reference runner: a form
//! type when there is a body, percent-encoding of a form that holds neither `%` nor `+`, CRLF line ends in multipart
//! bodies (also without autocompletion), `Connection: close`, and a length when there is or might be a body. Whatever
//! the test writes itself is sent byte for byte, in the order written.

use super::case::Parts;

const FORM: &str = "application/x-www-form-urlencoded";

/// The bytes to send for one target of `parts`; `cookie` is added when the test has no `Cookie` of its own.
pub fn build(parts: &Parts, uri: &str, cookie: Option<&str>) -> Vec<u8> {
    let mut headers = parts.headers.clone();
    let mut data = parts.data.clone();
    if parts.autocomplete && !data.is_empty() {
        add(&mut headers, "Content-Type", FORM.to_owned());
        if value(&headers, "Content-Type") == FORM {
            data = encode_form(&data);
        }
    }
    if value(&headers, "Content-Type").starts_with("multipart/form-data;") {
        data = with_crlf(&data);
    }
    if let Some(cookie) = cookie {
        add(&mut headers, "Cookie", cookie.to_owned());
    }
    if parts.autocomplete {
        add(&mut headers, "Connection", "close".to_owned());
        if !data.is_empty() || ["POST", "PUT", "PATCH", "DELETE"].contains(&parts.method.as_str()) {
            add(&mut headers, "Content-Length", data.len().to_string());
        }
    }
    let mut bytes = format!("{} {} {}\r\n", parts.method, uri, parts.version).into_bytes();
    for (name, value) in &headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&data);
    bytes
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, v)| v)
}

/// Adds a field unless the test has one of that name with a value.
fn add(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    match headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
        Some((_, v)) if v.is_empty() => *v = value,
        Some(_) => {}
        None => headers.push((name.to_owned(), value)),
    }
}

/// Percent-encodes names and values; a form that holds `%` or `+` counts as encoded already.
fn encode_form(data: &[u8]) -> Vec<u8> {
    if data.contains(&b'%') || data.contains(&b'+') {
        return data.to_vec();
    }
    // The reference runner leaves out a final empty piece: `a=b&` is sent as `a=b`.
    let data = data.strip_suffix(b"&").unwrap_or(data);
    let mut out = Vec::with_capacity(data.len() * 2);
    for (index, piece) in data.split(|b| *b == b'&').enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        let mut sides = piece.splitn(2, |b| *b == b'=');
        encode(sides.next().unwrap_or_default(), &mut out);
        if let Some(value) = sides.next() {
            out.push(b'=');
            encode(value, &mut out);
        }
    }
    out
}

fn encode(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(*byte),
            b' ' => out.push(b'+'),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}

fn with_crlf(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 64);
    for byte in data {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(method: &str, headers: &[(&str, &str)], data: &str, autocomplete: bool) -> String {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let parts = Parts {
            method: method.to_owned(),
            uris: Vec::new(),
            version: "HTTP/1.1".to_owned(),
            headers,
            data: data.as_bytes().to_vec(),
            autocomplete,
        };
        String::from_utf8(build(&parts, "/", None)).unwrap()
    }

    #[test]
    fn a_form_is_completed_and_encoded() {
        assert_eq!(
            sent("POST", &[], "a=b c&d=<", true),
            "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\
             Content-Length: 11\r\n\r\na=b+c&d=%3C"
        );
    }

    #[test]
    fn an_encoded_form_and_other_types_stay() {
        assert!(sent("POST", &[], "a=%3C b", true).ends_with("\r\n\r\na=%3C b"));
        assert!(sent("POST", &[("Content-Type", "text/xml")], "<a b>", true).ends_with("\r\n\r\n<a b>"));
    }

    #[test]
    fn nothing_is_added_when_told_so() {
        assert_eq!(sent("GET", &[("Host", "x")], "", false), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(sent("POST", &[("Host", "x")], "a b", false), "POST / HTTP/1.1\r\nHost: x\r\n\r\na b");
    }

    #[test]
    fn multipart_lines_end_in_crlf() {
        let text =
            sent("POST", &[("Content-Type", "multipart/form-data; boundary=x")], "--x\n\nv\n--x--\n", true);
        assert!(text.ends_with("Content-Length: 17\r\n\r\n--x\r\n\r\nv\r\n--x--\r\n"), "{text:?}");
    }
}
