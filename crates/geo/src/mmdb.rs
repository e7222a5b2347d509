//! MaxMind's current format, through the `maxminddb` crate: which fields of a record are which member of GEO.
//!
//! The fields are those of GeoIP2 and GeoLite2 City and Country, as libmodsecurity 3 reads them.

use std::net::IpAddr;

use maxminddb::PathElement::{self, Index, Key};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{OpenError, Place};

/// Stands before the metadata, near the end of the file.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// How far before the end the metadata may begin.
const METADATA_LIMIT: usize = 128 * 1024;

/// Whether a file is of this format.
pub(crate) fn is_mmdb(bytes: &[u8]) -> bool {
    let tail = bytes.get(bytes.len().saturating_sub(METADATA_LIMIT)..).unwrap_or_default();
    tail.windows(MARKER.len()).any(|window| window == MARKER)
}

/// A database.
pub(crate) struct Reader(maxminddb::Reader<Vec<u8>>);

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reader").field(&self.0.metadata().database_type).finish()
    }
}

/// Degrees are numbers, but some tools write them as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Float(f64),
    Unsigned(u64),
    Text(String),
}

impl Number {
    fn value(self) -> f64 {
        match self {
            Self::Float(value) => value,
            Self::Unsigned(value) => value as f64,
            Self::Text(text) => text.trim().parse().unwrap_or_default(),
        }
    }
}

impl Reader {
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self, OpenError> {
        maxminddb::Reader::from_source(bytes).map(Self).map_err(|error| OpenError::Broken(error.to_string()))
    }

    pub(crate) fn locate(&self, address: IpAddr) -> Option<Place> {
        let found = self.0.lookup(address).ok().filter(|found| found.has_data())?;
        let text = |path: &[PathElement<'_>]| field::<String>(&found, path).unwrap_or_default();
        let number = |path: &[PathElement<'_>]| field::<Number>(&found, path).map_or(0.0, Number::value);
        Some(Place {
            country_code: text(&[Key("country"), Key("iso_code")]),
            country_code_3: String::new(),
            country_name: text(&[Key("country"), Key("names"), Key("en")]),
            continent: text(&[Key("continent"), Key("names"), Key("en")]),
            region: text(&[Key("subdivisions"), Index(0), Key("iso_code")]),
            city: text(&[Key("city"), Key("names"), Key("en")]),
            postal_code: text(&[Key("postal"), Key("code")]),
            latitude: number(&[Key("location"), Key("latitude")]),
            longitude: number(&[Key("location"), Key("longitude")]),
            dma_code: number(&[Key("location"), Key("metro_code")]) as u32,
            area_code: 0,
        })
    }
}

/// A field of a record; `None` when it is absent or of another type.
fn field<T: DeserializeOwned>(
    found: &maxminddb::LookupResult<'_, Vec<u8>>,
    path: &[PathElement<'_>],
) -> Option<T> {
    found.decode_path(path).ok().flatten()
}
