//! `normalizePathWin`: as `normalizePath`, with backslashes taken for slashes.
//!
//! `\a\..\b/c` → `/b/c`. Only separators are converted: drives and shares mean nothing to it.
//! Reference Manual: `normalizePathWin`; the steps are in `normal_path`.

use crate::{Example, Transformation, normal_path};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "normalizePathWin",
    aliases: &["normalisePathWin"],
    summary: "Converts backslashes to slashes and normalizes the path.",
    examples: &[
        Example { input: b"\\a\\..\\b/c", output: b"/b/c" },
        Example { input: b"a\\b", output: b"a/b" },
        Example { input: b"\\..\\\\8", output: b"\\8" },
        Example { input: b"a/b", output: b"a/b" },
    ],
    apply: |input, _, out| normal_path::normalize(input, true, out),
    identity: |bytes| normal_path::preserves(bytes, true),
    preserves: |bytes| normal_path::preserves(bytes, true),
};
