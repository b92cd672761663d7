//! Request headers as they will be sent, held against what the server takes.

use pushbench_protocol::heads::{
    FieldList, HeadTarget, HeadTooLarge, PollFields, field_list_fits, head_fits,
};
use pushbench_protocol::{
    Compression, Cursor, DeflateTerms, Hold, HttpVersion, RequestProfile, TopicName, TransportKind,
    Unchanged,
};

use crate::complaint::Problems;
use crate::file::ScenarioFile;
use crate::transport_file::{OptionsFile, TransportFile};

/// The longest name that a server on loopback is reached by.
const HOST: &str = "127.0.0.1:65535";
/// As long as any.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Each transport's requests fit into what the server takes of headers.
pub(crate) fn request_headers_fit(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let request = file.headers.request.as_ref()?;
    let cookie_bytes = file.headers.cookie_bytes.as_ref()?;
    for transport in &file.transports {
        let Some(error) = first_too_large(&request.value, cookie_bytes.value, transport) else {
            continue;
        };
        let of = transport.name().map_or(String::new(), |name| format!("{name} would send "));
        let help = match cookie_bytes.value {
            0 => format!("{of}{error}"),
            bytes => format!("with {bytes} bytes of cookie {of}{error}"),
        };
        let expected = "headers that the server takes, with those that are added";
        request.refuse(problems, expected.to_owned(), Some(&help));
        // One is enough: the others send the same fields.
        return Some(());
    }
    Some(())
}

fn first_too_large(
    profile: &RequestProfile,
    cookie_bytes: u32,
    transport: &TransportFile,
) -> Option<HeadTooLarge> {
    let kind = transport.kind.as_ref()?.value;
    let topic = TopicName::numbered(0);
    let conditional = is_conditional(&transport.options);
    let poll = |path: &str| {
        let fields = PollFields { conditional, compression: compression(&transport.options) };
        profile.poll_with(target(path, cookie_bytes), fields).bytes().to_vec()
    };
    let upgrade = |path: &str| {
        let terms = is_deflated(&transport.options).then_some(DeflateTerms::DEFAULT);
        profile.upgrade_offering(target(path, cookie_bytes), KEY, terms).bytes
    };
    let heads = match kind {
        TransportKind::ShortPoll => vec![poll(&topic.poll_path(Cursor::NOW))],
        TransportKind::LongPoll => vec![poll(&topic.long_poll_path(Cursor::NOW, Hold::USUAL))],
        TransportKind::Sse => {
            let path = topic.events_path();
            vec![profile.events(target(&path, cookie_bytes), compression(&transport.options))]
        }
        TransportKind::Stream => vec![poll(&topic.stream_path(Cursor::NOW))],
        TransportKind::WebSocket => vec![upgrade(&topic.websocket_path(Cursor::NOW))],
        TransportKind::Nudge => {
            vec![upgrade(&topic.nudge_path(Cursor::NOW)), poll(&topic.poll_path(Cursor::NOW))]
        }
    };
    let is_http2 =
        transport.carriage.http.as_ref().is_some_and(|http| http.value == HttpVersion::Http2);
    let fits = |head: &Vec<u8>| match (is_http2, kind) {
        (false, _) => head_fits(head),
        (true, TransportKind::WebSocket) => field_list_fits(&FieldList::of_upgrade(head, "http")),
        (true, _) => field_list_fits(&FieldList::of_request(head, "http")),
    };
    heads.iter().find_map(|head| fits(head).err())
}

const fn target(path: &str, cookie_bytes: u32) -> HeadTarget<'_> {
    HeadTarget { path, host: HOST, secure: true, cookie_bytes }
}

fn compression(options: &OptionsFile) -> Compression {
    let compression = match options {
        OptionsFile::ShortPoll { compression, .. } | OptionsFile::LongPoll { compression, .. } => {
            compression.as_ref()
        }
        OptionsFile::Sse { coding, .. } | OptionsFile::Stream { coding, .. } => {
            coding.compression.as_ref()
        }
        OptionsFile::WebSocket { .. } | OptionsFile::Nudge { .. } | OptionsFile::Unknown => None,
    };
    compression.map_or(Compression::None, |at| at.value)
}

fn is_deflated(options: &OptionsFile) -> bool {
    match options {
        OptionsFile::WebSocket { deflate, .. } => {
            deflate.compression.as_ref().is_some_and(|at| at.value == Compression::Deflate)
        }
        OptionsFile::ShortPoll { .. }
        | OptionsFile::LongPoll { .. }
        | OptionsFile::Sse { .. }
        | OptionsFile::Stream { .. }
        | OptionsFile::Nudge { .. }
        | OptionsFile::Unknown => false,
    }
}

fn is_conditional(options: &OptionsFile) -> bool {
    match options {
        OptionsFile::ShortPoll { unchanged: Some(unchanged), .. } => {
            unchanged.value == Some(Unchanged::NotModified)
        }
        OptionsFile::ShortPoll { .. }
        | OptionsFile::LongPoll { .. }
        | OptionsFile::Sse { .. }
        | OptionsFile::Stream { .. }
        | OptionsFile::WebSocket { .. }
        | OptionsFile::Nudge { .. }
        | OptionsFile::Unknown => false,
    }
}
