//! A stretch of time that pages and the API speak of by a word.
//!
//! `range=day` → the last 24 hours, the present included. An unknown word is refused, none means a day.

use jiff::Timestamp;
use portcullis_insight::Window;

use crate::request::{Failure, Request};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// Its word in addresses.
    pub(crate) word: &'static str,
    /// On buttons.
    pub(crate) title: &'static str,
    /// In sentences: `the last …`.
    pub(crate) text: &'static str,
    seconds: i64,
}

/// All of them, short to long.
pub(crate) const RANGES: [Range; 4] = [
    Range { word: "hour", title: "Hour", text: "hour", seconds: 3600 },
    Range { word: "day", title: "24 hours", text: "24 hours", seconds: 24 * 3600 },
    Range { word: "week", title: "7 days", text: "7 days", seconds: 7 * 24 * 3600 },
    Range { word: "month", title: "30 days", text: "30 days", seconds: 30 * 24 * 3600 },
];

/// For the field `range` in the OpenAPI document.
pub(crate) const MEANING: &str = "The last so much time; a day without it.";

impl Range {
    /// The longest of them.
    pub(crate) fn longest() -> Self {
        let [.., longest] = RANGES;
        longest
    }

    /// The one that a request asks for.
    pub(crate) fn of(request: &Request) -> Result<Self, Failure> {
        let word = request.asked("range").unwrap_or("day");
        let known = RANGES.into_iter().find(|range| range.word == word);
        known.ok_or_else(|| Failure::invalid(format!("`{word}` is no range: hour, day, week or month.")))
    }

    /// From when to when.
    pub(crate) fn window(self) -> Window {
        Window::last(Timestamp::now().as_microsecond(), self.seconds)
    }
}
