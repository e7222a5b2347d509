//! `skipAfter` without a marker behind it; found while a site is loaded.

use super::{Check, Lint};

pub(super) static LINT: Lint = Lint {
    code: "missing-marker",
    summary: "`skipAfter` names a marker or rule that does not follow.",
    why: "a match skips every remaining rule of the phase, also those of other files",
    check: Check::WhileLoading(
        "correct the label, or put a `SecMarker` with it behind the rules that are to be skipped",
    ),
};
