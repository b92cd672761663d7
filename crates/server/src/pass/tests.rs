//! The pass beside a session for each subscriber that asks the hub piece by piece.

use std::cell::RefCell;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use proptest::prelude::*;
use pushbench_protocol::{Cursor, SlowPolicy, TopicName};

use super::*;
use crate::hub::{Format, HubSettings, Next, TopicId};
use crate::log::{Message, SharedDeflate};

const EPOCH: u16 = 7;
/// More room than any test needs.
const ENDLESS: usize = 1 << 40;
const PONG: &[u8] = b"\x8a\x00";

/// A socket that takes so much and no more, and what waits for it.
#[derive(Debug, Default)]
struct Socket {
    room: usize,
    taken: Vec<u8>,
    writing: Bytes,
    writes: usize,
    is_awaited: bool,
    is_over: bool,
}

impl Socket {
    fn write(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.room);
        self.room -= len;
        self.taken.extend_from_slice(&bytes[..len]);
        self.writes += 1;
        len
    }

    fn flush(&mut self) {
        if !self.writing.is_empty() {
            let writing = self.writing.clone();
            let written = self.write(&writing);
            self.writing.advance(written);
        }
    }

    /// All that it was given, taken or not.
    fn given(&self) -> Vec<u8> {
        [&self.taken[..], &self.writing].concat()
    }
}

type Shared = Rc<RefCell<Socket>>;

impl Port for Shared {
    fn send(&self, run: &Run) -> Sent {
        let mut socket = self.borrow_mut();
        if !socket.writing.is_empty() {
            socket.is_awaited = true;
            return Sent { pieces: 0, has_room: false };
        }
        let written = socket.write(run.bytes());
        if written == run.bytes().len() {
            return Sent { pieces: run.pieces(), has_room: true };
        }
        let (pieces, rest) = run.cut(written);
        socket.writing = rest;
        socket.is_awaited = true;
        Sent { pieces, has_room: false }
    }

    fn end(&self) {
        self.borrow_mut().is_over = true;
    }
}

/// A session of its own for one subscriber, as it is where streams are not alike.
#[derive(Debug)]
struct Session {
    place: SubscriberPlace,
    socket: Socket,
}

impl Session {
    fn turn(&mut self, hub: &mut Hub, now: Timestamp) {
        loop {
            self.socket.flush();
            if !self.socket.writing.is_empty() {
                self.socket.is_over |= !self.socket.is_over && !hub.keeps(&mut self.place);
                return;
            }
            if self.socket.is_over {
                return;
            }
            match hub.next(&mut self.place, now) {
                Next::Message(piece) | Next::Notice(piece) => self.socket.writing = piece,
                Next::Wait | Next::Later(_) => return,
                Next::Disconnect => self.socket.is_over = true,
            }
        }
    }
}

/// The same server twice.
struct Twins {
    now: Timestamp,
    hubs: [Hub; 2],
    topic: TopicId,
    pass: Pass<Shared>,
    /// By the number of a subscriber.
    subscribers: Vec<Option<(Shared, Session)>>,
    published: usize,
}

#[derive(Clone, Debug)]
enum Step {
    Publish(usize),
    Join(Format, u64, usize),
    Leave(usize),
    Room(usize, usize),
    Pong(usize),
    Visit(usize),
    Wait(u64),
}

fn settings() -> impl Strategy<Value = HubSettings> {
    let policy = prop::sample::select(SlowPolicy::ALL);
    (1_u32..8, 0_u32..8, policy, prop::option::weighted(0.3, 1_u64..50)).prop_map(
        |(queue, more, slow_subscriber, conflate)| HubSettings {
            epoch: EPOCH,
            topics: NonZeroU32::MIN,
            log: number(queue + more),
            log_bytes: u64::MAX,
            total_log_bytes: u64::MAX,
            queue: number(queue),
            slow_subscriber,
            conflate: conflate.map(Duration::from_millis),
        },
    )
}

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("not zero")
}

fn step() -> impl Strategy<Value = Step> {
    let formats = vec![
        Format::Frame,
        Format::Frame,
        Format::Event,
        Format::Line,
        Format::Nudge,
        Format::Deflated(SharedDeflate { window_bits: 15, threshold: 40 }),
    ];
    let payload = prop_oneof![20 => 4_usize..120, 1 => 30_000_usize..70_000];
    let room = prop_oneof![1 => 0_usize..300, 1 => Just(ENDLESS)];
    let join = (prop::sample::select(formats), 0_u64..12, room.clone());
    prop_oneof![
        6 => payload.prop_map(Step::Publish),
        3 => join.prop_map(|(format, back, room)| Step::Join(format, back, room)),
        1 => any::<usize>().prop_map(Step::Leave),
        4 => (any::<usize>(), room).prop_map(|(who, room)| Step::Room(who, room)),
        1 => any::<usize>().prop_map(Step::Pong),
        8 => (1_usize..12).prop_map(Step::Visit),
        2 => (0_u64..30).prop_map(Step::Wait),
    ]
}

impl Twins {
    fn new(settings: HubSettings) -> Self {
        let mut hubs = [Hub::new(settings), Hub::new(settings)];
        let [topic, _] =
            hubs.each_mut().map(|hub| hub.topic(&TopicName::numbered(0)).expect("one topic fits"));
        Self {
            now: Timestamp::from_nanos(0),
            hubs,
            topic,
            pass: Pass::default(),
            subscribers: Vec::new(),
            published: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Publish(len) => {
                let mut payload = format!("{:04}", self.published).into_bytes();
                payload.resize(len, b'x');
                self.published += 1;
                for hub in &mut self.hubs {
                    hub.publish(self.topic, Message::new(&payload).expect("one line"));
                }
                self.pass.visit_all();
            }
            Step::Join(format, back, room) => {
                let position = (self.published as u64).saturating_sub(back);
                let after = Cursor { epoch: EPOCH, position };
                let [ours, theirs] =
                    self.hubs.each_ref().map(|hub| hub.subscribe(self.topic, after, format));
                let socket = || Socket { room, ..Socket::default() };
                let port = Rc::new(RefCell::new(socket()));
                let SubscriberId(id) = self.pass.join(ours, Rc::clone(&port));
                if self.subscribers.len() <= id {
                    self.subscribers.resize_with(id + 1, || None);
                }
                let session = Session { place: theirs, socket: socket() };
                self.subscribers[id] = Some((port, session));
            }
            Step::Leave(who) => {
                if let Some(id) = self.known(who) {
                    self.pass.leave(SubscriberId(id));
                    self.subscribers[id] = None;
                }
            }
            Step::Room(who, room) => {
                let Some(id) = self.known(who) else { return };
                let (port, session) = self.subscribers[id].as_mut().expect("known");
                session.socket.room += room;
                session.socket.flush();
                let mut port = port.borrow_mut();
                port.room += room;
                port.flush();
                if port.writing.is_empty() && std::mem::take(&mut port.is_awaited) {
                    drop(port);
                    self.pass.has_room(SubscriberId(id));
                }
            }
            Step::Pong(who) => {
                let Some(id) = self.known(who) else { return };
                let (port, session) = self.subscribers[id].as_mut().expect("known");
                for socket in [&mut *port.borrow_mut(), &mut session.socket] {
                    if socket.writing.is_empty() {
                        socket.writing = Bytes::from_static(PONG);
                        socket.flush();
                    }
                }
            }
            Step::Visit(visits) => {
                for _ in 0..visits {
                    self.visit();
                }
            }
            Step::Wait(millis) => {
                self.now = self.now.plus(Duration::from_millis(millis));
                if self.pass.moment().is_some_and(|moment| moment <= self.now) {
                    self.pass.visit_all();
                }
            }
        }
    }

    /// The pass visits a subscriber, and the session of that one has its turn.
    fn visit(&mut self) -> bool {
        let Some(id) = self.pass.next_visit() else { return false };
        let [ours, theirs] = &mut self.hubs;
        self.pass.visit(id, ours, self.now);
        if let Some((_, session)) = self.subscribers.get_mut(id).and_then(Option::as_mut) {
            session.turn(theirs, self.now);
        }
        true
    }

    fn known(&self, who: usize) -> Option<usize> {
        let known: Vec<_> =
            (0..self.subscribers.len()).filter(|id| self.subscribers[*id].is_some()).collect();
        (!known.is_empty()).then(|| known[who % known.len()])
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for (port, session) in self.subscribers.iter().flatten() {
            let port = port.borrow();
            prop_assert_eq!(port.given(), session.socket.given());
            prop_assert_eq!(port.taken.len(), session.socket.taken.len());
            prop_assert_eq!(port.is_over, session.socket.is_over);
            prop_assert!(port.writes <= session.socket.writes);
        }
        prop_assert_eq!(self.hubs[0].counts(), self.hubs[1].counts());
        Ok(())
    }
}

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

fn plain() -> HubSettings {
    HubSettings {
        epoch: EPOCH,
        topics: NonZeroU32::MIN,
        log: number(8),
        log_bytes: u64::MAX,
        total_log_bytes: u64::MAX,
        queue: number(8),
        slow_subscriber: SlowPolicy::DropOldest,
        conflate: None,
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
