//! Small databases made here, and bytes that are none.

use std::net::IpAddr;

use proptest::prelude::*;

use crate::{Database, OpenError};

/// A country file of one node: addresses from 128.0.0.0 are in Germany.
fn country_file() -> Vec<u8> {
    let germany = 1 + crate::countries::COUNTRIES.iter().position(|country| country.0 == "DE").unwrap();
    let leaf = (16_776_960 + germany as u32).to_le_bytes();
    [&[0, 255, 255][..], &leaf[..3], &[255, 255, 255, 106]].concat()
}

/// A city file of one node: addresses from 128.0.0.0 are in El Segundo.
fn city_file() -> Vec<u8> {
    let us = 1 + crate::countries::COUNTRIES.iter().position(|country| country.0 == "US").unwrap();
    let number = |value: u32| value.to_le_bytes()[..3].to_vec();
    // One node: numbers from 1 are leaves, 1 itself is "not known", 2 is the byte behind the tree and a filler.
    let mut file = [number(1), number(2), vec![0], vec![us as u8]].concat();
    file.extend_from_slice(b"CA\0El Segundo\090245\0");
    file.extend([number(2_139_164), number(615_960), number(803_310)].concat());
    file.extend([vec![255, 255, 255, 107], number(1)].concat());
    file
}

fn locate(file: Vec<u8>, address: &str) -> Option<crate::Place> {
    Database::open(file).unwrap().locate(address.parse::<IpAddr>().unwrap())
}

#[test]
fn a_country_file_tells_countries() {
    let place = locate(country_file(), "200.1.2.3").unwrap();
    assert_eq!((place.country_code.as_str(), place.country_code_3.as_str()), ("DE", "DEU"));
    assert_eq!((place.country_name.as_str(), place.continent.as_str()), ("Germany", "EU"));
    assert_eq!(locate(country_file(), "::ffff:200.1.2.3"), Some(place));
    assert_eq!(locate(country_file(), "10.0.0.1"), None);
    assert_eq!(locate(country_file(), "2001:db8::1"), None);
}

#[test]
fn a_city_file_tells_places() {
    let members = locate(city_file(), "200.1.2.3").unwrap().members();
    let value = |name: &str| {
        let (_, value) = members.iter().find(|(of, _)| *of == name).unwrap();
        String::from_utf8(value.clone()).unwrap()
    };
    assert_eq!((value("CITY"), value("POSTAL_CODE")), ("El Segundo".to_owned(), "90245".to_owned()));
    assert_eq!((value("LATITUDE"), value("LONGITUDE")), ("33.916401".to_owned(), "-118.403999".to_owned()));
    assert_eq!((value("DMA_CODE"), value("AREA_CODE")), ("803".to_owned(), "310".to_owned()));
    assert_eq!(locate(city_file(), "10.0.0.1"), None);
}

#[test]
fn what_is_no_database_is_refused() {
    for bytes in [&b""[..], b"x", b"just some text that is no database at all", &[0xff; 40]] {
        assert!(Database::open(bytes.to_vec()).is_err(), "{bytes:?}");
    }
    let organisations = [&[0; 12][..], &[255, 255, 255, 110, 1, 0, 0]].concat();
    assert_eq!(Database::open(organisations).unwrap_err(), OpenError::WrongType(5));
    assert!(matches!(Database::open(b"\xab\xcd\xefMaxMind.com".to_vec()).unwrap_err(), OpenError::Broken(_)));
}

proptest! {
    #[test]
    fn damage_never_panics(
        city in any::<bool>(),
        changes in prop::collection::vec((0usize..64, any::<u8>()), 0..6),
        cut in 0usize..64,
        address in any::<[u8; 4]>(),
    ) {
        let mut file = if city { city_file() } else { country_file() };
        for (at, byte) in changes {
            if let Some(place) = file.get_mut(at) {
                *place = byte;
            }
        }
        file.truncate(file.len().saturating_sub(cut));
        if let Ok(database) = Database::open(file) {
            let _ = database.locate(IpAddr::from(address));
        }
    }
}
