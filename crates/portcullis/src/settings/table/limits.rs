//! Settings of how much of anything there may be. Limits of what rules inspect are the site's (`SecRequestBodyLimit`, …).

use crate::settings::setting::{Applies, Group, Set, Setting, Shape};

/// A row with a limit.
macro_rules! limit {
    ($name:literal, $shape:ident, $default:literal, $summary:literal, $detail:literal, $set:expr) => {
        Setting {
            name: $name,
            group: Group::Limits,
            shape: Shape::$shape,
            placeholder: match Shape::$shape {
                Shape::Size => "SIZE",
                _ => "NUMBER",
            },
            default: $default,
            applies: Applies::AtStart,
            summary: $summary,
            detail: $detail,
            set: $set as Set,
        }
    };
}

/// See the module.
pub static ROWS: &[Setting] = &[
    limit!(
        "request-line-limit",
        Size,
        "8190",
        "Bytes of a request line; beyond them 414.",
        "",
        |to, value, _| { value.memory(64).map(|bytes| to.proxy.http.limits.request_line = bytes) }
    ),
    limit!(
        "field-limit",
        Size,
        "8190",
        "Bytes of a request header field; beyond them 400.",
        "",
        |to, value, _| { value.memory(64).map(|bytes| to.proxy.http.limits.field = bytes) }
    ),
    limit!(
        "fields-limit",
        Number,
        "100",
        "Header fields of a request; beyond them 400.",
        "",
        |to, value, _| { value.count(1).map(|fields| to.proxy.http.limits.fields = fields) }
    ),
    limit!(
        "head-limit",
        Size,
        "\"1MiB\"",
        "Bytes of a request head; beyond them 431.",
        "",
        |to, value, _| { value.memory(1024).map(|bytes| to.proxy.http.limits.head = bytes) }
    ),
    limit!(
        "empty-lines-limit",
        Number,
        "10",
        "Empty lines tolerated before a request line.",
        "",
        |to, value, _| value.count(0).map(|lines| to.proxy.http.limits.empty_lines = lines)
    ),
    limit!(
        "spooled-body-limit",
        Size,
        "\"1GiB\"",
        "Bytes of a request body that wait for the verdict; beyond them 413.",
        "The site's SecRequestBodyLimit usually comes first. The first SecRequestBodyInMemoryLimit bytes wait in memory, \
         the rest on disk.",
        |to, value, _| value.bytes().map(|bytes| to.proxy.limits.spooled_body = bytes)
    ),
    limit!(
        "inspected-bodies-per-worker",
        Size,
        "\"1GiB\"",
        "Bytes of bodies, requests and responses together, that one worker holds for its rules; beyond them 503.",
        "Bounds memory when many clients send large bodies at once. Bodies that no rule looks at do not count.",
        |to, value, _| value.bytes().map(|bytes| to.proxy.limits.inspected_bodies_per_worker = bytes)
    ),
    limit!(
        "decompression-ratio",
        Number,
        "100",
        "How many times larger a compressed request body may become for its rules; beyond it REQBODY_ERROR is set.",
        "Bodies of gzip, deflate, br and zstd are decompressed for inspection and forwarded as sent; a mebibyte is always \
         allowed, and SecRequestBodyLimit counts what comes out. With 0 rules see compressed bodies as they were sent, as \
         they do in httpd without mod_deflate.",
        |to, value, _| value.count(0).map(|times| to.proxy.limits.decompression_ratio = times as u64)
    ),
    limit!(
        "connections-per-worker",
        Number,
        "16384",
        "Client connections that one worker holds; further ones wait.",
        "",
        |to, value, _| value.count(1).map(|count| to.proxy.limits.connections_per_worker = count)
    ),
    limit!(
        "idle-upstream-per-worker",
        Number,
        "256",
        "Idle connections to the origin that one worker keeps.",
        "",
        |to, value, _| value.count(0).map(|count| to.proxy.limits.idle_upstream_per_worker = count)
    ),
    limit!(
        "program-output-limit",
        Size,
        "\"64KiB\"",
        "Bytes that a program run by a rule may print.",
        "",
        |to, value, _| value.memory(1).map(|bytes| to.proxy.limits.program_output = bytes)
    ),
];
