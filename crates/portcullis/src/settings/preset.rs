//! `run --platform`: the settings that a hosting platform expects of a proxy, as one preset.
//!
//! It wins over the site's `portcullis.toml`, since the platform and not the site's owner decides where a proxy listens; a
//! variable or a flag wins over it. Each of its parts is an ordinary setting.

use super::value::Value;
use super::{Entry, Origin, table};

/// The preset: names and values. What it leaves out is the default: access lines in JSON on standard output, error lines
/// on standard error.
const PLATFORM: &[(&str, &[&str])] = &[
    ("listen", &["0.0.0.0:80"]),
    ("upstream", &["http://next-hop:80"]),
    ("trust-peer", &["true"]),
    ("client-address-field", &["True-Client-IP"]),
    ("request-id-field", &["section-io-id"]),
    ("health-path", &["/.well-known/portcullis/health"]),
    ("access-log", &["stdout"]),
    ("error-log", &["stderr"]),
    ("audit-log", &["stderr"]),
    ("instance-folder", &["/var/lib/portcullis"]),
    ("console", &["off"]),
];

/// Its entries.
pub fn platform() -> Vec<Entry> {
    let rows = table::all().filter_map(|setting| {
        let (_, values) = PLATFORM.iter().find(|(name, _)| *name == setting.name)?;
        let value = match values {
            [one] => Value::One((*one).to_owned()),
            many => Value::Many(many.iter().map(|&text| text.to_owned()).collect()),
        };
        Some(Entry { setting, value, origin: Origin::Platform })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_a_setting_and_valid() {
        let entries = platform();
        assert_eq!(entries.len(), PLATFORM.len());
        let resolved = super::super::resolve(std::path::Path::new("/site"), entries);
        assert_eq!(resolved.mistakes, [""; 0]);
    }
}
