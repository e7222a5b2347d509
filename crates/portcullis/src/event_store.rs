//! The event store of an instance: where it lies, and what the proxy saw turned into what it keeps.
//!
//! `events = "on"` and the folder `S` → `S/data/events.sqlite`. `run` opens it and hands it to [`crate::logging`], which
//! submits every [`Exchange`]; `events`, `explain` and `tune` read it beside a running proxy. A store that cannot be opened
//! keeps no traffic from being served: that is said, and nothing is recorded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use portcullis_insight::{Event, Events, Observed, Upstream};
use portcullis_proxy::Exchange;
use portcullis_seclang::Sources;
use portcullis_site::Site;

use crate::messages::say;
use crate::settings::{self, EventPlace, EventStore};

/// The file, when events are kept.
pub fn path(settings: &EventStore, instance: &Path) -> Option<PathBuf> {
    match &settings.place {
        EventPlace::Off => None,
        EventPlace::Data => Some(instance.join(portcullis_site::DATA).join("events.sqlite")),
        EventPlace::File(file) => Some(file.clone()),
    }
}

/// Opens the store to write it; says why when there is none although one is wanted.
pub fn open(settings: &EventStore, instance: &Path) -> Option<Arc<Events>> {
    let path = path(settings, instance)?;
    match Events::open(path, settings.limits) {
        Ok(events) => Some(Arc::new(events)),
        Err(error) => {
            say(format_args!("{error}; no event is recorded (--events names another file, or off)"));
            None
        }
    }
}

/// Opens the store of a site to read it, where its settings and the environment say.
pub fn read(root: &Path) -> Result<Events> {
    let site = Site::open(root)?;
    let mut entries = settings::read_variables().entries;
    entries.extend(settings::read_file(&site, &mut Sources::default(), &mut Vec::new()));
    let resolved = settings::resolve(site.root(), entries).settings;
    let instance = resolved.instance_folder.clone().unwrap_or_else(|| site.root().to_path_buf());
    let Some(path) = path(&resolved.events, &instance) else {
        bail!("the setting `events` is off: there is no event store");
    };
    Events::read_only(path).context("`run` makes the store of a site when it serves it")
}

/// An exchange as an event.
pub fn event(exchange: &Exchange) -> Event {
    let upstream = exchange.upstream.as_ref().map(|share| Upstream {
        address: share.address.to_string(),
        status: share.status,
        duration_micros: share.duration_micros,
    });
    Event::of(&Observed {
        record: &exchange.record,
        rule_set: &exchange.rule_set,
        status: exchange.status,
        bytes_received: exchange.bytes_received,
        bytes_sent: exchange.bytes_sent,
        duration_micros: exchange.duration_micros,
        upstream,
        error: exchange.error.as_deref(),
    })
}
