//! Feeds a transaction what a compressed request body says, while the origin gets the bytes as they were sent.
//!
//! `Content-Encoding: gzip` and the pieces of a gzip stream → the pieces of the text. gzip, deflate, br and zstd are
//! known. What is not what it claims to be, ends early, or becomes too large is an error of the body that rules see
//! (`REQBODY_ERROR`), and so are several codings, one of them known: the origin might undo what the rules could not.
//! A body of a coding nobody knows is inspected as it came.
//!
//! A few bytes may stand for gigabytes: a body may become as many times larger as the settings say, and never more than
//! the rules' own limit lets it (`SecRequestBodyLimit` counts decompressed bytes). Work and memory are bounded by that.

use portcullis_engine::{BodyProgress, Transaction};
use portcullis_http1::{RequestHead, list_elements};

use crate::decompress::{Decompressor, Outcome, is_identity};

/// What a body may become whatever the ratio: small texts compress best.
const FREE: u64 = 1 << 20;
/// Codings that an origin is likely to undo.
const KNOWN: [&[u8]; 5] = [b"gzip", b"x-gzip", b"deflate", b"br", b"zstd"];

/// How one request body is inspected.
pub(crate) enum RequestInspection {
    /// As it comes.
    Plain,
    /// Decompressed.
    Decoding(Box<Decoding>),
    /// Not at all: its codings cannot be undone.
    Unknown,
    /// Not further: an error has been told.
    Broken,
}

/// A body being decompressed.
pub(crate) struct Decoding {
    decompressor: Decompressor,
    ratio: u64,
    taken: u64,
    produced: u64,
}

impl RequestInspection {
    /// For a request whose body may become `ratio` times larger; 0 leaves bodies as they are.
    pub(crate) fn new(head: &RequestHead, ratio: u64) -> Self {
        let fields = head.headers().filter(|(name, _)| name.eq_ignore_ascii_case(b"content-encoding"));
        let codings = fields.flat_map(|(_, value)| list_elements(value));
        let codings: Vec<&[u8]> = codings.filter(|coding| !is_identity(coding)).collect();
        let known = |coding: &&[u8]| KNOWN.iter().any(|known| coding.eq_ignore_ascii_case(known));
        match codings.as_slice() {
            _ if ratio == 0 => Self::Plain,
            [coding] if known(coding) => match Decompressor::new(coding, 0) {
                Some(decompressor) => {
                    Self::Decoding(Box::new(Decoding { decompressor, ratio, taken: 0, produced: 0 }))
                }
                None => Self::Unknown,
            },
            several if several.iter().any(known) => Self::Unknown,
            _ => Self::Plain,
        }
    }

    /// The next bytes of the body.
    pub(crate) fn feed(&mut self, transaction: &mut Transaction, piece: &[u8]) -> BodyProgress {
        let failure = match self {
            Self::Plain => return transaction.request_body(piece),
            Self::Broken => return BodyProgress::Enough,
            Self::Unknown => "several content codings".to_owned(),
            Self::Decoding(decoding) => match decoding.feed(transaction, piece) {
                Ok(progress) => return progress,
                Err(reason) => reason,
            },
        };
        self.fail(transaction, &failure)
    }

    /// The body has ended.
    pub(crate) fn end(&mut self, transaction: &mut Transaction) {
        if let Self::Decoding(decoding) = self
            && decoding.taken > 0
            && !decoding.decompressor.is_at_end()
        {
            self.fail(transaction, "it ends early");
        }
    }

    fn fail(&mut self, transaction: &mut Transaction, reason: &str) -> BodyProgress {
        *self = Self::Broken;
        transaction.request_body_undecodable(reason);
        BodyProgress::Enough
    }
}

impl Decoding {
    fn feed(&mut self, transaction: &mut Transaction, piece: &[u8]) -> Result<BodyProgress, String> {
        self.taken += piece.len() as u64;
        let most = self.taken.saturating_mul(self.ratio).max(FREE);
        self.decompressor.allow(most.saturating_sub(self.produced));
        let (mut progress, mut produced) = (BodyProgress::Continue, 0);
        let outcome = self.decompressor.feed(piece, |bytes| {
            produced = bytes.len() as u64;
            progress = transaction.request_body(bytes);
        });
        self.produced += produced;
        match outcome {
            _ if progress != BodyProgress::Continue => Ok(progress),
            Outcome::Good => Ok(progress),
            Outcome::Full => Err(format!("it becomes more than {} times larger", self.ratio)),
            Outcome::Broken { reason, .. } => Err(reason),
        }
    }
}
