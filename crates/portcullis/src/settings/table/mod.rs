//! Every setting, one row each, in the order of the reference.
//!
//! A setting is added by a row in one of these files: its flag, variable, key, help and documentation follow, and a test
//! compares the default it documents with the one it has.

mod console;
mod events;
mod limits;
mod logs;
mod policies;
mod rules;
mod state;
mod times;
mod traffic;

use super::setting::Setting;

/// All rows.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    let groups = [
        traffic::ROWS,
        times::ROWS,
        limits::ROWS,
        logs::ROWS,
        events::ROWS,
        rules::ROWS,
        state::ROWS,
        policies::ROWS,
        console::ROWS,
    ];
    groups.into_iter().flatten()
}
