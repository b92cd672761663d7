//! Which carriage fits which transport: rules between the options of one `[[transport]]`.

use pushbench_protocol::{Compression, ConnectionUse, HttpVersion, StreamWindows, TransportKind};

use crate::complaint::Problems;
use crate::file::ScenarioFile;
use crate::transport_file::{OptionsFile, TransportFile};

pub(crate) fn carriages_fit(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    for transport in &file.transports {
        // A rule that could not be held against a transport has nothing to add.
        let _ = connections_are_shared_on_http_2_only(transport, problems);
        let _ = a_connection_for_each_poll_is_http_1(transport, problems);
        let _ = a_nudge_has_two_connections(transport, problems);
        let _ = a_window_is_for_deflate(transport, problems);
        let _ = a_window_is_one_of_its_coding(transport, problems);
        let _ = bodies_are_in_a_coding_that_is_accepted(transport, file, problems);
    }
    Some(())
}

fn connections_are_shared_on_http_2_only(
    transport: &TransportFile,
    problems: &Problems,
) -> Option<()> {
    let (http, shared) =
        (transport.carriage.http.as_ref()?, transport.carriage.clients_per_connection.as_ref()?);
    if http.value == HttpVersion::Http11 && shared.value.get() > 1 {
        let help = "an HTTP/1.1 connection carries one exchange at a time";
        shared.refuse(problems, "1 unless http = \"2\"".to_owned(), Some(help));
    }
    Some(())
}

fn a_connection_for_each_poll_is_http_1(
    transport: &TransportFile,
    problems: &Problems,
) -> Option<()> {
    let connection = match &transport.options {
        OptionsFile::ShortPoll { connection, .. } | OptionsFile::LongPoll { connection, .. } => {
            connection.as_ref()?
        }
        OptionsFile::Sse { .. }
        | OptionsFile::Stream { .. }
        | OptionsFile::WebSocket { .. }
        | OptionsFile::Nudge { .. }
        | OptionsFile::Unknown => return Some(()),
    };
    let http = transport.carriage.http.as_ref()?;
    if connection.value == ConnectionUse::PerPoll && http.value == HttpVersion::Http2 {
        let help = "HTTP/2 exists to share a connection; no client opens one for each request";
        connection.refuse(problems, "\"keep-alive\" with http = \"2\"".to_owned(), Some(help));
    }
    Some(())
}

fn a_nudge_has_two_connections(transport: &TransportFile, problems: &Problems) -> Option<()> {
    let (kind, http) = (transport.kind.as_ref()?, transport.carriage.http.as_ref()?);
    if kind.value == TransportKind::Nudge && http.value == HttpVersion::Http2 {
        let help = "the connection that notifies it and the one that it fetches with would be streams of one connection";
        http.refuse(problems, "\"1.1\" with kind = \"nudge\"".to_owned(), Some(help));
    }
    Some(())
}

/// A profile without the field gets one; one that has it is sent as it stands.
fn bodies_are_in_a_coding_that_is_accepted(
    transport: &TransportFile,
    file: &ScenarioFile,
    problems: &Problems,
) -> Option<()> {
    let compression = match &transport.options {
        OptionsFile::ShortPoll { compression, .. } | OptionsFile::LongPoll { compression, .. } => {
            compression.as_ref()?
        }
        OptionsFile::Sse { coding, .. } | OptionsFile::Stream { coding, .. } => {
            coding.compression.as_ref()?
        }
        OptionsFile::WebSocket { .. } | OptionsFile::Nudge { .. } | OptionsFile::Unknown => {
            return Some(());
        }
    };
    let request = file.headers.request.as_ref()?;
    let accepted = request.value.accepted_codings()?;
    if !request.value.accepts(compression.value) {
        let help = format!("the profile says `Accept-Encoding: {accepted}`");
        let expected =
            format!("a coding that headers.request = {} accepts, or \"none\"", request.shown);
        compression.refuse(problems, expected, Some(&help));
    }
    Some(())
}

fn a_window_is_one_of_its_coding(transport: &TransportFile, problems: &Problems) -> Option<()> {
    let (OptionsFile::Sse { coding, .. } | OptionsFile::Stream { coding, .. }) = &transport.options
    else {
        return Some(());
    };
    let (compression, window) = (coding.compression.as_ref()?, coding.window_bits.as_ref()?);
    let bits = window.value?;
    match compression.value.stream_windows() {
        None => {
            let expected = "absent unless compression = \"gzip\" or \"br\"".to_owned();
            window.refuse(problems, expected, None);
        }
        Some(StreamWindows { least, most, .. })
            if !(u64::from(least)..=u64::from(most)).contains(&bits) =>
        {
            let coding = compression.value;
            let expected = format!("{least} to {most} with compression = \"{coding}\"");
            window.refuse(problems, expected, None);
        }
        Some(_) => {}
    }
    Some(())
}

fn a_window_is_for_deflate(transport: &TransportFile, problems: &Problems) -> Option<()> {
    let OptionsFile::WebSocket { deflate, .. } = &transport.options else { return Some(()) };
    if deflate.compression.as_ref()?.value == Compression::Deflate {
        return Some(());
    }
    let expected = || "absent unless compression = \"deflate\"".to_owned();
    if let Some(bits) = deflate.window_bits.as_ref().filter(|bits| bits.value.is_some()) {
        bits.refuse(problems, expected(), None);
    }
    if let Some(takeover) = deflate.context_takeover.as_ref().filter(|t| t.value.is_some()) {
        takeover.refuse(problems, expected(), None);
    }
    Some(())
}
