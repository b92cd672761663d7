//! One end of a link: a network namespace without a name, in which there is one device.

use std::fs::{self, File};
use std::io;
use std::marker::PhantomData;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::path::Path;

use crate::system::{self, TUN};

/// The name of the device at both ends.
pub(crate) const DEVICE: &str = "link0";
/// The calling thread's network namespace, as a file.
const OWN: &str = "/proc/thread-self/ns/net";
/// Ports that clients may have. With the server's port that is as many connections as one address has.
pub(crate) const CLIENT_PORTS: std::ops::RangeInclusive<u16> = 1_024..=65_535;

/// What a link needs and this process has not.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// It may make no network namespace.
    #[error(
        "a link needs the right to make network namespaces (CAP_SYS_ADMIN), and unshare says \
         \"{0}\"; run as root, or in a container with --cap-add SYS_ADMIN"
    )]
    Namespaces(io::Error),
    /// There is no TUN driver, or no right to open it.
    #[error(
        "a link needs {TUN}, and opening it says \"{0}\"; load the module `tun`, run as root, or give \
         a container --device {TUN}"
    )]
    Tun(io::Error),
    /// It may make no device.
    #[error(
        "a link needs the right to make network devices (CAP_NET_ADMIN), and TUNSETIFF says \"{0}\"; \
         run as root, or in a container with --cap-add NET_ADMIN"
    )]
    Devices(io::Error),
    /// A setting of the new namespace or device was refused.
    #[error("a link needs {what}, and setting it says \"{error}\"")]
    Setting {
        /// What was to be set.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// A thread could not be started.
    #[error("a link needs a thread of its own: {0}")]
    Thread(io::Error),
}

/// A network namespace without a name: it is gone when nobody holds it any more.
#[derive(Debug)]
pub struct Namespace {
    file: File,
    address: Ipv4Addr,
}

/// The calling thread is in a namespace until this is dropped; what it starts meanwhile stays there.
#[derive(Debug)]
pub struct Inside {
    before: File,
    /// It is the calling thread that goes back.
    not_send: PhantomData<*const ()>,
}

impl Namespace {
    /// A new namespace with a device that is on and has the address `own`, behind which is `peer`; and
    /// the device's file.
    pub(crate) fn new(own: Ipv4Addr, peer: Ipv4Addr, mtu: u16) -> Result<(Self, File), Missing> {
        // The thread that moves into it ends; the files keep both.
        let made = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("link-namespace".to_owned());
            thread
                .spawn_scoped(scope, || make(own, peer, mtu))
                .map(std::thread::ScopedJoinHandle::join)
        });
        made.map_err(Missing::Thread)?.expect("making a namespace does not panic")
    }

    /// The address of its device.
    pub const fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Moves the calling thread into it for good. Sockets that the thread has already stay where they
    /// are; threads and processes that it starts begin here.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn enter_for_good(&self) -> io::Result<()> {
        system::enter(self.file.as_fd())
    }

    /// Moves the calling thread into it until the guard is dropped.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn enter(&self) -> io::Result<Inside> {
        let before = File::open(OWN)?;
        self.enter_for_good()?;
        Ok(Inside { before, not_send: PhantomData })
    }

    /// What this calls, inside.
    pub(crate) fn within<T>(&self, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let _inside = self.enter()?;
        call()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // It was there a moment ago, and the file keeps it alive.
        system::enter(self.before.as_fd()).expect("a thread may go back to its namespace");
    }
}

/// Makes a namespace and its device, and leaves the calling thread in it.
fn make(own: Ipv4Addr, peer: Ipv4Addr, mtu: u16) -> Result<(Namespace, File), Missing> {
    let setting = |what| move |error| Missing::Setting { what, error };
    system::leave_network().map_err(Missing::Namespaces)?;
    let file = File::open(OWN).map_err(Missing::Namespaces)?;
    let device = system::open_tun().map_err(Missing::Tun)?;
    let device = system::tun(DEVICE, device).map_err(Missing::Devices)?;
    // Before the device is on: an address of IPv6 that makes itself known would send packets.
    for which in ["all", "default"] {
        let path = format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6");
        // A kernel without IPv6 has none to switch off.
        if Path::new(&path).exists() {
            fs::write(path, "1").map_err(setting("IPv6 to be off in its namespaces"))?;
        }
    }
    let ports = format!("{} {}", CLIENT_PORTS.start(), CLIENT_PORTS.end());
    fs::write("/proc/sys/net/ipv4/ip_local_port_range", ports)
        .map_err(setting("a port for each client"))?;
    // A port of a closed connection may be used again in the second after next, as on loopback.
    fs::write("/proc/sys/net/ipv4/tcp_tw_reuse", "1")
        .map_err(setting("ports that are used again"))?;
    system::switch_on_as_it_is("lo").map_err(setting("loopback in its namespaces"))?;
    system::switch_on(DEVICE, own, peer, mtu).map_err(setting("a device that is on"))?;
    Ok((Namespace { file, address: own }, device))
}
