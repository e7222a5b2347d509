//! Answers of the proxy's own: what the client gets when the rules, the limits, the head or the origin stop a request.
//!
//! The transaction is told about the page as if an origin had sent it, as in httpd: after a failure (404 for `%00`,
//! 502, a body cut off) phases 3 and 4 run on the error page; after an interception they do not, and phase 5 sees it.

use portcullis_engine::{BodyPlan, Phase, Verdict};
use portcullis_http1::Stage;

use crate::connection::{After, Persistence};
use crate::driver::{Driver, Stop};
use crate::error_page::{CONTENT_TYPE, Page};
use crate::link::Sender;

impl Driver<'_> {
    /// Ends a request that is not forwarded. `body_is_read` says whether another request may follow.
    pub(crate) async fn stop(&mut self, client: &mut Sender<'_>, body_is_read: bool, stop: Stop) -> After {
        match stop {
            Stop::Verdict(verdict) => self.answer_verdict(client, body_is_read, verdict, true).await,
            Stop::Error { status, why } => {
                self.failed(why);
                self.answer(client, body_is_read, Page::error(status), true).await
            }
            Stop::Refused { status, why } => {
                self.failed(why);
                self.answer(client, false, Page::error(status), false).await
            }
            Stop::Gone { why } => {
                self.failed(why);
                After::Reset
            }
        }
    }

    /// Answers as a verdict says. Phases 3 and 4 run on the page if `inspect`, unless the engine intercepted.
    pub(crate) async fn answer_verdict(
        &mut self,
        client: &mut Sender<'_>,
        body_is_read: bool,
        verdict: Verdict,
        inspect: bool,
    ) -> After {
        let Some(page) = page_of(verdict) else {
            // httpd shows phase 5 the page it would have sent.
            let page = Page::error(403);
            self.tell_head(&page);
            self.tell_body(&page);
            return After::Reset;
        };
        self.answer(client, body_is_read, page, inspect).await
    }

    async fn answer(
        &mut self,
        client: &mut Sender<'_>,
        body_is_read: bool,
        page: Page,
        inspect: bool,
    ) -> After {
        let pages = self.worker.shared.rules.pages();
        let mut page = page.with_body_of(&pages);
        let verdict = self.inspect_page(&page, inspect && !self.is_answering).await;
        if verdict != Verdict::Pass {
            let Some(replacement) = page_of(verdict) else { return After::Reset };
            page = replacement.with_body_of(&pages);
            self.tell_head(&page);
        }
        let stays = body_is_read && self.head.keep_alive() && !self.worker.is_draining();
        let persistence = Persistence::new(self.head, stays);
        client.out.clear();
        // What has no version because it is no HTTP gets a head all the same.
        let refused = self.head.refusal().is_some_and(|refusal| refusal.stage == Stage::Head);
        if !self.head.is_http09() || refused {
            let server = &self.transaction.rule_set().settings().server_signature;
            page.write_head(client.out, self.worker.now(), self.told_id(), persistence, server);
        }
        let body = if self.head.method() == b"HEAD" { &[][..] } else { page.body.as_slice() };
        self.status = Some(page.status);
        let sent = async {
            client.push(body).await?;
            client.flush().await
        };
        if let Err(error) = sent.await {
            self.failed(format!("the client is gone: {error}"));
            return After::Reset;
        }
        self.body_bytes_sent += body.len() as u64;
        persistence.after()
    }

    /// Shows the transaction a page, and runs the response phases on it if `inspect`.
    async fn inspect_page(&mut self, page: &Page, inspect: bool) -> Verdict {
        self.tell_head(page);
        if inspect {
            let verdict = self.phase(Phase::ResponseHeaders).await;
            if verdict != Verdict::Pass {
                return verdict;
            }
        }
        self.tell_body(page);
        if inspect { self.phase(Phase::ResponseBody).await } else { Verdict::Pass }
    }

    fn tell_head(&mut self, page: &Page) {
        self.transaction.response_head(b"HTTP/1.1", page.asked, page.reason().as_bytes());
        if let Some(location) = &page.location {
            self.transaction.response_header(b"Location", location);
        }
        if !page.body.is_empty() {
            self.transaction.response_header(b"Content-Length", page.body.len().to_string().as_bytes());
            self.transaction.response_header(b"Content-Type", CONTENT_TYPE);
        }
    }

    fn tell_body(&mut self, page: &Page) {
        let limit = self.transaction.rule_set().settings().response_body_limit;
        // A limit below the size of an error page would only replace one error page by another.
        if page.body.len() as u64 <= limit && self.transaction.response_body_plan() == BodyPlan::Inspect {
            let _ = self.transaction.response_body(&page.body);
        }
        let _ = self.transaction.response_body_end();
    }
}

/// The page a verdict asks for; `None` when the connection is to be cut.
fn page_of(verdict: Verdict) -> Option<Page> {
    match verdict {
        Verdict::Drop => None,
        Verdict::Deny { status } => Some(Page::error(status)),
        Verdict::Redirect { status, location } => Some(Page::redirect(status, location)),
        // The engine gives neither where an answer is due.
        Verdict::Pass | Verdict::Proxy { .. } => Some(Page::error(500)),
    }
}
