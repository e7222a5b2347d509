//! Bodies: decoders that hand out the decoded bytes of a message, whatever its framing.

mod chunked;
mod decoder;

pub use decoder::{BodyDecoder, BodyError, BodyLimits, Decoded};
