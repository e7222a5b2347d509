//! The head of a request: the bytes as they were sent, and everything that can be said about them, as ranges.
//!
//! `POST http://h/a?b HTTP/1.1`, `Host: x`, `Content-Length: 3` → target `http://h/a?b`, forwarded as `/a?b` with Host
//! `h` (the authority replaces the value of Host, for rules and origin alike, as in httpd), framing `Length(3)`.
//!
//! Content-Length beside Transfer-Encoding is dropped from the fields, as httpd does: neither rules nor origin see it.

use super::line::{self, RequestLine};
use crate::bytes::{Span, list_elements};
use crate::deviation::{Deviation, Deviations, Stage};
use crate::field::{Field, Known};
use crate::framing::{self, Codings, Framing};
use crate::host;
use crate::lines::Fields;
use crate::policy::{Policies, Policy};
use crate::target::{self, Form, Target};

/// Why and how a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The deviation whose policy refuses it.
    pub deviation: Deviation,
    /// The status of the answer.
    pub status: u16,
    /// When it is refused.
    pub stage: Stage,
}

/// A request head.
#[derive(Debug, Default)]
pub struct RequestHead {
    raw: Vec<u8>,
    line: Span,
    parts: RequestLine,
    target: Target,
    fields: Fields,
    deviations: Deviations,
    refusal: Option<Refusal>,
    framing: Framing,
    keep_alive: bool,
    expects_continue: bool,
    wants_upgrade: bool,
}

impl RequestHead {
    /// The head as it was sent, its final empty line included.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The request line without its end.
    pub fn line(&self) -> &[u8] {
        self.line.of(&self.raw)
    }

    /// The method as sent.
    pub fn method(&self) -> &[u8] {
        self.parts.method.of(&self.raw)
    }

    /// The target as sent.
    pub fn target(&self) -> &[u8] {
        self.parts.target.of(&self.raw)
    }

    /// The version as sent; `HTTP/0.9` when there is none.
    pub fn protocol(&self) -> &[u8] {
        if self.parts.version.is_empty() { b"HTTP/0.9" } else { self.parts.version.of(&self.raw) }
    }

    /// Major and minor version.
    pub fn version(&self) -> (u8, u8) {
        self.parts.number
    }

    /// Whether the request has no version, so that the answer has no head.
    pub fn is_http09(&self) -> bool {
        self.parts.number == (0, 9)
    }

    /// The form of the target.
    pub fn form(&self) -> Form {
        self.target.form
    }

    /// The path of the target, raw; may be empty.
    pub fn path(&self) -> &[u8] {
        self.target.path.of(&self.raw)
    }

    /// What follows the first `?` of the target, raw.
    pub fn query(&self) -> Option<&[u8]> {
        self.target.query.map(|span| span.of(&self.raw))
    }

    /// The header fields in order, duplicates and case kept, as (name, value).
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.fields.list.iter().map(|field| (field.name.of(&self.raw), self.fields.value(&self.raw, field)))
    }

    /// The header fields with their classified names.
    pub fn fields(&self) -> impl Iterator<Item = (Known, &[u8], &[u8])> + Clone {
        self.fields.list.iter().map(|f| (f.known, f.name.of(&self.raw), self.fields.value(&self.raw, f)))
    }

    /// The ranges behind [`RequestHead::fields`]: names are in [`RequestHead::raw`], values too unless folded.
    pub fn field_ranges(&self) -> &[Field] {
        &self.fields.list
    }

    /// The value of the first field of this name.
    pub fn header(&self, name: &[u8]) -> Option<&[u8]> {
        self.headers().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The values of all fields of a known name.
    pub fn known(&self, known: Known) -> impl Iterator<Item = &[u8]> {
        self.fields.values(&self.raw, known)
    }

    /// What deviates.
    pub fn deviations(&self) -> Deviations {
        self.deviations
    }

    /// Whether and how the policies refuse it.
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// How the body is framed.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether the client wants, and its version allows, another request on this connection.
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    pub fn expects_continue(&self) -> bool {
        self.expects_continue
    }

    /// Whether the client asks for another protocol (`Connection: upgrade` and an `Upgrade` field, no body).
    pub fn wants_upgrade(&self) -> bool {
        self.wants_upgrade
    }

    /// The protocols that `Upgrade` names.
    pub fn upgrades(&self) -> impl Iterator<Item = &[u8]> {
        self.known(Known::Upgrade).flat_map(list_elements).filter(|protocol| !protocol.is_empty())
    }

    /// The authority of an absolute target, which takes the place of Host.
    pub fn authority(&self) -> Option<&[u8]> {
        self.target.authority.map(|span| span.of(&self.raw))
    }

    pub(crate) fn field_count(&self) -> usize {
        self.fields.list.len()
    }

    pub(crate) fn shrink(&mut self, keep: usize) {
        if self.raw.capacity() > keep {
            self.clear();
            self.raw = Vec::new();
            self.fields = Fields::default();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.raw.clear();
        self.line = Span::default();
        self.parts = RequestLine::default();
        self.target = Target::default();
        self.fields.clear();
        self.deviations = Deviations::default();
        self.refusal = None;
        self.framing = Framing::None;
        self.keep_alive = false;
        self.expects_continue = false;
        self.wants_upgrade = false;
    }

    pub(crate) fn note(&mut self, deviation: Deviation, policies: &Policies) {
        note(&mut self.deviations, &mut self.refusal, deviation, policies);
    }

    pub(crate) fn set_line(&mut self, unread: &[u8], span: Span, policies: &Policies) {
        let Self { deviations, refusal, .. } = self;
        self.parts = line::parse(unread, span, |d| note(deviations, refusal, d, policies));
        let is_old = self.parts.version.is_empty() && !self.parts.target.is_empty();
        self.line = if is_old { Span { end: self.parts.target.end, ..span } } else { span };
    }

    pub(crate) fn add_line(&mut self, unread: &[u8], span: Span, limit: usize, policies: &Policies) {
        let Self { deviations, refusal, .. } = self;
        self.fields.line(unread, span, limit, |d| note(deviations, refusal, d, policies));
    }

    /// All lines are in: keeps the bytes and derives target, host, framing and connection.
    pub(crate) fn finish(&mut self, bytes: &[u8], policies: &Policies) {
        self.raw.clear();
        self.raw.extend_from_slice(bytes);
        let (mut deviations, mut refusal) = (self.deviations, self.refusal);
        let mut note = |d| note(&mut deviations, &mut refusal, d, policies);
        if !self.line.is_empty() {
            let method = self.parts.method.of(&self.raw);
            self.target = target::analyse(&self.raw, method, self.parts.target, &mut note);
        }
        if self.is_http09() {
            self.fields.clear();
        } else {
            self.settle_host(&mut note);
            let doubtful = self.settle_framing(&mut note);
            self.settle_connection(doubtful, &mut note);
        }
        (self.deviations, self.refusal) = (deviations, refusal);
        if self.refusal.is_some_and(|r| r.stage == Stage::Head) {
            self.keep_alive = false;
        }
    }

    fn settle_host(&mut self, note: &mut impl FnMut(Deviation)) {
        let mut hosts = self.fields.values(&self.raw, Known::Host);
        let first = hosts.next();
        let many = hosts.next().is_some();
        drop(hosts);
        let authority = self.target.authority;
        // The field may have stood in what was not read.
        let limits = [Deviation::OverlongLine, Deviation::OverlongField, Deviation::OverlongHead];
        let cut_short = self.line.is_empty() || limits.into_iter().any(|d| self.deviations.has(d));
        match first {
            None if cut_short => {}
            None if self.parts.number >= (1, 1) => note(Deviation::NoHost),
            // HTTP/1.0 may say nothing about the host, with or without the field.
            Some(b"") if self.parts.number < (1, 1) => {}
            Some(value) if authority.is_none() && !host::is_valid_field(value) => {
                note(Deviation::InvalidHost);
            }
            _ => {}
        }
        if many {
            note(Deviation::ManyHosts);
        }
        if let (Some(authority), Some(field)) =
            (authority, self.fields.list.iter_mut().find(|f| f.known == Known::Host))
        {
            field.value = authority;
            field.folded = false;
        }
    }

    /// Derives the framing; true when another hop may have seen the end of this message elsewhere, so that nothing
    /// may follow it on this connection.
    fn settle_framing(&mut self, note: &mut impl FnMut(Deviation)) -> bool {
        let length = framing::content_length(self.fields.values(&self.raw, Known::ContentLength), &mut *note);
        let has_length = self.fields.list.iter().any(|f| f.known == Known::ContentLength);
        let codings = framing::transfer_codings(self.fields.values(&self.raw, Known::TransferEncoding));
        self.framing = match codings {
            Codings::Absent => length.map_or(Framing::None, Framing::Length),
            Codings::Chunked => Framing::Chunked,
            Codings::ChunkedLast => {
                note(Deviation::OddTransferCoding);
                Framing::Chunked
            }
            Codings::Unknown => {
                note(Deviation::UnknownTransferCoding);
                Framing::None
            }
        };
        if codings == Codings::Absent {
            return false;
        }
        if has_length {
            note(Deviation::ContentLengthWithTransferEncoding);
            self.fields.list.retain(|f| f.known != Known::ContentLength);
        }
        let old = self.parts.number < (1, 1);
        if old {
            note(Deviation::TransferEncodingInHttp10);
        }
        has_length || old
    }

    fn settle_connection(&mut self, doubtful: bool, note: &mut impl FnMut(Deviation)) {
        let (mut close, mut keep, mut upgrade) = (false, false, false);
        for option in self.fields.values(&self.raw, Known::Connection).flat_map(list_elements) {
            close |= option.eq_ignore_ascii_case(b"close");
            keep |= option.eq_ignore_ascii_case(b"keep-alive");
            upgrade |= option.eq_ignore_ascii_case(b"upgrade");
        }
        let modern = self.parts.number >= (1, 1);
        self.keep_alive = !close && (modern || keep) && !doubtful;
        let upgrade = upgrade && modern && self.fields.list.iter().any(|f| f.known == Known::Upgrade);
        let has_body = !matches!(self.framing, Framing::None | Framing::Length(0));
        if upgrade && has_body {
            note(Deviation::UpgradeWithBody);
        }
        let to_http = upgrade && self.upgrades().any(speaks_http);
        if to_http {
            note(Deviation::UpgradeToHttp);
        }
        self.wants_upgrade = upgrade && !has_body && !to_http;
        self.settle_expectation(modern, note);
    }

    fn settle_expectation(&mut self, modern: bool, note: &mut impl FnMut(Deviation)) {
        let (mut expects, mut unknown) = (false, false);
        for value in self.fields.values(&self.raw, Known::Expect) {
            match value {
                b"" => {}
                _ if value.eq_ignore_ascii_case(b"100-continue") => expects = true,
                _ => unknown = true,
            }
        }
        if unknown {
            note(Deviation::UnknownExpectation);
        }
        let has_body = !matches!(self.framing, Framing::None | Framing::Length(0));
        self.expects_continue = expects && modern && has_body;
    }
}

/// Whether what follows such an upgrade may be HTTP again: `h2c`, `HTTP/2.0`, `TLS/1.0` and whatever resembles them.
fn speaks_http(protocol: &[u8]) -> bool {
    let starts = |with: &[u8]| {
        let bare = protocol.strip_prefix(b"\"").unwrap_or(protocol);
        bare.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    starts(b"h2") || starts(b"h3") || starts(b"http") || starts(b"tls") || starts(b"ssl")
}

/// Records a deviation; the first one refused at the earliest stage decides the answer.
fn note(set: &mut Deviations, refusal: &mut Option<Refusal>, deviation: Deviation, policies: &Policies) {
    set.insert(deviation);
    let stage = deviation.stage();
    if policies.get(deviation) == Policy::Reject && refusal.is_none_or(|earlier| stage < earlier.stage) {
        *refusal = Some(Refusal { deviation, status: deviation.status(), stage });
    }
}
