//! A link that is up: two namespaces, two devices, the forwarder and the echo.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use pushbench_protocol::{Direction, LinkShape, Phase, clock};

use crate::counts::PathCounts;
use crate::forwarder::{Forwarded, Scheduling, Shared, forward};
use crate::namespace::{DEVICE, Missing, Namespace};
use crate::probe::{Echoes, Probe};
use crate::relay::Relay;

/// The address of the server's end: of a block that is kept for measurements (RFC 2544, appendix C.2.2).
pub const NEAR: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
/// The address of the clients' end.
pub const FAR: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);

/// Longest wait for the last packets, beyond twice the round trip.
const REST_BOUND: Duration = Duration::from_secs(3);
/// How long nothing has moved where nothing more is to come, beyond a round trip: longer than an
/// acknowledgement is delayed.
const REST: Duration = Duration::from_millis(60);

/// A link that is up. Dropped, it is gone, and nothing of it is left.
#[derive(Debug)]
pub struct Link {
    shape: LinkShape,
    near: Arc<Namespace>,
    far: Arc<Namespace>,
    shared: Arc<Shared>,
    forwarder: Option<JoinHandle<io::Result<Forwarded>>>,
    probe: Option<JoinHandle<io::Result<Echoes>>>,
}

/// What a link has seen in its life.
#[derive(Debug)]
pub struct LinkCounts {
    /// From clients to the server.
    pub up: PathCounts,
    /// From the server to clients.
    pub down: PathCounts,
    /// Packets still on their way when it went down.
    pub under_way: u64,
    /// Connections that have passed, each pair of ports once.
    pub connections: u64,
    /// What the devices dropped.
    pub drops: DeviceDrops,
    /// What the echo saw.
    pub echoes: Echoes,
    /// How the forwarder was scheduled.
    pub scheduling: Scheduling,
    /// CPU time of the forwarder.
    pub cpu: Duration,
    /// The congestion control of connections that choose none.
    pub congestion_control: Option<String>,
}

/// Packets that the devices dropped, which the link knows nothing of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DeviceDrops {
    /// Of those that the server's end sent or received.
    pub near: u64,
    /// Of those that the clients' end sent or received.
    pub far: u64,
}

impl Link {
    /// Makes a link of this shape. Clients of the same seed meet the same draws.
    ///
    /// # Errors
    ///
    /// If a right, a device or a thread is missing.
    pub fn up(shape: LinkShape, seed: u64) -> Result<Self, Missing> {
        let (near, near_device) = Namespace::new(NEAR, FAR, shape.mtu)?;
        let (far, far_device) = Namespace::new(FAR, NEAR, shape.mtu)?;
        let shared = Arc::new(Shared::new().map_err(Missing::Thread)?);
        let relay = Relay::new(&shape, seed);
        let probe = Probe::open(&near, &far, &shape)
            .map_err(|error| Missing::Setting { what: "an echo", error })?;
        let mut link = Self {
            shape,
            near: Arc::new(near),
            far: Arc::new(far),
            shared: Arc::clone(&shared),
            forwarder: None,
            probe: None,
        };
        link.forwarder = Some(start("link-forwarder", move || {
            forward(relay, &near_device, &far_device, &shared)
        })?);
        let shared = Arc::clone(&link.shared);
        link.probe = Some(start("link-echo", move || probe.run(&shared))?);
        Ok(link)
    }

    /// Where the server is, and whatever is beside it.
    pub const fn near(&self) -> &Arc<Namespace> {
        &self.near
    }

    /// Where the clients are.
    pub const fn far(&self) -> &Arc<Namespace> {
        &self.far
    }

    /// Its shape.
    pub const fn shape(&self) -> &LinkShape {
        &self.shape
    }

    /// From now on packets are of this phase.
    pub fn begin(&self, phase: Phase) {
        self.shared.begin(phase);
    }

    /// Whether it has ended by itself, and no packet passes any more.
    pub fn has_failed(&self) -> bool {
        self.forwarder.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until nothing is on its way and nothing more comes, within a bound, and takes it down.
    ///
    /// # Errors
    ///
    /// If it had ended by itself: why.
    pub fn down(mut self) -> Result<LinkCounts, String> {
        self.shared.be_quiet();
        let echoes = ended(self.probe.take());
        self.rest();
        let drops = self.drops();
        let congestion_control = self
            .far
            .within(|| fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control"))
            .ok()
            .map(|name| name.trim().to_owned());
        self.shared.end();
        // Without a device neither the echo nor the count of drops goes on: the forwarder says why first.
        let Forwarded { relay, scheduling, cpu } = ended(self.forwarder.take())?;
        let echoes = echoes?;
        let drops = drops.map_err(|error| error.to_string())?;
        Ok(LinkCounts {
            up: relay.counts(Direction::Up).clone(),
            down: relay.counts(Direction::Down).clone(),
            under_way: relay.under_way() as u64,
            connections: relay.connections(),
            drops,
            echoes,
            scheduling,
            cpu,
            congestion_control,
        })
    }

    fn drops(&self) -> io::Result<DeviceDrops> {
        Ok(DeviceDrops { near: dropped(&self.near)?, far: dropped(&self.far)? })
    }

    /// Waits until nothing has moved for longer than anything that follows would take.
    fn rest(&self) {
        let trip = self.shape.round_trip();
        let begin = clock::now();
        let bound = 2 * trip + REST_BOUND;
        while clock::now().since(begin) < bound && !self.has_failed() {
            let (under_way, moved_at) = self.shared.rest();
            if under_way == 0 && clock::now().since(moved_at) >= trip + REST {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.be_quiet();
        self.shared.end();
        // The devices go with the thread that has their files.
        if let Some(thread) = self.forwarder.take() {
            let _ = thread.join();
        }
        if let Some(thread) = self.probe.take() {
            let _ = thread.join();
        }
    }
}

fn start<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Missing> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(Missing::Thread)
}

/// What a thread gave when it ended.
fn ended<T>(thread: Option<JoinHandle<io::Result<T>>>) -> Result<T, String> {
    let ended = thread.expect("a link is taken down once").join();
    ended.map_err(|_| "the thread panicked".to_owned())?.map_err(|error| error.to_string())
}

/// Packets that the device of a namespace has dropped, both ways.
fn dropped(namespace: &Namespace) -> io::Result<u64> {
    let table = namespace.within(|| fs::read_to_string("/proc/thread-self/net/dev"))?;
    drops_of(&table, DEVICE)
        .ok_or_else(|| io::Error::other(format!("the system does not count drops of {DEVICE}")))
}

/// The drops of a device in the kernel's table: the fourth column of eight for what was received, and
/// the fourth for what was sent (proc(5), `/proc/net/dev`).
fn drops_of(table: &str, device: &str) -> Option<u64> {
    let line =
        table.lines().find_map(|line| line.trim().strip_prefix(device)?.strip_prefix(':'))?;
    let columns: Vec<u64> = line.split_whitespace().map_while(|n| n.parse().ok()).collect();
    Some(columns.get(3)? + columns.get(11)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_of_both_ways_are_added() {
        let table = "Inter-|   Receive  |  Transmit\n face |bytes packets errs drop\n    \
                     lo: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n \
                     link0: 100 2 0 3 0 0 0 0 200 4 0 5 0 0 0 0\n";
        assert_eq!(drops_of(table, "link0"), Some(8));
        assert_eq!(drops_of(table, "link1"), None);
    }
}
