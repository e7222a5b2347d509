//! Development only: what tests of several crates share.
//!
//! [`corpus`] finds public test data, [`rules`] turns configuration files or texts into a rule set. Nothing in
//! production depends on this crate.

pub mod corpus;
pub mod rules;
