//! What the kernel is asked for that no library offers without `unsafe`: a new network namespace, the
//! ioctls that make a TUN device, and a thread's scheduling class.
#![expect(
    unsafe_code,
    reason = "namespaces, network devices and scheduling classes have no safe API"
)]

use std::fs::{File, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;

use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Where TUN devices come from.
pub(crate) const TUN: &str = "/dev/net/tun";
/// Packets that a device keeps while nobody reads it: more than any burst has, so that it drops none.
const DEVICE_QUEUE: libc::c_int = 65_536;

/// Moves the calling thread into a network namespace of its own, in which there is nothing.
pub(crate) fn leave_network() -> io::Result<()> {
    // SAFETY: the call is unsafe for flags that take file descriptors from the thread; this one
    // changes only which network devices and sockets the thread's new sockets belong to.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.map_err(io::Error::from)
}

/// Makes a TUN device of this name in the calling thread's namespace; what it sends is read from the
/// file, and what is written to the file it receives. One call is one IP packet, and none waits.
pub(crate) fn tun(name: &str, file: File) -> io::Result<File> {
    let flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
    let mut request = request(name);
    request.ifr_ifru.ifru_flags = flags;
    control(&file, libc::TUNSETIFF, &mut request)?;
    Ok(file)
}

/// Opens what TUN devices are made of.
pub(crate) fn open_tun() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(TUN)
}

/// Gives a device of the calling thread's namespace its address, the address behind it and its MTU,
/// and switches it on.
pub(crate) fn switch_on(name: &str, own: Ipv4Addr, peer: Ipv4Addr, mtu: u16) -> io::Result<()> {
    let socket = any_socket()?;
    let mut with_mtu = request(name);
    with_mtu.ifr_ifru.ifru_mtu = libc::c_int::from(mtu);
    control(&socket, libc::SIOCSIFMTU, &mut with_mtu)?;
    let mut with_queue = request(name);
    // The kernel reads the length from where the MTU is in the same union.
    with_queue.ifr_ifru.ifru_mtu = DEVICE_QUEUE;
    control(&socket, libc::SIOCSIFTXQLEN, &mut with_queue)?;
    let mut with_address = request(name);
    with_address.ifr_ifru.ifru_addr = address(own);
    control(&socket, libc::SIOCSIFADDR, &mut with_address)?;
    let mut with_peer = request(name);
    with_peer.ifr_ifru.ifru_dstaddr = address(peer);
    control(&socket, libc::SIOCSIFDSTADDR, &mut with_peer)?;
    switch_on_as_it_is(name)
}

/// Switches a device on that needs no settings.
pub(crate) fn switch_on_as_it_is(name: &str) -> io::Result<()> {
    let mut request = request(name);
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    control(&any_socket()?, libc::SIOCSIFFLAGS, &mut request)
}

/// Lets the calling thread run as soon as it can, before every thread that has a usual class.
pub(crate) fn run_first() -> io::Result<()> {
    // SAFETY: the structure is plain numbers, for which zero is valid.
    let mut parameter: libc::sched_param = unsafe { std::mem::zeroed() };
    parameter.sched_priority = 1;
    // SAFETY: the pointer is to a local that outlives the call; 0 is the calling thread.
    match unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameter) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A socket by which devices are asked for: any of the namespace will do.
fn any_socket() -> io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
}

fn request(name: &str) -> libc::ifreq {
    // SAFETY: the structure is plain bytes and numbers, for which zero is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // The last byte stays the zero that ends the name.
    let room = request.ifr_name.len() - 1;
    for (to, from) in request.ifr_name[..room].iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request
}

fn address(address: Ipv4Addr) -> libc::sockaddr {
    // SAFETY: the structure is plain bytes and numbers, for which zero is valid.
    let mut socket_address: libc::sockaddr = unsafe { std::mem::zeroed() };
    socket_address.sa_family = libc::AF_INET as libc::sa_family_t;
    // A `sockaddr_in`: two bytes of port, then the address in network order.
    for (to, from) in socket_address.sa_data[2..6].iter_mut().zip(address.octets()) {
        *to = from as libc::c_char;
    }
    socket_address
}

fn control(
    descriptor: &impl AsRawFd,
    command: libc::Ioctl,
    request: &mut libc::ifreq,
) -> io::Result<()> {
    // SAFETY: each command used here reads one `ifreq`, and some write it; it outlives the call.
    match unsafe { libc::ioctl(descriptor.as_raw_fd(), command, &raw mut *request) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Moves the calling thread into a namespace.
pub(crate) fn enter(namespace: BorrowedFd<'_>) -> io::Result<()> {
    let network = Some(rustix::thread::LinkNameSpaceType::Network);
    rustix::thread::move_into_link_name_space(namespace, network).map_err(io::Error::from)
}
