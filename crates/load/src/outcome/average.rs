//! Averages over time, as areas that add up.

use std::ops::AddAssign;

/// An area under a curve and the width it stands on: a time average in the making, of integers, so
/// that areas of clients and workers add up exactly in whatever order.
///
/// In nanoseconds 128 bits hold the ages of a thousand million clients over ten years.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TimeAverage {
    /// Sum of value times nanoseconds.
    pub area: i128,
    /// Sum of nanoseconds.
    pub width_ns: i128,
}

impl TimeAverage {
    /// The average; `None` if no time passed.
    pub fn mean(self) -> Option<f64> {
        (self.width_ns > 0).then(|| self.area as f64 / self.width_ns as f64)
    }
}

impl AddAssign for TimeAverage {
    fn add_assign(&mut self, other: Self) {
        self.area += other.area;
        self.width_ns += other.width_ns;
    }
}
