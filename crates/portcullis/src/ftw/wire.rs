//! Stages over a raw socket to a running firewall, whose log lines are cut out between two markers.
//!
//! Before and after each request a plain one with `X-CRS-Test: ID` goes over a connection of its own that stays open;
//! a rule of the firewall (999999 in the CRS's own test setup) writes that value to the log and skips all others.
//! The lines between the two are the stage's. Every test request has a fresh connection; when it says
//! `Connection: close` the answer is read to the end of the connection, because a server closes after its logging
//! phase, so lines of phase 5 are there before the second marker is sent; otherwise the client ends it first.

use super::case::CannedResponse;
use super::check::Observed;
use super::log_file::LogFile;
use super::response::Response;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

/// How long a marker may take to show up in the log once its request was answered.
const MARKER_PATIENCE: Duration = Duration::from_secs(2);
/// How often a marker that did not show up is sent again.
const MARKER_ATTEMPTS: u32 = 3;
/// How long an answer may take when the test expects an error: it mostly is a silence.
const ERROR_PATIENCE: Duration = Duration::from_secs(2);

/// How long a server may take to close a connection that the client has ended.
const FINISH_PATIENCE: Duration = Duration::from_millis(500);

/// A firewall to talk to and the log it writes.
pub struct Wire {
    address: SocketAddr,
    marker_header: String,
    timeout: Duration,
    log: LogFile,
    marker_connection: Option<TcpStream>,
    run: String,
    count: u64,
}

impl Wire {
    /// `url` is `http://HOST[:PORT]`, `log` the firewall's error log.
    pub fn open(url: &str, log: &Path, marker_header: &str, timeout: Duration) -> Result<Wire> {
        let run = format!("{:x}-{:x}", std::process::id(), start_nanos());
        Ok(Wire {
            address: address(url)?,
            marker_header: marker_header.to_owned(),
            timeout,
            log: LogFile::open(log)?,
            marker_connection: None,
            run,
            count: 0,
        })
    }

    /// Plays one request.
    pub fn play(
        &mut self,
        request: &[u8],
        canned: Option<&CannedResponse>,
        expect_error: bool,
    ) -> Result<Observed> {
        if canned.is_some() {
            bail!("a stage with `response:` needs an origin of ours, so it runs with --site only");
        }
        self.mark("start")?;
        let patience = if expect_error { self.timeout.min(ERROR_PATIENCE) } else { self.timeout };
        let response = self.exchange(request, patience).map_err(|error| format!("{error:#}"));
        let log = self.mark("end")?;
        Ok(Observed { response, log })
    }

    fn exchange(&self, request: &[u8], patience: Duration) -> Result<Response> {
        let mut stream = connect(self.address, patience)?;
        // A server may answer and close before it has read all of a request that it refuses: the answer counts.
        let sent = stream.write_all(request);
        let read = Response::read(&mut stream, request.starts_with(b"HEAD "), says_close(request));
        if read.is_ok() && !says_close(request) {
            finish(&mut stream);
        }
        match (sent, read) {
            (_, Ok(response)) => Ok(response),
            (Err(error), Err(_)) => Err(error).context("cannot send the request"),
            (Ok(()), Err(error)) => Err(error),
        }
    }

    /// Sends a marker and returns the log lines before it.
    fn mark(&mut self, place: &str) -> Result<Vec<Vec<u8>>> {
        self.count += 1;
        let mut lines = Vec::new();
        for attempt in 0..MARKER_ATTEMPTS {
            let marker = format!("{}-{}-{attempt}-{place}", self.run, self.count);
            self.send_marker(&marker).context("cannot send a marker request")?;
            if let Some(before) = self.log.until(&marker, MARKER_PATIENCE)? {
                lines.extend(before);
                return Ok(lines);
            }
        }
        bail!(
            "the marker of header {} does not show up in the log: is it the log of this firewall, and does a rule \
             like `SecRule REQUEST_HEADERS:{0} \"@rx ^.*$\" \"id:999999,phase:1,pass,t:none,log,msg:'%{{MATCHED_VAR}}',\
             ctl:ruleRemoveById=1-999999\"` write it?",
            self.marker_header
        )
    }

    fn send_marker(&mut self, marker: &str) -> Result<()> {
        let request = format!(
            "GET /status/200 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: portcullis test\r\nAccept: */*\r\n{}: {marker}\r\n\r\n",
            self.marker_header
        );
        if let Some(mut stream) = self.marker_connection.take()
            && stream.write_all(request.as_bytes()).is_ok()
            && Response::read(&mut stream, false, false).is_ok_and(|r| !closes(&r))
        {
            self.marker_connection = Some(stream);
            return Ok(());
        }
        let mut stream = connect(self.address, self.timeout)?;
        stream.write_all(request.as_bytes())?;
        if !closes(&Response::read(&mut stream, false, false)?) {
            self.marker_connection = Some(stream);
        }
        Ok(())
    }
}

/// Ends a connection that stays open otherwise and waits for the server to do the same, which it does when it has
/// logged. One that keeps it open is not waited for.
fn finish(stream: &mut TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(FINISH_PATIENCE));
    let _ = std::io::copy(stream, &mut std::io::sink());
}

fn closes(response: &Response) -> bool {
    response.header("Connection").is_some_and(|v| v.eq_ignore_ascii_case("close"))
}

/// Whether the request's head asks for the connection to be closed.
fn says_close(request: &[u8]) -> bool {
    let end = memchr::memmem::find(request, b"\r\n\r\n").unwrap_or(request.len());
    let head = String::from_utf8_lossy(request.get(..end).unwrap_or_default()).to_ascii_lowercase();
    head.lines()
        .any(|line| line.split_once(':').is_some_and(|(n, v)| n == "connection" && v.trim() == "close"))
}

fn connect(address: SocketAddr, timeout: Duration) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, timeout)
        .with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    Ok(stream)
}

fn address(url: &str) -> Result<SocketAddr> {
    let Some(rest) = url.strip_prefix("http://") else {
        bail!("--url {url}: must begin with http:// (tests are sent as plain bytes)");
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, p)| p.bytes().all(|b| b.is_ascii_digit()) && !p.is_empty());
    let target = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    let mut found =
        target.to_socket_addrs().with_context(|| format!("--url {url}: cannot resolve {authority}"))?;
    found.next().with_context(|| format!("--url {url}: {authority} has no address"))
}

fn start_nanos() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos())
}
