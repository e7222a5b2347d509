//! The offset of local time from UTC, for time stamps in logs.
//!
//! `utc_offset(1795544477)` in Berlin → 3600. The zone is the system's (`TZ`, `/etc/localtime`) as it was when first asked.
//! The proxy asks once per transaction.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

static ZONE: LazyLock<TimeZone> = LazyLock::new(TimeZone::system);

/// Seconds east of UTC at a moment (seconds since the Unix epoch).
pub fn utc_offset(epoch_seconds: i64) -> i32 {
    Timestamp::from_second(epoch_seconds).map_or(0, |moment| ZONE.to_offset(moment).seconds())
}

/// Now, in microseconds since the Unix epoch.
pub fn now_micros() -> i64 {
    Timestamp::now().as_microsecond()
}
