//! The pages of the demo site, as a pure function: request in, page out.
//!
//! `/search` repeats what was searched for without escaping it (cross-site scripting), `/login` lets `' OR '1'='1` in (SQL
//! injection), `/files` opens what it is told to (path traversal), `/report` fails with a trace (information leak). No file
//! is opened and no database asked: the holes are acted, with the outcome a real one would have.

/// What a page may look at.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a [u8],
    /// The path as sent.
    pub path: &'a [u8],
    /// The query as sent.
    pub query: Option<&'a [u8]>,
    /// The start of the body.
    pub body: &'a [u8],
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Body.
    pub body: Vec<u8>,
}

impl Page {
    /// A line of text.
    pub fn plain(status: u16, text: &str) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body: format!("{text}\n").into_bytes() }
    }

    fn html(status: u16, title: &str, content: &[u8]) -> Self {
        let mut body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\n\
             <nav><a href=\"/\">home</a> <a href=\"/search?q=gate\">search</a> <a href=\"/login\">login</a> \
             <a href=\"/files?name=readme.txt\">files</a> <a href=\"/report\">report</a></nav>\n<h1>{title}</h1>\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\n</html>\n");
        Self { status, content_type: "text/html; charset=utf-8", body }
    }
}

/// The page for a request.
pub fn answer(request: &Request<'_>) -> Page {
    let query = request.query.unwrap_or_default();
    match (request.method, request.path) {
        (b"GET" | b"HEAD", b"/") => home(),
        (b"GET" | b"HEAD", b"/search") => search(&argument(query, b"q")),
        (b"GET" | b"HEAD", b"/login") => login_form(),
        (b"POST", b"/login") => login(&argument(request.body, b"user"), &argument(request.body, b"password")),
        (b"GET" | b"HEAD", b"/files") => file(&argument(query, b"name")),
        (b"GET" | b"HEAD", b"/report") => report(),
        (_, b"/" | b"/search" | b"/login" | b"/files" | b"/report") => {
            Page::plain(405, "This page takes no such method.")
        }
        _ => Page::html(404, "Nothing here", b"<p>There is no such page.</p>"),
    }
}

fn home() -> Page {
    let text = b"<p>This is the demo site of portcullis. Its pages have holes that attacks can use; the firewall in front of it \
                 is what keeps them out, once it is told to.</p>\n\
                 <form action=\"/search\"><input name=\"q\"><button>search</button></form>";
    Page::html(200, "Demo", text)
}

fn search(words: &[u8]) -> Page {
    let mut text = b"<p>You searched for: ".to_vec();
    text.extend_from_slice(words);
    text.extend_from_slice(b"</p>");
    Page::html(200, "Search", &text)
}

fn login_form() -> Page {
    let form = b"<form method=\"post\"><input name=\"user\"><input name=\"password\" type=\"password\"><button>log in</button></form>";
    Page::html(200, "Login", form)
}

/// As if the text were pasted into `… WHERE user='%s' AND password='%s'`.
fn login(user: &[u8], password: &[u8]) -> Page {
    let injected = |text: &[u8]| {
        let lower = text.to_ascii_lowercase();
        lower.contains(&b'\'') && lower.windows(2).any(|pair| pair == b"or" || pair == b"--")
    };
    if injected(user) || injected(password) {
        Page::html(200, "Welcome, admin", b"<p>You are logged in as the first user of the table.</p>")
    } else {
        Page::html(401, "Login failed", b"<p>User or password is wrong.</p>")
    }
}

fn file(name: &[u8]) -> Page {
    match name {
        b"readme.txt" => Page::plain(200, "Files of the demo site. Try another name."),
        traversal if traversal.ends_with(b"/etc/passwd") => Page::plain(
            200,
            "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin",
        ),
        _ => Page::plain(404, "No such file."),
    }
}

fn report() -> Page {
    let trace = b"<pre>You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version \
                  for the right syntax to use near '' at line 1\n\
                  java.sql.SQLSyntaxErrorException: You have an error in your SQL syntax\n\
                  \tat com.mysql.cj.jdbc.exceptions.SQLError.createSQLException(SQLError.java:120)\n\
                  \tat com.example.demo.ReportController.show(ReportController.java:42)</pre>";
    Page::html(500, "Report", trace)
}

/// The first value of a name in urlencoded text.
fn argument(text: &[u8], name: &[u8]) -> Vec<u8> {
    let pairs = text.split(|byte| *byte == b'&').map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        (decoded(halves.next().unwrap_or_default()), halves.next().unwrap_or_default())
    });
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| decoded(value)).unwrap_or_default()
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, tail) {
            (b'+', _) => out.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            (byte, _) => out.push(*byte),
        }
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(method: &str, target: &str, body: &str, status: u16, text: &str) {
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let request = Request {
            method: method.as_bytes(),
            path: path.as_bytes(),
            query: query.map(str::as_bytes),
            body: body.as_bytes(),
        };
        let page = answer(&request);
        let shown = String::from_utf8_lossy(&page.body).into_owned();
        assert!(page.status == status && shown.contains(text), "{} {shown}", page.status);
    }

    #[test]
    fn the_holes_are_open() {
        shows("GET", "/", "", 200, "<h1>Demo</h1>");
        shows("GET", "/search?a=b&q=%3Cb%3E+x%", "", 200, "searched for: <b> x%</p>");
        shows("POST", "/login", "user=admin&password=x", 401, "is wrong");
        shows("POST", "/login", "user=admin%27+OR+1=1--&password=x", 200, "Welcome, admin");
        shows("GET", "/files?name=../../etc/passwd", "", 200, "root:x:0:0");
        shows("GET", "/report", "", 500, "SQLSyntaxErrorException");
        shows("DELETE", "/login", "", 405, "no such method");
        shows("GET", "/nowhere", "", 404, "no such page");
    }
}
