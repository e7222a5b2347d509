//! The response as one transaction knows it, and what of its body is inspected.
//!
//! The driver gives head and fields, asks for a [`BodyPlan`] after phase 3 and, when the body is to be inspected, feeds
//! it (decompressed where the origin compressed it) before phase 4. (spec: engine, "Response body")

use crate::arena::{Arena, Text};
use crate::header_names::HeaderIndex;
use crate::parsed_response::ParsedBody;
use crate::record::EngineMode;
use crate::request::Pair;
use crate::settings::LimitAction;
use crate::transaction::Transaction;
use crate::verdict::{BodyPlan, BodyProgress, Verdict};

/// The response.
#[derive(Debug, Default)]
pub(crate) struct Response {
    pub(crate) protocol: Option<Text>,
    pub(crate) status: u16,
    pub(crate) reason: Vec<u8>,
    pub(crate) status_line: Option<Text>,
    pub(crate) headers: Vec<Pair>,
    pub(crate) header_index: HeaderIndex,
    /// The body as inspected so far.
    pub(crate) body: Vec<u8>,
    /// RESPONSE_BODY: empty, not absent, when nothing was inspected.
    pub(crate) body_text: Option<Text>,
    pub(crate) over_limit: bool,
    /// What a processor made of the body.
    pub(crate) parsed: ParsedBody,
    inspecting: bool,
    /// It would be inspected and is announced to have no byte.
    is_empty: bool,
}

impl Response {
    /// A response of which nothing is known, with an empty list for its fields.
    pub(crate) fn with_room(headers: Vec<Pair>) -> Self {
        Self { headers, ..Self::default() }
    }

    pub(crate) fn set_head(&mut self, arena: &mut Arena, protocol: &[u8], status: u16, reason: &[u8]) {
        self.protocol = Some(arena.push(protocol));
        self.status = status;
        self.reason = reason.to_vec();
        let line = arena.push_number(status);
        let line = arena.extend(line, b" ");
        self.status_line = Some(arena.extend(line, reason));
        self.headers.clear();
        self.header_index = HeaderIndex::default();
    }

    /// The first header field of a name.
    pub(crate) fn header<'a>(&self, arena: &'a Arena, name: &[u8]) -> Option<&'a [u8]> {
        self.headers.iter().find(|h| arena.get(h.name).eq_ignore_ascii_case(name)).map(|h| arena.get(h.value))
    }

    /// The value of Content-Type, parameters included.
    pub(crate) fn content_type(&self, arena: &Arena) -> Option<Text> {
        self.headers.iter().find(|h| arena.get(h.name).eq_ignore_ascii_case(b"content-type")).map(|h| h.value)
    }
}

impl Transaction {
    /// Whether the answer is out and is of a kind that has no body.
    pub(crate) fn is_sent_without_body(&self) -> bool {
        self.cursor.phase == Some(crate::Phase::Logging) && matches!(self.response.status, 204 | 304)
    }

    /// The answer that the driver gives because a rule intercepted the exchange (an error page, a redirect): what rules
    /// of phase 5 see. RESPONSE_STATUS stays what the rule asked for, and a response body that was inspected stays too.
    ///
    /// An answer of the driver's own that no rule caused (400 for a path or a body, 413, 502) is no local reply in this
    /// sense: as in httpd it takes the way of an origin's answer, through `response_head`, phase 3 and phase 4.
    pub fn local_reply<'h>(
        &mut self,
        status: u16,
        reason: &[u8],
        headers: impl Iterator<Item = (&'h [u8], &'h [u8])>,
        body: &[u8],
    ) {
        let shown = self.interception.as_ref().map_or(status, |_| self.response.status);
        let origin_answered = self.response.protocol.is_some();
        self.response_head(b"HTTP/1.1", status, reason);
        self.response.status = shown;
        for (name, value) in headers {
            self.response_header(name, value);
        }
        if !origin_answered {
            self.response.body_text = Some(self.arena.push(body));
        }
    }

    /// What the driver does with the response body; asked once, after phase 3.
    pub fn response_body_plan(&mut self) -> BodyPlan {
        if self.control.engine == EngineMode::Off
            || !self.control.response_body_access
            || !self.type_is_inspected()
        {
            self.trace_unread_response();
            return BodyPlan::Skip;
        }
        let announced = self
            .response
            .header(&self.arena, b"Content-Length")
            .and_then(|v| std::str::from_utf8(v).ok())
            .and_then(|v| v.trim().parse::<u64>().ok());
        if announced == Some(0) {
            self.response.is_empty = true;
            return BodyPlan::Skip;
        }
        let limit = self.control.response_body_limit;
        if let Some(length) = announced.filter(|length| *length > limit) {
            self.response.over_limit = true;
            if self.rejects_response_over_limit() {
                self.notice(1, format!("Output filter: Content-Length ({length}) over the limit ({limit})."));
                self.response.status = 500;
                return BodyPlan::Reject(Verdict::Deny { status: 500 });
            }
        }
        if self.response.over_limit {
            self.trace_partial_response();
        }
        self.response.inspecting = true;
        BodyPlan::Inspect
    }

    /// The next bytes of the response body, decompressed.
    pub fn response_body(&mut self, chunk: &[u8]) -> BodyProgress {
        if !self.response.inspecting {
            return BodyProgress::Enough;
        }
        let limit = usize::try_from(self.control.response_body_limit).unwrap_or(usize::MAX);
        let room = limit.saturating_sub(self.response.body.len());
        if chunk.len() <= room {
            self.response.body.extend_from_slice(chunk);
            return BodyProgress::Continue;
        }
        self.response.over_limit = true;
        if self.rejects_response_over_limit() {
            self.notice(
                1,
                format!(
                    "Output filter: Response body too large (over limit of {limit}, total not specified)."
                ),
            );
            self.response.inspecting = false;
            self.response.status = 500;
            return BodyProgress::Reject(Verdict::Deny { status: 500 });
        }
        if self.response.body.len() < limit {
            self.trace_partial_response();
        }
        self.response.body.extend_from_slice(chunk.get(..room).unwrap_or_default());
        BodyProgress::Enough
    }

    /// The response body has ended, or there is none to inspect; call it before phase 4 in any case.
    pub fn response_body_end(&mut self) -> BodyProgress {
        if self.response.inspecting {
            let length = self.response.body.len();
            self.debug(4, |_| {
                format!("Output filter: Completed receiving response body (buffered full - {length} bytes).")
            });
        }
        let was_read = std::mem::take(&mut self.response.inspecting) || self.response.is_empty;
        let body = self.arena.push(&self.response.body);
        self.response.body_text = Some(body);
        if was_read {
            self.parse_response_body();
            self.fill_output_stream(body);
        }
        BodyProgress::Continue
    }

    fn rejects_response_over_limit(&self) -> bool {
        self.control.engine == EngineMode::On
            && self.rules.settings.response_body_limit_action == LimitAction::Reject
    }

    /// `SecResponseBodyMimeType`: compared in lower case without parameters; `ctl:forceResponseBodyVariable` takes every type.
    fn type_is_inspected(&self) -> bool {
        if self.control.force_response_body {
            return true;
        }
        let types = self.rules.settings.response_body_mime_types.as_deref();
        let Some(content_type) = self.response.content_type(&self.arena) else {
            return types.is_some_and(|types| types.iter().any(|t| t == b"null"));
        };
        let full = self.arena.get(content_type);
        let bare = full.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
        match types {
            Some(types) => types.iter().any(|t| t.eq_ignore_ascii_case(bare)),
            None => bare.eq_ignore_ascii_case(b"text/plain") || bare.eq_ignore_ascii_case(b"text/html"),
        }
    }
}
