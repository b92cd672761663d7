//! The server that a trial is played against: one of ours that is started for it, the target that
//! someone else runs, or a third-party server that the scenario names.

use std::ops::ControlFlow;
use std::sync::Arc;

use pushbench_load::{Adapted, Calendar, PublishTo, TlsTarget};
use pushbench_protocol::{TlsUse, TopicNames, clock};
use pushbench_scenario::{NamedServer, Scenario, Transport, Trust};
use pushbench_store::{ServerV1, wall_clock};
use pushbench_tls::{Connector, Trusted};

use crate::adapted_server::AdaptedServer;
use crate::options::Options;
use crate::processes::Whose;
use crate::server_document::{document, recorded};
use crate::server_process::ServerProcess;
use crate::trial::reach::{Reach, announced};
use crate::{RunError, Target, tls};

/// The server of a trial. Dropped, it is killed if it was started here.
pub(crate) enum TrialServer {
    Ours(Box<ServerProcess>, Target),
    Target(Target),
    ThirdParty(Box<AdaptedServer>, Arc<NamedServer>),
}

impl TrialServer {
    /// The server that a transport asks, ready. A third-party server is waited for as long as the watch
    /// goes on.
    ///
    /// # Errors
    ///
    /// If it could not be started or reached.
    pub(crate) fn of(
        scenario: &Scenario,
        transport: &Transport,
        options: &Options,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Self, RunError> {
        Ok(match (&transport.server, &options.target) {
            (Some(server), _) => {
                let cpus = options.server_cpus();
                let running = AdaptedServer::start(server, cpus, watch)?;
                Self::ThirdParty(Box::new(running), Arc::clone(server))
            }
            (None, Some(target)) => Self::Target(target.clone()),
            (None, None) => {
                let document = document(scenario, transport);
                let process =
                    ServerProcess::start(&options.server, options.server_cpus(), &document)?;
                let target = Target {
                    publish_token: document.publish_token,
                    ..announced(&process.announcement)?
                };
                Self::Ours(Box::new(process), target)
            }
        })
    }

    /// How the clients of a transport get to it, on these topics.
    ///
    /// # Errors
    ///
    /// If they cannot by TLS, or the adapter's templates lack a value.
    pub(crate) fn reach(
        &self,
        transport: &Transport,
        topics: u32,
        names: TopicNames,
    ) -> Result<Reach, RunError> {
        let (target, adapted) = match self {
            Self::Ours(_, target) | Self::Target(target) => (target.clone(), None),
            Self::ThirdParty(running, server) => {
                let (address, host) = (running.address, running.host.clone());
                let described = server.adapter.transport(transport.settings.kind());
                let adapted = Adapted {
                    transport: Arc::clone(described.expect("checked with the scenario")),
                    values: running.values(server, (0..topics).map(|topic| names.name(topic)))?,
                    base: server.url.path.clone(),
                    publish_to: PublishTo {
                        origin: running.origin(server),
                        trust: server.trust.clone(),
                        calendar: Calendar {
                            at: clock::now(),
                            since_1970: wall_clock::since_epoch(),
                        },
                    },
                };
                let target = Target { address, host, tls: None, publish_token: None };
                (target, Some(Arc::new(adapted)))
            }
        };
        let tls = match self {
            Self::Ours(..) | Self::Target(_) => tls::tls_target(transport, &target)?,
            Self::ThirdParty(_, server) => third_party_tls(transport, server, &target)?,
        };
        Ok(Reach { target, tls, via: None, adapted })
    }

    /// What it announced, if it is ours.
    pub(crate) fn recorded(&self) -> Option<ServerV1> {
        match self {
            Self::Ours(process, _) => {
                Some(recorded(&process.announcement.version, &process.announcement.config))
            }
            Self::Target(_) | Self::ThirdParty(..) => None,
        }
    }

    /// Whether it is of ours, and nobody else uses it.
    pub(crate) const fn is_ours(&self) -> bool {
        matches!(self, Self::Ours(..))
    }

    /// Whose CPU and memory are its, as far as that is known.
    pub(crate) fn whose(&self) -> Option<Whose> {
        match self {
            Self::Ours(process, _) => Some(Whose::Process(process.announcement.pid)),
            Self::Target(_) => None,
            Self::ThirdParty(running, _) => running.whose.clone(),
        }
    }

    /// Whether it was started here and has ended by itself; says how.
    pub(crate) fn ended(&mut self) -> Option<String> {
        match self {
            Self::Ours(process, _) => process.ended(),
            Self::Target(_) => None,
            Self::ThirdParty(running, _) => running.ended(),
        }
    }

    /// Ends it, if it was started here and runs; says how that went, of ours, if not well.
    pub(crate) fn stop(self, is_silent: bool) -> Option<String> {
        match self {
            Self::Ours(process, _) => process.stop(is_silent).err(),
            Self::Target(_) => None,
            Self::ThirdParty(running, _) => {
                running.stop();
                None
            }
        }
    }
}

/// Where clients of a third-party server connect by TLS, if they do.
fn third_party_tls(
    transport: &Transport,
    server: &NamedServer,
    target: &Target,
) -> Result<Option<TlsTarget>, RunError> {
    match transport.carriage.tls {
        TlsUse::None => return Ok(None),
        TlsUse::Full | TlsUse::Resumed => {}
    }
    let trusted = match &server.trust {
        Trust::System => Trusted::System,
        Trust::Certificate(pem) => Trusted::These(pem),
        Trust::Insecure => Trusted::Any,
    };
    let protocol = transport.carriage.http;
    let connector =
        Connector::of_third_party(trusted, &server.url.host, protocol).map_err(|error| {
            RunError::Adapted { server: server.name.clone(), reason: format!("`trust`: {error}") }
        })?;
    let (address, host) = (target.address, target.host.clone());
    Ok(Some(TlsTarget { address, host, connector }))
}
