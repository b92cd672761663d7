//! `pushbench serve`.

use std::fs;
use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context;
use pushbench_protocol::{Announcement, Deliver, ResponseProfile, Unchanged};
use pushbench_runner::raise_open_files;
use pushbench_server::{BodyCompression, DeflateLimits, Server, ServerConfig, TlsConfig};
use pushbench_store::wall_clock::since_epoch;
use pushbench_tls::Identity;
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::ServeOptions;
use crate::bounded::read_text;
use crate::exit::Exit;
use crate::signals::hang_up;

/// Where `--tls` listens by itself.
const TLS_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

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
        let mut hang_up = signal(hang_up())?;
        let server = Server::bind(config).await?;
        if let (Some(file), Some((_, certificate))) = (&options.certificate_out, server.tls()) {
            fs::write(file, certificate.pem())
                .with_context(|| format!("cannot write the certificate to {}", file.display()))?;
        }
        announce(&server)?;
        server
            .serve(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    _ = hang_up.recv() => {}
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
        tls_address: server.tls().map(|(address, _)| address),
        certificate: server.tls().map(|(_, certificate)| certificate.pem().to_owned()),
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
    config.tls = tls(options)?;
    config.mss = options.mss;
    config.log = options.log;
    config.queue = options.queue;
    config.slow_subscriber = options.slow_subscriber;
    config.heartbeat = options.heartbeat;
    config.conflate = options.conflate;
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
    config.limits.handshake_timeout = options.handshake_timeout;
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

/// Whether a profile is named by its file.
pub(crate) fn is_file(name: &str) -> bool {
    name.contains('/') || Path::new(name).extension().is_some_and(|ending| ending == "head")
}

/// Text of a profile's file.
pub(crate) fn head_file(name: &str) -> anyhow::Result<String> {
    read_text(Path::new(name)).with_context(|| format!("cannot read the headers in {name}"))
}

/// The listener for TLS, if one is asked for.
fn tls(options: &ServeOptions) -> anyhow::Result<Option<TlsConfig>> {
    if !options.tls && options.tls_listen.is_none() {
        let useless = [
            ("--certificate", &options.certificate),
            ("--certificate-out", &options.certificate_out),
        ];
        if let Some((flag, _)) = useless.iter().find(|(_, file)| file.is_some()) {
            anyhow::bail!("{flag} is of no use without --tls");
        }
        return Ok(None);
    }
    let identity = match (&options.certificate, &options.key) {
        (Some(certificate), Some(key)) => {
            let read = |file: &Path| {
                read_text(file).with_context(|| format!("cannot read {}", file.display()))
            };
            Identity::from_pem(&read(certificate)?, &read(key)?)
                .with_context(|| format!("{} and {}", certificate.display(), key.display()))?
        }
        _ => Identity::of_this_host(since_epoch())?,
    };
    Ok(Some(TlsConfig { listen: options.tls_listen.unwrap_or(TLS_LISTEN), identity }))
}

/// A built-in profile, or one from a file.
pub(crate) fn response(name: &str) -> anyhow::Result<ResponseProfile> {
    if is_file(name) {
        let text = head_file(name)?;
        return ResponseProfile::parse(name, &text).with_context(|| name.to_owned());
    }
    Ok(ResponseProfile::built_in(name)?)
}
