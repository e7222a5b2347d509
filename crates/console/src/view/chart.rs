//! Counts over time as bars of an SVG that the page stretches.
//!
//! Buckets with parts `[(class, count), …]` → rectangles in a field of 240 × 120 that start at zero and stack their parts;
//! the height of the field is a round number at or above the largest sum. Labels are text around it.

/// The field.
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 120.0;

/// A rectangle.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    /// The class that gives it its colour.
    pub(crate) class: &'static str,
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) width: String,
    pub(crate) height: String,
}

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    pub(crate) bars: Vec<Bar>,
    /// What the upper edge stands for.
    pub(crate) top: u64,
}

impl Chart {
    /// Of the buckets' parts, drawn from below.
    pub(crate) fn of<const N: usize>(buckets: &[[(&'static str, u64); N]]) -> Self {
        let sum = |parts: &[(&'static str, u64); N]| parts.iter().map(|(_, count)| count).sum::<u64>();
        let top = round_up(buckets.iter().map(sum).max().unwrap_or(0));
        let step = WIDTH / buckets.len().max(1) as f64;
        let mut bars = Vec::new();
        for (index, parts) in buckets.iter().enumerate() {
            let mut below = 0.0;
            for (class, count) in parts.iter().filter(|(_, count)| *count > 0) {
                // A bar that counts anything is seen.
                let height = (*count as f64 / top as f64 * HEIGHT).max(1.0);
                below += height;
                bars.push(Bar {
                    class,
                    x: written(index as f64 * step + step * 0.1),
                    y: written((HEIGHT - below).max(0.0)),
                    width: written(step * 0.8),
                    height: written(height),
                });
            }
        }
        Self { bars, top }
    }
}

fn written(number: f64) -> String {
    format!("{number:.2}")
}

/// 1, 2, 4, 6, 8 or 10 times a power of ten, and even, so that half of it is a whole number too.
fn round_up(number: u64) -> u64 {
    let mut power = 1u64;
    loop {
        let found = [2, 4, 6, 8, 10].into_iter().map(|step: u64| step.saturating_mul(power));
        if let Some(round) = found.into_iter().find(|round| *round >= number) {
            return round;
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stack_and_start_at_zero() {
        let chart = Chart::of(&[[("mid-tone", 3), ("would", 1)], [("mid-tone", 0), ("would", 0)]]);
        assert_eq!(chart.top, 4);
        let shown: Vec<_> =
            chart.bars.iter().map(|bar| format!("{} {} {}", bar.class, bar.y, bar.height)).collect();
        assert_eq!(shown, ["mid-tone 30.00 90.00", "would 0.00 30.00"]);
        assert_eq!([0, 2, 3, 7, 11, 99].map(round_up), [2, 2, 4, 8, 20, 100]);
        assert_eq!(round_up(u64::MAX), u64::MAX);
        assert!(Chart::of::<1>(&[]).bars.is_empty());
    }
}
