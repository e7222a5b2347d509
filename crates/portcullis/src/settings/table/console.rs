//! Settings of the console.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::settings::located;
use crate::settings::setting::{Applies, Group, Setting, Shape};
use crate::settings::value::{Invalid, Value};

/// See the module.
pub static ROWS: &[Setting] = &[
    Setting {
        name: "console",
        group: Group::Console,
        shape: Shape::Text,
        placeholder: "ADDR",
        default: "\"127.0.0.1:8081\"",
        applies: Applies::AtStart,
        summary: "Where the console listens; off for none.",
        detail: "Where nothing is said and the address is taken, the proxy runs without a console and says so.",
        set: |to, value, _| {
            let text = value.text()?;
            to.console.address = match text {
                "off" => None,
                text => Some(address(text)?),
            };
            Ok(())
        },
    },
    Setting {
        name: "console-hosts",
        group: Group::Console,
        shape: Shape::List,
        placeholder: "NAME",
        default: "[]",
        applies: Applies::AtStart,
        summary: "Names that the console answers to besides its own address, as browsers say them in Host.",
        detail: "A request for any other name is refused, so that no foreign page reads the console through a browser.",
        set: |to, value, _| value.list().map(|names| to.console.hosts = names.to_vec()),
    },
    Setting {
        name: "console-cert",
        group: Group::Console,
        shape: Shape::Text,
        placeholder: "FILE",
        default: "\"off\"",
        applies: Applies::AtStart,
        summary: "The console's certificate with its chain, PEM: it speaks TLS then. off is plain HTTP.",
        detail: "Goes with console_key. New content of the two files is noticed and serves new connections; content that cannot \
                 be used changes nothing, and the console shows why.",
        set: |to, value, from| file(value, from).map(|file| to.console.certificate = file),
    },
    Setting {
        name: "console-key",
        group: Group::Console,
        shape: Shape::Text,
        placeholder: "FILE",
        default: "\"off\"",
        applies: Applies::AtStart,
        summary: "The private key of the console's certificate, PEM.",
        detail: "",
        set: |to, value, from| file(value, from).map(|file| to.console.key = file),
    },
    Setting {
        name: "console-plain",
        group: Group::Console,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "false",
        applies: Applies::AtStart,
        summary: "Let the console listen where others reach it, though it speaks plain HTTP.",
        detail: "Passwords and sessions can then be read on the way. Put something that speaks TLS in front instead.",
        set: |to, value, _| value.boolean().map(|on| to.console.plain = on),
    },
];

/// A file, or nothing for off.
fn file(value: &Value, from: &Path) -> Result<Option<PathBuf>, Invalid> {
    Ok(if value.text()? == "off" { None } else { Some(located(from, value.path()?)) })
}

fn address(text: &str) -> Result<SocketAddr, Invalid> {
    text.parse().map_err(|_| {
        Invalid::new(format!("`{text}` is no address"))
            .with_help("an address and a port, as in 127.0.0.1:8081, or off")
    })
}
