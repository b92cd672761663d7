//! Free ports for a server that is about to be started.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// A port for each name, all of them different and free now. Whoever is quicker than the server may
/// still take one; the server then says that it cannot listen.
///
/// # Errors
///
/// If this host has none left.
pub(super) fn free(names: BTreeSet<String>) -> io::Result<BTreeMap<String, u16>> {
    // Held until all are found, so that none is found twice.
    let held = names.into_iter().map(|name| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok((name, listener.local_addr()?.port(), listener))
    });
    let held: Vec<_> = held.collect::<io::Result<_>>()?;
    Ok(held.into_iter().map(|(name, port, _)| (name, port)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_port_of_its_own_that_can_be_listened_on() {
        let names: BTreeSet<_> = (0..20).map(|number| number.to_string()).collect();
        let ports = free(names.clone()).expect("there are some");
        assert!(ports.keys().eq(&names));
        assert_eq!(ports.values().collect::<BTreeSet<_>>().len(), 20);
        for port in ports.into_values() {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("it is free");
        }
    }
}
