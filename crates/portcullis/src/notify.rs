//! Telling the service manager how this process stands (`sd_notify`): `READY=1`, `RELOADING=1`, `STOPPING=1`.
//!
//! systemd gives a unit with `Type=notify` a socket in `NOTIFY_SOCKET`; without one nothing is told. One datagram is one state.
//! That it cannot be delivered is said once and changes nothing else: whoever asked for it will notice.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use crate::messages::{reason, say};

/// The variable with the socket.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// The service manager's socket, where there is one.
#[derive(Debug)]
pub struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
}

impl ServiceManager {
    /// The one of the environment.
    pub fn of_environment() -> Self {
        let opened = env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(|name| open(&name));
        let socket = opened.and_then(|opened| {
            opened.inspect_err(|error| say(format_args!("{VARIABLE}: {}", reason(error)))).ok()
        });
        Self { socket }
    }

    /// Requests are served.
    pub fn ready(&mut self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// The site is being read again; [`ServiceManager::ready`] follows, whatever comes of it.
    pub fn reloading(&mut self) {
        self.tell("RELOADING=1");
    }

    /// The end has begun.
    pub fn stopping(&mut self) {
        self.tell("STOPPING=1\nSTATUS=draining");
    }

    fn tell(&mut self, state: &str) {
        if let Some((socket, to)) = &self.socket
            && let Err(error) = socket.send_to_addr(state.as_bytes(), to)
        {
            say(format_args!("the service manager cannot be told: {}", reason(&error)));
            self.socket = None;
        }
    }
}

/// `/run/…` or, with `@`, a name without a file.
fn open(name: &OsString) -> io::Result<(UnixDatagram, SocketAddr)> {
    let to = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that does not read must not hold up a reload.
    socket.set_nonblocking(true)?;
    Ok((socket, to))
}
