//! Requests: the reader that cuts them out of a stream of bytes, and the head it yields.

mod head;
mod line;
mod reader;

pub use head::{Refusal, RequestHead};
pub use reader::RequestReader;
