//! The GeoIP format of before 2014 (`.dat`): a binary tree over IPv4 addresses, then records.
//!
//! A node is two little-endian numbers of three bytes, for the bits 0 and 1 of the address from the left. A number below
//! the count of nodes is the next node; another one is a country, or the place of a city record behind the tree. What kind
//! of file it is stands in the last twenty bytes, behind three bytes of 255.

use std::net::{IpAddr, Ipv4Addr};

use crate::countries::COUNTRIES;
use crate::{OpenError, Place};

/// Numbers from here are countries in a country file.
const COUNTRY_BEGIN: u32 = 16_776_960;

/// How far before the end the kind of file is told.
const STRUCTURE_LIMIT: usize = 20;

/// Three bytes a number, two numbers a node.
const NUMBER: usize = 3;

/// Files of type 106 and above were numbered from 105.
const RENUMBERED: u8 = 105;

/// A database.
pub(crate) struct Reader {
    bytes: Vec<u8>,
    kind: Kind,
    /// Nodes of the tree: numbers from here end it.
    nodes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Country,
    /// Also with codes of areas of the United States.
    City {
        codes: bool,
    },
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("kind", &self.kind).field("nodes", &self.nodes).finish_non_exhaustive()
    }
}

impl Reader {
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self, OpenError> {
        let (kind, nodes) = structure(&bytes)?;
        // A tree has at least its root.
        if bytes.len() < 2 * NUMBER {
            return Err(OpenError::UnknownFormat);
        }
        Ok(Self { bytes, kind, nodes })
    }

    pub(crate) fn locate(&self, address: IpAddr) -> Option<Place> {
        let IpAddr::V4(address) = address.to_canonical() else { return None };
        let leaf = self.leaf(address)?;
        match self.kind {
            Kind::Country => country(leaf.checked_sub(COUNTRY_BEGIN)? as usize),
            Kind::City { codes } => self.city(leaf, codes),
        }
    }

    /// The number at which the tree ends for an address.
    fn leaf(&self, address: Ipv4Addr) -> Option<u32> {
        let bits = u32::from(address);
        let mut node = 0_u32;
        for depth in (0..32).rev() {
            let place = (node as usize * 2 + (bits >> depth & 1) as usize) * NUMBER;
            let number = little_endian(self.bytes.get(place..place + NUMBER)?);
            if number >= self.nodes {
                return Some(number);
            }
            node = number;
        }
        None
    }

    fn city(&self, leaf: u32, codes: bool) -> Option<Place> {
        // The number of nodes itself stands for "not known".
        if leaf == self.nodes {
            return None;
        }
        let record = leaf as usize + (2 * NUMBER - 1) * self.nodes as usize;
        let (number, mut rest) = self.bytes.get(record..)?.split_first()?;
        let mut place = country(usize::from(*number))?;
        for text in [&mut place.region, &mut place.city, &mut place.postal_code] {
            let end = rest.iter().position(|byte| *byte == 0)?;
            // The files are in ISO 8859-1.
            *text = rest.get(..end)?.iter().map(|byte| char::from(*byte)).collect();
            rest = rest.get(end + 1..)?;
        }
        place.latitude = degrees(rest.get(..3)?);
        place.longitude = degrees(rest.get(3..6)?);
        if codes && place.country_code == "US" {
            let both = little_endian(rest.get(6..9)?);
            (place.dma_code, place.area_code) = (both / 1000, both % 1000);
        }
        Some(place)
    }
}

/// What the end of the file says of it.
fn structure(bytes: &[u8]) -> Result<(Kind, u32), OpenError> {
    for back in NUMBER..STRUCTURE_LIMIT + NUMBER {
        let Some(start) = bytes.len().checked_sub(back) else { break };
        let Some([255, 255, 255, rest @ ..]) = bytes.get(start..) else { continue };
        let Some((&number, rest)) = rest.split_first() else { continue };
        let number = if number > RENUMBERED { number - RENUMBERED } else { number };
        let nodes = || rest.get(..NUMBER).map(little_endian).ok_or(OpenError::UnknownFormat);
        return match number {
            1 => Ok((Kind::Country, COUNTRY_BEGIN)),
            2 => Ok((Kind::City { codes: true }, nodes()?)),
            6 => Ok((Kind::City { codes: false }, nodes()?)),
            other => Err(OpenError::WrongType(other)),
        };
    }
    Err(OpenError::UnknownFormat)
}

/// A country by its number; 0 is none.
fn country(number: usize) -> Option<Place> {
    let (code, code_3, continent, name) = COUNTRIES.get(number.checked_sub(1)?)?;
    Some(Place {
        country_code: (*code).to_owned(),
        country_code_3: (*code_3).to_owned(),
        continent: (*continent).to_owned(),
        country_name: (*name).to_owned(),
        ..Place::default()
    })
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Ten-thousandths of a degree from -180.
fn degrees(bytes: &[u8]) -> f64 {
    f64::from(little_endian(bytes)) / 10_000.0 - 180.0
}
