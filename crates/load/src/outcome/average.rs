//! Averages over time, as areas that add up.

use std::ops::AddAssign;

/// An area under a curve and the width it stands on: a time average in the making.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeAverage {
    /// Sum of value times seconds.
    pub area: f64,
    /// Sum of seconds.
    pub seconds: f64,
}

impl TimeAverage {
    /// The average; `None` if no time passed.
    pub fn mean(self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.area / self.seconds)
    }
}

impl AddAssign for TimeAverage {
    fn add_assign(&mut self, other: Self) {
        self.area += other.area;
        self.seconds += other.seconds;
    }
}
