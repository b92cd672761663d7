//! A scenario that plays what was saved.

use std::time::Duration;

use pushbench_protocol::format_duration;
use url::Url;

use crate::adapter_text::adapter_text;
use crate::har::Recorded;
use crate::header_file::{HeaderFile, header_file};
use crate::repeated::{Candidate, Way};
use crate::secrets::Secrets;
use crate::timing::Timing;
use crate::toml_text::text;

/// How often a request is sent of which nothing says how often it is sent.
const UNKNOWN_INTERVAL: Duration = Duration::from_secs(1);
/// What a scenario takes as an interval.
const INTERVALS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(180));
/// The longest a poll may be held.
const LONGEST_HOLD: Duration = Duration::from_secs(60);

/// What a recording becomes: two files, and what a reader should know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Imported {
    /// The scenario.
    pub scenario: String,
    /// The header file, which the scenario names.
    pub headers: String,
    /// What was found, guessed, replaced or left out, a sentence each.
    pub notes: Vec<String>,
}

/// Why several ways do not go into one scenario.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{} are chosen, expected at most one beside {}: a header file has the headers of one of each; make \
     two scenarios",
    if *.is_upgrade { "two WebSockets" } else { "two requests that are polled or streamed" },
    if *.is_upgrade { "a request" } else { "a WebSocket" }
)]
pub struct TooMany {
    /// Whether they are WebSockets.
    is_upgrade: bool,
}

/// What files are called.
#[derive(Clone, Copy, Debug)]
pub struct Names<'n> {
    /// The header file, as the scenario names it.
    pub header_file: &'n str,
    /// What it was made from, for its first line.
    pub source: &'n str,
}

/// The files for what keeps a page up to date.
pub fn import(candidate: &Candidate<'_>, names: Names<'_>) -> Imported {
    import_all(std::slice::from_ref(candidate), names)
        .expect("one request needs one set of headers")
}

/// The same for several ways, a transport each, side by side in one scenario.
///
/// # Errors
///
/// If there is none, or two of them need headers of one kind: a header file has those of one request
/// and of one upgrade.
pub fn import_all(candidates: &[Candidate<'_>], names: Names<'_>) -> Result<Imported, TooMany> {
    let of = |is_upgrade: bool| {
        let is_it = move |one: &&Candidate<'_>| (one.way == Way::WebSocket) == is_upgrade;
        let found: Vec<_> = candidates.iter().filter(is_it).collect();
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(&one.requests[0].captured)),
            _ => Err(TooMany { is_upgrade }),
        }
    };
    let (request, upgrade) = (of(false)?, of(true)?);
    let mut secrets = Secrets::new(&candidates.first().map(Candidate::server).unwrap_or_default());
    for one in candidates.iter().flat_map(|candidate| &candidate.requests) {
        find_secrets(one, &mut secrets);
    }
    let Some(HeaderFile { text: head, notes: of_the_headers }) =
        header_file(request, upgrade, &secrets)
    else {
        return Err(TooMany { is_upgrade: false });
    };
    let mut notes = Vec::new();
    let mut servers: Vec<Server> = Vec::new();
    let (mut transports, mut of_adapters) = (String::new(), Vec::new());
    for candidate in candidates {
        // Of several a note says of which it is.
        let of_it = |note: String| match candidates {
            [_] => note,
            _ => format!("{}: {note}", candidate.way.label()),
        };
        let (timing, how) = timing_text(candidate);
        notes.push(of_it(how));
        let adapter = adapter_text(candidate, &secrets);
        of_adapters.extend(adapter.notes.into_iter().map(of_it));
        let kind = candidate.way.label();
        let server = server_of(candidate, &mut servers);
        server
            .tables
            .push_str(&format!("\n[server.{}.transport.{kind}]\n{}", server.name, adapter.lines));
        transports.push_str(&format!(
            "\n[[transport]]\nkind = \"{kind}\"\nserver = \"{}\"\n{timing}",
            server.name
        ));
    }
    notes.extend(secrets.all().iter().map(|secret| {
        format!(
            "{} is a secret and not written: set {} before a run",
            secret.place, secret.variable
        )
    }));
    notes.extend(of_adapters);
    notes.extend(of_the_headers);
    let comments: String = notes.iter().map(|note| format!("# - {note}\n")).collect();
    let servers: String = servers.iter().map(Server::text).collect();
    let scenario = format!(
        "question = {}\n\
         # Made from {}.\n{comments}\n\
         [workload]\n\
         clients = 1                   # more only against a service that is yours\n\
         measure = {}\n\
         rounds = 1\n\
         \n\
         [headers]\n\
         request = {}\n{servers}{transports}",
        question(candidates),
        names.source,
        text(&format_duration(candidates.iter().map(measure).max().unwrap_or_default())),
        text(names.header_file),
    );
    let headers = format!("# Made from {}.\n{head}", names.source);
    Ok(Imported { scenario, headers, notes })
}

/// A server of the scenario.
struct Server {
    name: String,
    origin: String,
    /// Its transports.
    tables: String,
}

impl Server {
    fn text(&self) -> String {
        format!(
            "\n[server.{}]\n\
             url = {}\n\
             publish = \"theirs\"            # the service has messages of its own\n{}",
            self.name,
            text(&self.origin),
            self.tables
        )
    }
}

/// The server that a candidate asks: one for each origin.
fn server_of<'s>(candidate: &Candidate<'_>, servers: &'s mut Vec<Server>) -> &'s mut Server {
    let origin = origin(&candidate.requests[0].captured.url);
    let known = servers.iter().position(|server| server.origin == origin);
    let at = known.unwrap_or_else(|| {
        let name = candidate.server();
        let is_taken = servers.iter().any(|server| server.name == name);
        let name = if is_taken { format!("{name}-{}", servers.len() + 1) } else { name };
        servers.push(Server { name, origin, tables: String::new() });
        servers.len() - 1
    });
    &mut servers[at]
}

fn question(candidates: &[Candidate<'_>]) -> String {
    let host = candidates.first().and_then(|one| one.requests[0].captured.url.host_str());
    let ways: Vec<_> = candidates
        .iter()
        .map(|candidate| match candidate.way {
            Way::ShortPoll => "polling",
            Way::LongPoll => "long polling",
            Way::Events => "server-sent events",
            Way::WebSocket => "WebSocket",
        })
        .collect();
    text(&format!(
        "What does it cost to keep a client of {} up to date by {}?",
        host.unwrap_or_default(),
        ways.join(", and by ")
    ))
}

fn find_secrets(one: &Recorded, secrets: &mut Secrets) {
    secrets.find(&one.captured);
    for message in one.messages.iter().filter(|message| message.is_sent) {
        secrets.find_in_text(&message.text);
    }
}

/// The interval or the hold, and the sentence that says where it comes from.
fn timing_text(candidate: &Candidate<'_>) -> (String, String) {
    let shown =
        |duration: Duration| format_duration(Duration::from_millis(duration.as_millis() as u64));
    match (candidate.way, candidate.timing) {
        (Way::ShortPoll, Some(Timing::Every { interval, gaps, range: (least, most) })) => {
            let written = interval.clamp(INTERVALS.0, INTERVALS.1);
            let of = match gaps {
                1 => "the only gap between two requests".to_owned(),
                _ => format!("the median of {gaps} gaps from {} to {}", shown(least), shown(most)),
            };
            (
                format!("interval = \"{}\"\n", format_duration(written)),
                format!("the interval of {} is {of}", format_duration(written)),
            )
        }
        (Way::LongPoll, Some(Timing::Held { hold, count })) => {
            let written = hold.min(LONGEST_HOLD);
            (
                // How long it holds a poll is the service's to say.
                String::new(),
                format!(
                    "the {count} requests followed one another, each held for up to {}: long polling",
                    format_duration(written)
                ),
            )
        }
        (Way::ShortPoll | Way::LongPoll, _) => (
            format!("interval = \"{}\"\n", format_duration(UNKNOWN_INTERVAL)),
            "one request says nothing of an interval: 1 s is a guess".to_owned(),
        ),
        (Way::Events, _) => (String::new(), "the request accepts server-sent events".to_owned()),
        (Way::WebSocket, _) => (String::new(), "the request opens a WebSocket".to_owned()),
    }
}

/// Long enough for some polls.
fn measure(candidate: &Candidate<'_>) -> Duration {
    let interval = match candidate.timing {
        Some(Timing::Every { interval, .. }) => interval.min(INTERVALS.1),
        Some(Timing::Held { hold, .. }) => hold.min(LONGEST_HOLD),
        None => UNKNOWN_INTERVAL,
    };
    Duration::from_secs((interval * 6).as_secs().clamp(30, 1_080))
}

/// Scheme, host and port, as a scenario names a server.
fn origin(url: &Url) -> String {
    let scheme = match url.scheme() {
        "https" | "wss" => "https",
        _ => "http",
    };
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{scheme}://{}{port}", url.host_str().unwrap_or_default())
}
