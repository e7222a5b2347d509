//! The health path: whether this proxy serves, asked by whoever watches over it.
//!
//! `GET /health HTTP/1.1` → `200`, `ok`; 503 once the proxy is draining. No rule runs, the origin is not asked, and no line
//! is written. Only a plain GET or HEAD without a body is such a question: everything else goes the way of every request.

use portcullis_http1::{Framing, RequestHead, write};

use crate::connection::{After, Client, Persistence};
use crate::http_date::http_date;
use crate::settings::Settings;
use crate::worker::Worker;

/// Whether a request asks for it.
pub(crate) fn is_asked(settings: &Settings, head: &RequestHead) -> bool {
    settings.health_path.as_ref().is_some_and(|path| {
        head.target() == path.as_bytes()
            && matches!(head.method(), b"GET" | b"HEAD")
            && head.refusal().is_none()
            && !head.is_http09()
            && head.framing() == Framing::None
    })
}

/// Answers it.
pub(crate) async fn answer(worker: &Worker, client: &mut Client<'_>, head: &RequestHead) -> After {
    let (status, reason, body) =
        if worker.is_draining() { (503, "Service Unavailable", "draining\n") } else { (200, "OK", "ok\n") };
    let persistence = Persistence::new(head, head.keep_alive() && !worker.is_draining());
    let out = &mut *client.sender.out;
    out.clear();
    write::status_line(out, status, reason.as_bytes());
    write::field(out, b"Date", http_date(worker.now().wall_micros.div_euclid(1_000_000)).as_bytes());
    write::field(out, b"Content-Type", b"text/plain");
    write::field(out, b"Cache-Control", b"no-store");
    write::length(out, body.len() as u64);
    persistence.write(out);
    write::end_of_head(out);
    if head.method() == b"GET" {
        out.extend_from_slice(body.as_bytes());
    }
    match client.sender.flush().await {
        Ok(()) => persistence.after(),
        Err(_) => After::Reset,
    }
}
