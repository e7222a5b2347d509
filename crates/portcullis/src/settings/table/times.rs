//! Settings of how long anything may take. Time is kept coarsely: a time-out may come a quarter of a second late.

use std::time::Duration;

use portcullis_proxy::Timeouts;

use crate::settings::Settings;
use crate::settings::setting::{Applies, Group, Setting, Shape};
use crate::settings::value::{Invalid, Value};

/// A row whose value goes to one field of the proxy's time-outs.
macro_rules! time_out {
    ($name:literal, $field:ident, $default:literal, $summary:literal) => {
        Setting {
            name: $name,
            group: Group::Times,
            shape: Shape::Text,
            placeholder: "TIME",
            default: $default,
            applies: Applies::AtStart,
            summary: $summary,
            detail: "",
            set: |to, value, _| store(to, value, |times| &mut times.$field),
        }
    };
}

/// See the module.
pub static ROWS: &[Setting] = &[
    time_out!(
        "request-head-timeout",
        request_head,
        "\"30s\"",
        "From the first byte of a request head to its end; then 408 and the connection is closed."
    ),
    time_out!(
        "keep-alive-timeout",
        keep_alive,
        "\"60s\"",
        "Between two requests of a connection; then it is closed."
    ),
    time_out!(
        "request-body-timeout",
        request_body,
        "\"30s\"",
        "Between two pieces of a request body; then 408 and the connection is closed."
    ),
    time_out!(
        "client-write-timeout",
        client_write,
        "\"60s\"",
        "Between two pieces that the client takes of its answer; then the connection is closed."
    ),
    time_out!("connect-timeout", connect, "\"5s\"", "Until the origin has accepted a connection; then 504."),
    time_out!(
        "upstream-write-timeout",
        upstream_write,
        "\"60s\"",
        "Between two pieces that the origin takes of a request; then 504."
    ),
    time_out!(
        "answer-timeout",
        answer,
        "\"60s\"",
        "From the end of a request to the head of the origin's answer; then 504."
    ),
    time_out!(
        "answer-body-timeout",
        answer_body,
        "\"60s\"",
        "Between two pieces of the answer's body; then the client's connection is cut."
    ),
    time_out!(
        "upstream-idle-timeout",
        upstream_idle,
        "\"4s\"",
        "How long an idle connection to the origin is kept; shorter than the origin keeps it."
    ),
    time_out!(
        "tunnel-timeout",
        tunnel,
        "\"10min\"",
        "Without a byte in either direction of a WebSocket or other tunnel; then it is closed."
    ),
    time_out!("linger-timeout", linger, "\"2s\"", "How long a client may still send after its last answer."),
    time_out!("program-timeout", program, "\"10s\"", "For a program that a rule runs (exec, @inspectFile)."),
    time_out!(
        "script-timeout",
        script,
        "\"1s\"",
        "For a Lua script that a rule runs; the other requests of its worker wait for it."
    ),
    time_out!("lookup-timeout", lookup, "\"2s\"", "For a name that a rule looks up (@rbl)."),
    time_out!("store-timeout", store, "\"2s\"", "For the store of persistent collections."),
];

fn store(to: &mut Settings, value: &Value, field: fn(&mut Timeouts) -> &mut Duration) -> Result<(), Invalid> {
    *field(&mut to.proxy.timeouts) = value.time()?;
    Ok(())
}
