//! JSON bodies as argument names and values (API only at this commit; the walker follows).

use std::ops::ControlFlow;

/// Limits of one JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// The deepest nesting (`SecRequestBodyJsonDepthLimit`): every array and every object but a top-level object counts.
    pub depth: usize,
}

/// How leaves are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonNames {
    /// As ModSecurity v2: `{"a":[1]}` → `a.a`.
    #[default]
    V2,
    /// As ModSecurity v3: `{"a":[1]}` → `json.a.array_0`.
    V3,
}

/// Why a JSON text was not read to its end. Leaves before the failure have been delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonFailure {
    /// Found inside the text; the reason as v2 logs it, with its final line feed.
    Middle(String),
    /// The text was cut off; the reason as v2 logs it, with its final line feed.
    Premature(String),
    /// Deeper than [`JsonLimits::depth`].
    Depth,
    /// The callback broke (the argument limit).
    Stopped,
}

/// Walks a JSON text and hands the name and value of each leaf to `each`.
///
/// # Errors
/// See [`JsonFailure`].
pub fn json(
    _input: &[u8],
    _limits: &JsonLimits,
    _names: JsonNames,
    _each: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
) -> Result<(), JsonFailure> {
    Err(JsonFailure::Middle("JSON bodies are not read by this build\n".to_owned()))
}
