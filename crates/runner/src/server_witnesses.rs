//! Who is asked at a boundary what the server has carried: the server itself, if it is ours, and the
//! kernel of this host.

use std::os::fd::RawFd;

use pushbench_load::{ServerSums, ServerWitnesses, Tally, WitnessName};

use crate::samples::{Sampler, Samples};
use crate::server_ends;

/// The witnesses on the server's side of a trial.
pub(crate) struct Asked<'a> {
    pub(crate) samples: &'a mut Samples,
    pub(crate) sampler: &'a Sampler,
}

impl ServerWitnesses for Asked<'_> {
    fn sockets(&mut self) -> Option<ServerSums> {
        match self.sampler.proxy {
            // What a server carried for a proxy is not what the clients did.
            Some(_) => None,
            None => self.samples.server_sums(self.sampler),
        }
    }

    fn kernel(&mut self, open: &[RawFd]) -> Option<Tally> {
        let look = server_ends::look(self.sampler.clients.port(), open);
        self.samples.server_ends = Some(look.as_ref().map(|_| ()).map_err(ToString::to_string));
        look.ok()
    }

    fn kernel_name(&self) -> WitnessName {
        match self.sampler.proxy {
            Some(_) => WitnessName::ProxyKernel,
            None => WitnessName::ServerKernel,
        }
    }
}
