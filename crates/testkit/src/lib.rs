//! Development only: what tests of several crates share.
//!
//! [`corpus`] finds public test data, [`suite`] counts what its runners did, [`unit_cases`] reads ModSecurity's own unit
//! tests, [`oracle`] asks a real ModSecurity, [`rules`] turns configuration files or texts into a rule set, [`origin`]
//! is a server that records what it receives, [`postgres`] starts a database server. Nothing in production depends on this crate.

pub mod corpus;
pub mod oracle;
pub mod origin;
pub mod postgres;
pub mod rules;
pub mod suite;
pub mod unit_cases;
