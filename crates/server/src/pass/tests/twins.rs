//! The same server twice: once with the pass, once with a session for each subscriber.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use proptest::prelude::*;
use pushbench_protocol::{Cursor, TopicName};

use super::super::*;
use crate::hub::{Format, HubSettings, Next, TopicId};
use crate::log::Message;

pub(super) const EPOCH: u16 = 7;
/// More room than any test needs.
pub(super) const ENDLESS: usize = 1 << 40;
const PONG: &[u8] = b"\x8a\x00";

/// A socket that takes so much and no more, and what waits for it.
#[derive(Debug, Default)]
pub(super) struct Socket {
    pub(super) room: usize,
    pub(super) taken: Vec<u8>,
    pub(super) writing: Bytes,
    pub(super) writes: usize,
    pub(super) is_awaited: bool,
    pub(super) is_over: bool,
}

impl Socket {
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.room);
        self.room -= len;
        self.taken.extend_from_slice(&bytes[..len]);
        self.writes += 1;
        len
    }

    pub(super) fn flush(&mut self) {
        if !self.writing.is_empty() {
            let writing = self.writing.clone();
            let written = self.write(&writing);
            self.writing.advance(written);
        }
    }

    /// All that it was given, taken or not.
    pub(super) fn given(&self) -> Vec<u8> {
        [&self.taken[..], &self.writing].concat()
    }
}

pub(super) type Shared = Rc<RefCell<Socket>>;

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
pub(super) struct Session {
    pub(super) place: SubscriberPlace,
    pub(super) socket: Socket,
}

impl Session {
    pub(super) fn turn(&mut self, hub: &mut Hub, now: Timestamp) {
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
pub(super) struct Twins {
    pub(super) now: Timestamp,
    pub(super) hubs: [Hub; 2],
    pub(super) topic: TopicId,
    pub(super) pass: Pass<Shared>,
    /// By the number of a subscriber.
    pub(super) subscribers: Vec<Option<(Shared, Session)>>,
    pub(super) published: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Publish(usize),
    Join(Format, u64, usize),
    Leave(usize),
    Room(usize, usize),
    Pong(usize),
    Visit(usize),
    Wait(u64),
}

impl Twins {
    pub(super) fn new(settings: HubSettings) -> Self {
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

    pub(super) fn take(&mut self, step: &Step) {
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
    pub(super) fn visit(&mut self) -> bool {
        let Some(id) = self.pass.next_visit() else { return false };
        let [ours, theirs] = &mut self.hubs;
        self.pass.visit(id, ours, self.now);
        if let Some((_, session)) = self.subscribers.get_mut(id).and_then(Option::as_mut) {
            session.turn(theirs, self.now);
        }
        true
    }

    pub(super) fn known(&self, who: usize) -> Option<usize> {
        let known: Vec<_> =
            (0..self.subscribers.len()).filter(|id| self.subscribers[*id].is_some()).collect();
        (!known.is_empty()).then(|| known[who % known.len()])
    }

    pub(super) fn check(&self) -> Result<(), TestCaseError> {
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
