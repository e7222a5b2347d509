//! Values of settings as written, and the words they are written in.
//!
//! `Value::One("8KiB")` → [`Value::bytes`] → 8192; `Value::One("soon")` → `Err("`soon` is not a time …")`. The three sources
//! (flags, variables, file) all bring their values into this form, so a setting has one grammar wherever it stands. The
//! rows of [`super::table`] call the readers below; nothing here knows a setting by name.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use portcullis_seclang::nearest;

/// A value before anybody has looked at what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string, number or boolean, as text.
    One(String),
    /// A list.
    Many(Vec<String>),
    /// One entry of a table.
    Pair(String, String),
}

/// Why a value cannot be used: one sentence, and what to write instead when that can be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Invalid {
    /// With a message alone.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Adds what to do.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

type Read<T> = Result<T, Invalid>;

/// Units of time, in milliseconds.
const TIMES: [(&str, u64); 5] =
    [("ms", 1), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("s", 1000)];

/// Units of size, in bytes.
const SIZES: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

impl Value {
    /// The text of a single value.
    pub fn text(&self) -> Read<&str> {
        match self {
            Value::One(text) => Ok(text),
            Value::Many(_) | Value::Pair(..) => Err(Invalid::new("a single value is expected")),
        }
    }

    /// The entries of a list; a single value is a list of one.
    pub fn list(&self) -> Read<&[String]> {
        match self {
            Value::One(text) => Ok(std::slice::from_ref(text)),
            Value::Many(list) => Ok(list),
            Value::Pair(..) => Err(Invalid::new("a list is expected")),
        }
    }

    /// Name and value of an entry.
    pub fn pair(&self) -> Read<(&str, &str)> {
        match self {
            Value::Pair(name, value) => Ok((name, value)),
            Value::One(_) | Value::Many(_) => Err(Invalid::new("NAME=VALUE is expected")),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Read<bool> {
        match self.text()? {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(Invalid::new(format!("`{other}` is neither `true` nor `false`"))),
        }
    }

    /// A whole number within bounds.
    pub fn number(&self, least: u64, most: u64) -> Read<u64> {
        let text = self.text()?;
        match text.replace('_', "").parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(Invalid::new(format!("`{text}` is not a whole number from {least} to {most}"))),
        }
    }

    /// A number of things that must fit in memory.
    pub fn count(&self, least: u64) -> Read<usize> {
        let number = self.number(least, u64::from(u32::MAX))?;
        usize::try_from(number).map_err(|_| Invalid::new(format!("{number} is too large for this machine")))
    }

    /// A size: `8190`, `8KiB`, `1MiB`, `2GiB`.
    pub fn bytes(&self) -> Read<u64> {
        let text = self.text()?;
        let wrong = || {
            Invalid::new(format!("`{text}` is not a size"))
                .with_help("write a number of bytes, or 64KiB, 8MiB, 1GiB")
        };
        let (number, unit) = split_unit(text).ok_or_else(wrong)?;
        let factor = match unit {
            "" => 1,
            unit => SIZES.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1,
        };
        number.checked_mul(factor).ok_or_else(wrong)
    }

    /// A size that must fit in memory.
    pub fn memory(&self, least: u64) -> Read<usize> {
        let bytes = self.bytes()?;
        if bytes < least {
            return Err(
                Invalid::new(format!("{bytes} bytes are too few")).with_help(format!("the least is {least}"))
            );
        }
        usize::try_from(bytes)
            .map_err(|_| Invalid::new(format!("{bytes} bytes are too many for this machine")))
    }

    /// A time: `500ms`, `30s`, `5min`, `1h`. Zero is no time.
    pub fn time(&self) -> Read<Duration> {
        let text = self.text()?;
        let wrong =
            || Invalid::new(format!("`{text}` is not a time")).with_help("write 500ms, 30s, 5min or 1h");
        let (number, unit) = split_unit(text).ok_or_else(wrong)?;
        let (_, factor) = TIMES.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        match number.checked_mul(*factor) {
            Some(0) => {
                Err(Invalid::new("a time of zero would refuse everything").with_help("write 1ms or more"))
            }
            Some(milliseconds) => Ok(Duration::from_millis(milliseconds)),
            None => Err(wrong()),
        }
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Read<T> {
        pick(self.text()?, choices)
    }

    /// Addresses to listen on.
    pub fn addresses(&self) -> Read<Vec<SocketAddr>> {
        let list = self.list()?;
        if list.is_empty() {
            return Err(Invalid::new("at least one address is needed"));
        }
        list.iter()
            .map(|text| {
                text.parse().map_err(|_| {
                    Invalid::new(format!("`{text}` is not an address with a port"))
                        .with_help("write 127.0.0.1:8080, 0.0.0.0:80 or [::1]:8080")
                })
            })
            .collect()
    }

    /// Networks: `10.0.0.0/8`, `2001:db8::/32`, or single addresses.
    pub fn networks(&self) -> Read<Vec<IpNet>> {
        let network = |text: &String| {
            let address = || text.parse::<IpAddr>().map(IpNet::from).ok();
            text.parse().ok().or_else(address).ok_or_else(|| {
                Invalid::new(format!("`{text}` is neither an IP address nor a network"))
                    .with_help("write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32")
            })
        };
        self.list()?.iter().map(network).collect()
    }

    /// A path that is not empty.
    pub fn path(&self) -> Read<PathBuf> {
        match self.text()? {
            "" => Err(Invalid::new("a path is expected")),
            text => Ok(PathBuf::from(text)),
        }
    }
}

/// The choice a word names, or what could have been meant.
pub fn pick<T: Copy>(word: &str, choices: &[(&'static str, T)]) -> Read<T> {
    if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == word) {
        return Ok(*choice);
    }
    let names = || choices.iter().map(|(name, _)| *name);
    let invalid = Invalid::new(format!("`{word}` is not possible here"));
    Err(match nearest(word, names()) {
        Some(near) => invalid.with_help(format!("did you mean `{near}`?")),
        None => invalid.with_help(format!("write {}", one_of(names()))),
    })
}

/// `a, b or c`.
pub fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} or {last}", names.join(", ")),
        Some(last) => last.to_owned(),
        None => String::new(),
    }
}

/// `30s` → 30 and `s`; `None` without a number in front.
fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count();
    let (number, unit) = text.split_at(digits);
    Some((number.replace('_', "").parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Value {
        Value::One(text.to_owned())
    }

    #[test]
    fn times_and_sizes_have_units() {
        assert_eq!(one("500ms").time(), Ok(Duration::from_millis(500)));
        assert_eq!(one("5min").time(), Ok(Duration::from_secs(300)));
        assert_eq!(one("1 h").time(), Ok(Duration::from_secs(3600)));
        assert_eq!(one("8190").bytes(), Ok(8190));
        assert_eq!(one("64KiB").bytes(), Ok(65_536));
        for text in ["30", "", "s", "-1s", "1.5s", "0s", "99999999999999999999s", "18446744073709551615h"] {
            assert!(one(text).time().is_err(), "{text}");
        }
        for text in ["", "KiB", "8kb", "8 KB", "18446744073709551615GiB"] {
            assert!(one(text).bytes().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_and_networks_are_addresses() {
        assert_eq!(one("127.0.0.1:0").addresses().map(|list| list.len()), Ok(1));
        assert!(one("localhost:80").addresses().is_err());
        assert!(Value::Many(Vec::new()).addresses().is_err());
        assert_eq!(
            one("192.0.2.7").networks().map(|list| list[0].to_string()),
            Ok("192.0.2.7/32".to_owned())
        );
        assert!(one("192.0.2.7/33").networks().is_err());
    }

    #[test]
    fn a_word_that_is_nearly_right_is_named() {
        let choices = [("json", 1), ("ltsv", 2)];
        assert_eq!(pick("ltsv", &choices), Ok(2));
        let help = |word| pick(word, &choices).map_err(|invalid| invalid.help.unwrap_or_default());
        assert_eq!(help("jsn"), Err("did you mean `json`?".to_owned()));
        assert_eq!(help("xml"), Err("write json or ltsv".to_owned()));
    }
}
