//! `SecDefaultAction` lists that differ; found while a site is loaded.

use super::{Check, Lint};

pub(super) static LINT: Lint = Lint {
    code: "default-actions-differ",
    summary: "A `SecDefaultAction` differs from the one before it, mostly for another phase.",
    why: "ModSecurity 2 has one list for all phases, the latest; ModSecurity 3 has one for each phase, so `block` means other things there",
    check: Check::WhileLoading(
        "give all lists the same actions, or write `deny` or `pass` instead of `block`",
    ),
};
