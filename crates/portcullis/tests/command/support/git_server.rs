//! Git repositories over HTTPS: a folder of bare repositories behind git's own `http-backend`, for one user; and its files, for
//! whoever asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// See the module. Its thread ends with the test process.
pub struct GitServer {
    address: SocketAddr,
    certificate: String,
}

/// Whom it lets in, as Basic authentication has it.
const ACCOUNT: &str = "ann:secret";

impl GitServer {
    /// Serves the repositories of a folder on a free port, with a certificate of its own for `localhost`.
    pub fn start(root: &Path) -> Self {
        let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth();
        let config = config.with_single_cert(vec![identity.cert.der().clone()], key).unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let root = root.to_path_buf();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (config, root) = (Arc::clone(&config), root.clone());
                thread::spawn(move || serve(stream, config, &root));
            }
        });
        Self { address, certificate: identity.cert.pem() }
    }

    /// The address of a repository, for a user whose password is given.
    pub fn url(&self, account: &str, repository: &str) -> String {
        format!("https://{account}@localhost:{}/{repository}", self.address.port())
    }

    /// The address of a file.
    pub fn file(&self, name: &str) -> String {
        format!("https://localhost:{}/{name}", self.address.port())
    }

    /// What a client has to trust.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, root: &Path) -> Option<()> {
    let connection = ServerConnection::new(config).ok()?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let field = |name: &str| {
        head.iter().find_map(|line| {
            line.split_once(": ")
                .filter(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
    };
    let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    if let Ok(content) = std::fs::read(root.join(path.trim_start_matches('/'))) {
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len());
        return finish(reader, &[head.as_bytes(), &content].concat());
    }
    let expected = format!("Basic {}", STANDARD.encode(ACCOUNT));
    if field("authorization") != Some(&expected) {
        let refusal =
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\n";
        return finish(reader, format!("{refusal}Connection: close\r\n\r\n").as_bytes());
    }
    let mut body = vec![0; field("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let mut request = head[0].split(' ');
    let (method, target) = (request.next()?, request.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut backend = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_PROTOCOL", field("git-protocol").unwrap_or_default())
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", field("content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It may end without reading all; its answer tells why.
    let _ = backend.stdin.take().unwrap().write_all(&body);
    let answer = backend.wait_with_output().unwrap().stdout;
    let head = answer.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let status = head.strip_prefix(b"Status: ").unwrap_or(b"200 OK").trim_ascii();
    finish(reader, &[b"HTTP/1.1 ", status, b"\r\nConnection: close\r\n", &answer].concat())
}

fn finish(mut reader: BufReader<StreamOwned<ServerConnection, TcpStream>>, answer: &[u8]) -> Option<()> {
    let stream = reader.get_mut();
    stream.write_all(answer).ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}
