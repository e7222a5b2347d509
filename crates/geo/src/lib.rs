//! Geographic databases as bytes: an address in, what `@geoLookup` shows in the GEO collection out.
//!
//! `Database::open(bytes)?.locate(200.249.12.31)` → `COUNTRY_CODE=BR`, `CITY=Recife`, … Two formats are read: MaxMind's
//! current one (`.mmdb`, as libmodsecurity 3 does) and the older GeoIP country and city files (`.dat`, as
//! ModSecurity 2 does). The engine opens the database that `SecGeoLookupDb` names when it compiles a configuration.
//!
//! Nothing here reads a file. A file that is cut short or makes no sense is an error when it is opened or an address that
//! is not found; it never panics. (Reference Manual, "SecGeoLookupDb", "GEO")

#![deny(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may panic"))]

mod countries;
mod legacy;
mod mmdb;

use std::net::IpAddr;

/// Why bytes are no database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Neither format.
    #[error("it is neither a MaxMind database nor a GeoIP country or city file")]
    UnknownFormat,
    /// A GeoIP file of another kind (organisations, providers, …).
    #[error("GeoIP files of type {0} do not tell countries or cities")]
    WrongType(u8),
    /// A MaxMind database that cannot be read.
    #[error("the MaxMind database cannot be read: {0}")]
    Broken(String),
}

/// What is known of an address. What the database does not tell is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    /// Two letters.
    pub country_code: String,
    /// Three letters; MaxMind databases do not have them.
    pub country_code_3: String,
    /// In English.
    pub country_name: String,
    /// Two letters in GeoIP files, the English name in MaxMind databases, as the two engines show it.
    pub continent: String,
    /// A part of the country.
    pub region: String,
    /// In English.
    pub city: String,
    /// Postal code.
    pub postal_code: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Of the United States only.
    pub dma_code: u32,
    /// Of the United States only.
    pub area_code: u32,
}

impl Place {
    /// The members of GEO, in the order of the manual.
    #[must_use]
    pub fn members(&self) -> Vec<(&'static str, Vec<u8>)> {
        // C prints a float, and a number that is not known as 0.
        let degrees = |degrees: f64| format!("{:.6}", degrees as f32).into_bytes();
        let number = |number: u32| number.to_string().into_bytes();
        vec![
            ("COUNTRY_CODE", self.country_code.clone().into_bytes()),
            ("COUNTRY_CODE3", self.country_code_3.clone().into_bytes()),
            ("COUNTRY_NAME", self.country_name.clone().into_bytes()),
            ("COUNTRY_CONTINENT", self.continent.clone().into_bytes()),
            ("REGION", self.region.clone().into_bytes()),
            ("CITY", self.city.clone().into_bytes()),
            ("POSTAL_CODE", self.postal_code.clone().into_bytes()),
            ("LATITUDE", degrees(self.latitude)),
            ("LONGITUDE", degrees(self.longitude)),
            ("DMA_CODE", number(self.dma_code)),
            ("AREA_CODE", number(self.area_code)),
        ]
    }
}

/// An open database.
#[derive(Debug)]
pub struct Database(Format);

#[derive(Debug)]
enum Format {
    MaxMind(mmdb::Reader),
    Legacy(legacy::Reader),
}

impl Database {
    /// Opens a database.
    ///
    /// # Errors
    /// The bytes are none.
    pub fn open(bytes: Vec<u8>) -> Result<Self, OpenError> {
        if mmdb::is_mmdb(&bytes) {
            return mmdb::Reader::open(bytes).map(|reader| Self(Format::MaxMind(reader)));
        }
        legacy::Reader::open(bytes).map(|reader| Self(Format::Legacy(reader)))
    }

    /// What is known of an address; `None` when nothing is.
    #[must_use]
    pub fn locate(&self, address: IpAddr) -> Option<Place> {
        match &self.0 {
            Format::MaxMind(reader) => reader.locate(address),
            Format::Legacy(reader) => reader.locate(address),
        }
    }
}

#[cfg(test)]
mod tests;
