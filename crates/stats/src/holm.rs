//! Many questions to the same data.

/// Adjusts p-values for how many there are, in the order given: rejecting where the adjusted one is
/// at most 5 % raises, in at most 5 % of all cases, any false alarm at all, however the figures
/// hang together.
///
/// Without it twenty figures of two equal programs show one difference on average. At most 1; NaN
/// is refused by a panic, since no figure has such a p-value.
///
/// Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
/// of Statistics 6 (1979).
///
/// ```
/// // Holm (1979): the smallest is multiplied by the number of questions, the next by one less.
/// let adjusted = pushbench_stats::holm(&[0.01, 0.04]);
/// assert_eq!(adjusted, [0.02, 0.04]);
/// ```
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    assert!(p_values.iter().all(|p| !p.is_nan()), "a p-value is a number");
    let mut order: Vec<_> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut highest = 0.0_f64;
    for (place, &index) in order.iter().enumerate() {
        let left = (p_values.len() - place) as f64;
        highest = highest.max(p_values[index] * left).min(1.0);
        adjusted[index] = highest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_example_of_four_hypotheses_rejects_the_first_and_the_last() {
        // 0.01, 0.04, 0.03, 0.005 at 5 %: as R's p.adjust(p, "holm").
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(holm(&[]), [0.0; 0]);
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    }

    proptest! {
        #[test]
        fn an_adjusted_value_is_no_smaller_than_it_was_and_keeps_its_rank(
            p_values in prop::collection::vec(0.0..=1.0_f64, 0..20)
        ) {
            let adjusted = holm(&p_values);
            for (p, a) in p_values.iter().zip(&adjusted) {
                prop_assert!(a >= p && *a <= 1.0);
                for (q, b) in p_values.iter().zip(&adjusted) {
                    prop_assert!(p > q || a <= b);
                }
            }
        }
    }
}
