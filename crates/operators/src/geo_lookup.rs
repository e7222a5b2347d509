//! `@geoLookup`: declared here, done by the engine and its driver.
//!
//! The value is an address or a host name; the collection GEO is filled when the database knows it. It matches when found. This record only says that the operator exists and what it needs; nothing is compiled. Reference Manual: `geoLookup`.

use crate::{External, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "geoLookup",
    aliases: &[],
    summary: "Looks an address up in the geographical database and fills GEO.",
    expands_macros: false,
    needs_argument: false,
    examples: &[],
    kind: Kind::External(External::GeoLookup),
};
