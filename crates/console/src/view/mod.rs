//! Values as pages show them: escaped text, numbers, times, coloured rules, differences.
//!
//! ```text
//! escape.rs     what stands in markup        numbers.rs    12 345, 0.82 %, 2 h
//! highlight.rs  SecLang in three colours     diff.rs       a difference, line by line
//! chart.rs      counts over time             curl.rs       a request as a command
//! value.rs      what transformations changed and operators matched
//! ```

mod chart;
mod curl;
mod diff;
mod escape;
mod highlight;
mod numbers;
mod value;

pub(crate) use chart::Chart;
pub(crate) use curl::command as curl;
pub(crate) use diff::{DiffLine, lines as diff_lines};
pub(crate) use escape::{Escaped, printable};
pub(crate) use highlight::{Piece, pieces};
pub(crate) use numbers::{ago, bytes, counted, day, grouped, moment, other_day, share, span, time_of_day};
pub(crate) use value::{Run, runs as value_runs};
