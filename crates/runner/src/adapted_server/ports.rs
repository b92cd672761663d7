//! Free ports for a program that is about to be started.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::ops::RangeInclusive;

use crate::bounded::read_words;

/// Where the kernel says which ports it gives to outgoing connections (Linux, ip-sysctl).
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// What it gives by default.
const EPHEMERAL_BY_DEFAULT: RangeInclusive<u16> = 32_768..=60_999;
/// The lowest port that is tried: below it services have theirs.
const LOWEST: u16 = 10_000;
/// Most ports that are tried.
const TRIED: usize = 2_000;

/// Ports that were free when they were looked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FreePorts {
    /// A port for each name, all of them different.
    pub by_name: BTreeMap<String, u16>,
    /// The range that the kernel takes outgoing connections' ports from, if some of these lie in it: such
    /// a connection may take the port before the program does.
    pub contested: Option<RangeInclusive<u16>>,
}

/// A free port for each name.
///
/// On loopback, of IP version 4 and of 6 where there is one. Outside of the range that the kernel takes
/// outgoing connections' ports from, as long as there is one free: such a connection, of a load generator
/// for one, would make the program fail as it listens. Another program may still be quicker.
///
/// # Errors
///
/// If this host has none left.
pub fn free_ports(names: BTreeSet<String>) -> io::Result<FreePorts> {
    let ephemeral = read_words(EPHEMERAL).ok().and_then(|text| range(&text));
    let ephemeral = ephemeral.unwrap_or(EPHEMERAL_BY_DEFAULT);
    let random = RandomState::new().hash_one(());
    let mut candidates = candidates(&ephemeral, random).take(TRIED);
    let mut contested = None;
    // Held until all are found, so that none is found twice.
    let mut held = Vec::new();
    for name in names {
        let (port, listeners) = match candidates.find_map(|port| Some((port, hold(port).ok()?))) {
            Some(found) => found,
            None => {
                contested = Some(ephemeral.clone());
                // Of IP version 4 alone: a kernel that finds one for both there is not.
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                (listener.local_addr()?.port(), vec![listener])
            }
        };
        held.push((name, port, listeners));
    }
    let by_name = held.into_iter().map(|(name, port, _)| (name, port)).collect();
    Ok(FreePorts { by_name, contested })
}

/// The two numbers of the kernel's file.
fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let mut numbers = text.split_whitespace().map(|number| number.parse().ok());
    let (low, high) = (numbers.next()??, numbers.next()??);
    (low <= high).then_some(low..=high)
}

/// The ports outside of a range, each once, the first of them by chance.
fn candidates(ephemeral: &RangeInclusive<u16>, random: u64) -> impl Iterator<Item = u16> {
    let all: Vec<u16> = (LOWEST..=u16::MAX).filter(|port| !ephemeral.contains(port)).collect();
    let first = random.checked_rem(all.len() as u64).unwrap_or(0) as usize;
    (0..all.len()).map(move |place| all[(first + place) % all.len()])
}

/// Takes a port of loopback.
fn hold(port: u16) -> io::Result<Vec<TcpListener>> {
    let four = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    match TcpListener::bind((IpAddr::from(Ipv6Addr::LOCALHOST), port)) {
        Ok(six) => Ok(vec![four, six]),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        // This host has no IP version 6.
        Err(_) => Ok(vec![four]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: u16) -> BTreeSet<String> {
        (0..count).map(|number| number.to_string()).collect()
    }

    #[test]
    fn each_name_has_a_port_of_its_own_that_can_be_listened_on() {
        let ports = free_ports(names(20)).expect("there are some").by_name;
        assert!(ports.keys().eq(&names(20)));
        assert_eq!(ports.values().collect::<BTreeSet<_>>().len(), 20);
        for port in ports.into_values() {
            hold(port).expect("it is free");
        }
    }

    #[test]
    fn no_outgoing_connection_can_take_a_port_that_was_found() {
        let text = read_words(EPHEMERAL).expect("Linux says it");
        let ephemeral = range(&text).expect("two numbers");
        let found = free_ports(names(20)).expect("there are some");
        // A machine may be set up so that the kernel takes all there are.
        assert!(found.contested.is_none() || *ephemeral.start() <= LOWEST, "{found:?}");
        let contested = found.by_name.values().filter(|port| ephemeral.contains(port));
        assert_eq!(contested.count() > 0, found.contested.is_some(), "{found:?}");
    }

    #[test]
    fn a_port_that_either_version_of_ip_has_taken_is_not_free() {
        let found = free_ports(names(1)).expect("there is one").by_name["0"];
        let four = TcpListener::bind((Ipv4Addr::LOCALHOST, found)).expect("it is free");
        assert!(hold(found).is_err());
        drop(four);
        if let Ok(_six) = TcpListener::bind((Ipv6Addr::LOCALHOST, found)) {
            assert!(hold(found).is_err());
        }
    }

    #[test]
    fn the_ports_outside_of_a_range_are_tried_once_each_from_anywhere() {
        assert_eq!(range("32768\t60999\n"), Some(EPHEMERAL_BY_DEFAULT));
        for text in ["", "1", "60999 32768", "a b"] {
            assert_eq!(range(text), None, "{text}");
        }
        let order: Vec<_> = candidates(&(10_002..=65_534), 4).collect();
        assert_eq!(order, [10_001, 65_535, 10_000]);
        assert_eq!(candidates(&(1..=u16::MAX), 7).count(), 0);
    }
}
