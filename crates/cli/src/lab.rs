//! `pushbench lab`.

use std::io::{Write, stdout};

use anyhow::Context;
use pushbench_lab::{Lab, LabConfig};
use pushbench_protocol::{AllowedHosts, ResponseProfile};
use pushbench_server::TlsConfig;
use pushbench_store::wall_clock::since_epoch;
use pushbench_tls::Identity;

use crate::arguments::LabOptions;
use crate::exit::Exit;
use crate::signals::Signals;

/// Maximum segment size of browsers' connections, as on Ethernet: loopback's own would hide
/// segments.
const MSS: u16 = 1_460;

/// Runs the lab until SIGTERM or Ctrl-C.
pub(crate) fn lab(options: &LabOptions) -> anyhow::Result<Exit> {
    let config = LabConfig {
        listen: options.listen,
        tls: Some(TlsConfig {
            listen: options.tls_listen,
            identity: Identity::of_this_host(since_epoch())?,
        }),
        open_to_others: options.open_to_others,
        hosts: AllowedHosts::Named(options.allow_host.clone()),
        mss: Some(MSS),
        response: ResponseProfile::built_in("typical")?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let lab = Lab::bind(config).await?;
        announce(&lab)?;
        lab.serve(async move { signals.recv().await }).await;
        Ok(Exit::Ok)
    })
}

/// Says where to point a browser.
fn announce(lab: &Lab) -> anyhow::Result<()> {
    let address = lab.local_addr();
    let mut stdout = stdout().lock();
    writeln!(stdout, "lab       http://{address}/")?;
    if let Some(address) = lab.tls_addr() {
        writeln!(stdout, "over TLS  https://{address}/ (self-signed certificate)")?;
    }
    writeln!(stdout, "teachers  http://{address}/teachers")?;
    writeln!(stdout, "Ctrl-C ends it.")?;
    stdout.flush().context("cannot print the addresses of the lab on stdout")
}
