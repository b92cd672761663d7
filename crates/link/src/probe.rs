//! An echo over the link: small datagrams that tell what the machine adds to a round trip.
//!
//! How late the forwarder writes a packet does not tell how long it lay in a device before it was read,
//! nor how long its receiver slept. An echo meets all of that.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use pushbench_protocol::{LinkShape, Phase, Timestamp, clock};
use pushbench_stats::Histogram;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::forwarder::Shared;
use crate::namespace::Namespace;

/// From one echo to the next.
const EVERY: Duration = Duration::from_millis(50);
/// Bytes of one as an IP packet: headers of IP and UDP, and what it says.
const PACKET: u64 = 20 + 8 + Echo::LEN as u64;
/// The share of a link's rate that echoes may take.
const MOST_OF_RATE: u64 = 100;
/// The longest time without a look at whether it is over.
const LOOK: Duration = Duration::from_millis(20);
/// How long the last ones are waited for beyond twice their round trip; what is lost never comes.
const LAST: Duration = Duration::from_millis(100);

/// Echoes of the measure phase.
#[derive(Clone, Debug, Default)]
pub struct Echoes {
    /// Datagrams that were sent in the measure phase.
    pub sent: u64,
    /// From sending one to its return.
    pub round_trip: Histogram,
}

/// Both ends of the echo.
#[derive(Debug)]
pub(crate) struct Probe {
    near: UdpSocket,
    far: UdpSocket,
    every: Duration,
    /// How long the last ones are waited for.
    longest: Duration,
}

/// What a datagram says.
struct Echo {
    sent_at: Timestamp,
    is_measured: bool,
}

impl Echo {
    const LEN: usize = 9;

    fn bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [u8::from(self.is_measured); Self::LEN];
        bytes[..8].copy_from_slice(&self.sent_at.as_nanos().to_be_bytes());
        bytes
    }

    fn of(bytes: [u8; Self::LEN]) -> Self {
        let [time @ .., is_measured] = bytes;
        let sent_at = Timestamp::from_nanos(u64::from_be_bytes(time));
        Self { sent_at, is_measured: is_measured != 0 }
    }
}

impl Probe {
    pub(crate) fn open(near: &Namespace, far: &Namespace, shape: &LinkShape) -> io::Result<Self> {
        let open = |at: &Namespace| {
            at.within(|| {
                let socket = UdpSocket::bind((at.address(), 0))?;
                socket.set_nonblocking(true)?;
                Ok(socket)
            })
        };
        let (near, far) = (open(near)?, open(far)?);
        far.connect(near.local_addr()?)?;
        let longest = 2 * (shape.round_trip() + shape.up.jitter + shape.down.jitter) + LAST;
        Ok(Self { near, far, every: every(shape), longest })
    }

    /// Sends echoes until it is to be quiet.
    ///
    /// # Errors
    ///
    /// If a socket fails.
    pub(crate) fn run(&self, shared: &Arc<Shared>) -> io::Result<Echoes> {
        let mut echoes = Echoes::default();
        let (mut next, mut unanswered) = (clock::now(), 0_u64);
        let mut quiet_at = None;
        loop {
            let now = clock::now();
            if shared.is_quiet() {
                let quiet_at = *quiet_at.get_or_insert(now);
                if unanswered == 0 || now.since(quiet_at) >= self.longest {
                    return Ok(echoes);
                }
            } else if now >= next {
                next = now.plus(self.every);
                let is_measured = shared.phase() == Phase::Measure;
                let echo = Echo { sent_at: now, is_measured };
                // A device that is full takes none.
                if self.far.send(&echo.bytes()).is_ok() {
                    unanswered += 1;
                    echoes.sent += u64::from(is_measured);
                }
            }
            let mut bytes = [0; Echo::LEN];
            while let Some((len, from)) = received(self.near.recv_from(&mut bytes))? {
                let _ = self.near.send_to(&bytes[..len], from);
            }
            while received(self.far.recv(&mut bytes))?.is_some() {
                let Echo { sent_at, is_measured } = Echo::of(bytes);
                unanswered = unanswered.saturating_sub(1);
                if is_measured {
                    echoes.round_trip.record(clock::now().since(sent_at));
                }
            }
            self.wait(next.since(clock::now()).min(LOOK))?;
        }
    }

    fn wait(&self, at_most: Duration) -> io::Result<()> {
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(at_most.subsec_nanos()) };
        let mut files = [self.near.as_fd(), self.far.as_fd()]
            .map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN));
        match poll(&mut files, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// How often a link of this shape is asked: a slow one seldom, since echoes take of its rate.
fn every(shape: &LinkShape) -> Duration {
    let slowest = [shape.up.rate, shape.down.rate].into_iter().flatten().min();
    slowest.map_or(EVERY, |rate| {
        let nanos = u128::from(PACKET * 8 * MOST_OF_RATE) * 1_000_000_000 / u128::from(rate);
        EVERY.max(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    })
}

fn received<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(received) => Ok(Some(received)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::PathShape;

    use super::*;

    #[test]
    fn echoes_take_at_most_a_hundredth_of_a_slow_link() {
        let of = |rate| {
            let path = PathShape { rate, queue: 15_000, ..PathShape::default() };
            every(&LinkShape { up: PathShape::default(), down: path, mtu: 1_500 })
        };
        assert_eq!(of(None), EVERY);
        assert_eq!(of(Some(10_000_000)), EVERY);
        // 296 bits each second of 29,600.
        assert_eq!(of(Some(29_600)), Duration::from_secs(1));
    }
}
