//! `normalizePath`: resolves doubled slashes, self references and back references of a path.
//!
//! `/a/./b/../c//d` → `/a/c/d`; a relative path keeps the back references that lead above its start. It does not decode
//! and leaves backslashes alone. ModSecurity does not report a back reference at the very end as a change.
//! Reference Manual: `normalizePath`; the steps are in `normal_path`.

use crate::{Example, Transformation, normal_path};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "normalizePath",
    aliases: &["normalisePath"],
    summary: "Removes multiple slashes, self references and back references from a path.",
    examples: &[
        Example { input: b"/a/./b/../../../c//d/.", output: b"/c/d" },
        Example { input: b"../../a/..", output: b"../.." },
        Example { input: b"a/b/../..", output: b"" },
        Example { input: b"/./", output: b"/" },
        Example { input: b"/a/..", output: b"" },
        Example { input: b"./a", output: b"a" },
        Example { input: b"/.../a", output: b"/a" },
        Example { input: b"a/b/../", output: b"a/" },
        Example { input: b"a/../../b", output: b"../b" },
        Example { input: b".", output: b"" },
        Example { input: b"..", output: b".." },
        Example { input: b"/x/a../b", output: b"/x/b" },
        Example { input: b"/a\0/../b", output: b"/b" },
    ],
    apply: |input, _, out| normal_path::normalize(input, false, out),
    identity: |bytes| normal_path::preserves(bytes, false),
    preserves: |bytes| normal_path::preserves(bytes, false),
};
