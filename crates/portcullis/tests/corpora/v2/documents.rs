//! An origin that serves a folder, as the Apache of the original tests served its documents.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// Starts it on a free port; its threads end with the test process.
pub fn serve(folder: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let folder = Arc::new(folder);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let folder = Arc::clone(&folder);
            thread::spawn(move || answer_all(&stream, &folder));
        }
    });
    address
}

fn answer_all(stream: &TcpStream, folder: &Path) -> Option<()> {
    let mut reader = BufReader::new(stream);
    while let Some(target) = read(&mut reader) {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let path = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
        let kind = match path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "Content-Type: text/html\r\n",
            Some("txt") => "Content-Type: text/plain\r\n",
            Some("pdf") => "Content-Type: application/pdf\r\n",
            _ => "",
        };
        let is_inside = path.split('/').all(|part| part != "..");
        let found = std::fs::read(folder.join(path.trim_start_matches('/'))).ok().filter(|_| is_inside);
        let (status, kind, body) = match found {
            Some(body) => ("200 OK", kind, body),
            None => {
                ("404 Not Found", "Content-Type: text/html; charset=iso-8859-1\r\n", b"Not Found\n".to_vec())
            }
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nLast-Modified: Wed, 25 Nov 2026 00:00:00 GMT\r\n{kind}Content-Length: {}\r\n\r\n",
            body.len()
        );
        (&*stream).write_all(&[head.into_bytes(), body].concat()).ok()?;
    }
    Some(())
}

/// Reads a request to its end: its target.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut field = Vec::new();
        reader.read_until(b'\n', &mut field).ok().filter(|count| *count > 0)?;
        if field == b"\r\n" {
            break;
        }
        let field = String::from_utf8_lossy(&field).to_ascii_lowercase();
        if let Some(value) = field.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
    Some(target)
}
