//! `pushbench serve`.

use std::fs;
use std::io::{Write, stdout};
use std::path::Path;

use anyhow::Context;
use pushbench_protocol::{Announcement, Deliver, ResponseProfile, Unchanged};
use pushbench_runner::raise_open_files;
use pushbench_server::{BodyCompression, DeflateLimits, Server, ServerConfig};
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::ServeOptions;
use crate::exit::Exit;

/// Runs the server until SIGTERM or Ctrl-C.
pub(crate) fn serve(options: &ServeOptions) -> anyhow::Result<Exit> {
    if options.end_with_parent {
        set_parent_process_death_signal(Some(Signal::KILL))
            .context("cannot ask to end with the parent process")?;
    }
    raise_open_files();
    let config = config(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let server = Server::bind(config).await?;
        announce(&server)?;
        server
            .serve(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            })
            .await;
        Ok(Exit::Ok)
    })
}

fn announce(server: &Server) -> anyhow::Result<()> {
    let announcement = Announcement {
        event: "ready".to_owned(),
        address: server.local_addr(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut stdout = stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(&announcement)?)?;
    stdout.flush().context("cannot announce the address on stdout")
}

fn config(options: &ServeOptions) -> anyhow::Result<ServerConfig> {
    let mut config = ServerConfig::new(options.listen, response(&options.response_headers)?);
    config.deliver = options.deliver;
    config.unchanged = options.unchanged.unwrap_or(match options.deliver {
        Deliver::Latest => Unchanged::Resend,
        // Where every message is asked for, there is nothing to send again.
        Deliver::Every => Unchanged::Empty,
    });
    config.mss = options.mss;
    config.log = options.log;
    config.queue = options.queue;
    config.slow_subscriber = options.slow_subscriber;
    config.heartbeat = options.heartbeat;
    let compression = &options.compression;
    config.compression = BodyCompression {
        coding: compression.compression,
        threshold: compression.compression_threshold,
    };
    config.deflate = compression.deflate.then_some(DeflateLimits {
        window_bits: compression.deflate_window_bits,
        context_takeover: !compression.deflate_no_context_takeover,
        threshold: compression.deflate_threshold,
    });
    config.publish_token.clone_from(&options.publish_token);
    config.allowed_origins.clone_from(&options.allowed_origin);
    config.limits.idle_timeout = options.idle_timeout;
    if let Some(connections) = options.connections {
        config.limits.connections = connections;
    }
    if let Some(topics) = options.topics {
        config.limits.topics = topics;
    }
    if let Some(bytes) = options.message_bytes {
        config.limits.body_bytes = bytes;
        config.limits.frame_bytes = bytes;
    }
    Ok(config)
}

/// A built-in profile, or one from a file.
fn response(name: &str) -> anyhow::Result<ResponseProfile> {
    if name.contains('/') || Path::new(name).extension().is_some_and(|ending| ending == "head") {
        let text =
            fs::read_to_string(name).with_context(|| format!("cannot read the head {name}"))?;
        return ResponseProfile::parse(name, &text).with_context(|| name.to_owned());
    }
    Ok(ResponseProfile::built_in(name)?)
}
