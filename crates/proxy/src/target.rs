//! Where a forwarded request goes: the origin of the settings, or what a `proxy:` action names.
//!
//! `proxy:http://trap:81/a` for `/x?q=1` → origin `trap:81`, target `/a?q=1`. Host and all other fields stay the client's.

use std::borrow::Cow;

use crate::driver::Destination;
use crate::settings::UpstreamAddress;

/// An origin, and what to ask it for.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) address: Cow<'a, UpstreamAddress>,
    /// Path and query, unless they are the client's.
    pub(crate) path: Option<Vec<u8>>,
    /// It is the one of the settings, whose connections are pooled.
    pub(crate) pooled: bool,
}

impl<'a> Target<'a> {
    /// The target of a request with this query.
    ///
    /// # Errors
    /// When the action names something that is no origin; the text says what.
    pub(crate) fn new(
        destination: &Destination,
        origin: &'a UpstreamAddress,
        query: Option<&[u8]>,
    ) -> Result<Self, String> {
        match destination {
            Destination::Origin => Ok(Target { address: Cow::Borrowed(origin), path: None, pooled: true }),
            Destination::Url(url) => {
                let (address, path) = split_url(url, query)
                    .map_err(|why| format!("cannot proxy to `{}`: {why}", String::from_utf8_lossy(url)))?;
                Ok(Target { address: Cow::Owned(address), path: Some(path), pooled: false })
            }
        }
    }
}

/// Splits what `proxy:` names into the origin and what to ask it for. The client's query follows the path, as it does
/// with httpd's mod_proxy.
fn split_url(url: &[u8], query: Option<&[u8]>) -> Result<(UpstreamAddress, Vec<u8>), String> {
    let url = url.strip_prefix(b"[nocanon]").unwrap_or(url);
    let text = std::str::from_utf8(url).map_err(|_| "it is not UTF-8".to_owned())?;
    if text.bytes().any(|b| b <= b' ' || b == 0x7f) {
        return Err("it holds blanks or control characters".to_owned());
    }
    let begin = text.find("://").map_or(0, |at| at + 3);
    let rest = text.get(begin..).unwrap_or_default();
    let end = rest.find(['/', '?', '#']).map_or(text.len(), |at| begin + at);
    let (origin, path) = text.split_at(end);
    let address = UpstreamAddress::parse(origin).map_err(|error| error.to_string())?;
    let path = path.split('#').next().unwrap_or_default();
    let mut path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }.into_bytes();
    if let Some(query) = query {
        path.push(if path.contains(&b'?') { b'&' } else { b'?' });
        path.extend_from_slice(query);
    }
    Ok((address, path))
}

#[cfg(test)]
mod tests {
    use super::split_url;

    #[test]
    fn urls_of_proxy_actions() {
        let split = |url: &str, query: Option<&str>| {
            split_url(url.as_bytes(), query.map(str::as_bytes))
                .map(|(address, path)| (address.to_string(), String::from_utf8(path).unwrap()))
        };
        let ok = |address: &str, path: &str| Ok((address.to_owned(), path.to_owned()));
        assert_eq!(split("http://h:81/a", Some("x=1")), ok("h:81", "/a?x=1"));
        assert_eq!(split("[nocanon]http://h/a?b#c", Some("x")), ok("h:80", "/a?b&x"));
        assert_eq!(split("http://h", None), ok("h:80", "/"));
        assert!(split("https://h/", None).is_err());
        assert!(split("http://h/a b", None).is_err());
        assert!(split("http:///a", None).is_err());
    }
}
