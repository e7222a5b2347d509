//! Numbers and times in words.
//!
//! `grouped(12345)` → `12 345` with a narrow no-break space, `moment(0)` → `1970-01-01 00:00:00`, `span(7384)` → `2 h 3 min`. Times
//! are UTC; pages say so once.

use jiff::Timestamp;

/// Thousands apart.
pub(crate) fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let first = digits.len() % 3;
    let mut parts: Vec<&str> = Vec::new();
    if first > 0 {
        parts.push(&digits[..first]);
    }
    parts.extend((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    parts.join("\u{202f}")
}

/// `1 rule`, `2 rules`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number as u64))
}

/// Date and time, in UTC.
pub(crate) fn moment(seconds: i64) -> String {
    written(seconds, "%Y-%m-%d %H:%M:%S")
}

/// The time of day, in UTC.
pub(crate) fn time_of_day(seconds: i64) -> String {
    written(seconds, "%H:%M:%S")
}

/// The date alone.
pub(crate) fn day(seconds: i64) -> String {
    written(seconds, "%A %-d %B %Y")
}

/// The date in a few letters; nothing when it is that of now.
pub(crate) fn other_day(seconds: i64, now: i64) -> String {
    if seconds.div_euclid(86_400) == now.div_euclid(86_400) {
        String::new()
    } else {
        written(seconds, "%-d %b")
    }
}

fn written(seconds: i64, form: &str) -> String {
    Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |time| time.strftime(form).to_string())
}

/// A time span in its two largest units.
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match (seconds / 86_400, seconds / 3600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

/// A part of a whole in per cent; empty without a whole.
pub(crate) fn share(part: u64, whole: u64) -> String {
    match (part, whole) {
        (_, 0) => String::new(),
        (0, _) => "0 %".to_owned(),
        (part, whole) => {
            // In hundredths of a per cent, so that no float rounds a count away.
            let hundredths = (u128::from(part) * 10_000 / u128::from(whole)) as u64;
            if hundredths == 0 {
                "< 0.01 %".to_owned()
            } else {
                format!("{}.{:02} %", hundredths / 100, hundredths % 100)
            }
        }
    }
}

/// A size in bytes with its unit.
pub(crate) fn bytes(count: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut whole, mut tenths, mut unit) = (count, 0, 0);
    while whole >= 1024 && unit + 1 < units.len() {
        (tenths, whole, unit) = ((whole % 1024) * 10 / 1024, whole / 1024, unit + 1);
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{} {name}", grouped(whole)) } else { format!("{whole}.{tenths} {name}") }
}

/// How long ago a moment was.
pub(crate) fn ago(seconds: i64) -> String {
    format!("{} ago", span(Timestamp::now().as_second() - seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans() {
        let shown = [0u64, 12, 999, 1000, 1_234_567].map(grouped).join(" ");
        assert_eq!(shown, "0 12 999 1\u{202f}000 1\u{202f}234\u{202f}567");
        assert_eq!([5, 300, 7384, 200_000].map(span).join("; "), "5 s; 5 min; 2 h 3 min; 2 d 7 h");
        assert_eq!(counted(1, "rule"), "1 rule");
        assert_eq!([share(0, 9), share(1, 3), share(1, 100_000)].join("; "), "0 %; 33.33 %; < 0.01 %");
        assert_eq!([bytes(5), bytes(1536), bytes(5 << 30)].join("; "), "5 bytes; 1.5 KiB; 5.0 GiB");
    }
}
