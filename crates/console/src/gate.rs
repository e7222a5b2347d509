//! What every request passes before a handler sees it, and every answer on its way out.
//!
//! ```text
//! Host is ours ─▶ same origin ─▶ who is it ─▶ may they ─▶ form token ─▶ handler ─▶ security headers
//! ```
//!
//! A name that is not ours in Host means that a browser was led here under another name: it gets 421, so that no foreign page
//! reads the console by rebinding a name. Changes must come from our own pages (Origin, Sec-Fetch-Site) and carry the
//! session's token; API tokens travel in a header that no browser sends by itself.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::accounts::{Role, Viewer};
use crate::app::App;
use crate::request::{Answer, Failure, Request, cookie};

/// The cookie of a session.
pub(crate) const SESSION: &str = "portcullis_session";

/// Most bytes of a body: a rule file of the largest kind, twice encoded.
pub(crate) const LONGEST_BODY: usize = 8 << 20;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whether the Host is one that this console answers to.
pub(crate) fn check_host(
    headers: &HeaderMap,
    address: SocketAddr,
    names: &[String],
    usual_port: u16,
) -> Result<(), Failure> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, port.parse().unwrap_or(0)),
        _ => (host, usual_port),
    };
    let own = address.ip();
    let literal = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let is_own = match literal {
        // Nobody can make a browser believe that a number is another site's name.
        Ok(ip) => ip == own || own.is_unspecified() || (ip.is_loopback() && own.is_loopback()),
        Err(_) => name.eq_ignore_ascii_case("localhost") && own.is_loopback(),
    };
    let is_named = names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if is_named || (is_own && port == address.port()) {
        return Ok(());
    }
    let message =
        format!("This console does not answer to `{host}`; `console-hosts` lists the names it has.");
    Err(Failure::new(StatusCode::MISDIRECTED_REQUEST, message))
}

/// Who sends this; `None` for nobody we know. Refused is only who sent too many tokens that were none.
pub(crate) fn viewer(
    app: &App,
    headers: &HeaderMap,
    peer: &str,
    now: i64,
) -> Result<Option<Viewer>, Failure> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        let Some(token) = token else { return Ok(None) };
        return app.accounts.by_token(token.trim(), peer, now).map_err(|_| {
            let message = "Too many wrong tokens from this address. Wait a quarter of an hour.";
            Failure::new(StatusCode::TOO_MANY_REQUESTS, message)
        });
    }
    Ok(cookie(headers, SESSION).and_then(|cookie| app.accounts.by_cookie(cookie, now)))
}

/// Whether somebody may do what needs a role.
pub(crate) fn check_role(viewer: &Viewer, needed: Role) -> Result<(), Failure> {
    if viewer.role >= needed {
        return Ok(());
    }
    let message =
        format!("This needs the role `{}`; {} has `{}`.", needed.name(), viewer.account, viewer.role.name());
    Err(Failure::new(StatusCode::FORBIDDEN, message))
}

/// Whether a change comes from our own pages.
pub(crate) fn check_origin(method: &Method, headers: &HeaderMap, has_tls: bool) -> Result<(), Failure> {
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = headers.get("sec-fetch-site").map(|value| value.to_str().unwrap_or("?"));
    let is_foreign = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let origin = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or_default();
    // Without TLS of our own, something in front may speak it: then the origin's scheme is https, and ours is not known.
    let matches = |origin: &str| {
        let (scheme, rest) = origin.split_once("://").unwrap_or_default();
        rest.eq_ignore_ascii_case(host) && (scheme == "https" || !has_tls)
    };
    if is_foreign || origin.is_some_and(|origin| !matches(origin)) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "This form was not sent by a page of this console."));
    }
    Ok(())
}

/// Whether a change of somebody who is signed in carries the session's token.
pub(crate) fn check_token(request: &Request) -> Result<(), Failure> {
    let Some(expected) = request.viewer.as_ref().and_then(|viewer| viewer.csrf.as_ref()) else {
        return Ok(());
    };
    let header = request.headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
    if request.field("csrf").or(header) == Some(expected.as_str()) {
        return Ok(());
    }
    let message =
        "This form is from another session, or its token is missing. Load the page again and repeat.";
    Err(Failure::new(StatusCode::FORBIDDEN, message))
}

/// The headers that every answer has.
pub(crate) fn protect(answer: &mut Answer) {
    let fields = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Under `no-referrer` a browser sends `Origin: null` with our own forms too, and they would be refused.
        (header::REFERRER_POLICY, "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    let headers = answer.headers_mut();
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// What an answer over TLS has besides: cookies that no plain connection carries, and the word that there is none but TLS.
pub(crate) fn bind_to_tls(answer: &mut Answer, address: SocketAddr) {
    let headers = answer.headers_mut();
    if let header::Entry::Occupied(mut cookies) = headers.entry(header::SET_COOKIE) {
        for cookie in cookies.iter_mut() {
            let secure = HeaderValue::from_bytes(&[cookie.as_bytes(), b"; Secure"].concat());
            // What was a field's value is one with these letters, too.
            *cookie = secure.unwrap_or_else(|_| HeaderValue::from_static(""));
        }
    }
    // Said for `localhost` it would hold for every other server of that machine.
    if !address.ip().is_loopback() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(host: &str, address: &str, names: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        check_host(&headers, address.parse().unwrap(), &names, 443).is_ok()
    }

    #[test]
    fn only_our_names_are_answered() {
        let local = "127.0.0.1:8081";
        assert!(host("127.0.0.1:8081", local, &[]) && host("localhost:8081", local, &[]));
        assert!(!host("evil.example:8081", local, &[]) && !host("localhost:80", local, &[]));
        assert!(!host("127.0.0.1", local, &[]) && !host("", local, &[]));
        assert!(host("10.0.0.7", "10.0.0.7:443", &[]) && !host("10.0.0.7", "10.0.0.7:80", &[]));
        assert!(
            host("waf.example", local, &["waf.example"]) && host("WAF.example:9", local, &["waf.example"])
        );
        assert!(host("[::1]:8081", "[::1]:8081", &[]) && host("10.0.0.7:8081", "0.0.0.0:8081", &[]));
        assert!(!host("localhost:8081", "10.0.0.7:8081", &[]));
    }

    #[test]
    fn cookies_over_tls_stay_there() {
        let bound = |address: &str| {
            let mut answer = Answer::new(axum::body::Body::empty());
            for cookie in ["a=1; HttpOnly", "b=2"] {
                answer.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
            }
            bind_to_tls(&mut answer, address.parse().unwrap());
            let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
            let cookies: Vec<_> = cookies.map(|value| value.to_str().unwrap().to_owned()).collect();
            (cookies.join(", "), answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY))
        };
        assert_eq!(bound("10.0.0.7:443"), ("a=1; HttpOnly; Secure, b=2; Secure".to_owned(), true));
        assert!(!bound("127.0.0.1:8081").1);
    }

    #[test]
    fn forms_of_other_sites_are_refused() {
        let sent = |has_tls, fields: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8081"));
            for (name, value) in fields {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            check_origin(&Method::POST, &headers, has_tls).is_ok()
        };
        let check = |fields: &[(&'static str, &'static str)]| sent(false, fields);
        assert!(check(&[("origin", "https://127.0.0.1:8081")]), "something in front may speak TLS");
        assert!(sent(true, &[("origin", "https://127.0.0.1:8081")]));
        assert!(!sent(true, &[("origin", "http://127.0.0.1:8081")]));
        assert!(check(&[]) && check(&[("origin", "http://127.0.0.1:8081")]));
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        assert!(!check(&[("origin", "http://evil.example")]) && !check(&[("origin", "null")]));
        assert!(!check(&[("sec-fetch-site", "cross-site")]) && !check(&[("sec-fetch-site", "same-site")]));
    }
}
