//! The event store of an instance: where it lies, and what the proxy saw turned into what it keeps.
//!
//! `events = "on"` and the folder `S` → `S/data/events.sqlite`; with `events_url` a database that instances share. `run` opens
//! it and hands it to [`crate::logging`], which submits every [`Exchange`]; `events`, `explain` and `tune` read it beside a
//! running proxy. A store that cannot be opened keeps no traffic from being served: that is said, and nothing is recorded.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use portcullis_engine::RuleSet;
use portcullis_insight::{Country, Event, Events, Observed, Place, Places, Presence, Upstream};
use portcullis_proxy::{Exchange, SharedRules};
use portcullis_seclang::Sources;
use portcullis_site::Site;

use crate::messages::say;
use crate::settings::{self, EventPlace, EventStore};

/// Where events are kept, when they are.
fn place(settings: &EventStore, instance: &Path) -> Option<Place> {
    let file = match &settings.place {
        EventPlace::Off => return None,
        EventPlace::Data => instance.join(portcullis_site::DATA).join("events.sqlite"),
        EventPlace::File(file) => file.clone(),
    };
    Some(match &settings.url {
        Some(url) => Place::Shared { url: url.clone(), instance: name(settings, instance) },
        None => Place::File(file),
    })
}

/// The name of this instance: the host's, or that of its folder where the host has none.
fn name(settings: &EventStore, instance: &Path) -> String {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    settings.name.clone().or(host).unwrap_or_else(|| instance.display().to_string())
}

/// Opens the store to write it; says why when there is none although one is wanted.
pub fn open(settings: &EventStore, instance: &Path) -> Option<Arc<Events>> {
    match Events::open(place(settings, instance)?, settings.limits) {
        Ok(events) => Some(Arc::new(events)),
        Err(error) => {
            say(format_args!("{error}; no event is recorded (--events names another file, or off)"));
            None
        }
    }
}

/// The database of the rules in force, asked for countries.
#[derive(Debug)]
pub struct PresentPlaces(pub Arc<SharedRules>);

impl Places for PresentPlaces {
    fn are_known(&self) -> bool {
        self.0.load().knows_countries()
    }

    fn country(&self, address: &str) -> Option<Country> {
        let (code, name) = self.0.load().country(address.parse().ok()?)?;
        Some(if name.is_empty() { Country { name: code.clone(), code } } else { Country { code, name } })
    }
}

/// What this process says of itself to those who share its store.
pub fn presence(rules: &RuleSet, fingerprint: String, commit: Option<String>, started: i64) -> Presence {
    Presence {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        rules: fingerprint,
        commit,
        mode: crate::startup::engine_mode(rules).to_owned(),
        started_micros: started.saturating_mul(1_000_000),
    }
}

/// Opens the store of a site to read it, where its settings and the environment say.
pub fn read(root: &Path) -> Result<Events> {
    let site = Site::open(root)?;
    let mut entries = settings::read_variables().entries;
    entries.extend(settings::read_file(&site, &mut Sources::default(), &mut Vec::new()));
    let resolved = settings::resolve(site.root(), entries).settings;
    let instance = resolved.instance_folder.clone().unwrap_or_else(|| site.root().to_path_buf());
    let Some(place) = place(&resolved.events, &instance) else {
        bail!("the setting `events` is off: there is no event store");
    };
    Events::read_only(place).context("`run` makes the store of a site when it serves it")
}

/// An exchange as an event.
pub fn event(exchange: Exchange) -> Event {
    let upstream = exchange.upstream.as_ref().map(|share| Upstream {
        address: share.address.to_string(),
        status: share.status,
        duration_micros: share.duration_micros,
    });
    let observed = Observed {
        rule_set: &exchange.rule_set,
        status: exchange.status,
        bytes_received: exchange.bytes_received,
        bytes_sent: exchange.bytes_sent,
        duration_micros: exchange.duration_micros,
        upstream,
        error: exchange.error.as_deref(),
    };
    Event::of(exchange.record, &observed)
}
