//! Two functions for filters in SQL.
//!
//! ```text
//! has_any(rules, wanted)   one of the numbers is among the wanted ones: both are numbers of eight bytes, the wanted sorted
//! holds(bytes, text)       the text stands in them; A to Z and a to z are the same
//! ```

use aho_corasick::AhoCorasick;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

/// Numbers as a row holds them.
pub(super) fn packed(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The numbers of a row.
pub(super) fn unpacked(bytes: &[u8]) -> Vec<i64> {
    bytes.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect()
}

pub(super) fn add(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("has_any", 2, flags, |context| {
        let (numbers, wanted) = (bytes(context, 0), bytes(context, 1));
        let (numbers, wanted) = (numbers.as_chunks::<8>().0, wanted.as_chunks::<8>().0);
        let number = |bytes: &[u8; 8]| i64::from_le_bytes(*bytes);
        let is_wanted = |found: &[u8; 8]| wanted.binary_search_by_key(&number(found), number).is_ok();
        Ok(numbers.iter().any(is_wanted))
    })?;
    connection.create_scalar_function("holds", 2, flags, |context| {
        let text = context.get_or_create_aux(
            1,
            |text| -> Result<AhoCorasick, Box<dyn std::error::Error + Send + Sync>> {
                Ok(AhoCorasick::builder().ascii_case_insensitive(true).build([text.as_bytes()?])?)
            },
        )?;
        Ok(text.is_match(bytes(context, 0)))
    })
}

fn bytes<'a>(context: &'a Context<'_>, index: usize) -> &'a [u8] {
    match context.get_raw(index) {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes,
        _ => &[],
    }
}
