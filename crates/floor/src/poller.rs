//! epoll, level-triggered, behind as little as it takes.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

use crate::FloorError;

/// Most events of one look.
const EVENTS: usize = 1_024;

/// What a socket is watched for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Interest {
    /// Something to read.
    Read,
    /// That, and room to write.
    ReadAndWrite,
}

impl Interest {
    const fn flags(self) -> EventFlags {
        match self {
            Self::Read => EventFlags::IN,
            Self::ReadAndWrite => EventFlags::IN.union(EventFlags::OUT),
        }
    }
}

/// Which sockets are ready.
#[derive(Debug)]
pub(crate) struct Poller(OwnedFd);

impl Poller {
    pub(crate) fn new() -> Result<Self, FloorError> {
        let made = epoll::create(CreateFlags::CLOEXEC);
        made.map(Self).map_err(|error| FloorError::when("make an epoll instance")(error.into()))
    }

    /// Watches something under a number of its own. What is closed is watched no more.
    pub(crate) fn watch(&self, what: impl AsFd, number: u64) -> Result<(), FloorError> {
        epoll::add(&self.0, what, EventData::new_u64(number), Interest::Read.flags())
            .map_err(|error| FloorError::when("watch a pipe or a socket")(error.into()))
    }

    /// Watches it for something else from now on.
    pub(crate) fn change(
        &self,
        what: impl AsFd,
        number: u64,
        interest: Interest,
    ) -> Result<(), FloorError> {
        epoll::modify(&self.0, what, EventData::new_u64(number), interest.flags())
            .map_err(|error| FloorError::when("watch a socket for something else")(error.into()))
    }

    /// Waits at most so long, to the next millisecond, and gives the numbers of what is ready, and
    /// whether it can be read and written.
    pub(crate) fn wait(&self, events: &mut Events, longest: Duration) -> Result<(), FloorError> {
        events.0.clear();
        let longest = Timespec {
            tv_sec: longest.as_secs().min(3_600) as i64,
            tv_nsec: longest.subsec_nanos().into(),
        };
        match epoll::wait(&self.0, spare_capacity(&mut events.0), Some(&longest)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(FloorError::when("wait for sockets")(error.into())),
        }
    }
}

/// What was ready at the last look.
pub(crate) struct Events(Vec<Event>);

/// Something that is ready.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    pub(crate) number: u64,
    /// There is something to read, or the end, or an error that reading tells.
    pub(crate) can_read: bool,
    pub(crate) can_write: bool,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(EVENTS))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Ready> {
        let ended = EventFlags::IN.union(EventFlags::HUP).union(EventFlags::ERR);
        self.0.iter().map(move |event| {
            let flags = event.flags;
            Ready {
                number: event.data.u64(),
                can_read: flags.intersects(ended),
                can_write: flags.contains(EventFlags::OUT),
            }
        })
    }
}
