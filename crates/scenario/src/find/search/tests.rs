use proptest::prelude::*;

use super::*;

/// Plays a search to its end by an oracle, which is told the step, from 0, and the value.
fn search(
    range: SearchRange,
    mut holds: impl FnMut(u32, u32) -> bool,
) -> (Search, Ending, Vec<(u32, bool)>) {
    let mut search = Search::new(range);
    let mut played = Vec::new();
    loop {
        match search.next() {
            Next::Over(ending) => return (search, ending, played),
            Next::Play(value) => {
                let held = holds(search.steps, value);
                played.push((value, held));
                search.record(value, held);
            }
        }
        assert!(played.len() as u32 <= range.most_steps(), "{range:?}: {played:?}");
    }
}

const RANGE: SearchRange = SearchRange { least: 1, from: 100, to: 10_000, precision: 0.05 };

#[test]
fn what_is_played_downward_is_what_a_search_plays_of_which_nothing_holds() {
    let range = SearchRange { least: 3, from: 100, to: 400, precision: 0.05 };
    assert_eq!(range.downward(), [50, 25, 12, 6, 3]);
    let mut search = Search::new(range);
    let mut played = Vec::new();
    while let Next::Play(value) = search.next() {
        played.push(value);
        search.record(value, false);
    }
    // The last once more, as each end of the answer.
    assert_eq!(played, [100, 50, 25, 12, 6, 3, 3]);
    assert_eq!(SearchRange { least: 100, ..range }.downward(), [0; 0]);
}

#[test]
fn it_doubles_then_bisects_then_plays_both_ends_again() {
    let (found, ending, played) = search(RANGE, |_, value| value <= 1_000);
    let values: Vec<_> = played.iter().map(|(value, _)| *value).collect();
    assert_eq!(values, [100, 200, 400, 800, 1_600, 1_200, 1_000, 1_100, 1_050, 1_000, 1_050]);
    assert_eq!(ending, Ending::Found);
    assert_eq!((found.largest_held(), found.smallest_not_held()), (Some(1_000), Some(1_050)));
    assert!(found.contradictions().is_empty());
}

#[test]
fn it_halves_where_the_first_value_does_not_hold() {
    let (found, ending, played) = search(RANGE, |_, value| value <= 30);
    assert_eq!(played[..3], [(100, false), (50, false), (25, true)]);
    assert_eq!(ending, Ending::Found);
    assert_eq!((found.largest_held(), found.smallest_not_held()), (Some(30), Some(31)));
}

#[test]
fn it_ends_where_all_hold_or_none_does() {
    let (found, ending, played) = search(RANGE, |_, _| true);
    assert_eq!((ending, found.largest_held()), (Ending::AllHeld, Some(10_000)));
    assert_eq!(found.smallest_not_held(), None);
    assert_eq!(played.last(), Some(&(10_000, true)));
    let (found, ending, _) = search(RANGE, |_, _| false);
    assert_eq!((ending, found.smallest_not_held()), (Ending::NoneHeld, Some(1)));
    assert_eq!(found.largest_held(), None);
}

#[test]
fn one_bad_moment_does_not_halve_the_answer() {
    // The first play of 400 fails, and no other below the boundary.
    let mut bad = Some(400);
    let (found, ending, _) = search(RANGE, |_, value| {
        if bad == Some(value) {
            bad = None;
            return false;
        }
        value <= 1_000
    });
    assert_eq!(ending, Ending::Found);
    assert_eq!(found.contradictions(), [400]);
    assert!(found.largest_held().is_some_and(|held| (950..=1_000).contains(&held)), "{found:?}");
}

#[test]
fn the_values_until_one_does_not_hold_are_known_before() {
    assert_eq!(SearchRange { to: 900, ..RANGE }.upward(), [100, 200, 400, 800, 900]);
    assert_eq!(SearchRange { to: 100, ..RANGE }.upward(), [100]);
    let all = SearchRange { to: u32::MAX, ..RANGE }.upward();
    assert_eq!(all.last(), Some(&u32::MAX));
}

fn ranges() -> impl Strategy<Value = SearchRange> {
    let bounds = (1_u32..200_000, 0_u32..200_000, 0_u32..200_000);
    (bounds, 0.001_f64..1.0).prop_map(|((least, more, most), precision)| {
        let from = least.saturating_add(more);
        SearchRange { least, from, to: from.saturating_add(most), precision }
    })
}

proptest! {
    #[test]
    fn of_what_has_a_boundary_it_is_found_in_time(
        range in ranges(),
        boundary in 0_u32..700_000,
    ) {
        let (found, ending, played) = search(range, |_, value| value <= boundary);
        // No step is needed that is there for contradictions.
        prop_assert!(played.len() as u32 <= range.most_steps() - DECIDERS);
        prop_assert!(found.contradictions().is_empty());
        match ending {
            Ending::Found => {
                let held = found.largest_held().expect("one held");
                let did_not = found.smallest_not_held().expect("one did not");
                prop_assert!(held <= boundary && boundary < did_not);
                let apart = f64::from(did_not - held);
                prop_assert!(apart <= (f64::from(held) * range.precision).max(1.0));
            }
            Ending::AllHeld => prop_assert!(boundary >= range.to),
            Ending::NoneHeld => prop_assert!(boundary < range.least),
            Ending::OutOfSteps => prop_assert!(false, "{:?}", played),
        }
        let inside = |value: &u32| (range.least..=range.to).contains(value);
        prop_assert!(played.iter().all(|(value, _)| inside(value)));
    }

    #[test]
    fn whatever_comes_it_ends_and_says_what_speaks_against_a_boundary(
        range in ranges(),
        coins in prop::collection::vec(any::<bool>(), 64),
    ) {
        let (found, ending, played) = search(range, |step, _| coins[step as usize % coins.len()]);
        let both = |value: u32| {
            let of = |held| played.contains(&(value, held));
            of(true) && of(false)
        };
        for (value, _) in &played {
            if both(*value) {
                prop_assert!(found.contradictions().contains(value));
            }
        }
        if let Some(held) = found.largest_held() {
            prop_assert!(played.contains(&(held, true)));
            prop_assert!(found.smallest_not_held().is_none_or(|did_not| held < did_not));
        }
        if let Some(did_not) = found.smallest_not_held() {
            prop_assert!(played.contains(&(did_not, false)));
            let above = played.iter().filter(|(value, held)| *held && *value > did_not);
            for (value, _) in above {
                prop_assert!(found.contradictions().contains(value), "{} above {}", value, did_not);
            }
        }
        if ending == Ending::OutOfSteps {
            prop_assert!(!found.contradictions().is_empty());
        }
    }
}
