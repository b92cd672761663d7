//! The pass beside a session for each subscriber that asks the hub piece by piece.

mod any;
mod twins;

use proptest::prelude::*;

use self::any::{number, plain, settings, step};
use self::twins::{ENDLESS, Step, Twins};
use crate::hub::{Format, HubSettings};

proptest! {
    #[test]
    fn each_gets_the_bytes_that_a_session_of_its_own_would_have_given_it(
        settings in settings(), steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut twins = Twins::new(settings);
        for step in &steps {
            twins.take(step);
            twins.check()?;
        }
        // Once all have room and time, nobody waits for anything.
        for id in 0..twins.subscribers.len() {
            twins.take(&Step::Room(id, ENDLESS));
        }
        while twins.visit() {}
        twins.take(&Step::Wait(60));
        while twins.visit() {}
        twins.check()?;
        prop_assert!(twins.pass.moment().is_none());
        for (_, session) in twins.subscribers.iter_mut().flatten() {
            let before = session.socket.given().len();
            session.turn(&mut twins.hubs[1], twins.now);
            prop_assert_eq!(session.socket.given().len(), before);
        }
    }

    #[test]
    fn where_it_is_interrupted_is_of_no_matter(
        turns in prop::collection::vec((1_usize..9, any::<bool>()), 1..60),
    ) {
        let settings = HubSettings { queue: number(100), log: number(100), ..plain() };
        let mut twins = Twins::new(settings);
        for _ in 0..7 {
            twins.take(&Step::Join(Format::Frame, 0, ENDLESS));
        }
        for (most, publishes) in turns {
            if publishes {
                twins.take(&Step::Publish(9));
            }
            twins.pass.deliver(&mut twins.hubs[0], twins.now, most);
        }
        while twins.pass.has_visits() {
            twins.pass.deliver(&mut twins.hubs[0], twins.now, 3);
        }
        let expected: Vec<u8> = (0..twins.published)
            .flat_map(|n| format!("\u{1}\t{n:04}xxxxx").into_bytes())
            .map(|byte| if byte == 1 { 0x81 } else { byte })
            .collect();
        for (port, _) in twins.subscribers.iter().flatten() {
            prop_assert_eq!(&port.borrow().taken, &expected);
        }
    }
}

/// Subscribers that take all, once each was visited for having come.
fn subscribed(count: usize) -> Twins {
    let mut twins = Twins::new(plain());
    for _ in 0..count {
        twins.take(&Step::Join(Format::Frame, 0, ENDLESS));
    }
    while twins.visit() {}
    twins
}

fn writes(twins: &Twins) -> Vec<usize> {
    twins.subscribers.iter().flatten().map(|(port, _)| port.borrow().writes).collect()
}

#[test]
fn a_publish_in_the_middle_has_the_pass_go_on_and_not_begin_anew() {
    let mut twins = subscribed(4);
    let deliver = |twins: &mut Twins, most| twins.pass.deliver(&mut twins.hubs[0], twins.now, most);
    twins.take(&Step::Publish(9));
    assert_eq!(deliver(&mut twins, 2), 2);
    assert_eq!(writes(&twins), [1, 1, 0, 0]);
    twins.take(&Step::Publish(9));
    // Those who were not visited yet get both at once, in one write.
    assert_eq!(deliver(&mut twins, 2), 2);
    assert_eq!(writes(&twins), [1, 1, 1, 1]);
    assert_eq!(deliver(&mut twins, 9), 2);
    assert_eq!(writes(&twins), [2, 2, 1, 1]);
    assert!(!twins.pass.has_visits());
    assert_eq!(twins.hubs[0].counts().sent_messages, 8);
}

#[test]
fn messages_that_are_due_at_once_leave_in_one_write_up_to_a_bound() {
    for (len, messages, expected) in [(9, 8, 1), (30_000, 2, 1), (30_000, 3, 2), (90_000, 2, 2)] {
        let mut twins = subscribed(2);
        for _ in 0..messages {
            twins.take(&Step::Publish(len));
        }
        while twins.visit() {}
        assert_eq!(writes(&twins), [expected; 2], "{messages} of {len} bytes");
    }
}

#[test]
fn a_newcomer_takes_nobodys_turn() {
    let mut twins = subscribed(2);
    twins.take(&Step::Publish(9));
    twins.take(&Step::Join(Format::Frame, 0, ENDLESS));
    while twins.visit() {}
    assert_eq!(writes(&twins), [1, 1, 0]);
}

#[test]
fn who_has_left_is_not_visited_and_its_number_is_used_again() {
    let mut twins = subscribed(3);
    twins.take(&Step::Leave(1));
    twins.take(&Step::Publish(9));
    while twins.visit() {}
    twins.take(&Step::Join(Format::Frame, 0, ENDLESS));
    twins.take(&Step::Publish(9));
    while twins.visit() {}
    assert_eq!(writes(&twins), [2, 1, 2]);
    for _ in 0..3 {
        twins.take(&Step::Leave(0));
    }
    assert!(twins.pass.subscribers.is_empty());
}
