//! The document that a server is started with: a file's, with the flags laid over it.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use pushbench_floor::{LEAST_MSS, MOST_MSS};
use pushbench_protocol::server_document::GivenHeaders;
use pushbench_protocol::{Compression, ResponseHeaders, ServerDocument, StreamWindows};
use serde_json::Value;

use crate::arguments::ServeOptions;
use crate::bounded::{read_text, text};
use crate::response_headers::{head_file, is_file};

/// The settings of a server: those of `--config`, else the defaults, and the flags over them.
pub(super) fn document(options: &ServeOptions) -> anyhow::Result<ServerDocument> {
    let mut document = match &options.config {
        Some(path) if path == Path::new("-") => {
            let text =
                text(std::io::stdin()).context("cannot read the configuration from stdin")?;
            parse(&text).context("the configuration on stdin")?
        }
        Some(path) => {
            let shown = path.display();
            let text = read_text(path)
                .with_context(|| format!("cannot read the configuration {shown}"))?;
            parse(&text).with_context(|| shown.to_string())?
        }
        None => ServerDocument::default(),
    };
    options.lay_over(&mut document);
    // Like every other file, it is read where it was named, and announced in full.
    if let ResponseHeaders::Named(name) = &document.response_headers
        && is_file(name)
    {
        let given = GivenHeaders { name: name.clone(), text: head_file(name)? };
        document.response_headers = ResponseHeaders::Given(given);
    }
    refuse_what_is_of_no_use(&document)?;
    Ok(document)
}

/// Reads TOML, or JSON where it begins with a brace. Errors name the key.
fn parse(text: &str) -> anyhow::Result<ServerDocument> {
    let value: Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).context("not valid JSON")?
    } else {
        let table: toml::Table = toml::from_str(text).context("not valid TOML")?;
        serde_json::to_value(table)?
    };
    serde_path_to_error::deserialize(value).map_err(|error| {
        let key = error.path().to_string();
        let reason = error.into_inner();
        // An unknown key is named by its error; elsewhere the path is what names it.
        if key == "." || reason.to_string().contains(&format!("`{key}`")) {
            anyhow!("{reason}")
        } else {
            anyhow!("`{key}`: {reason}")
        }
    })
}

fn refuse_what_is_of_no_use(document: &ServerDocument) -> anyhow::Result<()> {
    let usual = ServerDocument::default();
    if !document.tls && document.tls_listen.is_none() {
        for (key, file) in [
            ("certificate", &document.certificate),
            ("key", &document.key),
            ("certificate-out", &document.certificate_out),
        ] {
            if file.is_some() {
                bail!("--{key} has no effect without --tls");
            }
        }
    }
    if document.certificate.is_some() != document.key.is_some() {
        bail!("--certificate and --key belong together: a certificate needs its private key");
    }
    if document.stream_compression == Compression::Deflate {
        bail!("--stream-compression is deflate, expected one of none, gzip, br");
    }
    if let Some(found) = document.stream_window_bits {
        let coding = document.stream_compression;
        match coding.stream_windows() {
            None => bail!("--stream-window-bits has no effect without --stream-compression"),
            Some(StreamWindows { least, most, .. }) if !(least..=most).contains(&found) => {
                bail!("--stream-window-bits is {found}, expected {least} to {most} with {coding}");
            }
            Some(_) => {}
        }
    }
    if !document.deflate {
        for (key, is_usual) in [
            ("deflate-window-bits", document.deflate_window_bits == usual.deflate_window_bits),
            ("deflate-no-context-takeover", !document.deflate_no_context_takeover),
            ("deflate-threshold", document.deflate_threshold == usual.deflate_threshold),
        ] {
            if !is_usual {
                bail!("--{key} has no effect without --deflate");
            }
        }
    }
    if !(9..=15).contains(&document.deflate_window_bits) {
        let found = document.deflate_window_bits;
        bail!("--deflate-window-bits is {found}, expected 9 to 15");
    }
    // What Linux takes.
    let segments = LEAST_MSS..=MOST_MSS;
    if let Some(mss) = document.mss.filter(|mss| !segments.contains(mss)) {
        bail!("--mss is {mss}, expected {LEAST_MSS} to {MOST_MSS}");
    }
    Ok(())
}

impl ServeOptions {
    /// Replaces what flags or their environment variables say.
    fn lay_over(&self, document: &mut ServerDocument) {
        fn value<T: Clone>(flag: &Option<T>, setting: &mut T) {
            if let Some(value) = flag {
                setting.clone_from(value);
            }
        }
        fn optional<T: Clone>(flag: &Option<T>, setting: &mut Option<T>) {
            if flag.is_some() {
                setting.clone_from(flag);
            }
        }
        // Each by name, so that a new flag does not compile until it is laid over too.
        let Self {
            config: _,
            listen,
            engine,
            deliver,
            unchanged,
            response_headers,
            tls,
            tls_listen,
            certificate,
            key,
            certificate_out,
            mss,
            log,
            log_bytes,
            total_log_bytes,
            queue,
            slow_subscriber,
            heartbeat,
            conflate,
            compression,
            connections,
            topics,
            message_bytes,
            idle_timeout,
            first_request_timeout,
            handshake_timeout,
            publish_token,
            allowed_origin,
            allow_host,
            end_with_parent,
        } = self;
        value(listen, &mut document.listen);
        value(engine, &mut document.engine);
        value(deliver, &mut document.deliver);
        optional(unchanged, &mut document.unchanged);
        if let Some(name) = response_headers {
            document.response_headers = ResponseHeaders::Named(name.clone());
        }
        document.tls |= *tls;
        optional(tls_listen, &mut document.tls_listen);
        optional(certificate, &mut document.certificate);
        optional(key, &mut document.key);
        optional(certificate_out, &mut document.certificate_out);
        optional(mss, &mut document.mss);
        value(log, &mut document.log);
        value(log_bytes, &mut document.log_bytes);
        value(total_log_bytes, &mut document.total_log_bytes);
        value(queue, &mut document.queue);
        value(slow_subscriber, &mut document.slow_subscriber);
        optional(heartbeat, &mut document.heartbeat);
        optional(conflate, &mut document.conflate);
        value(&compression.compression, &mut document.compression);
        value(&compression.compression_threshold, &mut document.compression_threshold);
        value(&compression.stream_compression, &mut document.stream_compression);
        optional(&compression.stream_window_bits, &mut document.stream_window_bits);
        document.deflate |= compression.deflate;
        value(&compression.deflate_window_bits, &mut document.deflate_window_bits);
        document.deflate_no_context_takeover |= compression.deflate_no_context_takeover;
        value(&compression.deflate_threshold, &mut document.deflate_threshold);
        value(connections, &mut document.connections);
        value(topics, &mut document.topics);
        value(message_bytes, &mut document.message_bytes);
        value(idle_timeout, &mut document.idle_timeout);
        value(first_request_timeout, &mut document.first_request_timeout);
        value(handshake_timeout, &mut document.handshake_timeout);
        optional(publish_token, &mut document.publish_token);
        if !allowed_origin.is_empty() {
            document.allowed_origin.clone_from(allowed_origin);
        }
        if !allow_host.is_empty() {
            document.allow_host.clone_from(allow_host);
        }
        document.end_with_parent |= *end_with_parent;
    }
}

/// The default of a flag by its name, for the help; `None` where there is none to speak of.
pub(crate) fn documented_default(flag: &str) -> Option<String> {
    let document = serde_json::to_value(ServerDocument::default()).ok()?;
    match document.get(flag.replace('-', "_"))? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::environment::command;

    #[test]
    fn a_document_says_all_that_flags_say_and_nothing_else() {
        // Every key is there, also where its default is nothing.
        let error = parse("no_such_key = 1").expect_err("unknown").to_string();
        let keys: BTreeSet<_> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        let command = command();
        let serve = command.find_subcommand("serve").expect("a command");
        let flags = serve.get_arguments().filter_map(|argument| argument.get_long());
        let flags = flags.filter(|flag| !["config", "help"].contains(flag));
        assert_eq!(keys, flags.map(|flag| flag.replace('-', "_")).collect(), "{error}");
    }

    #[test]
    fn toml_and_json_say_the_same_and_errors_name_the_key() {
        let toml = parse("heartbeat = \"15s\"\nqueue = 4\n").expect("TOML");
        assert_eq!(toml, parse(r#"{"heartbeat": "15s", "queue": 4}"#).expect("JSON"));
        assert_eq!(toml.queue.get(), 4);
        for (text, parts) in [
            ("queue = \"many\"", &["`queue`", "many"][..]),
            ("heartbeat = 15", &["`heartbeat`", "15", "unit"]),
            ("heart_beat = \"15s\"", &["unknown field `heart_beat`", "`heartbeat`"]),
            ("{\"mss\": -1}", &["`mss`", "-1"]),
            ("queue = ", &["not valid TOML"]),
            ("{", &["not valid JSON"]),
        ] {
            let error = format!("{:#}", parse(text).expect_err(text));
            for part in parts {
                assert!(error.contains(part), "{text}: {error}");
            }
        }
    }

    #[test]
    fn what_is_of_no_use_is_refused() {
        for (text, expected) in [
            ("certificate_out = \"x.pem\"", "--certificate-out has no effect without --tls"),
            ("tls = true\nkey = \"x\"", "belong together"),
            ("deflate_window_bits = 10", "no effect without --deflate"),
            ("stream_window_bits = 10", "no effect without --stream-compression"),
            ("stream_compression = \"deflate\"", "expected one of none, gzip, br"),
            ("stream_compression = \"gzip\"\nstream_window_bits = 16", "expected 9 to 15"),
            ("stream_compression = \"br\"\nstream_window_bits = 15", "expected 17 to 22"),
            ("deflate = true\ndeflate_window_bits = 8", "expected 9 to 15"),
            ("mss = 87", "--mss is 87, expected 88 to 32767"),
            ("mss = 32_768", "expected 88 to 32767"),
        ] {
            let document = parse(text).expect(text);
            let error = refuse_what_is_of_no_use(&document).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
