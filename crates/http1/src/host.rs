//! Whether the value of `Host`, or the authority of an absolute target, is one that httpd 2.4 accepts in strict mode.
//!
//! `h:80`, `[::1]:443`, `a_b.example.` → yes; empty, `h:`, `h:0`, `a..b`, `1.2.3`, `u@h`, `a,b` → no. Names are not
//! resolved and nothing is normalised.

use std::net::Ipv6Addr;

use crate::framing::decimal;

/// Whether `value` is `host` or `host:port` with a port from 1 to 65535.
pub(crate) fn is_valid_field(value: &[u8]) -> bool {
    let Some((host, port)) = split(value) else { return false };
    is_valid_host(host) && port.is_none_or(|port| matches!(decimal(port), Some(1..=65535)))
}

/// Whether `value` is an authority without user information. As in httpd any digits, or none, may stand for the port.
pub(crate) fn is_valid_authority(value: &[u8]) -> bool {
    let Some((host, port)) = split(value) else { return false };
    is_valid_host(host) && port.is_none_or(|port| port.iter().all(u8::is_ascii_digit))
}

/// Host and port: split at the colon behind the host; `None` when a bracket is not closed or followed by junk.
fn split(value: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let host_length = match value.first() {
        Some(b'[') => value.iter().position(|&b| b == b']')? + 1,
        _ => value.iter().position(|&b| b == b':').unwrap_or(value.len()),
    };
    let (host, rest) = value.split_at_checked(host_length)?;
    match rest.split_first() {
        None => Some((host, None)),
        Some((b':', port)) => Some((host, Some(port))),
        Some(_) => None,
    }
}

fn is_valid_host(host: &[u8]) -> bool {
    if let Some(inner) = host.strip_prefix(b"[").and_then(|h| h.strip_suffix(b"]")) {
        return std::str::from_utf8(inner).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok());
    }
    // One trailing dot marks an absolute name and is not looked at further.
    let host = host.strip_suffix(b".").unwrap_or(host);
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if host.is_empty() || !host.iter().all(plain) || host.windows(2).any(|pair| pair == b"..") {
        return false;
    }
    if host.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return is_dotted_quad(host);
    }
    // The last label starts with a letter when there is more than one (RFC 1123, 2.1).
    let mut labels = host.rsplit(|&b| b == b'.');
    let last = labels.next().unwrap_or_default();
    labels.next().is_none() || last.first().is_some_and(u8::is_ascii_alphabetic)
}

/// Four numbers without leading zeros; httpd does not check their range.
fn is_dotted_quad(host: &[u8]) -> bool {
    let mut labels = 0;
    host.split(|&b| b == b'.').all(|label| {
        labels += 1;
        !label.is_empty() && (label.len() == 1 || label.first() != Some(&b'0'))
    }) && labels == 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_as_httpd_judges_them() {
        for good in [
            "h",
            "h:80",
            "h:65535",
            "h:080",
            "[::1]",
            "[::1]:80",
            "1.2.3.4",
            "256.1.1.1",
            "a_b",
            ".a",
            "a.",
            "-a",
            "_",
            "h.:80",
            "1a",
            "1.2.3.4.",
            "a.b1",
            "h:00080",
            "a.b.",
        ] {
            assert!(is_valid_field(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "h:",
            "h:x",
            "h:0",
            "h:99999",
            "h:65536",
            "a b",
            "a,b",
            "a/b",
            "a@b",
            "[::1",
            "[v1.a]",
            "a..b",
            "h:80:80",
            "\u{e9}",
            "a%41",
            "a'b",
            "*",
            "::1",
            "a?b",
            "a#b",
            "[::1]x",
            "[::g]",
            "1.2.3",
            "1.2.3.4.5",
            "1..2",
            "h..",
            ".",
            "123",
            "a.1",
            "a.-b",
            "a._b",
            "01.2.3.4",
            "a.1b",
            "h:+80",
            ".1",
            ".1.2.3",
        ] {
            assert!(!is_valid_field(bad.as_bytes()), "{bad}");
        }
    }
}
