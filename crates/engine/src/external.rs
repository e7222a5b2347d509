//! Operators that need the outside world: what they ask the driver for and how its answer is read.

use std::net::IpAddr;

use portcullis_operators::{Capture, External, Failure, PathTemplate, Uncaptured};

use crate::arena::Text;
use crate::request::Pair;
use crate::ruleset::Rule;
use crate::transaction::Transaction;
use crate::variables::Value;
use crate::verdict::{Answer, Need};

/// The outcome of an operator's test.
type Tested = Result<bool, Failure>;

impl Transaction {
    /// Tests a value with an external operator; `Err` asks for something, and the same test is made again later.
    pub(crate) fn test_external(
        &mut self,
        external: External,
        _rule: &Rule,
        value: &Value,
        tested: Text,
        argument: &[u8],
    ) -> Result<Tested, Need> {
        self.hit.clear();
        match external {
            External::Rbl => self.test_rbl(value, tested, argument),
            External::GeoLookup => self.test_geo(value, tested),
            External::InspectFile => self.test_inspect_file(tested, argument),
            // Its load said so.
            External::GsbLookup => Ok(Ok(false)),
            // They have tests of their own.
            External::ValidateDtd
            | External::ValidateSchema
            | External::ValidateHash
            | External::Rsub
            | External::RestPath => Ok(Err(Failure::Other(b"operator is not available".to_vec()))),
        }
    }

    fn test_rbl(&mut self, value: &Value, tested: Text, zone: &[u8]) -> Result<Tested, Need> {
        let address = self.arena.get(tested);
        let mut name =
            match std::str::from_utf8(address).ok().and_then(|a| a.parse::<std::net::Ipv4Addr>().ok()) {
                Some(v4) => {
                    let [a, b, c, d] = v4.octets();
                    format!("{d}.{c}.{b}.{a}.").into_bytes()
                }
                None => [address, b"."].concat(),
            };
        name.extend_from_slice(zone);
        let http_bl = memchr::memmem::find(zone, b"httpbl.org").is_some();
        if http_bl {
            let Some(key) = self.rules.settings.http_bl_key.clone() else {
                let text = "RBL httpBl called but no key defined: set SecHttpBlKey".to_owned();
                return Ok(Err(Failure::Other(text.into_bytes())));
            };
            name = [key.as_bytes(), b".", &name].concat();
        }
        let found = match self.take_answer() {
            Some(Answer::Lookup(found)) => found,
            Some(Answer::Failed(reason)) => {
                self.notice(3, format!("RBL lookup failed: {reason}"));
                None
            }
            _ => return Err(Need::Lookup { name }),
        };
        let Some(found) = found else { return Ok(Ok(false)) };
        let mut text = b"RBL lookup of ".to_vec();
        crate::escape::log_escape(&name, &mut text);
        text.extend_from_slice(b" succeeded at ");
        self.write_name(value, &mut text);
        if http_bl {
            text.extend_from_slice(http_bl_reason(found.octets()).as_bytes());
        } else {
            text.extend_from_slice(zone_reason(zone, found.octets()).as_bytes());
        }
        self.hit.uncaptured = Uncaptured::Kept;
        self.hit.captures.push(Capture::Text(text.clone()));
        self.hit.text = text;
        Ok(Ok(true))
    }

    fn test_geo(&mut self, value: &Value, tested: Text) -> Result<Tested, Need> {
        let Some(database) = self.rules.geo.clone() else {
            let mut text = b"Geo lookup for \"".to_vec();
            crate::escape::log_escape(self.arena.get(tested), &mut text);
            text.extend_from_slice(b"\" attempted without a database.  Set SecGeoLookupDB.");
            self.notice(1, text);
            return Ok(Ok(false));
        };
        let Some(address) = self.address_of(tested)? else { return Ok(Ok(false)) };
        self.geo.clear();
        let Some(members) = database.locate(address).map(|place| place.members()) else {
            return Ok(Ok(false));
        };
        for (name, value) in members {
            let pair = Pair { name: self.arena.push(name.as_bytes()), value: self.arena.push(&value) };
            self.geo.push(pair);
        }
        let mut text = b"Geo lookup for \"".to_vec();
        crate::escape::log_escape(self.arena.get(tested), &mut text);
        text.extend_from_slice(b"\" succeeded at ");
        self.write_name(value, &mut text);
        text.push(b'.');
        self.hit.text = text;
        Ok(Ok(true))
    }

    /// Tests a value with `@restpath`, and sets ARGS_PATH.
    pub(crate) fn test_path(
        &mut self,
        template: &PathTemplate,
        rule: &Rule,
        value: &Value,
        tested: Text,
    ) -> Tested {
        self.hit.clear();
        let path = self.arena.get(tested).to_vec();
        let Some(parts) = template.parts(&path)? else { return Ok(false) };
        for (name, part) in parts {
            let part = self.arena.push(part);
            match self
                .path_arguments
                .iter_mut()
                .find(|pair| self.arena.get(pair.name).eq_ignore_ascii_case(name))
            {
                Some(pair) => pair.value = part,
                None => self.path_arguments.push(Pair { name: self.arena.push(name), value: part }),
            }
        }
        let mut text = b"Path match \"".to_vec();
        crate::escape::log_escape(rule.operator.argument.raw(), &mut text);
        text.extend_from_slice(b"\" at ");
        self.write_name(value, &mut text);
        text.push(b'.');
        self.hit.text = text;
        Ok(true)
    }

    /// The address that a text is, or that the resolver has for it.
    fn address_of(&mut self, text: Text) -> Result<Option<IpAddr>, Need> {
        let bytes = self.arena.get(text);
        if bytes.is_empty() {
            return Ok(None);
        }
        if let Some(address) = std::str::from_utf8(bytes).ok().and_then(|address| address.parse().ok()) {
            return Ok(Some(address));
        }
        match self.take_answer() {
            Some(Answer::Lookup(found)) => Ok(found.map(IpAddr::V4)),
            Some(Answer::Failed(reason)) => {
                self.notice(3, format!("Geo lookup failed: {reason}"));
                Ok(None)
            }
            _ => Err(Need::Lookup { name: self.arena.get(text).to_vec() }),
        }
    }

    fn test_inspect_file(&mut self, tested: Text, script: &[u8]) -> Result<Tested, Need> {
        let script = String::from_utf8_lossy(script).into_owned();
        let output = match self.take_answer() {
            Some(Answer::Program(Ok(output))) if !output.is_empty() => output,
            Some(Answer::Program(Ok(_))) => {
                let text = format!("Execution of the approver script \"{script}\" failed (no output).");
                return Ok(Err(Failure::Other(text.into_bytes())));
            }
            Some(Answer::Program(Err(reason)) | Answer::Failed(reason)) => {
                let text = format!("Execution of the approver script \"{script}\" failed ({reason}).");
                return Ok(Err(Failure::Other(text.into_bytes())));
            }
            _ => {
                let path = self.arena.get(tested).to_vec();
                let environment = self.program_environment();
                return Err(Need::Program { path: script, arguments: vec![path], environment });
            }
        };
        if output.first() == Some(&b'1') {
            return Ok(Ok(false));
        }
        let mut text = b"File \"".to_vec();
        crate::escape::log_escape(self.arena.get(tested), &mut text);
        text.extend_from_slice(b"\" rejected by the approver script \"");
        crate::escape::log_escape(script.as_bytes(), &mut text);
        text.extend_from_slice(b"\": ");
        let line = output.split(|b| *b == b'\n').next().unwrap_or_default();
        crate::escape::log_escape(line, &mut text);
        self.hit.text = text;
        Ok(Ok(true))
    }
}

/// What Project Honey Pot's answer `127.days.score.type` says.
fn http_bl_reason([first, days, score, kind]: [u8; 4]) -> String {
    if first != 127 {
        return ". Unexpected answer".to_owned();
    }
    let kind = match kind {
        0 => "Search Engine",
        1 => "Suspicious IP",
        2 => "Harvester IP",
        3 => "Suspicious harvester IP",
        4 => "Comment spammer IP",
        5 => "Suspicious comment spammer IP",
        6 => "Harvester and comment spammer IP",
        7 => "Suspicious harvester comment spammer IP",
        _ => "",
    };
    format!(". {kind}: {days} days since last activity, threat score {score}")
}

/// What the last octet means for lists that document it.
fn zone_reason(zone: &[u8], [.., last]: [u8; 4]) -> &'static str {
    let has = |name: &[u8]| memchr::memmem::find(zone, name).is_some();
    if has(b"uribl.com") {
        return match last {
            2 => " (BLACK).",
            4 => " (GREY).",
            8 => " (RED).",
            14 => " (BLACK,GREY,RED).",
            255 => " (DNS IS BLOCKED).",
            _ => " (WHITE).",
        };
    }
    if has(b"spamhaus.org") {
        return match last {
            2 | 3 => " (Static UBE sources).",
            4..=7 => " (Illegal 3rd party exploits).",
            10 | 11 => " (Delivering unauthenticated SMTP email).",
            _ => ".",
        };
    }
    "."
}
