//! A header field as ranges into its head, and the names the proxy itself must recognise.
//!
//! `Content-Length: 3` → name `Content-Length`, value `3`, [`Known::ContentLength`]. The name is classified once,
//! while reading, so that framing, hop-by-hop removal and forwarding never compare strings again.

use crate::bytes::Span;

/// Field names with a meaning for framing or forwarding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Any other.
    Other,
    /// `Host`
    Host,
    /// `Content-Length`
    ContentLength,
    /// `Content-Type`
    ContentType,
    /// `Transfer-Encoding`
    TransferEncoding,
    /// `Connection`
    Connection,
    /// `Keep-Alive`
    KeepAlive,
    /// `Proxy-Connection`
    ProxyConnection,
    /// `TE`
    Te,
    /// `Trailer`
    Trailer,
    /// `Upgrade`
    Upgrade,
    /// `Expect`
    Expect,
    /// `X-Forwarded-For`
    XForwardedFor,
    /// `X-Forwarded-Proto`
    XForwardedProto,
}

impl Known {
    /// Classifies a field name, whatever its case.
    pub fn of(name: &[u8]) -> Self {
        let (candidate, known): (&[u8], Known) = match (name.len(), name.first().map(u8::to_ascii_lowercase))
        {
            (2, Some(b't')) => (b"te", Known::Te),
            (4, Some(b'h')) => (b"host", Known::Host),
            (6, Some(b'e')) => (b"expect", Known::Expect),
            (7, Some(b't')) => (b"trailer", Known::Trailer),
            (7, Some(b'u')) => (b"upgrade", Known::Upgrade),
            (10, Some(b'c')) => (b"connection", Known::Connection),
            (10, Some(b'k')) => (b"keep-alive", Known::KeepAlive),
            (12, Some(b'c')) => (b"content-type", Known::ContentType),
            (14, Some(b'c')) => (b"content-length", Known::ContentLength),
            (15, Some(b'x')) => (b"x-forwarded-for", Known::XForwardedFor),
            (16, Some(b'p')) => (b"proxy-connection", Known::ProxyConnection),
            (17, Some(b't')) => (b"transfer-encoding", Known::TransferEncoding),
            (17, Some(b'x')) => (b"x-forwarded-proto", Known::XForwardedProto),
            _ => return Known::Other,
        };
        if name.eq_ignore_ascii_case(candidate) { known } else { Known::Other }
    }

    /// Whether the field belongs to one connection and is never forwarded (RFC 9110, 7.6.1). `Content-Length` and
    /// `Transfer-Encoding` are among them because the writer makes its own framing field.
    pub fn is_hop_by_hop(self) -> bool {
        matches!(
            self,
            Known::Connection
                | Known::KeepAlive
                | Known::ProxyConnection
                | Known::Te
                | Known::Trailer
                | Known::Upgrade
                | Known::TransferEncoding
                | Known::ContentLength
        )
    }
}

/// A header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in the raw head.
    pub name: Span,
    /// Its value, blanks at both ends trimmed: in the raw head, or among the unfolded values if `folded`.
    pub value: Span,
    /// Its classified name.
    pub known: Known,
    /// It was continued on further lines.
    pub folded: bool,
}
