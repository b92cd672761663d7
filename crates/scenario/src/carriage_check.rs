//! Which carriage fits which transport: rules between the options of one `[[transport]]`.

use pushbench_protocol::{Compression, ConnectionUse, HttpVersion, Pace, StreamWindows};
use pushbench_toml::Problems;

use crate::client_check::client_plays;
use crate::file::ScenarioFile;
use crate::transport_file::TransportFile;

pub(crate) fn carriages_fit(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    for transport in &file.transports {
        // A rule that could not be held against a transport has nothing to add.
        let _ = connections_are_shared_where_streams_are(transport, problems);
        let _ = a_connection_for_each_poll_is_http_1(transport, problems);
        let _ = a_closed_loop_keeps_its_connections(transport, problems);
        let _ = a_kind_goes_over_http_that_carries_it(transport, problems);
        let _ = client_plays(transport, problems);
        if transport.is_ours() {
            let _ = a_window_is_one_of_its_coding(transport, problems);
            let _ = bodies_are_in_a_coding_that_is_accepted(transport, file, problems);
        }
    }
    Some(())
}

fn connections_are_shared_where_streams_are(
    transport: &TransportFile,
    problems: &Problems,
) -> Option<()> {
    let (http, shared) =
        (transport.carriage.http.as_ref()?, transport.carriage.clients_per_connection.as_ref()?);
    if !http.value.properties().shares_connections && shared.value.get() > 1 {
        let name = http.value.properties().name;
        let help = format!("an {name} connection carries one exchange at a time");
        let shares = |http: &&HttpVersion| http.properties().shares_connections;
        let others: Vec<_> =
            HttpVersion::ALL.iter().filter(shares).map(|http| http.label()).collect();
        let expected = format!("1 unless http = \"{}\"", others.join("\" or \""));
        shared.refuse(problems, expected, Some(&help));
    }
    Some(())
}

fn a_connection_for_each_poll_is_http_1(
    transport: &TransportFile,
    problems: &Problems,
) -> Option<()> {
    let connection = transport.options.connection.as_ref()?;
    let http = transport.carriage.http.as_ref()?;
    let carrier = http.value.properties();
    if connection.value == ConnectionUse::PerPoll && carrier.shares_connections {
        let help = format!(
            "{} exists to share a connection; no client opens one for each request",
            carrier.name
        );
        let expected = format!("\"keep-alive\" with http = \"{}\"", http.value);
        connection.refuse(problems, expected, Some(&help));
    }
    Some(())
}

fn a_closed_loop_keeps_its_connections(
    transport: &TransportFile,
    problems: &Problems,
) -> Option<()> {
    let connection = transport.options.connection.as_ref()?;
    let pace = transport.options.pace.as_ref()?;
    if connection.value == ConnectionUse::PerPoll && pace.value == Pace::Closed {
        let help = "each poll would leave a port that waits for a minute, and nothing bounds how \
                    many polls there are";
        connection.refuse(problems, "\"keep-alive\" with pace = \"closed\"".to_owned(), Some(help));
    }
    Some(())
}

fn a_kind_goes_over_http_that_carries_it(
    transport: &TransportFile,
    problems: &Problems,
) -> Option<()> {
    let (kind, http) = (transport.kind.as_ref()?, transport.carriage.http.as_ref()?);
    if !kind.value.is_carried_by(http.value) {
        let help = "the connection that notifies it and the one that it fetches with would be streams of one connection";
        let would_share =
            kind.value.connections_per_client() > 1 && http.value.properties().shares_connections;
        let versions: Vec<_> =
            kind.value.properties().http.iter().map(|http| http.label()).collect();
        let expected = format!("\"{}\" with kind = \"{}\"", versions.join("\" or \""), kind.value);
        http.refuse(problems, expected, would_share.then_some(help));
    }
    Some(())
}

/// A profile without the field gets one; one that has it is sent as it stands.
fn bodies_are_in_a_coding_that_is_accepted(
    transport: &TransportFile,
    file: &ScenarioFile,
    problems: &Problems,
) -> Option<()> {
    let compression = transport.options.compression.as_ref()?;
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

/// A window is asked for with a coding, and is one that the coding has; so is what else is told of
/// deflate.
fn a_window_is_one_of_its_coding(transport: &TransportFile, problems: &Problems) -> Option<()> {
    let options = &transport.options;
    let row = transport.kind.as_ref()?.value.properties();
    let coding = options.compression.as_ref()?.value;
    if coding == Compression::None {
        let names = row.codings.iter().filter(|&&coding| coding != Compression::None);
        let names: Vec<_> = names.map(|coding| format!("\"{coding}\"")).collect();
        let expected = || format!("absent unless compression = {}", names.join(" or "));
        if let Some(bits) = options.window_bits.as_ref().filter(|bits| bits.value.is_some()) {
            bits.refuse(problems, expected(), None);
        }
        if let Some(takeover) = options.context_takeover.as_ref().filter(|t| t.value.is_some()) {
            takeover.refuse(problems, expected(), None);
        }
        return Some(());
    }
    // Deflate has all that a transport with it can ask for.
    let StreamWindows { least, most, .. } = coding.stream_windows()?;
    let window = options.window_bits.as_ref()?;
    if !(u64::from(least)..=u64::from(most)).contains(&window.value?) {
        let expected = format!("{least} to {most} with compression = \"{coding}\"");
        window.refuse(problems, expected, None);
    }
    Some(())
}
