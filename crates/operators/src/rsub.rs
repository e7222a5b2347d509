//! `@rsub`: declared here, done by the engine and its driver.
//!
//! The argument is `s/RX/TEXT/flags`; it rewrites STREAM_INPUT_BODY or STREAM_OUTPUT_BODY, so it changes the transaction. This record only says that the operator exists and what it needs; nothing is compiled. Reference Manual: `rsub`.

use crate::{External, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "rsub",
    aliases: &[],
    summary: "Replaces text in a stream variable.",
    expands_macros: false,
    needs_argument: true,
    examples: &[],
    kind: Kind::External(External::Rsub),
};
