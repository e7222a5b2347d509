//! Settings of where requests come from and where they go.

use std::path::{Component, PathBuf};

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
        name: "trust-peer",
        group: Group::Traffic,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "false",
        applies: Applies::AtStart,
        summary: "Whoever connects is a proxy that is believed as those of trusted_proxies are.",
        detail: "For a proxy that only a platform's own proxies can reach. Of X-Forwarded-For only what the peer itself has \
                 added counts.",
        set: |to, value, _| value.boolean().map(|on| to.proxy.trust_peer = on),
    },
    Setting {
        name: "client-address-field",
        group: Group::Traffic,
        shape: Shape::Text,
        placeholder: "FIELD",
        default: "\"\"",
        applies: Applies::AtStart,
        summary: "A header field in which trusted proxies name the client alone, such as True-Client-IP.",
        detail: "Where it is missing, comes twice or is no address, X-Forwarded-For counts. Name one only that these proxies \
                 always set, since a client can send it too.",
        set: |to, value, _| field(value).map(|name| to.proxy.client_address_field = name),
    },
    Setting {
        name: "request-id-field",
        group: Group::Traffic,
        shape: Shape::Text,
        placeholder: "FIELD",
        default: "\"\"",
        applies: Applies::AtStart,
        summary: "A header field in which trusted proxies give the id of a request; origin and client get the id in it.",
        detail: "The id is UNIQUE_ID for rules and stands in every log. Up to 128 letters, digits and -_.:@=+ are taken; \
                 otherwise, and for other peers, the proxy makes one.",
        set: |to, value, _| field(value).map(|name| to.proxy.request_id_field = name),
    },
    Setting {
        name: "health-path",
        group: Group::Traffic,
        shape: Shape::Text,
        placeholder: "PATH",
        default: "\"\"",
        applies: Applies::AtStart,
        summary: "A path that is answered 200 without rules, logs or origin: for whoever watches over the proxy.",
        detail: "Only a GET or HEAD of exactly this path without a query and a body. 503 while the proxy is draining.",
        set: |to, value, _| health_path(value).map(|path| to.proxy.health_path = path),
    },
    Setting {
        name: "error-pages",
        group: Group::Traffic,
        shape: Shape::Text,
        placeholder: "DIR",
        default: "\"custom_errors\"",
        applies: Applies::AtReload,
        summary: "The folder of the site with pages NNN.html that are sent instead of the proxy's own, by status.",
        detail: "For 300 to 599 but 499; up to 1 MiB each. They are part of the site and reload with it. What an origin \
                 answers is never replaced.",
        set: |to, value, _| error_pages(value).map(|folder| to.error_pages = folder),
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

/// The name of a header field; none where the text is empty.
fn field(value: &Value) -> Result<Option<String>, Invalid> {
    let name = value.text()?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.bytes().all(is_token) {
        return Err(Invalid::new(format!("`{name}` is no name of a header field")));
    }
    let is_ours = |known: &&&str| name.eq_ignore_ascii_case(known);
    if let Some(known) = FIELDS_OF_HTTP.iter().find(is_ours) {
        return Err(Invalid::new(format!("{known} has a meaning of its own")));
    }
    Ok(Some(name.to_owned()).filter(|name| !name.is_empty()))
}

/// Fields that the proxy itself reads or writes.
const FIELDS_OF_HTTP: [&str; 11] = [
    "Host",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Transfer-Encoding",
    "Expect",
    "Upgrade",
    "Trailer",
    "Date",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
];

/// A path as it stands in a request line; none where the text is empty.
fn health_path(value: &Value) -> Result<Option<String>, Invalid> {
    let path = value.text()?;
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
    if path.is_empty() || (path.starts_with('/') && is_plain) {
        return Ok(Some(path.to_owned()).filter(|path| !path.is_empty()));
    }
    Err(Invalid::new(format!("`{path}` is no path of a request")).with_help("write /health"))
}

fn error_pages(value: &Value) -> Result<PathBuf, Invalid> {
    let folder = value.path()?;
    let is_inside = folder.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if is_inside { Ok(folder) } else { Err(Invalid::new("it must be a folder inside the site")) }
}

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
