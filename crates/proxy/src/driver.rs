//! Drives one transaction: feeds it what has come, runs its phases in order, and acts on what it decides.
//!
//! ```text
//! decide ─▶ Ok(destination) ─▶ forward ─▶ phase 5 ─▶ Exchange
//!        └▶ Err(Stop)       ─▶ answer  ─┘
//! ```
//!
//! The order of a request is `decide`: head, refusals of the head, phase 1, refusals of the path, body, phase 2,
//! refusals of forwarding, as httpd has it. What a transaction asks for on the way (`Need`) is had from `needs`.

use std::net::SocketAddr;

use portcullis_engine::{Answer, Costs, Need, Phase, RequestLine, Start, Step, Transaction, Verdict};
use portcullis_http1::{Refusal, RequestHead, Stage};

use crate::budget::Reservation;
use crate::connection::{After, Client};
use crate::forwarding;
use crate::needs;
use crate::observer::{Exchange, Notice, UpstreamShare};
use crate::request_body::RequestBody;
use crate::stopwatch;
use crate::unique_id;
use crate::uploads::{self, StoredFiles};
use crate::worker::{Moment, Worker};

/// One exchange.
pub(crate) struct Driver<'d> {
    pub(crate) worker: &'d Worker,
    pub(crate) head: &'d RequestHead,
    /// In a place of its own: it is some kilobytes, and the driver is moved.
    pub(crate) transaction: Box<Transaction>,
    pub(crate) started: Moment,
    /// What of bodies is held for the rules.
    pub(crate) held: Reservation<'d>,
    /// Phase 3 has begun: it and phase 4 do not run again on an error page.
    pub(crate) is_answering: bool,
    /// The status sent.
    pub(crate) status: Option<u16>,
    pub(crate) body_bytes_sent: u64,
    pub(crate) upstream: Option<UpstreamShare>,
    /// Files of the body that rules look at.
    pub(crate) files: StoredFiles,
    /// Why it failed.
    pub(crate) error: Option<String>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To the origin of the settings.
    Origin,
    /// Where `proxy:` says.
    Url(Vec<u8>),
}

/// Why a request is not forwarded, or an answer not passed on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The rules say so, or a limit they set.
    Verdict(Verdict),
    /// It cannot be done; the rules of the response phases see the error page.
    Error { status: u16, why: String },
    /// Its head is refused: only phases 1 and 5 run.
    Refused { status: u16, why: String },
    /// There is nobody to answer.
    Gone { why: String },
}

/// Serves one request.
pub(crate) async fn run(
    worker: &Worker,
    client: &mut Client<'_>,
    head: &RequestHead,
    timed_out: bool,
) -> After {
    let sent = client.sender.sent;
    let consumed =
        |client: &Client<'_>| client.receiver.received - client.receiver.inbound.unread().len() as u64;
    let before = consumed(client).saturating_sub(head.raw().len() as u64);
    let mut driver = Driver::begin(worker, client, head);
    let mut body = RequestBody::new(head);
    let after = match driver.decide(client, &mut body, timed_out).await {
        Ok(destination) => driver.forward(client, &mut body, &destination).await,
        Err(stop) => driver.stop(&mut client.sender, body.settle(client.receiver.inbound), stop).await,
    };
    driver.conclude().await;
    driver.report(client.sender.sent - sent, consumed(client) - before);
    after
}

impl<'d> Driver<'d> {
    fn begin(worker: &'d Worker, client: &Client<'_>, head: &'d RequestHead) -> Self {
        let started = worker.now();
        let start = Start {
            unique_id: Self::unique_id(worker, client, head, started),
            wall_micros: started.wall_micros,
            utc_offset_seconds: worker.utc_offset(started),
        };
        let mut transaction =
            Box::new(Transaction::new_in(worker.shared.rules.load(), start, worker.workspaces.take()));
        transaction.set_evaluation(worker.settings().evaluation);
        if transaction.times_rules() {
            transaction.set_costs(Box::new(Costs::new(stopwatch::nanos)));
        }
        transaction.connection(Self::real_client(worker, client, head), client.local);
        transaction.request_line(RequestLine {
            raw: head.line(),
            method: head.method(),
            target: head.target(),
            protocol: head.protocol(),
        });
        for (name, value) in head.headers() {
            transaction.request_header(name, value);
        }
        Self {
            worker,
            head,
            transaction,
            started,
            held: worker.bodies.reserve(),
            is_answering: false,
            status: None,
            body_bytes_sent: 0,
            upstream: None,
            files: StoredFiles::default(),
            error: None,
        }
    }

    fn real_client(worker: &Worker, client: &Client<'_>, head: &RequestHead) -> SocketAddr {
        if client.is_trusted {
            forwarding::named_client(head, client.peer, worker.settings())
        } else {
            client.peer
        }
    }

    /// The id a trusted peer gives, where it is asked for and usable; else one of ours.
    fn unique_id(worker: &Worker, client: &Client<'_>, head: &RequestHead, moment: Moment) -> String {
        let field = worker.settings().request_id_field.as_deref().filter(|_| client.is_trusted);
        let given = field.and_then(|field| forwarding::only_field(head, field));
        given.and_then(unique_id::of_peer).unwrap_or_else(|| worker.unique_id(moment))
    }

    /// The field in which the request's id is told, and the id.
    pub(crate) fn told_id(&self) -> Option<(&str, &str)> {
        let field = self.worker.settings().request_id_field.as_deref()?;
        Some((field, self.transaction.unique_id()))
    }

    /// The request phases.
    async fn decide(
        &mut self,
        client: &mut Client<'_>,
        body: &mut RequestBody,
        timed_out: bool,
    ) -> Result<Destination, Stop> {
        let refusal = self.head.refusal();
        let at = |stage: Stage| refusal.filter(|refusal| refusal.stage == stage);
        let verdict = self.phase(Phase::RequestHeaders).await;
        if timed_out {
            let why = "the client stopped in the middle of the request head".to_owned();
            return Err(Stop::Refused { status: 408, why });
        }
        if let Some(refusal) = at(Stage::Head) {
            return Err(Stop::Refused { status: refusal.status, why: explain(refusal) });
        }
        let mut destination = destination(verdict)?;
        if let Some(refusal) = at(Stage::Path) {
            return Err(Stop::Error { status: refusal.status, why: explain(refusal) });
        }
        if destination == Destination::Origin {
            self.inspect_request_body(client, body).await?;
            destination = self::destination(self.phase(Phase::RequestBody).await)?;
            self.rewrite_request_body(body)?;
        }
        if let Some(refusal) =
            at(Stage::Forward).or_else(|| body.refusal(&self.worker.settings().http.policies))
        {
            return Err(Stop::Error { status: refusal.status, why: explain(refusal) });
        }
        Ok(destination)
    }

    /// Runs a phase to its end.
    pub(crate) async fn phase(&mut self, phase: Phase) -> Verdict {
        self.is_answering |= phase == Phase::ResponseHeaders;
        loop {
            match self.transaction.run(phase, self.elapsed_micros()) {
                Step::Done(verdict) => return verdict,
                Step::Need(Need::StoreFiles { contents }) => {
                    let answer = self.store_files(&contents);
                    self.transaction.provide(answer);
                }
                Step::Need(Need::Script { script, argument }) => {
                    let limits = self.worker.settings().timeouts.script_limits();
                    let returned = script.run(argument.as_deref(), &mut *self.transaction, limits);
                    self.transaction.provide(Answer::Script(returned));
                }
                Step::Need(need) => {
                    // Rare and large: kept out of the state of every connection.
                    let answer = Box::pin(needs::answer(self.worker, need, self.started)).await;
                    self.transaction.provide(answer);
                }
            }
        }
    }

    /// Microseconds since the head was complete.
    pub(crate) fn elapsed_micros(&self) -> u64 {
        u64::try_from(self.started.instant.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Remembers why the exchange failed; the first reason counts.
    pub(crate) fn failed(&mut self, why: String) {
        self.error.get_or_insert(why);
    }

    fn store_files(&mut self, contents: &[Vec<u8>]) -> Answer {
        let rules = std::sync::Arc::clone(self.transaction.rule_set());
        let stamp = uploads::stamp(self.started.wall_micros, self.transaction.utc_offset_seconds());
        match StoredFiles::write(contents, rules.settings(), &stamp, self.transaction.unique_id()) {
            Ok(files) => {
                self.files = files;
                Answer::Files(self.files.paths())
            }
            Err(error) => Answer::Failed(error.to_string()),
        }
    }

    /// Phase 5, files that are kept and the collections' changes.
    async fn conclude(&mut self) {
        self.phase(Phase::Logging).await;
        let files = std::mem::take(&mut self.files);
        if let Err(error) = files.settle(&self.transaction, self.started.wall_micros) {
            self.worker.notice(Notice::UploadNotKept { reason: error.to_string() });
        }
        let updates = self.transaction.collection_updates();
        if !updates.is_empty() {
            Box::pin(needs::apply(self.worker, &updates, self.started)).await;
        }
    }

    /// Tells the observer.
    fn report(self, bytes_sent: u64, bytes_received: u64) {
        let duration_micros = self.elapsed_micros();
        let rule_set = std::sync::Arc::clone(self.transaction.rule_set());
        let (record, workspace) = self.transaction.finish_in();
        self.worker.workspaces.give_back(workspace);
        self.worker.shared.observer.exchange(Exchange {
            record,
            rule_set,
            status: self.status,
            bytes_sent,
            bytes_received,
            body_bytes_sent: self.body_bytes_sent,
            duration_micros,
            upstream: self.upstream,
            error: self.error,
        });
    }
}

/// Where a verdict of the request phases sends the request.
fn destination(verdict: Verdict) -> Result<Destination, Stop> {
    match verdict {
        Verdict::Pass => Ok(Destination::Origin),
        Verdict::Proxy { url } => Ok(Destination::Url(url)),
        verdict => Err(Stop::Verdict(verdict)),
    }
}

/// A refusal in words.
pub(crate) fn explain(refusal: Refusal) -> String {
    format!("request refused ({})", refusal.deviation.name())
}
