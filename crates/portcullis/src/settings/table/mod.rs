//! Every setting, one row each, in the order of the reference.
//!
//! A setting is added by a row in one of these files: its flag, variable, key, help and documentation follow, and a test
//! compares the default it documents with the one it has.

mod logs;
mod rules;

use super::setting::Setting;

/// All rows.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    [logs::ROWS, rules::ROWS].into_iter().flatten()
}
