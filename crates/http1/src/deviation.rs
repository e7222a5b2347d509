//! Every way in which a message departs from plain HTTP/1.1 that this reader notices: name, what Apache httpd 2.4
//! answers, the policies offered (the first is the default), and the attack that a strict policy stops.
//!
//! `X : a` → [`Deviation::SpaceBeforeColon`], 400, `reject` or `normalise`. Settings, documentation and logs are made
//! from this one table.

use crate::policy::Policy::{self, Normalise, Pass, Reject};

/// When a refused message is refused: httpd finds some faults while reading the head, others only when it maps the
/// path, and others when it forwards; rules of the phases before that have run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// While reading the head: nothing after it can be trusted.
    Head,
    /// When the path is mapped, after phase 1: the body is not inspected.
    Path,
    /// When the request would be forwarded, after phase 2.
    Forward,
}

macro_rules! deviations {
    ($($variant:ident $name:literal $status:literal $stage:ident [$($policy:ident),+] $attack:literal;)+) => {
        /// A departure from plain HTTP/1.1.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Deviation {
            $(#[doc = $attack] $variant,)+
        }

        impl Deviation {
            /// All of them, in table order.
            pub const ALL: [Deviation; Deviation::COUNT] = [$(Deviation::$variant,)+];
            /// How many there are.
            pub const COUNT: usize = [$($name,)+].len();

            /// Its name in settings and logs.
            pub fn name(self) -> &'static str {
                match self { $(Deviation::$variant => $name,)+ }
            }

            /// The status of a refusal.
            pub fn status(self) -> u16 {
                match self { $(Deviation::$variant => $status,)+ }
            }

            /// When it is refused.
            pub fn stage(self) -> Stage {
                match self { $(Deviation::$variant => Stage::$stage,)+ }
            }

            /// The policies offered, the default first.
            pub fn policies(self) -> &'static [Policy] {
                match self { $(Deviation::$variant => &[$($policy),+],)+ }
            }

            /// What it is and the attack that refusing or normalising it stops.
            pub fn attack(self) -> &'static str {
                match self { $(Deviation::$variant => $attack,)+ }
            }
        }
    };
}

deviations! {
    IncompleteHead "incomplete-head" 400 Head [Reject] "A head cut off by the client: nobody knows what it would have said.";
    EmptyLineBefore "empty-line-before" 400 Head [Normalise, Reject] "Empty lines before the request line: left over from a body that two readers measured differently.";
    TooManyEmptyLines "too-many-empty-lines" 400 Head [Reject] "More empty lines before the request line than the limit: work for nothing.";
    BareLf "bare-lf" 400 Head [Reject, Normalise] "A line ended by LF without CR: readers that insist on CRLF see one line where others see two, which hides or injects header fields.";
    BareCr "bare-cr" 400 Head [Reject] "A CR that is not part of a line end: some readers end the line there, which injects header fields.";
    Nul "nul" 400 Head [Reject] "A NUL byte in the head: C string handling cuts the value there, so rules and origin see different values.";
    ControlByte "control-byte" 400 Head [Reject] "A control byte in the request line or a header field: terminals, logs and lenient parsers give it meaning.";
    MalformedRequestLine "malformed-request-line" 400 Head [Reject] "A request line that is not METHOD SP TARGET SP VERSION: readers split it differently and see different targets.";
    InvalidMethod "invalid-method" 400 Head [Reject] "A method with bytes that are not of a token: a way to smuggle prefixes past method checks.";
    UnknownVersion "unknown-version" 400 Head [Reject] "A version that is not HTTP/digit.digit of major 1 or more: readers fall back to HTTP/0.9 or 1.0 rules for connection and framing.";
    NewerVersion "newer-version" 505 Head [Pass, Reject] "A version above HTTP/1.1 in HTTP/1 syntax, which httpd answers as HTTP/1.1; refusing it stops scanners that probe for parser differences.";
    Http09 "http-0.9" 400 Head [Pass, Reject] "A request line without version: the answer has no head, so whatever the origin sends is taken at face value (cache poisoning, protocol confusion).";
    InvalidTarget "invalid-target" 400 Head [Reject] "A target in none of the forms the method allows: routing and rules disagree about what is asked for.";
    NonAsciiTarget "non-ascii-target" 400 Head [Pass, Reject] "Bytes above 0x7F in the target: origins decode them in different character sets (best-fit and overlong encodings).";
    UnsafeTargetByte "unsafe-target-byte" 400 Head [Pass, Reject] "Bytes that must be percent-encoded in a target (<>\"{}|\\^`): unencoded payloads and reflected markup.";
    Fragment "fragment" 400 Head [Reject] "A # in the target: some readers cut the target there and others do not, which bypasses path rules.";
    AbsoluteForm "absolute-form" 400 Head [Normalise, Reject] "A target with scheme and authority: its host may differ from the Host field, so routing and rules may look at different hosts.";
    AuthorityForm "authority-form" 405 Forward [Reject] "A CONNECT request: a tunnel through the firewall to wherever the client likes.";
    AsteriskForm "asterisk-form" 400 Head [Pass, Reject] "A target of *: it names no resource, so rules for paths do not apply.";
    UnknownScheme "unknown-scheme" 400 Path [Reject] "An absolute target whose scheme is neither http nor https: makes a careless origin fetch other protocols.";
    AboveRoot "above-root" 400 Path [Reject, Pass] "Dot segments that climb above the root: path traversal in origins that resolve them late.";
    InvalidEscape "invalid-escape" 400 Path [Reject, Pass] "A percent sign in the path without two hex digits: decoders disagree about the bytes.";
    NulEscape "nul-escape" 404 Path [Reject, Pass] "An encoded NUL in the path: cuts file names in C programs (file.jsp%00.html).";
    EncodedSlash "encoded-slash" 404 Path [Pass, Reject] "An encoded slash in the path: origins that decode before routing see another path.";
    NoHost "no-host" 400 Head [Reject, Pass] "HTTP/1.1 without Host: the request lands on whatever site is the default.";
    ManyHosts "many-hosts" 400 Head [Reject] "Several Host fields: rules, caches and origin may each choose another one.";
    InvalidHost "invalid-host" 400 Head [Reject, Pass] "A Host that is not a host name or address with an optional port: host header injection in links and caches.";
    ObsFold "obs-fold" 400 Head [Normalise, Reject] "A header field continued on the next line: readers without folding see a different field or an extra one.";
    BlankFold "blank-fold" 400 Head [Reject] "A continuation line of blanks only: read as the end of the head by some.";
    FoldWithoutField "fold-without-field" 400 Head [Reject] "A continuation line before the first field: ignored by some readers, part of the request line to others.";
    SpaceBeforeColon "space-before-colon" 400 Head [Reject, Normalise] "Blanks between field name and colon: some readers ignore the field, others obey it (Transfer-Encoding : chunked).";
    MissingColon "missing-colon" 400 Head [Reject] "A header line without colon: ignored by some, the end of the head to others.";
    InvalidNameByte "invalid-name-byte" 400 Head [Reject] "A field name that is empty or holds bytes that are not of a token: hidden Transfer-Encoding and Content-Length fields.";
    UnderscoreAlias "underscore-alias" 400 Head [Pass, Reject] "A framing field spelled with underscores (Transfer_Encoding, Content_Length): CGI-like origins read both spellings as one variable.";
    OverlongLine "overlong-line" 414 Head [Reject] "A request line beyond the limit: memory.";
    OverlongField "overlong-field" 400 Head [Reject] "A header field beyond the limit: memory.";
    OverlongHead "overlong-head" 431 Head [Reject] "A head beyond the limit: memory.";
    TooManyFields "too-many-fields" 400 Head [Reject] "More header fields than the limit: memory, and superlinear work in origins.";
    UnknownExpectation "unknown-expectation" 417 Head [Reject] "An Expect that is not 100-continue: the client waits for something that never comes, or desynchronises.";
    InvalidContentLength "invalid-content-length" 400 Head [Reject] "A Content-Length that is not a plain decimal number: +5, 0x5 and 5,5 are read differently everywhere.";
    DuplicateContentLength "duplicate-content-length" 400 Head [Reject, Normalise] "The same Content-Length twice: a reader that joins or picks them may still disagree.";
    ConflictingContentLength "conflicting-content-length" 400 Head [Reject] "Different Content-Length values: each reader ends the body elsewhere (CL.CL smuggling).";
    ContentLengthWithTransferEncoding "content-length-with-transfer-encoding" 400 Head [Normalise, Reject] "Both framings: front and back may each obey the other one (CL.TE and TE.CL smuggling). Transfer-Encoding wins and Content-Length is not forwarded.";
    TransferEncodingInHttp10 "transfer-encoding-in-http-1.0" 400 Head [Normalise, Reject] "Chunked in HTTP/1.0: an older hop did not understand it and measured the body differently. The connection is closed afterwards.";
    UnknownTransferCoding "unknown-transfer-coding" 400 Head [Reject] "A Transfer-Encoding whose last coding is not chunked: the end of the body is anybody's guess (TE.TE smuggling).";
    OddTransferCoding "odd-transfer-coding" 500 Forward [Reject] "Codings before chunked (gzip, chunked; chunked, chunked): the origin would see other bytes than the rules.";
    UpgradeWithBody "upgrade-with-body" 400 Head [Normalise, Reject] "An upgrade request with a body: body bytes may be taken for the new protocol. The upgrade is not forwarded.";
    UpgradeToHttp "upgrade-to-http" 400 Head [Normalise, Reject] "An upgrade to HTTP/2 or to TLS (h2c): requests inside the tunnel are never seen by the rules. The upgrade is not forwarded.";
    ChunkExtension "chunk-extension" 400 Forward [Normalise, Reject] "Text behind a chunk size: line-end tricks in it end the chunk header elsewhere. It is never forwarded.";
    Trailers "trailers" 400 Forward [Normalise, Reject] "Fields behind a chunked body: merged into the header they override what rules have seen. Those of requests are never forwarded.";
}

/// A set of deviations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deviations(u64);

const _: () = assert!(Deviation::COUNT <= 64, "the set is one word");

impl Deviations {
    /// Adds one.
    pub fn insert(&mut self, deviation: Deviation) {
        self.0 |= 1 << deviation as u32;
    }

    /// Whether one is in the set.
    pub fn has(self, deviation: Deviation) -> bool {
        self.0 & (1 << deviation as u32) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in the set, in table order.
    pub fn iter(self) -> impl Iterator<Item = Deviation> {
        Deviation::ALL.into_iter().filter(move |&d| self.has(d))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_deviation_offers_a_policy() {
        for (at, deviation) in Deviation::ALL.iter().enumerate() {
            assert_eq!(*deviation as usize, at);
            assert!(!deviation.policies().is_empty());
            assert!(deviation.policies().contains(&Policy::Reject), "{}", deviation.name());
            assert_eq!(Deviation::ALL.iter().filter(|d| d.name() == deviation.name()).count(), 1);
            assert!((400..=505).contains(&deviation.status()));
        }
    }
}
