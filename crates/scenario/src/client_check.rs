//! What a library can play that takes the place of the load generator's own client.

use pushbench_protocol::{ClientProgram, Compression, ConnectionUse, HttpVersion, TlsUse};
use pushbench_toml::Problems;
use pushbench_toml::kind::one_of;

use crate::transport_file::TransportFile;

/// Refuses what a library is not able to play, or what nobody could count if it did.
pub(crate) fn client_plays(transport: &TransportFile, problems: &Problems) -> Option<()> {
    let client = transport.carriage.client.as_ref()?;
    if client.value == ClientProgram::Exact {
        return Some(());
    }
    let with = format!("with client = \"{}\"", client.value);
    if let Some(kind) = &transport.kind {
        let able = kind.value.properties().clients;
        if !able.contains(&client.value) {
            let able = match able {
                [one] => format!("\"{one}\""),
                several => one_of(several.iter().map(|client| client.label())).expected,
            };
            client.refuse(problems, format!("{able} with kind = \"{}\"", kind.value), None);
            return Some(());
        }
    }
    if !transport.is_ours() {
        let help = "what a library says to a third-party server would not be what its adapter says";
        let expected = "\"exact\" with server = \"NAME\"".to_owned();
        client.refuse(problems, expected, Some(help));
        return Some(());
    }
    if let Some(http) = transport.carriage.http.as_ref()
        && http.value != HttpVersion::Http11
    {
        let help = "only what a library writes in HTTP/1.1 can be booked by what it is for";
        http.refuse(problems, format!("\"1.1\" {with}"), Some(help));
    }
    if let Some(compression) = transport.options.compression.as_ref()
        && compression.value != Compression::None
    {
        let help = "the library is built without the features that decompress";
        compression.refuse(problems, format!("\"none\" {with}"), Some(help));
    }
    if let Some(connection) = transport.options.connection.as_ref()
        && connection.value != ConnectionUse::KeepAlive
    {
        let help = "the library keeps its connections, and closes them when it sees fit";
        connection.refuse(problems, format!("\"keep-alive\" {with}"), Some(help));
    }
    if let Some(tls) = transport.carriage.tls.as_ref()
        && tls.value != TlsUse::None
        && client.value.has_own_sockets()
    {
        let help = "the library encrypts on a socket of its own, where nobody sees the records \
                    that would have to be counted";
        tls.refuse(problems, format!("\"none\" {with}"), Some(help));
    }
    Some(())
}
