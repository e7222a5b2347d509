//! Feeds a transaction what a response body says, decompressed where the origin compressed it.

use portcullis_engine::{BodyProgress, Transaction};

use crate::decompress::{Decompressor, Outcome, is_identity};
use crate::observer::Notice;
use crate::worker::Worker;

/// How one body is inspected.
pub(crate) struct Inspection<'w> {
    worker: &'w Worker,
    coding: String,
    /// `None`: the bytes are fed as they come.
    decompressor: Option<Decompressor>,
}

impl<'w> Inspection<'w> {
    /// For a body with this `Content-Encoding`.
    pub(crate) fn new(worker: &'w Worker, coding: &[u8], limit: u64) -> Self {
        let shown = || String::from_utf8_lossy(coding).into_owned();
        if is_identity(coding) {
            return Self { worker, coding: String::new(), decompressor: None };
        }
        let inspection = Self { worker, coding: shown(), decompressor: Decompressor::new(coding, limit) };
        if inspection.decompressor.is_none() {
            inspection.tell("the coding is not known; rules see the compressed bytes");
        }
        inspection
    }

    /// The next bytes of the body; `held` is everything so far, these included.
    pub(crate) fn feed(&mut self, transaction: &mut Transaction, piece: &[u8], held: &[u8]) -> BodyProgress {
        let Some(decompressor) = &mut self.decompressor else { return transaction.response_body(piece) };
        let mut progress = BodyProgress::Continue;
        let outcome = decompressor.feed(piece, |bytes| progress = transaction.response_body(bytes));
        match outcome {
            Outcome::Good => progress,
            // The engine has been given more than its limit and has said what follows from that.
            Outcome::Full if progress == BodyProgress::Continue => BodyProgress::Enough,
            Outcome::Full => progress,
            Outcome::Broken { reason, from_the_start: true } => {
                self.tell(&format!("{reason}; rules see the bytes as they came"));
                self.decompressor = None;
                transaction.response_body(held)
            }
            Outcome::Broken { reason, .. } => {
                self.tell(&reason);
                if progress == BodyProgress::Continue { BodyProgress::Enough } else { progress }
            }
        }
    }

    fn tell(&self, reason: &str) {
        self.worker
            .notice(Notice::NotDecompressed { coding: self.coding.clone(), reason: reason.to_owned() });
    }
}
