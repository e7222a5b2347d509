//! Settings of where requests come from and where they go.

use portcullis_proxy::{UpstreamAddress, UpstreamError};

use crate::settings::located;
use crate::settings::setting::{Applies, Group, Setting, Shape};
use crate::settings::value::{Invalid, Value};

/// See the module.
pub static ROWS: &[Setting] = &[
    Setting {
        name: "listen",
        group: Group::Traffic,
        shape: Shape::List,
        placeholder: "ADDR",
        default: "[\"127.0.0.1:8080\"]",
        applies: Applies::AtStart,
        summary: "Addresses to accept connections on.",
        detail: "IP:PORT; port 0 takes a free one, which the start message names.",
        set: |to, value, _| value.addresses().map(|list| to.proxy.listen = list),
    },
    Setting {
        name: "upstream",
        group: Group::Traffic,
        shape: Shape::Text,
        placeholder: "URL",
        default: "\"http://127.0.0.1:3000\"",
        applies: Applies::AtStart,
        summary: "The origin that requests are forwarded to.",
        detail: "http://HOST:PORT or HOST:PORT. TLS to the origin is not built: put a tunnel between them where the way is \
                 not private.",
        set: |to, value, _| upstream(value).map(|origin| to.proxy.upstream = origin),
    },
    Setting {
        name: "workers",
        group: Group::Traffic,
        shape: Shape::Number,
        placeholder: "NUMBER",
        default: "0",
        applies: Applies::AtStart,
        summary: "Worker threads; 0 is one per processor.",
        detail: "",
        set: |to, value, _| {
            let workers = value.number(0, 1024)?;
            to.proxy.workers = usize::try_from(workers).unwrap_or_default();
            Ok(())
        },
    },
    Setting {
        name: "trusted-proxies",
        group: Group::Traffic,
        shape: Shape::List,
        placeholder: "NETWORK",
        default: "[]",
        applies: Applies::AtStart,
        summary: "Networks whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        detail: "Behind a load balancer, name its addresses: REMOTE_ADDR is then the client. Nobody is trusted by \
                 default, since anybody can send these fields.",
        set: |to, value, _| value.networks().map(|networks| to.proxy.trusted_proxies = networks),
    },
    Setting {
        name: "drain-time",
        group: Group::Traffic,
        shape: Shape::Text,
        placeholder: "TIME",
        default: "\"30s\"",
        applies: Applies::AtReload,
        summary: "How long requests that run may take to finish after SIGTERM or SIGINT.",
        detail: "New connections are refused meanwhile; a second signal ends the process at once.",
        set: |to, value, _| value.time().map(|time| to.drain_time = time),
    },
    Setting {
        name: "spool-directory",
        group: Group::Traffic,
        shape: Shape::Text,
        placeholder: "DIR",
        default: "\"/tmp\"",
        applies: Applies::AtStart,
        summary: "Where large request bodies wait for their verdict when the site's SecTmpDir names no other folder.",
        detail: "The files have no name and vanish with the process. It should not be a memory file system.",
        set: |to, value, from| value.path().map(|path| to.proxy.spool_directory = located(from, path)),
    },
];

fn upstream(value: &Value) -> Result<UpstreamAddress, Invalid> {
    let text = value.text()?;
    UpstreamAddress::parse(text).map_err(|error| match error {
        UpstreamError::Scheme(scheme) if scheme.eq_ignore_ascii_case("https") => {
            Invalid::new("TLS to the origin is not built, so `https` is not possible here").with_help(
                "use http:// to an origin on a private way, or put a TLS tunnel such as stunnel between them",
            )
        }
        other => Invalid::new(other.to_string()),
    })
}
