//! `pushbench serve`.

mod config;
mod document;

use std::fs;
use std::io::{Write, stdout};

use anyhow::Context;
use pushbench_protocol::headers::ProfileError;
use pushbench_protocol::{Announcement, ServerDocument};
use pushbench_runner::raise_open_files;
use pushbench_server::{Server, ServerError};
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::ServeOptions;
use crate::exit::Exit;
use crate::say::say_error;
use crate::signals::Signals;
use config::config;
use document::document;
pub(crate) use document::documented_default;

/// Runs the server until SIGTERM or Ctrl-C.
pub(crate) fn serve(options: &ServeOptions) -> anyhow::Result<Exit> {
    let document = match document(options) {
        Ok(document) => document,
        Err(error) => {
            say_error(&error);
            return Ok(Exit::WrongUsage);
        }
    };
    match run(&document) {
        Err(error) if is_wrong_usage(&error) => {
            say_error(&error);
            Ok(Exit::WrongUsage)
        }
        ended => ended,
    }
}

/// Whether what was asked for can be served nowhere; otherwise it is this machine that refuses.
fn is_wrong_usage(error: &anyhow::Error) -> bool {
    let is_setting = matches!(
        error.downcast_ref(),
        Some(ServerError::OutOfRange { .. } | ServerError::TokenNeeded { .. })
    );
    is_setting || error.is::<ProfileError>()
}

fn run(document: &ServerDocument) -> anyhow::Result<Exit> {
    if document.end_with_parent {
        set_parent_process_death_signal(Some(Signal::KILL))
            .context("cannot ask to end with the parent process")?;
    }
    raise_open_files();
    let config = config(document)?;
    let effective = config.document(document);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let server = Server::bind(config).await?;
        if let (Some(file), Some((_, certificate))) = (&document.certificate_out, server.tls()) {
            fs::write(file, certificate.pem())
                .with_context(|| format!("cannot write the certificate to {file}"))?;
        }
        announce(&server, &effective)?;
        let mut let_go = signal(SignalKind::user_defined1())?;
        let books = server.books();
        let letting_go = async {
            while let_go.recv().await.is_some() {
                books.let_subscribers_go();
            }
        };
        tokio::select! {
            _ = server.serve(async move { signals.recv().await }) => {}
            // Nobody can send it any more: it is served until another signal comes.
            () = async { letting_go.await; std::future::pending().await } => {}
        }
        Ok(Exit::Ok)
    })
}

fn announce(server: &Server, effective: &ServerDocument) -> anyhow::Result<()> {
    let announcement = Announcement {
        event: "ready".to_owned(),
        address: server.local_addr(),
        tls_address: server.tls().map(|(address, _)| address),
        certificate: server.tls().map(|(_, certificate)| certificate.pem().to_owned()),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: effective.shown(),
    };
    let mut stdout = stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(&announcement)?)?;
    stdout.flush().context("cannot announce the address on stdout")
}
