//! A request to the console as its handlers see it, and what they answer.
//!
//! Handlers are plain functions from `(&App, &Request)` to an [`Answer`] or a [`Failure`]; they may read files and wait. The
//! rest of HTTP is in `gate.rs` and `server.rs`.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::accounts::Viewer;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Who asks; handlers of public pages have nobody.
    pub(crate) viewer: Option<Viewer>,
    /// The address of the peer, as text.
    pub(crate) peer: String,
    /// Path and query.
    pub(crate) target: String,
    /// Parts of the path by name.
    pub(crate) parameters: Vec<(String, String)>,
    /// Fields of the query.
    pub(crate) query: Vec<(String, String)>,
    /// Fields of the form, where the body is one.
    pub(crate) form: Vec<(String, String)>,
    /// The body otherwise.
    pub(crate) body: Vec<u8>,
    /// The header fields.
    pub(crate) headers: HeaderMap,
}

/// What is sent.
pub(crate) type Answer = Response<Body>;

/// Why there is no page: a status and a sentence for who asked.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(crate) fn missing(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} is not there."))
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }
}

/// What a site cannot do is told as it says it.
impl From<portcullis_site::SiteError> for Failure {
    fn from(error: portcullis_site::SiteError) -> Self {
        use portcullis_site::SiteError as E;
        let status = match &error {
            E::NoRuleSet { .. } => StatusCode::NOT_FOUND,
            E::Read { .. } | E::Write { .. } | E::NoFolder { .. } | E::Incomplete { .. } => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string())
    }
}

impl From<portcullis_site::history::HistoryError> for Failure {
    fn from(error: portcullis_site::history::HistoryError) -> Self {
        use portcullis_site::history::HistoryError as E;
        let status = match &error {
            E::None { .. } | E::NoRevision { .. } | E::NoSite { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

/// A store that cannot be read is out of service, not this request's fault; to ask for countries nobody knows is.
impl From<portcullis_insight::EventsError> for Failure {
    fn from(error: portcullis_insight::EventsError) -> Self {
        match error {
            portcullis_insight::EventsError::NoPlaces => Self::invalid(format!("{error}.")),
            _ => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        }
    }
}

/// What cannot be excluded is told as the proposals say it.
impl From<portcullis_insight::ProposalError> for Failure {
    fn from(error: portcullis_insight::ProposalError) -> Self {
        use portcullis_insight::ProposalError as E;
        match error {
            E::Site(error) => error.into(),
            E::BrokenSite => Self::new(StatusCode::CONFLICT, error.to_string()),
            E::NotMatched(_) | E::SumsUp { .. } => Self::invalid(format!("{error}.")),
        }
    }
}

impl From<portcullis_insight::FilterError> for Failure {
    fn from(error: portcullis_insight::FilterError) -> Self {
        Self::invalid(format!("The filter, from character {}: {error}.", error.start + 1))
    }
}

impl Request {
    /// A part of the path.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        find(&self.parameters, name).unwrap_or_default()
    }

    /// A field of the query.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A field of the form.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        find(&self.form, name)
    }

    /// A field that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Failure> {
        self.field(name).ok_or_else(|| Failure::invalid(format!("The field `{name}` is missing.")))
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::invalid(format!("The body is not what is expected: {error}.")))
    }

    /// A cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        cookie(&self.headers, name)
    }

    /// Who asks. Routes that need nobody do not call this.
    pub(crate) fn viewer(&self) -> Result<&Viewer, Failure> {
        self.viewer.as_ref().ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED, "Sign in first."))
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The fields of a form or a query. What is not UTF-8 once decoded comes as the replacement character.
pub(crate) fn fields(text: &[u8]) -> Vec<(String, String)> {
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let mut fields = Vec::new();
    for pair in pairs {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let value = pair.get(end + 1..).unwrap_or_default();
        fields.push((decoded(&pair[..end]), decoded(value)));
    }
    fields
}

fn decoded(text: &[u8]) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match (byte, digit(text.get(at)), digit(text.get(at + 1))) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                at += 2;
            }
            (b'+', ..) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Text as a part of a path or a query.
pub(crate) fn encoded(text: &str) -> String {
    let mut to = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            to.push(char::from(byte));
        } else {
            to.push_str(&format!("%{byte:02X}"));
        }
    }
    to
}

/// A cookie of a request.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A page.
pub(crate) fn html(status: StatusCode, text: String) -> Answer {
    answer(status, "text/html; charset=utf-8", text)
}

/// A value as JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    match serde_json::to_string(value) {
        Ok(text) => answer(status, "application/json", text),
        Err(error) => {
            answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", error.to_string())
        }
    }
}

/// Any text.
pub(crate) fn answer(status: StatusCode, kind: &'static str, text: impl Into<Body>) -> Answer {
    let mut answer = Response::new(text.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Sends the browser to another page of ours.
pub(crate) fn see_other(path: &str) -> Answer {
    let mut answer = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    if let Ok(value) = HeaderValue::from_str(path) {
        answer.headers_mut().insert(header::LOCATION, value);
    }
    answer
}

/// Sets a cookie that scripts cannot read; `None` takes it away.
pub(crate) fn set_cookie(answer: &mut Answer, name: &str, value: Option<&str>, seconds: i64) {
    let (value, age) = value.map_or(("", 0), |value| (value, seconds));
    let text = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax");
    if let Ok(text) = HeaderValue::from_str(&text) {
        answer.headers_mut().append(header::SET_COOKIE, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_pairs() {
        let found = fields(b"a=1+2%21&b&c=%zz%c3%bc=&&");
        let expected = [("a", "1 2!"), ("b", ""), ("c", "%zzü=")];
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expected);
        assert_eq!(encoded("a b/ü"), "a%20b%2F%C3%BC");
    }
}
