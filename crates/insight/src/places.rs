//! In which country a client is: what a geographic database says, asked when events are read.
//!
//! `country:DE` → the clients of the stretch of time that are there → `client IN (…)`. Nothing of it is stored: another database
//! tells of old events, too. The binary gives the database of the rules in force (`SecGeoLookupDb`); without one a filter
//! by country is refused rather than answered with nothing.

use std::collections::HashMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::filter::{Filter, Term};
use crate::report::TOP;

/// A country.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Country {
    /// Its two letters.
    pub code: String,
    /// Its English name; the letters where it is not known.
    pub name: String,
}

/// Who knows where addresses are.
pub trait Places: Send + Sync + fmt::Debug {
    /// Whether there is a database at present.
    fn are_known(&self) -> bool;

    /// The country of an address; `None` when it is not known.
    fn country(&self, address: &str) -> Option<Country>;
}

/// A country and how many events came from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TopCountry {
    /// Its two letters, for the filter `country`.
    pub code: String,
    /// Its English name.
    pub name: String,
    /// How many events.
    pub events: u64,
}

/// Countries with the most events.
pub(crate) fn top(clients: &HashMap<String, u64>, places: Option<&dyn Places>) -> Vec<TopCountry> {
    let Some(places) = places.filter(|places| places.are_known()) else { return Vec::new() };
    let mut counts: HashMap<String, TopCountry> = HashMap::new();
    for (address, events) in clients {
        let Some(Country { code, name }) = places.country(address) else { continue };
        counts.entry(code.clone()).or_insert(TopCountry { code, name, events: 0 }).events += events;
    }
    let mut all: Vec<TopCountry> = counts.into_values().collect();
    all.sort_unstable_by(|a, b| b.events.cmp(&a.events).then_with(|| a.code.cmp(&b.code)));
    all.truncate(TOP);
    all
}

impl Filter {
    /// Whether countries stand in it.
    pub fn asks_for_places(&self) -> bool {
        self.terms.iter().any(|term| matches!(term, Term::Country(_)))
    }

    /// With the clients that are in the countries in place of those.
    pub(crate) fn placed(&self, clients: &HashMap<String, u64>, places: &dyn Places) -> Self {
        let within = |wanted: &str| -> Vec<String> {
            let is_there = |address: &&String| {
                places.country(address).is_some_and(|country| {
                    country.code.eq_ignore_ascii_case(wanted) || country.name.eq_ignore_ascii_case(wanted)
                })
            };
            clients.keys().filter(is_there).cloned().collect()
        };
        let placed = |term: &Term| match term {
            Term::Country(wanted) => Term::Clients(within(wanted)),
            other => other.clone(),
        };
        Self { terms: self.terms.iter().map(placed).collect(), window: self.window }
    }
}
