//! The request as one transaction knows it: target and path, header fields, cookies, arguments.
//!
//! Bytes are kept as they came. What httpd derives from the target (path of phase 1, decoded path from phase 2 on) is
//! derived here; body arguments are added by `request_body`.

use crate::arena::{Arena, Text};
use crate::header_names::HeaderIndex;
use crate::variables::Variable;

/// A named value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) name: Text,
    pub(crate) value: Text,
}

/// Where an argument came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Query,
    Body,
    /// JSON leaves are in ARGS, but not in ARGS_POST.
    Json,
}

/// An argument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Argument {
    pub(crate) name: Text,
    pub(crate) value: Text,
    pub(crate) origin: Origin,
}

/// The request.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) line: Text,
    pub(crate) method: Text,
    pub(crate) target: Text,
    pub(crate) protocol: Text,
    /// Path of the target, raw.
    pub(crate) raw_path: Text,
    /// Path as rules see it now: raw in phase 1, decoded later.
    pub(crate) path: Text,
    /// Path and query as rules see them now.
    pub(crate) uri: Text,
    pub(crate) query: Option<Text>,
    pub(crate) path_is_decoded: bool,
    /// Host of the target or of the Host header, without port.
    pub(crate) server_name: Text,
    /// Host and port of an absolute-form target; takes the place of the Host header.
    pub(crate) authority: Option<Text>,
    pub(crate) headers: Vec<Pair>,
    pub(crate) header_index: HeaderIndex,
    /// How often `headers` has changed.
    pub(crate) header_changes: usize,
    /// Several fields of one name have become one.
    pub(crate) has_joined_headers: bool,
    pub(crate) cookies: Vec<Pair>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) arguments_size: usize,
    pub(crate) arguments_over_limit: bool,
    pub(crate) urlencoded_error: bool,
    pub(crate) processor: Vec<u8>,
}

impl Request {
    /// `REQBODY_PROCESSOR`, as Content-Type or `ctl:requestBodyProcessor` says.
    pub(crate) fn set_processor(&mut self, name: &[u8]) {
        self.processor.clear();
        self.processor.extend_from_slice(name);
    }

    /// A number that stays the same as long as the members of a variable do; `None` when nothing is known.
    pub(crate) fn state_of(&self, variable: Variable) -> Option<usize> {
        match variable {
            Variable::RequestHeaders | Variable::RequestHeadersNames => Some(self.header_changes),
            // Both only grow.
            Variable::RequestCookies | Variable::RequestCookiesNames => Some(self.cookies.len()),
            Variable::Args
            | Variable::ArgsNames
            | Variable::ArgsGet
            | Variable::ArgsGetNames
            | Variable::ArgsPost
            | Variable::ArgsPostNames => Some(self.arguments.len()),
            _ => None,
        }
    }

    /// The first header field of a name.
    pub(crate) fn header<'a>(&self, arena: &'a Arena, name: &[u8]) -> Option<&'a [u8]> {
        self.headers.iter().find(|h| arena.get(h.name).eq_ignore_ascii_case(name)).map(|h| arena.get(h.value))
    }

    /// Splits the target into authority, path and query.
    pub(crate) fn set_target(&mut self, arena: &mut Arena, target: Text) {
        self.target = target;
        let bytes = arena.get(target);
        let (authority, start) = authority_of(bytes);
        let fragment = memchr::memchr(b'#', bytes.get(start..).unwrap_or_default());
        let end = fragment.map_or(bytes.len(), |at| start + at);
        let question = memchr::memchr(b'?', bytes.get(start..end).unwrap_or_default()).map(|at| start + at);
        self.authority = authority.map(|(from, to)| target.slice(from, to));
        // httpd drops all but one of the slashes that a path begins with.
        let path_end = question.unwrap_or(end);
        let path = bytes.get(start..path_end).unwrap_or_default();
        let slashes = path.iter().take_while(|byte| **byte == b'/').count();
        let start = start + slashes.saturating_sub(1);
        self.raw_path = target.slice(start, path_end);
        self.query = question.map(|at| target.slice(at + 1, end));
        self.path = self.raw_path;
        self.uri = target.slice(start, end);
    }

    /// Behind phase 1 the path is decoded and its dot segments are resolved, as httpd does before its fixups.
    pub(crate) fn decode_path(&mut self, arena: &mut Arena) {
        if std::mem::replace(&mut self.path_is_decoded, true) {
            return;
        }
        let raw = arena.get(self.raw_path);
        let Some(decoded) = raw.starts_with(b"/").then(|| httpd_path(raw)).flatten() else { return };
        let query = self.query.map(|query| arena.get(query).to_vec());
        self.path = arena.push(&decoded);
        let mut uri = self.path;
        if let Some(query) = query {
            uri = arena.push(&decoded);
            uri = arena.extend(uri, b"?");
            uri = arena.extend(uri, &query);
        }
        self.uri = uri;
    }
}

/// The authority of an absolute-form `http` target as a range, and where the path of any begins.
fn authority_of(target: &[u8]) -> (Option<(usize, usize)>, usize) {
    let Some(colon) = memchr::memmem::find(target, b"://") else { return (None, 0) };
    let scheme = target.get(..colon).unwrap_or_default();
    let valid = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !valid {
        return (None, 0);
    }
    let from = colon + 3;
    let rest = target.get(from..).unwrap_or_default();
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).map_or(target.len(), |at| from + at);
    if !scheme.eq_ignore_ascii_case(b"http") {
        // httpd takes the authority of its own scheme only; Host stays what the field says.
        return (None, end);
    }
    let user =
        memchr::memrchr(b'@', target.get(from..end).unwrap_or_default()).map_or(from, |at| from + at + 1);
    (Some((user, end)), end)
}

/// httpd's view of a path: percent-decoded once (an encoded slash stays encoded), `//` merged, `.` and `..` resolved.
/// `None` when nothing changes. Paths that httpd refuses (a malformed escape, `%00`, `..` above the root) are the
/// driver's to refuse; where it lets them pass, rules see as much of them as can be decoded.
fn httpd_path(raw: &[u8]) -> Option<Vec<u8>> {
    let contains = |needle: &[u8]| memchr::memmem::find(raw, needle).is_some();
    if !raw.contains(&b'%') && !contains(b"//") && !contains(b"/.") {
        return None;
    }
    // Dots first, so that encoded dot segments are seen; the rest afterwards, so that nothing is decoded twice.
    let path = decode(raw, |byte| byte == b'.');
    Some(decode(&resolve(&path), |byte| byte != b'/'))
}

/// Decodes the escapes of those bytes that `which` names.
fn decode(raw: &[u8], which: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if let (b'%', [high, low, after @ ..]) = (*first, tail)
            && let Some(byte) = hex(*high).zip(hex(*low)).map(|(h, l)| h << 4 | l)
        {
            match which(byte) {
                true => out.push(byte),
                false => out.extend_from_slice(&[b'%', *high, *low]),
            }
            rest = after;
        } else {
            out.push(*first);
        }
    }
    out
}

/// Merges slashes and resolves dot segments; nothing is above the root.
fn resolve(path: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(path.len());
    let mut segments = path.split(|byte| *byte == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            b"" | b"." if !is_last => {}
            b"" | b"." => out.push(b'/'),
            b".." => {
                out.truncate(memchr::memrchr(b'/', &out).unwrap_or(0));
                if is_last {
                    out.push(b'/');
                }
            }
            _ => {
                out.push(b'/');
                out.extend_from_slice(segment);
            }
        }
    }
    out
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Observed on httpd 2.4 with AllowEncodedSlashes NoDecode.
    #[test]
    fn paths_as_httpd_sees_them() {
        let check = |raw: &str, expected: &str| {
            let seen = httpd_path(raw.as_bytes()).unwrap_or_else(|| raw.as_bytes().to_vec());
            assert_eq!(String::from_utf8_lossy(&seen), expected, "{raw}");
        };
        check("/a", "/a");
        check("/a%20b/../a%20b/%66.html/pi", "/a b/f.html/pi");
        check("//a//b%2fc/%2e%2e/d;x=1", "/a/d;x=1");
        check("/./x//y/.", "/x/y/");
        check("/a%2fb", "/a%2fb");
        check("/a/b/..", "/a/");
        check("/a/.b/..c/...", "/a/.b/..c/...");
        check("/a%2e/%2E%2e/b/%2e/c", "/b/c");
        check("/a%252e/%5c%2f%2F%7E/b;p=%41", "/a%2e/\\%2f%2F~/b;p=A");
        check("/p%20q/../../x//s/%41", "/x/s/A");
        check("/p%20q/../%zz//s", "/%zz/s");
        check("/a%0", "/a%0");
        check("/a%00b", "/a\0b");
        check("/%25zz", "/%zz");
    }

    #[test]
    fn targets_are_split() {
        let mut arena = Arena::default();
        let mut request = Request::default();
        let target = arena.push(b"http://u@h:80/p%20q?x=1");
        request.set_target(&mut arena, target);
        assert_eq!(arena.get(request.uri), b"/p%20q?x=1");
        assert_eq!(request.authority.map(|a| arena.get(a).to_vec()), Some(b"h:80".to_vec()));
        request.decode_path(&mut arena);
        assert_eq!(arena.get(request.uri), b"/p q?x=1");
        assert_eq!(arena.get(request.path), b"/p q");
    }
}
