//! Sums and tops of a stretch of time.
//!
//! An hour → sixty buckets of a minute; a day → buckets of a quarter of an hour: at most [`BUCKETS`] of a round length.

use super::{EventsError, MINUTE_MICROS, Reading};
use crate::counts::Counts;
use crate::event::Verdict;
use crate::filter::{Filter, Term, Window};
use crate::places::{self, Places};
use crate::report::{Bucket, Overview, Protection};

/// The most buckets of an overview.
const BUCKETS: i64 = 120;

/// Lengths of a bucket, in minutes.
const LENGTHS: [i64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 10080];

pub(super) fn overview(
    store: &mut dyn Reading,
    window: Window,
    places: Option<&dyn Places>,
) -> Result<Overview, EventsError> {
    let minutes = minutes(store, window)?;
    let mut totals = Counts::default();
    minutes.iter().for_each(|(_, counts)| totals.add(counts));
    let bound = |micros: i64, other: Option<i64>| match micros {
        i64::MIN | i64::MAX => other.unwrap_or(0),
        micros => micros.div_euclid(MINUTE_MICROS),
    };
    let first = bound(window.from_micros, minutes.first().map(|(minute, _)| *minute));
    let last = bound(
        window.to_micros.saturating_sub(1).max(window.from_micros),
        minutes.last().map(|(minute, _)| *minute),
    );
    let last =
        if window.to_micros == i64::MAX { minutes.last().map_or(first, |(minute, _)| *minute) } else { last };
    let span = last.saturating_sub(first).saturating_add(1).max(1);
    let longest = LENGTHS.last().copied().unwrap_or(1);
    let length = LENGTHS.into_iter().find(|length| span / length <= BUCKETS);
    // Beyond years the buckets grow, their number does not.
    let length = length.unwrap_or_else(|| (span / BUCKETS / longest + 1) * longest);
    let start = first.div_euclid(length);
    let count = usize::try_from(last.div_euclid(length) - start + 1).unwrap_or(1);
    let mut buckets: Vec<Bucket> = (start..)
        .take(count)
        .map(|index| Bucket { start_micros: index * length * MINUTE_MICROS, counts: Counts::default() })
        .collect();
    for (minute, counts) in &minutes {
        let index = usize::try_from(minute.div_euclid(length) - start).unwrap_or(usize::MAX);
        if let Some(bucket) = buckets.get_mut(index) {
            bucket.counts.add(counts);
        }
    }
    let tally = store.tally(&Filter::default().within(window))?;
    Ok(Overview {
        window,
        totals,
        bucket_minutes: u32::try_from(length).unwrap_or(u32::MAX),
        buckets,
        rules: tally.top_rules(),
        paths: tally.top_paths(),
        clients: tally.top_clients(),
        countries: places::top(&tally.clients, places),
    })
}

pub(super) fn protection(
    store: &mut dyn Reading,
    window: Window,
    places: Option<&dyn Places>,
) -> Result<Protection, EventsError> {
    let mut totals = Counts::default();
    minutes(store, window)?.iter().for_each(|(_, counts)| totals.add(counts));
    let mut filter = Filter::default().within(window);
    filter.terms.push(Term::Verdict(Verdict::WouldBeBlocked));
    let tally = store.tally(&filter)?;
    Ok(Protection {
        window,
        totals,
        stored: tally.events,
        rules: tally.top_rules(),
        paths: tally.top_paths(),
        clients: tally.top_clients(),
        countries: places::top(&tally.clients, places),
    })
}

fn minutes(store: &mut dyn Reading, window: Window) -> Result<Vec<(i64, Counts)>, EventsError> {
    let from = window.from_micros.div_euclid(MINUTE_MICROS);
    let to = window.to_micros.saturating_sub(1).div_euclid(MINUTE_MICROS);
    store.minutes(from, to)
}
