//! What is derived from the head of the request before phase 1: server name, body processor, cookies, query arguments.

use std::ops::ControlFlow;

use crate::request::{Origin, Pair};
use crate::trace::TraceStep;
use crate::transaction::Transaction;

impl Transaction {
    pub(crate) fn begin_request(&mut self) {
        self.set_server_name();
        self.choose_processor();
        self.body.error_message = crate::arena::Text::EMPTY;
        self.read_cookies();
        if let Some(query) = self.request.query {
            let query = self.arena.get(query).to_vec();
            self.add_urlencoded(&query, Origin::Query);
        }
    }

    /// Phase 1 is over and has not ended the request: the path is decoded.
    pub(crate) fn leave_request_headers(&mut self) {
        if self.interception.is_none() {
            self.request.decode_path(&mut self.arena);
        }
    }

    /// The authority of the target, or the Host header, without its port and the brackets of an IPv6 address.
    fn set_server_name(&mut self) {
        let arena = &self.arena;
        let host = self
            .request
            .authority
            .or_else(|| {
                let headers = &self.request.headers;
                headers.iter().find(|h| arena.get(h.name).eq_ignore_ascii_case(b"host")).map(|h| h.value)
            })
            .unwrap_or_default();
        let bytes = arena.get(host);
        self.request.server_name = match bytes.first() {
            Some(b'[') => host.slice(1, memchr::memchr(b']', bytes).unwrap_or(bytes.len())),
            _ => host.slice(0, memchr::memchr(b':', bytes).unwrap_or(bytes.len())),
        };
    }

    /// By a prefix of Content-Type in any case; JSON and XML are chosen by rules (`ctl:requestBodyProcessor`).
    fn choose_processor(&mut self) {
        let content_type = self.request.header(&self.arena, b"Content-Type").unwrap_or_default();
        let begins =
            |prefix: &[u8]| content_type.get(..prefix.len()).is_some_and(|c| c.eq_ignore_ascii_case(prefix));
        let name: &[u8] = if begins(b"application/x-www-form-urlencoded") {
            b"URLENCODED"
        } else if begins(b"multipart/form-data") {
            b"MULTIPART"
        } else {
            b""
        };
        self.request.set_processor(name);
    }

    fn read_cookies(&mut self) {
        let rules = std::sync::Arc::clone(&self.rules);
        let settings = &rules.settings;
        for index in 0..self.request.headers.len() {
            let Some(header) = self.request.headers.get(index).copied() else { break };
            if !self.arena.get(header.name).eq_ignore_ascii_case(b"cookie") {
                continue;
            }
            let value = self.arena.get(header.value).to_vec();
            let mut each = |name: &[u8], value: &[u8]| {
                self.trace_pair(5, name, value, |name, value| TraceStep::Cookie { name, value });
                let pair = Pair { name: self.arena.push(name), value: self.arena.push(value) };
                self.request.cookies.push(pair);
                ControlFlow::Continue(())
            };
            if settings.cookie_format_v1 {
                portcullis_bodies::cookies_v1(&value, &mut each);
            } else {
                portcullis_bodies::cookies_v0(&value, settings.cookie_v0_separator, &mut each);
            }
        }
    }
}
