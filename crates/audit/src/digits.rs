//! Numbers and addresses in digits, for what stands in every line of a log: without the machinery of formatting, which
//! costs a line of the access log as much as the rest of it.
//!
//! `decimal(80)` → `80`, `padded(7, 2)` → `07`, `address(192.0.2.1:443)` → `192.0.2.1:443`.

use std::net::{IpAddr, SocketAddr};

/// Appends a number in decimal.
pub(crate) fn decimal(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends the last `width` digits of a number, at most nine.
pub(crate) fn padded(number: u32, width: u32, out: &mut Vec<u8>) {
    out.extend((0..width).rev().map(|place| b'0' + (number / 10u32.pow(place) % 10) as u8));
}

/// Appends an address as it is displayed.
pub(crate) fn ip(ip: IpAddr, out: &mut Vec<u8>) {
    let IpAddr::V4(v4) = ip else { return out.extend_from_slice(ip.to_string().as_bytes()) };
    for (index, octet) in v4.octets().into_iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        decimal(octet.into(), out);
    }
}

/// Appends an address and a port as they are displayed.
pub(crate) fn address(address: SocketAddr, out: &mut Vec<u8>) {
    match address {
        SocketAddr::V4(v4) => {
            ip((*v4.ip()).into(), out);
            out.push(b':');
            decimal(v4.port().into(), out);
        }
        SocketAddr::V6(_) => out.extend_from_slice(address.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("digits and marks")
    }

    #[test]
    fn writes_what_formatting_writes() {
        for number in [0, 7, 10, 99, 100, 65_535, u64::MAX] {
            assert_eq!(text(|out| decimal(number, out)), number.to_string());
        }
        assert_eq!(text(|out| padded(7, 2, out)), "07");
        assert_eq!(text(|out| padded(999_999_999, 9, out)), "999999999");
        for address_text in ["0.0.0.0:0", "255.10.9.100:65535", "[2001:db8::1]:443", "[::ffff:192.0.2.1]:80"]
        {
            let parsed: SocketAddr = address_text.parse().expect("an address");
            assert_eq!(text(|out| address(parsed, out)), parsed.to_string());
            assert_eq!(text(|out| ip(parsed.ip(), out)), parsed.ip().to_string());
        }
    }
}
