//! One figure over the rounds of a run.

/// A figure over rounds: its value and how far they lie apart; at least one round, none of them NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounds {
    /// How many rounds have the figure.
    pub count: usize,
    /// The one value of all of them: from [`of`](Self::of) the middle one, or the mean of the two
    /// middle ones of an even count. Where another rule holds, whoever knows it sets this.
    pub value: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
}

impl Rounds {
    /// Of one value for each round; `None` for no rounds, or if any is not a number.
    ///
    /// ```
    /// use pushbench_stats::Rounds;
    ///
    /// // One round in which the machine did something else moves the range, and not the value.
    /// let rounds = Rounds::of(&[4.1, 4.0, 9.9]).expect("three numbers");
    /// assert_eq!((rounds.value, rounds.min, rounds.max), (4.1, 4.0, 9.9));
    /// ```
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() || values.iter().any(|value| value.is_nan()) {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (below, above) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self {
            count: sorted.len(),
            value: below + (above - below) / 2.0,
            min: sorted[0],
            max: sorted[sorted.len() - 1],
        })
    }

    /// Whether every round has the same value.
    pub fn is_constant(&self) -> bool {
        self.min.total_cmp(&self.max).is_eq()
    }

    /// Whether the ranges touch: then the rounds do not tell the two apart.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.min <= other.max && other.min <= self.max
    }

    /// How far the farthest round lies from the value, as a share of it; `None` if the value is 0
    /// and the rounds differ.
    pub fn relative_spread(&self) -> Option<f64> {
        if self.is_constant() {
            return Some(0.0);
        }
        let farthest = (self.max - self.value).max(self.value - self.min);
        (self.value != 0.0).then(|| farthest / self.value.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_count_lies_between_the_two_middle_ones() {
        for (values, median) in [
            (&[7.0][..], 7.0),
            (&[3.0, 1.0], 2.0),
            (&[9.0, 1.0, 2.0], 2.0),
            (&[4.0, 1.0, 3.0, 100.0], 3.5),
        ] {
            assert_eq!(Rounds::of(values).unwrap().value, median, "{values:?}");
        }
    }

    #[test]
    fn no_rounds_and_no_numbers_have_no_summary() {
        assert_eq!(Rounds::of(&[]), None);
        assert_eq!(Rounds::of(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn ranges_that_touch_overlap_and_ranges_apart_do_not() {
        let rounds = |values: &[f64]| Rounds::of(values).unwrap();
        assert!(rounds(&[1.0, 2.0]).overlaps(&rounds(&[2.0, 3.0])));
        assert!(rounds(&[2.5]).overlaps(&rounds(&[2.0, 3.0])));
        assert!(!rounds(&[1.0, 1.9]).overlaps(&rounds(&[2.0, 3.0])));
        assert!(!rounds(&[2.0, 3.0]).overlaps(&rounds(&[1.0, 1.9])));
    }

    #[test]
    fn the_spread_is_the_farthest_rounds_distance_from_the_value() {
        let spread = |values: &[f64]| Rounds::of(values).unwrap().relative_spread();
        assert_eq!(spread(&[10.0, 11.0, 8.0]), Some(0.2));
        assert_eq!(spread(&[5.0, 5.0]), Some(0.0));
        assert_eq!(spread(&[0.0]), Some(0.0));
        assert_eq!(spread(&[0.0, 0.0, 3.0]), None);
    }
}
