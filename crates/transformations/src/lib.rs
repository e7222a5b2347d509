//! SecLang transformations: pure functions over bytes, one per file.
//!
//! A transformation reads a value and writes another into a buffer of the caller's: `urlDecode` makes `a b` of `a%20b`.
//! It knows no rule and no transaction. The [`ALL`] list is the only registration; names are resolved at compile time
//! with [`find`]. `none` is no transformation but a word of the `t` action, so it is not here.
//!
//! Every function is linear in its input, never panics and never fails; a result is at most four times as long as its
//! input, but for the fixed sizes of `length`, `md5` and `sha1`. The behaviour is ModSecurity v2.9's, quirks included.
//! Reference Manual: "Transformation functions".

mod base64_alphabet;
mod byte_set;
mod code_unit;
mod normal_path;
mod parity;
mod scan;
#[cfg(test)]
mod tests;
mod unicode_map;
mod white_space;

pub use byte_set::ByteSet;
pub use unicode_map::{UnicodeMap, UnicodeMapError, UnicodeMapErrorKind};

/// What [`Transformation::apply`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The result equals the input; the buffer holds nothing of use; ModSecurity reports "unchanged".
    Unchanged,
    /// The result is in the buffer; ModSecurity reports "changed" (`multiMatch` tests it), even when it equals the input.
    Changed,
    /// The result is in the buffer, but ModSecurity reports "unchanged" (`multiMatch` does not test it at this step).
    Quiet,
}

/// Run-time tables that some transformations consult.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tables<'a> {
    /// The map of `SecUnicodeMapFile`, when one is loaded.
    pub unicode: Option<&'a UnicodeMap>,
}

/// An example that runs as a test: `apply(input) == output`.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The value.
    pub input: &'static [u8],
    /// What the transformation makes of it.
    pub output: &'static [u8],
}

/// One transformation: everything the compiler, the documentation and the tests need to know.
#[derive(Debug)]
pub struct Transformation {
    /// Canonical name, as the reference manual spells it.
    pub name: &'static str,
    /// Other accepted spellings (case never matters).
    pub aliases: &'static [&'static str],
    /// One sentence for the reference documentation.
    pub summary: &'static str,
    /// Examples; each runs as a test.
    pub examples: &'static [Example],
    /// The function. The buffer is cleared by the callee before it writes.
    pub apply: fn(&[u8], &Tables<'_>, &mut Vec<u8>) -> Outcome,
    /// Whether a value made of these bytes only is certain to come out [`Outcome::Unchanged`] (`false` when in doubt).
    pub identity: fn(&ByteSet) -> bool,
    /// Whether a value made of these bytes only is certain to come out equal, whatever is reported (`false` when in
    /// doubt). It differs from `identity` where "changed" is always reported, and is what matters without `multiMatch`.
    pub preserves: fn(&ByteSet) -> bool,
}

/// Turns each word into a module and an entry of [`ALL`].
macro_rules! transformations {
    ($($module:ident)*) => {
        $(mod $module;)*

        /// Every transformation, in alphabetical order.
        pub static ALL: &[&Transformation] = &[$(&$module::TRANSFORMATION),*];

        #[cfg(test)]
        const LISTED: &[&str] = &[$(stringify!($module)),*];
    };
}

transformations! {
    base64_decode
    base64_decode_ext
    base64_encode
    cmd_line
    compress_whitespace
    css_decode
    escape_seq_decode
    hex_decode
    hex_encode
    html_entity_decode
    js_decode
    length
    lowercase
    md5
    normalize_path
    normalize_path_win
    parity_even7bit
    parity_odd7bit
    parity_zero7bit
    php_args_names
    remove_comments
    remove_comments_char
    remove_nulls
    remove_whitespace
    replace_comments
    replace_nulls
    sha1
    sql_hex_decode
    trim
    trim_left
    trim_right
    uppercase
    url_decode
    url_decode_uni
    url_encode
    utf8to_unicode
}

/// The transformation of this name or alias, in any case of letters. It walks the list: for compile time only.
#[must_use]
pub fn find(name: &[u8]) -> Option<&'static Transformation> {
    let is = |spelling: &str| spelling.as_bytes().eq_ignore_ascii_case(name);
    ALL.iter().copied().find(|t| is(t.name) || t.aliases.iter().copied().any(is))
}
