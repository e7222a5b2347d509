//! `portcullis health`: asks a running proxy's health path; for the health checks of containers, which have no HTTP client.
//!
//! 200 → exit status 0 and no output; anything else → 1 and a sentence. Address and path are those of the settings in the
//! environment (`PORTCULLIS_LISTEN`, `PORT`, `PORTCULLIS_HEALTH_PATH`), else of `run --platform`.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::container;
use crate::settings;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// As much of an answer as is looked at.
const LONGEST: u64 = 1024;

/// Arguments of `health`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the proxy listens; the default is what `run --platform` makes of the environment
    #[arg(long, value_name = "ADDR")]
    address: Option<SocketAddr>,
    /// Its health path
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
}

/// Carries `health` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let variables = settings::read_variables().entries;
    let container = container::read(std::env::vars_os()).entries;
    let entries = [settings::platform(), container, variables].concat();
    let proxy = settings::resolve(Path::new(""), entries).settings.proxy;
    let address = arguments.address.or(proxy.listen.first().copied()).context("no address")?;
    let path = arguments.path.clone().or(proxy.health_path).context("no health path is set")?;
    let address = reachable(address);
    let head = ask(address, &path).with_context(|| format!("http://{address}{path}"))?;
    match head.split(' ').nth(1) {
        Some("200") => Ok(ExitCode::SUCCESS),
        Some(status) => bail!("http://{address}{path} answers {status}"),
        None => bail!("http://{address}{path} does not answer in HTTP"),
    }
}

fn ask(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut head = Vec::new();
    stream.take(LONGEST).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned())
}

/// The address to connect to where a proxy listens on all of them.
fn reachable(listens: SocketAddr) -> SocketAddr {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listens.port())
}
