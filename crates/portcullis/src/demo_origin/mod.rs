//! The origin of `portcullis quickstart`: a small web site with the usual holes, served on a free loopback port.
//!
//! `GET /search?q=<b>x</b>` → a page with `<b>x</b>` in it. It exists so that the first attack somebody tries has something
//! to succeed at, and the first blocked one something to be kept from. It serves the proxy alone and is no web server: a
//! thread per connection, a bound on connections and on bodies, no TLS.

mod pages;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use portcullis_http1::{BodyDecoder, BodyLimits, Inbound, RequestReader, Settings, reason, write};

use pages::{Page, Request};

/// Connections served at a time; more are closed at once.
const MOST_CONNECTIONS: usize = 256;
/// Bytes of a body that a page gets to see; the rest is read and dropped.
const MOST_BODY: usize = 64 << 10;
/// How long a connection may be silent.
const PATIENCE: Duration = Duration::from_secs(120);
/// Bytes asked of the socket at a time.
const PIECE: usize = 16 << 10;

/// Starts serving in the background, until the process ends. Errors when no port or thread is to be had.
pub fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::Builder::new().name("demo-origin".to_owned()).spawn(move || accept(&listener))?;
    Ok(address)
}

fn accept(listener: &TcpListener) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        // A failed accept concerns one client, or passes (no descriptors left) when others are done.
        let Ok(stream) = stream else {
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        if open.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let counted = Arc::clone(&open);
        let serve = move || {
            // The proxy closes idle connections as it likes: an error here is an ordinary end.
            let _ = serve(stream);
            counted.fetch_sub(1, Ordering::Relaxed);
        };
        if thread::Builder::new().name("demo-connection".to_owned()).spawn(serve).is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut inbound = Inbound::default();
    let mut reader = RequestReader::new(Settings::default());
    loop {
        while reader.read(&mut inbound).is_none() {
            receive(&mut stream, &mut inbound)?;
        }
        let head = reader.head();
        if let Some(refusal) = head.refusal() {
            return send(
                &mut stream,
                &Page::plain(refusal.status, "This request is malformed."),
                false,
                false,
            );
        }
        if head.expects_continue() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body =
            read_body(&mut stream, &mut inbound, BodyDecoder::new(head.framing(), BodyLimits::default()))?;
        let request = Request { method: head.method(), path: head.path(), query: head.query(), body: &body };
        let page = pages::answer(&request);
        send(&mut stream, &page, head.method() != b"HEAD", head.keep_alive())?;
        if !head.keep_alive() {
            return Ok(());
        }
    }
}

fn receive(stream: &mut TcpStream, inbound: &mut Inbound) -> io::Result<()> {
    let mut piece = [0; PIECE];
    let count = stream.read(&mut piece)?;
    if count == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    inbound.feed(piece.get(..count).unwrap_or_default());
    Ok(())
}

fn read_body(stream: &mut TcpStream, inbound: &mut Inbound, mut decoder: BodyDecoder) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    while !decoder.is_complete() {
        let step = decoder.decode(inbound.unread()).map_err(io::Error::other)?;
        let room = MOST_BODY.saturating_sub(body.len());
        body.extend_from_slice(step.data.get(..room.min(step.data.len())).unwrap_or_default());
        let consumed = step.consumed;
        if consumed == 0 && !step.end {
            receive(stream, inbound)?;
        }
        inbound.consume(consumed);
    }
    Ok(body)
}

fn send(stream: &mut TcpStream, page: &Page, with_body: bool, keep_alive: bool) -> io::Result<()> {
    let mut message = Vec::new();
    write::status_line(&mut message, page.status, reason(page.status).unwrap_or_default().as_bytes());
    write::field(&mut message, b"Server", b"portcullis-demo");
    write::field(&mut message, b"Content-Type", page.content_type.as_bytes());
    write::length(&mut message, page.body.len() as u64);
    if !keep_alive {
        write::field(&mut message, b"Connection", b"close");
    }
    write::end_of_head(&mut message);
    if with_body {
        message.extend_from_slice(&page.body);
    }
    stream.write_all(&message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(requests: &str) -> String {
        let mut stream = TcpStream::connect(start().unwrap()).unwrap();
        stream.write_all(requests.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn serves_requests_on_one_connection() {
        let answer = talk(
            "GET / HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.1\r\nHost: h\r\n\r\n\
             POST /login HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
             10\r\nuser=a%27+or+1--\r\n0\r\n\r\n",
        );
        let answers: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).collect();
        let [home, head, login] = answers.as_slice() else { panic!("{answer}") };
        assert!(home.starts_with("200 OK\r\n") && home.contains("<h1>Demo</h1>"), "{home}");
        assert!(head.starts_with("200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(login.starts_with("200 OK\r\n") && login.contains("Welcome, admin"), "{login}");
    }

    #[test]
    fn refuses_what_is_not_http() {
        assert!(talk("hello\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request\r\n"));
    }
}
