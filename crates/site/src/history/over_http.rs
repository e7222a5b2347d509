//! How `gix` speaks HTTP: its transport's requests, carried out by the site's HTTPS client.
//!
//! `GET …/info/refs?service=git-upload-pack`, then `POST …/git-upload-pack` → the lines of the answer's head, and its body as
//! it comes. The body of a POST (what is wanted and what is there) is small: it is collected, and sent when the answer is
//! first asked for.
//!
//! Limits: a redirect is an error that says where it leads; credentials are those of the address, and no helper program is
//! asked for others.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Cursor, Read, Write};
use std::rc::Rc;

use gix_transport::client::AuthenticationRequired;
use gix_transport::client::blocking_io::http::{GetResponse, Http, PostBodyDataKind, PostResponse};
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::{Agent, Body, RequestExt as _};

/// The most that a request may ask for: far above what a branch with a long history needs.
const LARGEST_REQUEST: usize = 4 << 20;

/// Carries requests out.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
}

impl Client {
    /// A transport's client, on top of the agent.
    pub fn new(agent: Agent) -> Self {
        Self { agent }
    }
}

/// Bytes that are on their way.
type Bytes = Box<dyn BufRead>;

/// The body of a POST, while it is written.
#[derive(Debug, Clone, Default)]
pub struct Collected(Rc<RefCell<Vec<u8>>>);

impl Write for Collected {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut collected = self.0.borrow_mut();
        if collected.len() + bytes.len() > LARGEST_REQUEST {
            return Err(io::Error::other("the request to the repository would be larger than 4 MB"));
        }
        collected.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A request whose answer somebody will read: its head and its body are read apart.
struct Exchange {
    /// Taken when it is sent.
    request: Option<Request>,
    head: Option<Vec<u8>>,
    body: Option<Bytes>,
}

struct Request {
    agent: Agent,
    head: ureq::http::request::Builder,
    body: Option<Collected>,
}

impl Exchange {
    fn send(&mut self) -> io::Result<()> {
        let Some(request) = self.request.take() else { return Ok(()) };
        let (head, body) = request.carry_out()?;
        (self.head, self.body) = (Some(head), Some(body));
        Ok(())
    }
}

impl Request {
    fn carry_out(self) -> io::Result<(Vec<u8>, Bytes)> {
        let body = self.body.map(|collected| std::mem::take(&mut *collected.0.borrow_mut()));
        let answer = match body {
            Some(body) => run(self.head.body(body), &self.agent),
            None => run(self.head.body(()), &self.agent),
        }?;
        accept(&answer)?;
        let head = lines(answer.headers());
        Ok((head, Box::new(BufReader::new(answer.into_body().into_reader()))))
    }
}

fn run<B: ureq::AsSendBody>(
    request: Result<ureq::http::Request<B>, ureq::http::Error>,
    agent: &Agent,
) -> io::Result<Response<Body>> {
    let request = request.map_err(io::Error::other)?;
    request.with_agent(agent).run().map_err(ureq::Error::into_io)
}

/// What is no answer to a request for a repository, told so that somebody can act on it.
fn accept(answer: &Response<Body>) -> io::Result<()> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    if status == StatusCode::UNAUTHORIZED {
        let values = answer.headers().get_all("www-authenticate").iter();
        let www_authenticate = values.map(|value| value.as_bytes().into()).collect();
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            AuthenticationRequired { www_authenticate },
        ));
    }
    let place = answer.headers().get("location").and_then(|value| value.to_str().ok());
    Err(io::Error::other(match place {
        Some(place) => {
            format!("the server answers {status} and names `{place}`: give the address it has now")
        }
        None => format!("the server answers {status}"),
    }))
}

fn lines(headers: &HeaderMap) -> Vec<u8> {
    let fields = headers.iter();
    fields
        .flat_map(|(name, value)| [name.as_str().as_bytes(), b":", value.as_bytes(), b"\n"].concat())
        .collect()
}

/// The head of an answer, or its body; whichever is read first sends the request.
pub struct Answer {
    exchange: Rc<RefCell<Exchange>>,
    is_head: bool,
    bytes: Option<Bytes>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("is_head", &self.is_head).finish_non_exhaustive()
    }
}

impl Answer {
    fn bytes(&mut self) -> io::Result<&mut Bytes> {
        if self.bytes.is_none() {
            let mut exchange = self.exchange.borrow_mut();
            exchange.send()?;
            let part: Option<Bytes> = if self.is_head {
                exchange.head.take().map(|head| Box::new(Cursor::new(head)) as Bytes)
            } else {
                exchange.body.take()
            };
            self.bytes =
                Some(part.ok_or_else(|| io::Error::other("the request to the repository has failed"))?);
        }
        Ok(self.bytes.get_or_insert_with(|| Box::new(io::empty())))
    }
}

impl Read for Answer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes()?.read(buffer)
    }
}

impl BufRead for Answer {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.bytes()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(bytes) = &mut self.bytes {
            bytes.consume(amount);
        }
    }
}

impl Client {
    fn exchange(
        &self,
        mut head: ureq::http::request::Builder,
        fields: impl IntoIterator<Item = impl AsRef<str>>,
        body: Option<Collected>,
    ) -> (Answer, Answer) {
        for field in fields {
            if let Some((name, value)) = field.as_ref().split_once(": ") {
                head = head.header(name, value);
            }
        }
        let request = Request { agent: self.agent.clone(), head, body };
        let exchange = Exchange { request: Some(request), head: None, body: None };
        let exchange = Rc::new(RefCell::new(exchange));
        let part = |is_head| Answer { exchange: Rc::clone(&exchange), is_head, bytes: None };
        (part(true), part(false))
    }
}

impl Http for Client {
    type Headers = Answer;
    type ResponseBody = Answer;
    type PostBody = Collected;

    fn get(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix::Result<GetResponse<Answer, Answer>> {
        let (headers, body) = self.exchange(ureq::http::Request::get(url), headers, None);
        Ok(GetResponse { headers, body })
    }

    fn post(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _body: PostBodyDataKind,
    ) -> gix::Result<PostResponse<Answer, Answer, Collected>> {
        let post_body = Collected::default();
        let request = ureq::http::Request::post(url);
        let (headers, body) = self.exchange(request, headers, Some(post_body.clone()));
        Ok(PostResponse { post_body, headers, body })
    }

    /// The agent is configured already, and nothing of git's own settings is followed.
    fn configure(&mut self, _config: &dyn std::any::Any) -> gix::Result {
        Ok(())
    }
}
