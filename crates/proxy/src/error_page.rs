//! Answers that the proxy makes itself: error pages and redirects.
//!
//! `Page::error(403)` → status 403, `Content-Type: text/html`, a page that says "Forbidden" and nothing else: a client
//! never learns which rule, product or version stopped it. The statuses are those httpd knows; a rule that asks for
//! another one is answered 500, as httpd does. (spec: actions, `deny`)

use portcullis_http1::{reason, write};

use crate::connection::Persistence;
use crate::error_pages::ErrorPages;
use crate::http_date::http_date;
use crate::worker::Moment;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The status sent.
    pub(crate) status: u16,
    /// The status rules see and logs show: what was asked for, also where the client gets 500 instead.
    pub(crate) asked: u16,
    /// The value of `Location`.
    pub(crate) location: Option<Vec<u8>>,
    /// The body; empty for statuses without one.
    pub(crate) body: Vec<u8>,
}

/// The type of every page.
pub(crate) const CONTENT_TYPE: &[u8] = b"text/html; charset=utf-8";

impl Page {
    /// An error page.
    pub(crate) fn error(asked: u16) -> Self {
        // 1xx would be taken for an interim answer, and the client would wait for ever.
        let status = if asked >= 200 && reason(asked).is_some() { asked } else { 500 };
        let asked = if asked >= 600 { 500 } else { asked };
        let body = if matches!(status, 204 | 304) { Vec::new() } else { page(status, b"") };
        Self { status, asked, location: None, body }
    }

    /// A redirect.
    pub(crate) fn redirect(status: u16, location: Vec<u8>) -> Self {
        let mut link = b"<p>The document has moved <a href=\"".to_vec();
        escape(&location, &mut link);
        link.extend_from_slice(b"\">here</a>.</p>\n");
        Self { status, asked: status, body: page(status, &link), location: Some(location) }
    }

    /// With the site's own body for its status, where the site has one.
    pub(crate) fn with_body_of(mut self, pages: &ErrorPages) -> Self {
        if let Some(body) = pages.get(self.status).filter(|_| !self.body.is_empty()) {
            self.body = body.to_vec();
        }
        self
    }

    /// Appends its head, with the request's id where that is told. `server` is what `SecServerSignature` says, empty where
    /// the site says nothing.
    pub(crate) fn write_head(
        &self,
        out: &mut Vec<u8>,
        now: Moment,
        id: Option<(&str, &str)>,
        persistence: Persistence,
        server: &[u8],
    ) {
        write::status_line(out, self.status, self.reason().as_bytes());
        write::field(out, b"Date", http_date(now.wall_micros.div_euclid(1_000_000)).as_bytes());
        if !server.is_empty() {
            write::field(out, b"Server", server);
        }
        if let Some(location) = &self.location {
            write::field(out, b"Location", location);
        }
        if !self.body.is_empty() {
            write::field(out, b"Content-Type", CONTENT_TYPE);
            write::length(out, self.body.len() as u64);
        }
        if let Some((field, id)) = id {
            write::field(out, field.as_bytes(), id.as_bytes());
        }
        persistence.write(out);
        write::end_of_head(out);
    }

    /// The text of its status.
    pub(crate) fn reason(&self) -> &'static str {
        reason(self.status).unwrap_or_default()
    }
}

fn page(status: u16, more: &[u8]) -> Vec<u8> {
    let text = reason(status).unwrap_or_default();
    let mut page = format!(
        "<!DOCTYPE html>\n<html><head>\n<title>{status} {text}</title>\n</head><body>\n<h1>{text}</h1>\n"
    )
    .into_bytes();
    page.extend_from_slice(more);
    page.extend_from_slice(b"</body></html>\n");
    page
}

fn escape(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            // Bytes of an unknown character set could open a tag in some browser's eyes.
            0x20..=0x7e => out.push(byte),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn statuses_httpd_has_no_text_for_become_500_for_the_client_only() {
        for (asked, sent, shown) in [
            (403, 403, 403),
            (418, 500, 418),
            (444, 500, 444),
            (999, 500, 500),
            (100, 500, 100),
            (429, 429, 429),
            (200, 200, 200),
        ] {
            let page = Page::error(asked);
            assert_eq!((page.status, page.asked), (sent, shown), "{asked}");
            assert!(!page.body.is_empty());
        }
        assert!(Page::error(204).body.is_empty());
        let body = String::from_utf8(Page::error(403).body).unwrap();
        assert!(body.contains("<h1>Forbidden</h1>") && !body.to_lowercase().contains("portcullis"), "{body}");
    }

    #[test]
    fn a_location_cannot_break_out_of_the_page() {
        let page = Page::redirect(302, b"http://h/\"><script>\xe9".to_vec());
        let body = String::from_utf8(page.body).unwrap();
        assert!(body.contains("href=\"http://h/&quot;&gt;&lt;script&gt;%E9\""), "{body}");
    }
}
