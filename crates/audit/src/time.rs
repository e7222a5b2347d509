//! Time stamps of the logs from microseconds since the epoch and an offset from UTC in seconds.
//!
//! `1795544477428453, 0` → `24/Nov/2026:18:21:17.428453 +0000` (audit log), `Tue Nov 24 18:21:17.428453 2026` (error
//! log), `2026-11-24T18:21:17.428453Z` (access log), `20261124`, `20261124-1821`, `20261124-182117` (concurrent paths).
//! Nothing here reads a clock. An instant beyond the calendar (year 9999) is shown as the epoch: the clock is broken
//! then, and a log line must still appear.

use jiff::{Timestamp, civil::DateTime, tz::Offset};

use crate::digits::padded;

/// A moment as a wall clock at the offset shows it.
pub(crate) struct Moment {
    local: DateTime,
    offset_seconds: i32,
}

impl Moment {
    pub(crate) fn new(micros: i64, offset_seconds: i32) -> Self {
        let offset = Offset::from_seconds(offset_seconds).unwrap_or(Offset::UTC);
        let instant = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { local: offset.to_datetime(instant), offset_seconds: offset.seconds() }
    }

    /// `24/Nov/2026:18:21:17.428453 +0000`
    pub(crate) fn audit(&self) -> String {
        let t = &self.local;
        format!(
            "{:02}/{}/{:04}:{}.{:06} {}",
            t.day(),
            self.month(),
            t.year(),
            self.clock(),
            self.micros(),
            self.zone("")
        )
    }

    /// Appends `Tue Nov 24 18:21:17.428453 2026`, which begins every line of the error log.
    pub(crate) fn error_log(&self, out: &mut Vec<u8>) {
        let t = &self.local;
        for word in [self.weekday(), self.month()] {
            out.extend_from_slice(word.as_bytes());
            out.push(b' ');
        }
        padded(t.day().unsigned_abs().into(), 2, out);
        out.push(b' ');
        self.clock_and_micros(out);
        out.push(b' ');
        padded(t.year().unsigned_abs().into(), 4, out);
    }

    /// `Tue Nov 24 18:21:17 2026`, C's `ctime`: the day is padded with a blank.
    pub(crate) fn ctime(&self) -> String {
        let t = &self.local;
        format!("{} {} {:2} {} {:04}", self.weekday(), self.month(), t.day(), self.clock(), t.year())
    }

    /// `2026-11-24T18:21:17.428453+01:00`, `Z` when the offset is zero.
    pub(crate) fn rfc3339(&self) -> String {
        let t = &self.local;
        let mut text = Vec::with_capacity(32);
        padded(t.year().unsigned_abs().into(), 4, &mut text);
        text.push(b'-');
        padded(t.month().unsigned_abs().into(), 2, &mut text);
        text.push(b'-');
        padded(t.day().unsigned_abs().into(), 2, &mut text);
        text.push(b'T');
        self.clock_and_micros(&mut text);
        match self.offset_seconds {
            0 => text.push(b'Z'),
            _ => text.extend_from_slice(self.zone(":").as_bytes()),
        }
        // Digits and marks.
        String::from_utf8(text).unwrap_or_default()
    }

    /// `20261124`
    pub(crate) fn compact_day(&self) -> String {
        format!("{:04}{:02}{:02}", self.local.year(), self.local.month(), self.local.day())
    }

    /// `1821`
    pub(crate) fn compact_minute(&self) -> String {
        format!("{:02}{:02}", self.local.hour(), self.local.minute())
    }

    /// `182117`
    pub(crate) fn compact_second(&self) -> String {
        format!("{}{:02}", self.compact_minute(), self.local.second())
    }

    fn clock(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.local.hour(), self.local.minute(), self.local.second())
    }

    /// Appends `18:21:17.428453`.
    fn clock_and_micros(&self, out: &mut Vec<u8>) {
        for (number, behind) in
            [(self.local.hour(), b':'), (self.local.minute(), b':'), (self.local.second(), b'.')]
        {
            padded(number.unsigned_abs().into(), 2, out);
            out.push(behind);
        }
        padded(self.micros().unsigned_abs(), 6, out);
    }

    fn micros(&self) -> i32 {
        self.local.subsec_nanosecond() / 1_000
    }

    fn zone(&self, separator: &str) -> String {
        let sign = if self.offset_seconds < 0 { '-' } else { '+' };
        let minutes = self.offset_seconds.unsigned_abs() / 60;
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }

    fn month(&self) -> &'static str {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        // The calendar counts months from 1 to 12.
        MONTHS[usize::from(self.local.month().unsigned_abs()) - 1]
    }

    fn weekday(&self) -> &'static str {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        // The offset from Monday is 0 to 6.
        DAYS[usize::from(self.local.weekday().to_monday_zero_offset().unsigned_abs())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_one_moment() {
        let utc = Moment::new(1_795_544_477_428_453, 0);
        assert_eq!(utc.audit(), "24/Nov/2026:18:21:17.428453 +0000");
        let mut line = Vec::new();
        utc.error_log(&mut line);
        assert_eq!(line, b"Tue Nov 24 18:21:17.428453 2026");
        assert_eq!(utc.ctime(), "Tue Nov 24 18:21:17 2026");
        assert_eq!(utc.rfc3339(), "2026-11-24T18:21:17.428453Z");
        assert_eq!((utc.compact_day(), utc.compact_second()), ("20261124".into(), "182117".into()));
        let west = Moment::new(1_795_544_477_000_001, -12_600);
        assert_eq!(west.audit(), "24/Nov/2026:14:51:17.000001 -0330");
        assert_eq!(west.rfc3339(), "2026-11-24T14:51:17.000001-03:30");
    }

    #[test]
    fn a_broken_clock_still_gives_a_line() {
        assert_eq!(Moment::new(i64::MAX, i32::MAX).audit(), "01/Jan/1970:00:00:00.000000 +0000");
        assert_eq!(Moment::new(0, 0).ctime(), "Thu Jan  1 00:00:00 1970");
    }
}
