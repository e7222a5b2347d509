//! Settings of the event store: whether there is one, where it lies and how much it keeps.

use crate::settings::setting::{Applies, Group, Setting, Shape};
use crate::settings::value::Invalid;
use crate::settings::{EventPlace, HIDDEN, located, without_password};

/// See the module.
pub static ROWS: &[Setting] = &[
    Setting {
        name: "events",
        group: Group::Events,
        shape: Shape::Text,
        placeholder: "FILE",
        default: "\"on\"",
        applies: Applies::AtStart,
        summary: "The event store: every request counted per minute, and those that rules matched kept whole.",
        detail: "on is data/events.sqlite in the site's folder (or instance_folder), off keeps nothing, anything else is a file. \
                 What rules sanitise is masked before it is stored. No request waits for the store: what it cannot take is lost, \
                 counted, and said on standard error.",
        set: |to, value, from| {
            to.events.place = match value.text()? {
                "on" => EventPlace::Data,
                "off" => EventPlace::Off,
                _ => EventPlace::File(located(from, value.path()?)),
            };
            Ok(())
        },
    },
    Setting {
        name: "events-url",
        group: Group::Events,
        shape: Shape::Text,
        placeholder: "URL",
        default: "\"\"",
        applies: Applies::AtStart,
        summary: "A PostgreSQL database in place of the file: postgres://user:password@host/name.",
        detail: "Instances with the same database feed one store, and the console of each shows all of them. TLS as sslmode in the \
                 address says (disable, prefer, require); certificates are verified with the system's authorities. A password \
                 belongs into the variable rather than into a file that is committed; it is never shown. While the database \
                 is away the proxy goes on, and events wait as far as the queue has room.",
        set: |to, value, _| {
            to.events.url = Some(value.text()?).filter(|url| !url.is_empty()).map(database).transpose()?;
            Ok(())
        },
    },
    Setting {
        name: "instance-name",
        group: Group::Events,
        shape: Shape::Text,
        placeholder: "NAME",
        default: "\"\"",
        applies: Applies::AtStart,
        summary: "The name of this instance where several share an event store; the host's name without it.",
        detail: "Each has one of its own.",
        set: |to, value, _| {
            to.events.name = Some(value.text()?.to_owned()).filter(|name| !name.is_empty());
            Ok(())
        },
    },
    Setting {
        name: "events-kept",
        group: Group::Events,
        shape: Shape::Number,
        placeholder: "NUMBER",
        default: "100000",
        applies: Applies::AtStart,
        summary: "How many events are kept; the oldest make place for new ones.",
        detail: "",
        set: |to, value, _| {
            value.number(1, u64::from(u32::MAX)).map(|events| to.events.limits.events = events)
        },
    },
    Setting {
        name: "events-size",
        group: Group::Events,
        shape: Shape::Size,
        placeholder: "SIZE",
        default: "\"512MiB\"",
        applies: Applies::AtStart,
        summary: "How large the store may grow; the oldest events make place for new ones.",
        detail: "Its write-ahead log comes on top, a few MiB.",
        set: |to, value, _| value.memory(1 << 20).map(|bytes| to.events.limits.bytes = bytes as u64),
    },
    Setting {
        name: "events-days",
        group: Group::Events,
        shape: Shape::Number,
        placeholder: "DAYS",
        default: "30",
        applies: Applies::AtStart,
        summary: "How many days an event is kept.",
        detail: "",
        set: |to, value, _| value.number(1, 36_500).map(|days| to.events.limits.days = days as u32),
    },
    Setting {
        name: "events-counter-days",
        group: Group::Events,
        shape: Shape::Number,
        placeholder: "DAYS",
        default: "400",
        applies: Applies::AtStart,
        summary: "How many days the counters of each minute are kept; they outlive the events.",
        detail: "",
        set: |to, value, _| value.number(1, 36_500).map(|days| to.events.limits.count_days = days as u32),
    },
];

/// An address of a database, as text: who uses it reads it.
fn database(url: &str) -> Result<String, Invalid> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(Invalid::new("it is no address of a PostgreSQL database")
            .with_help("write postgres://user@host/name"));
    }
    if url.contains(HIDDEN) && without_password(url) == url {
        return Err(Invalid::new("the password in it was hidden where it was shown; write it anew"));
    }
    Ok(url.to_owned())
}
