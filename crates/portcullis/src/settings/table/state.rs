//! Settings of the store of persistent collections (`initcol`, `setsid`, `setuid`, `setrsc`).

use crate::settings::located;
use crate::settings::setting::{Applies, Group, Setting, Shape};

/// See the module.
pub static ROWS: &[Setting] = &[
    Setting {
        name: "instance-folder",
        group: Group::State,
        shape: Shape::Text,
        placeholder: "DIR",
        default: "\"\"",
        applies: Applies::AtStart,
        summary: "Where what a running proxy writes goes: relative SecDataDir, SecAuditLog and SecDebugLog, and the socket of reload.",
        detail: "Empty is the site's folder. With another one nothing is ever written into the site, which may be read-only.",
        set: |to, value, from| {
            let text = value.text()?;
            to.instance_folder = Some(located(from, text.into())).filter(|_| !text.is_empty());
            Ok(())
        },
    },
    Setting {
        name: "state-records",
        group: Group::State,
        shape: Shape::Number,
        placeholder: "NUMBER",
        default: "200000",
        applies: Applies::AtStart,
        summary: "Records of all collections together; when there is no room, those that expire first make place.",
        detail: "Where the site says SecDataDir, what changed is saved there once a second and read again at the next start, by one process at a time; otherwise collections are empty after a start.",
        set: |to, value, _| value.count(1).map(|records| to.state.records = records),
    },
    Setting {
        name: "state-memory",
        group: Group::State,
        shape: Shape::Size,
        placeholder: "SIZE",
        default: "\"128MiB\"",
        applies: Applies::AtStart,
        summary: "Bytes of all records together.",
        detail: "",
        set: |to, value, _| value.memory(1 << 20).map(|bytes| to.state.bytes = bytes),
    },
    Setting {
        name: "state-record-size",
        group: Group::State,
        shape: Shape::Size,
        placeholder: "SIZE",
        default: "\"16KiB\"",
        applies: Applies::AtStart,
        summary: "Bytes of the names and values of one record.",
        detail: "mod_security2 fails to store records of more than about 1000.",
        set: |to, value, _| value.memory(256).map(|bytes| to.state.record_bytes = bytes),
    },
];
