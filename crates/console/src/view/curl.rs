//! A stored request as the command that sends it again.
//!
//! `GET /a?b='c` to `shop.example` → `curl -g --path-as-is 'http://shop.example/a?b='\''c'`. The words are data of whoever sent
//! the request: each is quoted so that a shell reads it as one word of exactly these bytes, and what is not printable ASCII
//! is written as `$'\xHH'`. Fields that rules asked to hide are left out, as their values are not known here.

use std::fmt::Write;

use portcullis_insight::{Bytes, EventDetail};

/// The command, and a sentence on what it lacks.
pub(crate) fn command(event: &EventDetail) -> (String, Vec<String>) {
    let request = &event.request;
    let (mut text, mut lacks) = ("curl -g --path-as-is".to_owned(), Vec::new());
    if event.summary.method.as_slice() != b"GET" {
        let _ = write!(text, " -X {}", quoted(event.summary.method.as_slice()));
    }
    let mut address = b"http://".to_vec();
    // The field has the port too.
    let field = request.headers.iter().find(|(name, _)| name.as_slice().eq_ignore_ascii_case(b"host"));
    address.extend(field.map_or(&event.summary.host, |(_, value)| value).as_slice());
    if request.target.as_slice().starts_with(b"/") {
        address.extend(request.target.as_slice());
    } else {
        let _ = write!(text, " --request-target {}", quoted(request.target.as_slice()));
        address.push(b'/');
    }
    let _ = write!(text, " {}", quoted(&address));
    let is_hidden = |name: &Bytes| {
        event.hidden.iter().any(|hidden| hidden.as_slice().eq_ignore_ascii_case(name.as_slice()))
    };
    let mut has_type = false;
    for (name, value) in &request.headers {
        if is_hidden(name) {
            lacks.push(format!("the field {name}, which rules hide"));
            continue;
        }
        has_type |= name.as_slice().eq_ignore_ascii_case(b"content-type");
        // What curl sets from the address and the body.
        if [&b"host"[..], b"content-length", b"transfer-encoding"]
            .iter()
            .any(|own| name.as_slice().eq_ignore_ascii_case(own))
        {
            continue;
        }
        let mut field = name.as_slice().to_vec();
        field.extend(if value.is_empty() { &b";"[..] } else { b": " });
        field.extend(value.as_slice());
        let _ = write!(text, " -H {}", quoted(&field));
    }
    match &request.body {
        Some(body) if !body.is_empty() => {
            if !has_type {
                text.push_str(" -H 'Content-Type:'");
            }
            let _ = write!(text, " --data-raw {}", quoted(body.as_slice()));
            if !request.is_whole() {
                lacks.push("the end of the body, which is not stored".to_owned());
            }
            if body.as_slice().contains(&0) {
                lacks.push(
                    "what follows the first zero byte of the body, which no command line can hold".to_owned(),
                );
            }
        }
        _ if request.body_length > 0 => lacks.push("the body, which is not stored".to_owned()),
        _ => {}
    }
    (text, lacks)
}

/// Bytes as one word of a shell.
fn quoted(bytes: &[u8]) -> String {
    let is_plain = bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
    let mut word = if is_plain { "'".to_owned() } else { "$'".to_owned() };
    for &byte in bytes {
        match byte {
            b'\'' if is_plain => word.push_str("'\\''"),
            b'\'' => word.push_str("\\'"),
            b'\\' if !is_plain => word.push_str("\\\\"),
            b' '..=b'~' => word.push(char::from(byte)),
            _ => {
                let _ = write!(word, "\\x{byte:02x}");
            }
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_one_word() {
        assert_eq!(quoted(b"a b$(x)`y`\\"), "'a b$(x)`y`\\'");
        assert_eq!(quoted(b"it's"), "'it'\\''s'");
        assert_eq!(quoted(b"it's\n\\\xff"), "$'it\\'s\\x0a\\\\\\xff'");
    }
}
