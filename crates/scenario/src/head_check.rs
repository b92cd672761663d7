//! Request headers as they will be sent, held against what the server takes.

use pushbench_protocol::headers::{
    FieldList, HeadTarget, HeadTooLarge, PollFields, field_list_fits, head_fits,
};
use pushbench_protocol::{
    Compression, Cursor, DeflateTerms, HeadForm, Hold, RequestProfile, TopicName, Unchanged,
};
use pushbench_toml::Problems;

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
    for transport in file.transports.iter().filter(|transport| transport.is_ours()) {
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
        let fields = PollFields { conditional, compression: coding(&transport.options) };
        profile.poll_with(target(path, cookie_bytes), fields).bytes().to_vec()
    };
    let upgrade = |path: &str| {
        let terms =
            (coding(&transport.options) == Compression::Deflate).then_some(DeflateTerms::DEFAULT);
        profile.upgrade_offering(target(path, cookie_bytes), KEY, terms).bytes
    };
    let carrier = transport.carriage.http.as_ref().map(|http| http.value.properties());
    let are_field_lists = carrier.is_some_and(|carrier| carrier.compresses_headers);
    kind.properties().openings.iter().find_map(|opening| {
        let path = opening.path(&topic, Cursor::NOW, Hold::USUAL);
        let head = match opening.form {
            HeadForm::Poll => poll(&path),
            HeadForm::Events => {
                profile.events(target(&path, cookie_bytes), coding(&transport.options))
            }
            HeadForm::Upgrade => upgrade(&path),
        };
        let fits = match (are_field_lists, opening.form) {
            (false, _) => head_fits(&head),
            (true, HeadForm::Upgrade) => field_list_fits(&FieldList::of_upgrade(&head, "http")),
            (true, _) => field_list_fits(&FieldList::of_request(&head, "http")),
        };
        fits.err()
    })
}

const fn target(path: &str, cookie_bytes: u32) -> HeadTarget<'_> {
    HeadTarget { path, host: HOST, secure: true, cookie_bytes }
}

fn coding(options: &OptionsFile) -> Compression {
    options.compression.as_ref().map_or(Compression::None, |at| at.value)
}

fn is_conditional(options: &OptionsFile) -> bool {
    options.unchanged.as_ref().is_some_and(|at| at.value == Some(Unchanged::NotModified))
}
