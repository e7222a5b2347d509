//! The request head the origin gets, and who the client is behind trusted proxies.
//!
//! `GET http://h/a HTTP/1.1`, `Connection: X-A`, `X-A: 1`, `X-Forwarded-For: 1.2.3.4` from peer 10.0.0.9 →
//! `GET /a HTTP/1.1`, `Host: h`, `X-Forwarded-For: 1.2.3.4, 10.0.0.9`, `X-Forwarded-Proto: http`.
//!
//! Everything else goes on as it came, in its order. Hop-by-hop fields, those that `Connection` names and `Expect` end
//! here; the framing field is written anew, so there is exactly one.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use portcullis_http1::write::{self, HopByHop};
use portcullis_http1::{Framing, Known, RequestHead, list_elements};

use crate::settings::{Settings, UpstreamAddress};

/// Header fields as directives have left them.
pub(crate) type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// What a request head for the origin is made from, beside the client's head.
#[derive(Debug)]
pub(crate) struct Forwarding<'a> {
    /// The fields after `RequestHeader` directives, where there are some.
    pub(crate) edited: Option<Fields>,
    /// Path and query to ask for; the client's if `None`.
    pub(crate) target: Option<&'a [u8]>,
    /// `Host` for a request without one.
    pub(crate) host: &'a UpstreamAddress,
    /// The peer's address as text.
    pub(crate) peer: &'a str,
    /// The field in which the request's id is told, and the id.
    pub(crate) id: Option<(&'a str, &'a str)>,
    /// Whether the peer's `X-Forwarded-Proto` is believed.
    pub(crate) trusted: bool,
    /// `SecDisableBackendCompression`: the origin is not told that the client understands compression.
    pub(crate) plain_answers: bool,
    /// How the body is framed.
    pub(crate) framing: Framing,
}

impl Forwarding<'_> {
    /// Appends the head.
    pub(crate) fn write(&self, out: &mut Vec<u8>, head: &RequestHead) {
        match self.target {
            Some(target) => write::request_line(out, head.method(), target, None),
            None => write::request_line(out, head.method(), head.path(), head.query()),
        }
        match &self.edited {
            None => self.fields(out, head, &head.fields()),
            Some(fields) => {
                let fields =
                    fields.iter().map(|(name, value)| (Known::of(name), name.as_slice(), value.as_slice()));
                self.fields(out, head, &fields);
            }
        }
        match self.framing {
            Framing::Length(length) => write::length(out, length),
            Framing::Chunked => write::chunked(out),
            Framing::None | Framing::UntilClose => {}
        }
        write::end_of_head(out);
    }

    fn fields<'f>(
        &self,
        out: &mut Vec<u8>,
        head: &RequestHead,
        fields: &(impl Iterator<Item = (Known, &'f [u8], &'f [u8])> + Clone),
    ) {
        let hops = HopByHop::new(head.known(Known::Connection));
        let mut has_host = false;
        for (known, name, value) in fields.clone() {
            let stays = match known {
                Known::Host => !std::mem::replace(&mut has_host, true),
                Known::Expect | Known::XForwardedFor | Known::XForwardedProto => false,
                Known::Upgrade => head.wants_upgrade(),
                Known::Other
                    if self.id.is_some_and(|(field, _)| name.eq_ignore_ascii_case(field.as_bytes())) =>
                {
                    false
                }
                Known::Other if self.plain_answers && name.eq_ignore_ascii_case(b"accept-encoding") => false,
                _ => !hops.ends_here(known, name),
            };
            if stays {
                write::field(out, name, value);
            }
        }
        if !has_host {
            match head.authority() {
                Some(authority) => write::field(out, b"Host", authority),
                None => write::field(out, b"Host", self.host.to_string().as_bytes()),
            }
        }
        if head.wants_upgrade() {
            write::field(out, b"Connection", b"upgrade");
        }
        let all = |wanted: Known| {
            fields.clone().filter(move |(known, ..)| *known == wanted).map(|(.., value)| value)
        };
        let kept = |known: Known, name: &[u8]| !hops.ends_here(known, name);
        out.extend_from_slice(b"X-Forwarded-For: ");
        if kept(Known::XForwardedFor, b"x-forwarded-for") {
            for value in all(Known::XForwardedFor).filter(|value| !value.is_empty()) {
                write::value(out, value);
                out.extend_from_slice(b", ");
            }
        }
        out.extend_from_slice(self.peer.as_bytes());
        out.extend_from_slice(b"\r\n");
        if let Some((field, id)) = self.id {
            write::field(out, field.as_bytes(), id.as_bytes());
        }
        let told = all(Known::XForwardedProto).next().filter(|_| self.trusted);
        write::field(out, b"X-Forwarded-Proto", told.unwrap_or(b"http"));
    }
}

/// Whether an address belongs to a trusted network.
pub(crate) fn is_trusted(address: IpAddr, networks: &[IpNet]) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// Whether whoever connects is a proxy whose word is taken.
pub(crate) fn is_trusted_peer(peer: IpAddr, settings: &Settings) -> bool {
    settings.trust_peer || is_trusted(peer, &settings.trusted_proxies)
}

/// The one field of a name; `None` when there is none, or several that could contradict each other.
pub(crate) fn only_field<'h>(head: &'h RequestHead, name: &str) -> Option<&'h [u8]> {
    let mut values = head.headers().filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
    let (_, value) = values.next()?;
    values.next().is_none().then_some(value)
}

/// The client that a trusted peer names.
pub(crate) fn named_client(head: &RequestHead, peer: SocketAddr, settings: &Settings) -> SocketAddr {
    let alone = settings.client_address_field.as_deref().and_then(|field| only_field(head, field));
    let named = alone.and_then(|value| entry_address(value.trim_ascii()));
    named.unwrap_or_else(|| real_client(head, peer, &settings.trusted_proxies))
}

/// The client behind trusted proxies: the right-most address of `X-Forwarded-For` that is not one of theirs. Reading
/// stops at an entry that is no address, because whoever wrote it may have written what is left of it too.
fn real_client(head: &RequestHead, peer: SocketAddr, networks: &[IpNet]) -> SocketAddr {
    let values: Vec<&[u8]> = head.known(Known::XForwardedFor).collect();
    let mut client = peer;
    for entry in values.iter().rev().flat_map(|value| value.rsplit(|&b| b == b',')) {
        let Some(address) = list_elements(entry).next().and_then(entry_address) else { break };
        client = address;
        if !is_trusted(address.ip(), networks) {
            break;
        }
    }
    client
}

/// `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]`, `[::1]:5`; the port is 0 when it is not told.
fn entry_address(entry: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(entry).ok()?;
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address);
    }
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_http1::{Inbound, RequestReader};

    fn head(text: &str) -> RequestReader {
        let mut reader = RequestReader::new(portcullis_http1::Settings::default());
        let mut inbound = Inbound::default();
        inbound.feed(text.as_bytes());
        assert!(reader.read(&mut inbound).is_some());
        reader
    }

    #[test]
    fn the_client_is_the_right_most_address_that_is_not_trusted() {
        let networks = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        for (fields, client) in [
            ("", "10.0.0.9:7"),
            ("X-Forwarded-For: 1.2.3.4\r\n", "1.2.3.4:0"),
            ("X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.1.1.1\r\n", "1.2.3.4:0"),
            ("X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 10.1.1.1,10.2.2.2\r\n", "1.2.3.4:0"),
            ("X-Forwarded-For: 10.3.3.3, 10.1.1.1\r\n", "10.3.3.3:0"),
            ("X-Forwarded-For: 1.2.3.4, unknown, 10.1.1.1\r\n", "10.1.1.1:0"),
            ("X-Forwarded-For: evil\r\n", "10.0.0.9:7"),
            ("X-Forwarded-For: 1.2.3.4:55\r\n", "1.2.3.4:55"),
            ("X-Forwarded-For: [2001:db8::1]:55, ::1\r\n", "[2001:db8::1]:55"),
        ] {
            let reader = head(&format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
            let found = real_client(reader.head(), "10.0.0.9:7".parse().unwrap(), &networks);
            assert_eq!(found.to_string(), client, "{fields}");
        }
    }

    #[test]
    fn a_peer_may_name_the_client_alone_in_a_field() {
        let settings =
            Settings { client_address_field: Some("True-Client-IP".to_owned()), ..Settings::default() };
        for (fields, client) in [
            ("", "10.0.0.9:7"),
            ("true-client-ip: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n", "1.2.3.4:0"),
            ("True-Client-IP: 2001:db8::1\r\n", "[2001:db8::1]:0"),
            (
                "True-Client-IP: 1.2.3.4\r\nTrue-Client-IP: 4.3.2.1\r\nX-Forwarded-For: 5.6.7.8\r\n",
                "5.6.7.8:0",
            ),
            ("True-Client-IP: 1.2.3.4, 4.3.2.1\r\n", "10.0.0.9:7"),
            ("X-Forwarded-For: 6.6.6.6, 5.6.7.8\r\n", "5.6.7.8:0"),
        ] {
            let reader = head(&format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
            let found = named_client(reader.head(), "10.0.0.9:7".parse().unwrap(), &settings);
            assert_eq!(found.to_string(), client, "{fields}");
        }
    }
}
