//! HTTP/1.x as bytes, without I/O: readers that keep the message as it was sent and name every deviation, body
//! decoders, and writers that produce one unambiguous message.
//!
//! ```
//! use portcullis_http1::{Inbound, RequestReader, Settings};
//!
//! let mut inbound = Inbound::default();
//! let mut reader = RequestReader::new(Settings::default());
//! inbound.feed(b"GET /a<b HTTP/1.1\r\nHost: h\r\n\r\nnext");
//! let head = reader.read(&mut inbound).expect("the head is complete");
//! assert_eq!(head.target(), b"/a<b");
//! assert_eq!(head.header(b"host"), Some(&b"h"[..]));
//! assert!(head.deviations().has(portcullis_http1::Deviation::UnsafeTargetByte));
//! assert!(head.refusal().is_none());
//! assert_eq!(inbound.unread(), b"next");
//! ```
//!
//! Both sides of the proxy use it: [`RequestReader`] and [`ResponseReader`] for heads, [`BodyDecoder`] for what
//! follows them, [`mod@write`] for what is sent on. It knows no socket, no clock and no rule. Where the meaning of odd
//! bytes is a choice, the choice is that of Apache httpd 2.4 with its default settings, found by asking it; the cases
//! stand in `corpus/http1`.
//!
//! Bet: a head is small, so it is copied once out of the receive buffer and everything else is a range into that
//! copy; both copies are reused from message to message and nothing is allocated per header field.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

mod body;
mod bytes;
mod deviation;
mod field;
mod framing;
mod host;
mod inbound;
mod join;
mod lines;
mod policy;
mod request;
mod response;
mod settings;
mod status;
mod target;
pub mod write;

pub use body::{BodyDecoder, BodyError, BodyLimits, Decoded};
pub use bytes::{Span, list_elements};
pub use deviation::{Deviation, Deviations, Stage};
pub use field::{Field, Known};
pub use framing::Framing;
pub use inbound::Inbound;
pub use join::for_each_joined;
pub use policy::{Policies, Policy, UnsupportedPolicy};
pub use request::{Refusal, RequestHead, RequestReader};
pub use response::{ResponseError, ResponseHead, ResponseReader};
pub use settings::{Limits, Settings};
pub use status::reason;
pub use target::Form;
