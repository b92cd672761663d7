//! The server of an exchange: one of our own in this process, or somebody's.

use std::sync::mpsc;
use std::thread::JoinHandle;

use anyhow::{Context, anyhow};
use pushbench_protocol::{AllowedHosts, ResponseProfile, ServerStats};
use pushbench_runner::Target;
use pushbench_server::{Ended, Server, ServerConfig};
use tokio::sync::oneshot;

use super::line::MSS;

/// Where the exchange is made.
pub(super) enum House {
    /// A server of our own, on a thread of its own.
    Ours { target: Target, stop: oneshot::Sender<()>, thread: JoinHandle<Ended> },
    /// One that runs already.
    Theirs(Target),
}

impl House {
    /// Starts a server on a free loopback port that responds to these hosts, too.
    pub(super) fn start(response: ResponseProfile, hosts: AllowedHosts) -> anyhow::Result<Self> {
        let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = ServerConfig::new(listen, response);
        config.mss = Some(MSS);
        config.hosts = hosts;
        let (stop, stopped) = oneshot::channel();
        let (ready_out, ready) = mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("server".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let server = match Server::bind(config).await {
                    Ok(server) => server,
                    Err(error) => {
                        let _ = ready_out.send(Err(error));
                        return Ended { stats: ServerStats::default(), cut_off: 0 };
                    }
                };
                let _ = ready_out.send(Ok(server.local_addr()));
                // Whoever drops the sender asks to end too.
                server.serve(async move { stopped.await.unwrap_or(()) }).await
            })
        })?;
        let address = ready
            .recv()
            .map_err(|_| anyhow!("the server's thread has ended"))?
            .context("cannot start a server")?;
        let target = Target { address, host: address.to_string(), publish_token: None, tls: None };
        Ok(Self::Ours { target, stop, thread })
    }

    /// Its address.
    pub(super) fn target(&self) -> Target {
        match self {
            Self::Ours { target, .. } | Self::Theirs(target) => target.clone(),
        }
    }

    /// Ends it if it is ours, and gives its books then.
    pub(super) fn end(self) -> Option<ServerStats> {
        match self {
            Self::Ours { stop, thread, .. } => {
                let _ = stop.send(());
                thread.join().ok().map(|ended| ended.stats)
            }
            Self::Theirs(_) => None,
        }
    }
}
