//! Two rules with one id, in one file or in two; found while a site is loaded, and an error there.

use super::{Check, Lint};

pub(super) static LINT: Lint = Lint {
    code: "duplicate-id",
    summary: "Two rules have the same id.",
    why: "no engine loads them, and an exclusion could not tell which is meant",
    check: Check::WhileLoading("give one of them a number of its own"),
};
