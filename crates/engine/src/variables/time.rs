//! The TIME variables: local time of the transaction's present moment.
//!
//! The engine has no clock: the wall time of the start and the microseconds since then are inputs, and so is the offset
//! from UTC. The civil calendar is the proleptic Gregorian one, computed from days since the epoch with March as the
//! first month of the year, so that a leap day is the last day of its year.

use super::Variable;

/// A moment in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalTime {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    weekday: i64,
    epoch: i64,
}

impl LocalTime {
    /// From microseconds since the Unix epoch and the offset of local time in seconds.
    pub(crate) fn new(unix_micros: i64, utc_offset_seconds: i32) -> Self {
        let epoch = unix_micros.div_euclid(1_000_000);
        let local = epoch + i64::from(utc_offset_seconds);
        let days = local.div_euclid(86_400);
        let in_day = local.rem_euclid(86_400);
        let (year, month, day) = civil(days);
        Self {
            year,
            month,
            day,
            hour: in_day / 3600,
            minute: in_day / 60 % 60,
            second: in_day % 60,
            // 1970-01-01 was a Thursday.
            weekday: (days + 4).rem_euclid(7),
            epoch,
        }
    }

    /// The text of one of the TIME variables; empty for any other.
    pub(crate) fn text(&self, variable: Variable) -> String {
        let Self { year, month, day, hour, minute, second, weekday, epoch } = self;
        match variable {
            Variable::Time => format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
            Variable::TimeYear => format!("{year:04}"),
            Variable::TimeMon => format!("{month:02}"),
            Variable::TimeDay => format!("{day:02}"),
            Variable::TimeHour => format!("{hour:02}"),
            Variable::TimeMin => format!("{minute:02}"),
            Variable::TimeSec => format!("{second:02}"),
            Variable::TimeWday => weekday.to_string(),
            Variable::TimeEpoch => epoch.to_string(),
            _ => String::new(),
        }
    }
}

/// Year, month and day of a day number since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    // Day number since 0000-03-01; an era is the 400 years after which the calendar repeats.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        let check = |micros, offset, expected: &str, weekday: &str| {
            let time = LocalTime::new(micros, offset);
            assert_eq!(time.text(Variable::Time), expected);
            assert_eq!(time.text(Variable::TimeWday), weekday);
        };
        check(0, 0, "19700101000000", "4");
        check(951_782_400_000_000, 0, "20000229000000", "2");
        check(1_785_628_799_999_999, 3600, "20260802005959", "0");
        check(-1_000_000, 0, "19691231235959", "3");
    }
}
