//! How far two sets of rounds lie apart, and how far that can be trusted.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// The difference of two means with what is needed to judge it, the variances of both sides
/// estimated apart.
///
/// A round is the independent sample: what varies within it (messages, clients) and between rounds
/// (a fresh server, the machine's mood) both show in the spread of the rounds' values, so an
/// interval over those values holds both (Kalibera and Jones 2013, sections 6 and 9: the top level
/// of a hierarchy carries the variance of the levels below). Resampling the messages of a round
/// would count thousands of neighbours as independent.
///
/// Source: Welch, "The generalization of 'Student's' problem when several different population
/// variances are involved", Biometrika 34 (1947). Kalibera and Jones, "Rigorous benchmarking in
/// reasonable time", ISMM 2013.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Mean of the second minus mean of the first.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Of Student's distribution, after Welch and Satterthwaite; not a whole number.
    pub degrees_of_freedom: f64,
}

impl Welch {
    /// Of one value for each round, at least two on each side; `None` for fewer, or if one is not
    /// finite.
    ///
    /// `floors` are the smallest standard deviations that the sides are taken to have, 0 or more: a
    /// few rounds that agree by chance, or because the figure is counted in steps, must not look
    /// like certainty. `None` too where there is no spread at all.
    ///
    /// ```
    /// use pushbench_stats::Welch;
    ///
    /// let (base, new) = ([10.0, 11.0, 12.0], [13.0, 14.0, 15.0]);
    /// let found = Welch::of(&base, &new, [0.0, 0.0]).expect("rounds that vary");
    /// assert_eq!(found.difference, 3.0);
    /// // With 95 % confidence they differ, by some 0.7 to 5.3.
    /// let [least, most] = found.interval(0.95);
    /// assert!(least > 0.7 && least < 2.0 && most < 5.3);
    /// // Rounds that agree by chance are no certainty: there is no spread to judge by.
    /// assert_eq!(Welch::of(&[10.0; 3], &[13.0; 3], [0.0, 0.0]), None);
    /// ```
    pub fn of(base: &[f64], new: &[f64], floors: [f64; 2]) -> Option<Self> {
        let base = Side::of(base, floors[0])?;
        let new = Side::of(new, floors[1])?;
        let squared_error = base.share() + new.share();
        let freedom = squared_error.powi(2) / (base.freedom_term() + new.freedom_term());
        (squared_error > 0.0 && freedom.is_finite()).then(|| Self {
            difference: new.mean - base.mean,
            standard_error: squared_error.sqrt(),
            degrees_of_freedom: freedom,
        })
    }

    /// The interval that holds the true difference with this confidence, between 0 and 1.
    pub fn interval(&self, confidence: f64) -> [f64; 2] {
        let half = self.half_width(confidence);
        [self.difference - half, self.difference + half]
    }

    /// Half the width of that interval: the smallest difference that could have been told from
    /// none.
    pub fn half_width(&self, confidence: f64) -> f64 {
        self.student().inverse_cdf(0.5 + confidence / 2.0) * self.standard_error
    }

    /// How probable so large a difference would be if the true one were at most `bound`: the
    /// one-sided p-value.
    pub fn p_above(&self, bound: f64) -> f64 {
        self.student().cdf((bound - self.difference) / self.standard_error)
    }

    /// How probable so small a difference would be if the true one were at least `bound`.
    pub fn p_below(&self, bound: f64) -> f64 {
        self.student().cdf((self.difference - bound) / self.standard_error)
    }

    /// How probable so large a difference, either way, would be if there were none.
    pub fn p_apart(&self) -> f64 {
        2.0 * self.p_above(0.0).min(self.p_below(0.0))
    }

    fn student(&self) -> StudentsT {
        StudentsT::new(0.0, 1.0, self.degrees_of_freedom)
            .expect("degrees of freedom are finite and positive")
    }
}

/// Half the width of the interval that holds the mean of one side with this confidence, between 0 and 1,
/// by the same rules: one value for each round, at least two, and the smallest standard deviation that they
/// are taken to have. `None` for fewer, or if one is not finite.
///
/// Source: Student, "The probable error of a mean", Biometrika 6 (1908).
pub fn half_width_of_mean(values: &[f64], floor: f64, confidence: f64) -> Option<f64> {
    let side = Side::of(values, floor)?;
    let student = StudentsT::new(0.0, 1.0, side.count - 1.0).ok()?;
    Some(student.inverse_cdf(0.5 + confidence / 2.0) * side.share().sqrt())
}

/// One side's part in the error.
struct Side {
    mean: f64,
    variance: f64,
    count: f64,
}

impl Side {
    fn of(values: &[f64], floor: f64) -> Option<Self> {
        if values.len() < 2 || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self { mean, variance: (squares / (count - 1.0)).max(floor.powi(2)), count })
    }

    /// Variance of the mean.
    fn share(&self) -> f64 {
        self.variance / self.count
    }

    fn freedom_term(&self) -> f64 {
        self.share().powi(2) / (self.count - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    /// Student's sleep data (1908), as R's documentation of `t.test` works it.
    const SLEEP: [[f64; 10]; 2] = [
        [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    ];

    #[test]
    fn the_sleep_data_gives_what_r_prints() {
        let welch = Welch::of(&SLEEP[0], &SLEEP[1], [0.0; 2]).unwrap();
        close(welch.difference / welch.standard_error, 1.860_8, 5e-5);
        close(welch.degrees_of_freedom, 17.776, 5e-4);
        close(welch.p_apart(), 0.079_39, 5e-6);
        let [low, high] = welch.interval(0.95);
        close(low, -0.205_483_2, 5e-8);
        close(high, 3.365_483_2, 5e-8);
        close(welch.p_above(0.0), 0.079_39 / 2.0, 5e-6);
        close(welch.p_below(0.0), 1.0 - 0.079_39 / 2.0, 5e-6);
    }

    #[test]
    fn the_mean_of_one_sample_is_known_as_well_as_r_prints() {
        // `t.test(extra[group == 2])` of the same data: 0.8976775 to 3.7623225, with a mean of 2.33.
        let half = half_width_of_mean(&SLEEP[1], 0.0, 0.95).unwrap();
        close(half, (3.762_322_5 - 0.897_677_5) / 2.0, 5e-7);
        // Rounds that agree are taken to vary as the floor says.
        let half = half_width_of_mean(&[5.0; 3], 0.3, 0.95).unwrap();
        close(half, 4.302_65 * 0.3 / 3.0_f64.sqrt(), 1e-5);
        assert_eq!(half_width_of_mean(&[1.0], 0.0, 0.95), None);
        assert_eq!(half_width_of_mean(&[1.0, f64::NAN], 0.0, 0.95), None);
    }

    #[test]
    fn the_cars_of_the_nist_handbook_give_what_it_prints() {
        // Section 1.3.5.3, from its summary: 249 and 79 cars, the variances not taken as equal.
        let side = |mean: f64, deviation: f64, count: f64| Side {
            mean,
            variance: deviation.powi(2),
            count,
        };
        let (us, japan) = (side(20.144_58, 6.414_70, 249.0), side(30.481_01, 6.107_71, 79.0));
        let squared_error = us.share() + japan.share();
        close((us.mean - japan.mean) / squared_error.sqrt(), -12.946_27, 5e-5);
        let freedom = squared_error.powi(2) / (us.freedom_term() + japan.freedom_term());
        close(freedom, 136.874_99, 5e-3);
    }

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (degrees_of_freedom, upper) in [
            (1.0, 12.706),
            (2.0, 4.303),
            (4.0, 2.776),
            (10.0, 2.228),
            (18.0, 2.101),
            (100.0, 1.984),
        ] {
            let welch = Welch { difference: 0.0, standard_error: 1.0, degrees_of_freedom };
            close(welch.half_width(0.95), upper, 5e-4);
            close(welch.p_below(upper), 0.025, 2e-5);
        }
    }

    #[test]
    fn rounds_that_agree_are_taken_to_vary_as_much_as_the_floor_says() {
        assert_eq!(Welch::of(&[5.0; 3], &[6.0; 3], [0.0; 2]), None);
        let welch = Welch::of(&[5.0; 3], &[6.0; 3], [0.3; 2]).unwrap();
        close(welch.standard_error, 0.3 * (2.0_f64 / 3.0).sqrt(), 1e-12);
        close(welch.degrees_of_freedom, 4.0, 1e-12);
        let spread = Welch::of(&[4.0, 5.0, 6.0], &[6.0; 3], [0.3, 0.0]).unwrap();
        close(spread.standard_error, (1.0_f64 / 3.0).sqrt(), 1e-12);
    }

    #[test]
    fn one_round_or_a_value_that_is_no_number_gives_no_interval() {
        assert_eq!(Welch::of(&[1.0], &[1.0, 2.0], [1.0; 2]), None);
        assert_eq!(Welch::of(&[1.0, f64::NAN], &[1.0, 2.0], [1.0; 2]), None);
        assert_eq!(Welch::of(&[1.0, f64::NEG_INFINITY], &[1.0, 2.0], [1.0; 2]), None);
    }
}
