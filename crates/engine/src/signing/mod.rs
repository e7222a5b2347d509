//! Signed links: `SecHashEngine` and its family, and `@validateHash`.
//!
//! ```text
//! <a href="list?p=1">  on /shop/home, key "secret"  ──▶  <a href="list?p=1&amp;crypt=d0c5…">   HMAC-SHA1 of shop/list?p=1
//! GET /shop/list?p=2&crypt=d0c5…                    ──▶  SecRule REQUEST_URI "@validateHash ^/shop" … matches
//! ```
//! Links of an HTML answer that `SecHashMethodRx` and `SecHashMethodPm` select get a parameter that only this site can make; a
//! rule then refuses requests for addresses that it never gave out. As in v2 both `SecContentInjection` and
//! `SecStreamOutBodyInspection` have to be on, and the signature of an address is the same as there.
//!
//! Unlike v2, which prints libxml's tree of the document, this puts the parameter into the link where it stands and leaves all
//! else as it was ([`html`]), follows the rules of browsers for what an address is ([`link`]), and signs nothing for other
//! hosts. What is signed, and what is checked, is what is sent: the bytes of the request line.
//! (Reference manual, "SecHashEngine", "validateHash")

mod html;
mod link;

use portcullis_operators::pattern::Pattern;
use portcullis_operators::{Failure, Hit, Test};
use sha1::{Digest as _, Sha1};

use crate::escape::{log_escape, log_escape_keep_quotes};
use crate::macros::Template;
use crate::record::EngineMode;
use crate::ruleset::Rule;
use crate::transaction::Transaction;
use crate::variables::{Value, Variable};
use html::Place;
use link::Page;

/// The longest expression that a message shows.
const SHOWN: usize = 252;

/// `SecHash…`.
#[derive(Debug)]
pub struct Signing {
    /// `SecHashEngine`.
    pub on: bool,
    /// `SecHashKey`: the key itself.
    pub(crate) key: Vec<u8>,
    /// What of the client is a part of the key.
    pub(crate) addition: Addition,
    /// `SecHashParam`.
    pub(crate) parameter: Vec<u8>,
    /// `SecHashMethodRx` and `SecHashMethodPm`, in order.
    pub(crate) methods: Vec<Method>,
}

/// The second word of `SecHashKey`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addition {
    Nothing,
    /// SESSIONID, or the address of a client without one.
    Session,
    Address,
}

/// Which links of a kind are signed.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) place: Place,
    pub(crate) is_expression: bool,
    pub(crate) test: Box<dyn Test>,
}

/// A compiled `@validateHash`; `None` when its expression has macros.
#[derive(Debug)]
pub(crate) struct HashCheck(pub(crate) Option<Pattern>);

impl Default for Signing {
    fn default() -> Self {
        Self {
            on: false,
            key: Vec::new(),
            addition: Addition::Nothing,
            parameter: b"crypt".to_vec(),
            methods: Vec::new(),
        }
    }
}

/// The kind of link that a word of `SecHashMethod…` means.
pub(crate) fn place(word: &[u8]) -> Option<Place> {
    Some(match word.to_ascii_lowercase().as_slice() {
        b"hashhref" => Place::Href,
        b"hashformaction" => Place::FormAction,
        b"hashiframesrc" => Place::IframeSrc,
        b"hashframesrc" => Place::FrameSrc,
        b"hashlocation" => Place::Location,
        _ => return None,
    })
}

impl Signing {
    /// Expressions come before lists of phrases, as in v2.
    fn selects(&self, place: Place, link: &[u8]) -> bool {
        let mut hit = Hit::default();
        let mut matches = |method: &Method| method.test.test(link, b"", false, &mut hit) == Ok(true);
        let of = |is_expression| {
            move |method: &&Method| method.place == place && method.is_expression == is_expression
        };
        self.methods.iter().filter(of(true)).any(&mut matches)
            || self.methods.iter().filter(of(false)).any(&mut matches)
    }
}

impl Transaction {
    /// An HTML document with its links signed; `None` when no link is.
    pub(crate) fn sign_links(&self, document: &[u8]) -> Option<Vec<u8>> {
        let signing = self.signs()?;
        let content_type = self.response.header(&self.arena, b"Content-Type")?;
        let is_html = content_type.get(..9).is_some_and(|begin| begin.eq_ignore_ascii_case(b"text/html"));
        if !is_html || !signing.methods.iter().any(|method| method.place != Place::Location) {
            return None;
        }
        let links = html::links(document);
        let page = self.page(links.base);
        let mut signed = Vec::new();
        let mut copied = 0;
        for link in &links.found {
            let raw = document.get(link.start..link.end)?;
            let Some(resolved) = link::resolve(&html::decoded(raw), &page, &signing.parameter) else {
                continue;
            };
            if !signing.selects(link.place, &resolved.shown) {
                continue;
            }
            let at = link.start + resolved.end;
            signed.extend_from_slice(document.get(copied..at)?);
            signed.extend_from_slice(if resolved.has_query { b"&amp;" } else { b"?" });
            signed.extend_from_slice(&self.parameter(signing, &resolved.signed));
            copied = at;
        }
        if copied == 0 {
            return None;
        }
        signed.extend_from_slice(document.get(copied..)?);
        Some(signed)
    }

    /// What `Location` of an answer becomes; `None` when it stays.
    pub fn signed_location(&self) -> Option<Vec<u8>> {
        let signing = self.signs().filter(|_| matches!(self.response.status, 301 | 302))?;
        let location = self.response.header(&self.arena, b"Location")?;
        let resolved = link::resolve(&html::plain(location), &self.page(None), &signing.parameter)?;
        if !signing.selects(Place::Location, &resolved.shown) {
            return None;
        }
        let (before, behind) = location.split_at_checked(resolved.end)?;
        let mark: &[u8] = if resolved.has_query { b"&" } else { b"?" };
        Some([before, mark, &self.parameter(signing, &resolved.signed), behind].concat())
    }

    /// Nothing is changed in detection.
    fn signs(&self) -> Option<&Signing> {
        let signing = &self.rules.settings.signing;
        (self.control.signs && self.control.engine == EngineMode::On).then_some(signing)
    }

    /// The document that links stand in.
    fn page<'t>(&'t self, base: Option<&[u8]>) -> Page<'t> {
        let host = self.request.header(&self.arena, b"Host").unwrap_or_default();
        Page::new(host, self.arena.get(self.request.target), base)
    }

    /// `NAME=SIGNATURE`.
    fn parameter(&self, signing: &Signing, address: &[u8]) -> Vec<u8> {
        [&signing.parameter, &b"="[..], &self.signature(signing, address)].concat()
    }

    /// The signature of an address without its first slash, in hexadecimal digits.
    fn signature(&self, signing: &Signing, address: &[u8]) -> Vec<u8> {
        let of_session = self.session_id.map(|id| self.arena.get(id)).filter(|id| !id.is_empty());
        let client = self.arena.get(self.constants.client_addr);
        let addition = match signing.addition {
            Addition::Nothing => &b""[..],
            Addition::Session => of_session.unwrap_or(client),
            Addition::Address => client,
        };
        hmac(&[&signing.key, addition].concat(), address)
    }

    /// Tests a value that is an address.
    pub(crate) fn test_hash(
        &mut self,
        check: &HashCheck,
        argument: &Template,
        rule: &Rule,
        value: &Value,
        tested: &[u8],
    ) -> Result<bool, Failure> {
        self.hit.clear();
        if !self.control.signs || !self.control.enforces_signatures {
            return Ok(false);
        }
        let mut source = Vec::new();
        self.expand_template(argument, Some(rule), &mut source);
        let matches = match &check.0 {
            Some(pattern) => pattern.is_match(tested)?,
            None => {
                let limit = self.rules.settings.pcre_match_limit;
                let options = portcullis_operators::pattern::Options {
                    match_limit: limit,
                    ..portcullis_operators::pattern::Options::default()
                };
                Pattern::new(&source, options).map_err(|_| Failure::Unexplained)?.is_match(tested)?
            }
        };
        if !matches {
            return Ok(false);
        }
        let rules = std::sync::Arc::clone(&self.rules);
        let signing = &rules.settings.signing;
        // The path in these two has been decoded; what was signed is what is sent.
        let is_uri = matches!(value.variable, Variable::RequestUri | Variable::RequestUriRaw);
        let address = if is_uri { self.arena.get(self.request.target).to_vec() } else { tested.to_vec() };
        let behind = match link::split_signature(&address, &signing.parameter) {
            Some((_, None)) => Vec::new(),
            None => b" No Hash parameter".to_vec(),
            Some((signed, Some(given))) => {
                let expected = self.signature(signing, link::without_origin(signed));
                if given == expected.as_slice() {
                    return Ok(false);
                }
                let mut text = b" Hash parameter hash value = [".to_vec();
                log_escape_keep_quotes(given, &mut text);
                [&text, &b"] Requested URI hash value = ["[..], &expected, b"]"].concat()
            }
        };
        let mut text = b"Request URI matched \"".to_vec();
        let mut shown = Vec::new();
        log_escape(&source, &mut shown);
        match shown.get(..SHOWN).filter(|_| shown.len() > SHOWN) {
            Some(cut) => text.extend([cut, b" ..."].concat()),
            None => text.extend(&shown),
        }
        text.extend_from_slice(b"\" at ");
        self.write_name(value, &mut text);
        text.push(b'.');
        text.extend_from_slice(&behind);
        self.hit.text = text;
        Ok(true)
    }
}

/// HMAC-SHA1 in hexadecimal digits.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let hash =
        |parts: [&[u8]; 2]| parts.iter().fold(Sha1::new(), |hash, part| hash.chain_update(part)).finalize();
    let short = if key.len() > BLOCK { hash([key, b""]).to_vec() } else { key.to_vec() };
    let pad = |byte: u8| {
        let mut pad = [byte; BLOCK];
        pad.iter_mut().zip(&short).for_each(|(pad, key)| *pad ^= key);
        pad
    };
    let inner = hash([&pad(0x36), message]);
    let outer = hash([&pad(0x5c), &inner]);
    outer.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::hmac;

    /// RFC 2202, cases 1, 2 and 6.
    #[test]
    fn hmac_is_that_of_the_standard() {
        let cases: [(&[u8], &[u8], &[u8]); 3] = [
            (&[0x0b; 20], b"Hi There", b"b617318655057264e28bc0b6fb378c8ef146be00"),
            (b"Jefe", b"what do ya want for nothing?", b"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                b"aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
        ];
        for (key, message, expected) in cases {
            assert_eq!(hmac(key, message), expected);
        }
    }
}
