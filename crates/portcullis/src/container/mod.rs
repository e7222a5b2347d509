//! The variables of the OWASP CRS's container images: `BACKEND`, `PORT`, `BLOCKING_PARANOIA`, `MODSEC_RULE_ENGINE`, …
//!
//! ```text
//! PORT=8080              the setting listen = "0.0.0.0:8080"
//! BLOCKING_PARANOIA=2    the site as it is, but for tx.blocking_paranoia_level=2 in its set-up file
//! SSL_PORT=8443          a sentence: TLS is not built
//! ```
//!
//! A setting of ours (flag, `PORTCULLIS_*`) wins over such a variable, and it over `--platform` and the site's files. Of two for
//! the same thing the later row of the table wins. Nothing is written: the site is read as if its files held the values. An
//! empty variable is none. `check` and the commands that change a site know nothing of them.

#[cfg(test)]
mod reference;
mod table;

use std::ffi::OsString;

use anyhow::{Context as _, Result, anyhow, bail};
use portcullis_site::{CONFIGURATION, Changes, Mode, Site, Tuning};

use crate::settings::{self, Entry, Value};
use table::{Form, Meaning, ROWS, Row};

/// The longest `modsecurity.conf` that is edited.
const LONGEST: u64 = 1 << 24;

/// What the images' variables say.
#[derive(Debug, Clone, Default)]
pub struct ContainerVariables {
    /// Settings in them.
    pub entries: Vec<Entry>,
    /// What is done with each, a sentence for people.
    pub told: Vec<String>,
    /// What cannot be read.
    pub errors: Vec<String>,
    /// Those that change how the site is read.
    edits: Vec<Edit>,
}

/// A variable that changes how the site is read.
#[derive(Debug, Clone)]
struct Edit {
    name: &'static str,
    meaning: Meaning,
    value: String,
}

/// Reads the environment.
pub fn read(environment: impl Iterator<Item = (OsString, OsString)>) -> ContainerVariables {
    let given: Vec<(OsString, OsString)> = environment.filter(|(_, value)| !value.is_empty()).collect();
    let mut found = ContainerVariables::default();
    for row in ROWS {
        if let Some((_, value)) = given.iter().find(|(name, _)| name == row.0) {
            match value.to_str() {
                Some(value) => found.take(row, value),
                None => found.errors.push(format!("{}: the value is not UTF-8", row.0)),
            }
        }
    }
    for name in given.iter().filter_map(|(name, _)| name.to_str()).filter(|name| name.starts_with("MODSEC_"))
    {
        if !ROWS.iter().any(|(known, _)| *known == name) {
            found.told.push(format!("{name} is no variable that is understood here; it changes nothing"));
        }
    }
    found.leave_manual();
    found
}

impl ContainerVariables {
    fn take(&mut self, (name, meaning): &'static Row, value: &str) {
        match meaning {
            Meaning::Settings(names, form) => match in_our_form(*form, value) {
                Ok(value) => {
                    let entry = |setting| settings::container(name, setting, value.clone());
                    self.entries.extend(names.iter().map(|setting| entry(setting)));
                    self.told.push(format!("{name}: {}", names.join(", ")));
                }
                Err(why) => self.errors.push(format!("{name}: {why}")),
            },
            Meaning::Only(only, why) if !value.eq_ignore_ascii_case(only) => {
                self.told.push(format!("{name}={value} changes nothing: {why}"));
            }
            Meaning::Only(..) => {}
            Meaning::Unsupported(why) => self.told.push(format!("{name} changes nothing: {why}")),
            Meaning::Manual if value != "1" => {}
            Meaning::Directive(_) | Meaning::Engine | Meaning::Tuning(_) | Meaning::Manual => {
                self.edits.push(Edit { name, meaning: *meaning, value: value.to_owned() });
            }
        }
    }

    /// `MANUAL_MODE=1`: the set-up file stays as it is.
    fn leave_manual(&mut self) {
        let is_manual = self.edits.iter().any(|edit| edit.meaning == Meaning::Manual);
        let (tunings, others): (Vec<Edit>, Vec<Edit>) = std::mem::take(&mut self.edits)
            .into_iter()
            .partition(|edit| matches!(edit.meaning, Meaning::Tuning(_) | Meaning::Manual) && is_manual);
        self.edits = others;
        self.told.extend(self.edits.iter().map(|edit| format!("{}: {}", edit.name, edit.shown())));
        let ignored: Vec<&str> =
            tunings.iter().map(|edit| edit.name).filter(|n| *n != "MANUAL_MODE").collect();
        if !ignored.is_empty() {
            self.told.push(format!("MANUAL_MODE=1: {} change nothing", ignored.join(", ")));
        }
    }

    /// The site as the variables say it is to be read.
    ///
    /// # Errors
    /// When one cannot have its effect; the sentence begins with its name.
    pub fn apply(&self, site: Site) -> Result<Site> {
        self.edits.iter().try_fold(site, |site, edit| {
            let changes = edit.changes(&site).with_context(|| edit.name)?;
            Ok(site.with_changes(&changes))
        })
    }
}

impl Edit {
    fn shown(&self) -> String {
        match self.meaning {
            Meaning::Directive(directive) => format!("{directive} {}", self.value),
            Meaning::Engine => format!("SecRuleEngine {}", self.value),
            Meaning::Tuning(name) => format!("{name} {}", self.value),
            _ => String::new(),
        }
    }

    fn changes(&self, site: &Site) -> Result<Changes> {
        match self.meaning {
            Meaning::Engine => {
                let modes = [Mode::Off, Mode::Detect, Mode::Protect];
                let named = |mode: &Mode| self.value.eq_ignore_ascii_case(mode.directive_value());
                let mode = modes.into_iter().find(named);
                let mode =
                    mode.ok_or_else(|| anyhow!("`{}` is neither On, Off nor DetectionOnly", self.value))?;
                Ok(site.mode_change(mode)?)
            }
            Meaning::Tuning(name) => {
                let tuning = Tuning::named(name).ok_or_else(|| anyhow!("no choice is called {name}"))?;
                Ok(site.tuning_change(tuning, &self.value)?)
            }
            Meaning::Directive(directive) => self.appended(site, directive),
            _ => Ok(Changes::default()),
        }
    }

    /// `modsecurity.conf` with the directive at its end, where it wins over those before it.
    fn appended(&self, site: &Site, directive: &str) -> Result<Changes> {
        if self.value.chars().any(|c| c.is_control() || c == '\\') {
            bail!("the value has a character that cannot stand in a directive");
        }
        let text = site.read_file(CONFIGURATION, LONGEST)?.unwrap_or_default();
        let mut changes = Changes::default();
        let lines = [&format!("# {}", self.name)[..], &format!("{directive} {}", self.value)];
        changes.write(CONFIGURATION, portcullis_site::append_lines(&text, &lines));
        Ok(changes)
    }
}

/// A value in the form that our setting has.
fn in_our_form(form: Form, value: &str) -> Result<Value, String> {
    let one = |text: &str| Ok(Value::One(text.to_owned()));
    match form {
        Form::Same => one(value),
        Form::Port => match value.parse::<u16>() {
            Ok(port) => one(&format!("0.0.0.0:{port}")),
            Err(_) => Err(format!("`{value}` is not a port")),
        },
        Form::Seconds if value.bytes().all(|byte| byte.is_ascii_digit()) => one(&format!("{value}s")),
        Form::Seconds => one(value),
        Form::Log => one(match value {
            "/dev/stdout" | "/proc/self/fd/1" => "stdout",
            "/dev/stderr" | "/proc/self/fd/2" => "stderr",
            "/dev/null" => "off",
            file => file,
        }),
        Form::Networks => {
            let networks = value.split([',', ' ']).filter(|network| !network.is_empty());
            Ok(Value::Many(networks.map(str::to_owned).collect()))
        }
        Form::Field if value.eq_ignore_ascii_case("X-Forwarded-For") => one(""),
        Form::Field => one(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> ContainerVariables {
        read(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn names_are_unique_and_what_they_name_is_there() {
        let mut names: Vec<&str> = ROWS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ROWS.len());
        for (name, meaning) in ROWS {
            match meaning {
                Meaning::Tuning(tuning) => assert!(Tuning::named(tuning).is_some(), "{name}"),
                Meaning::Settings(settings, _) => {
                    settings.iter().for_each(|setting| assert!(settings::named(setting).is_some(), "{name}"));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn what_changes_nothing_is_told() {
        for (name, meaning) in ROWS {
            let found = of(&[(name, "unheard-of")]);
            let is_heard = !found.entries.is_empty() || !found.edits.is_empty() || !found.errors.is_empty();
            let may_be_silent = matches!(meaning, Meaning::Manual);
            assert!(is_heard || found.told.len() == 1 || may_be_silent, "{name}");
        }
        assert_eq!(of(&[("PROXY_SSL", "off"), ("BACKEND", "")]).told, [""; 0]);
        assert!(of(&[("MODSEC_NEW_THING", "1")]).told[0].starts_with("MODSEC_NEW_THING is no variable"));
    }

    #[test]
    fn manual_mode_leaves_the_set_up_file_alone() {
        let found = of(&[("MANUAL_MODE", "1"), ("PARANOIA", "4"), ("MODSEC_RULE_ENGINE", "On")]);
        assert_eq!(found.edits.len(), 1);
        assert_eq!(
            found.told,
            ["MODSEC_RULE_ENGINE: SecRuleEngine On", "MANUAL_MODE=1: PARANOIA change nothing"]
        );
        assert_eq!(of(&[("MANUAL_MODE", "0"), ("PARANOIA", "4")]).edits.len(), 1);
    }
}
