//! Small configurations and one request: which rules log, and what is decided.
//!
//! Each module is about one part of the language. Everything goes through [`Site`], so that a test is its rules, its
//! request and what must come of them.

mod compatibility;
mod crs_2;
mod errors;
mod items;
mod path_arguments;
mod reference;
mod response_bodies;
mod scores;
mod scripts;
mod sections;
mod site;
mod slow_rules;
mod streams;
mod updates;
mod uploads;
#[cfg(feature = "libxml2")]
mod validation;
mod xml_arguments;

use site::Site;
