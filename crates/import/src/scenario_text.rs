//! A scenario that plays what was saved.

use std::time::Duration;

use pushbench_protocol::format_duration;
use url::Url;

use crate::adapter_text::adapter_text;
use crate::captured::Exchange;
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
    let first = &candidate.requests[0].captured;
    let server = candidate.server();
    let mut secrets = Secrets::new(&server);
    for one in &candidate.requests {
        find_secrets(one, &mut secrets);
    }
    let headers = match first.exchange() {
        Exchange::WebSocket => header_file(None, Some(first), &secrets),
        Exchange::Poll | Exchange::Events => header_file(Some(first), None, &secrets),
    };
    let HeaderFile { text: head, notes: of_the_headers } = headers.expect("there is a request");
    let adapter = adapter_text(candidate, &secrets);
    let (timing, how) = timing_text(candidate);
    let kind = candidate.way.label();
    let host = first.url.host_str().unwrap_or_default();
    let by = match candidate.way {
        Way::ShortPoll => "polling",
        Way::LongPoll => "long polling",
        Way::Events => "server-sent events",
        Way::WebSocket => "WebSocket",
    };
    let question =
        text(&format!("What does it cost to keep a client of {host} up to date by {by}?"));
    let mut notes = vec![how];
    notes.extend(secrets.all().iter().map(|secret| {
        format!(
            "{} is a secret and not written: set {} before a run",
            secret.place, secret.variable
        )
    }));
    notes.extend(adapter.notes);
    notes.extend(of_the_headers);
    let comments: String = notes.iter().map(|note| format!("# - {note}\n")).collect();
    let scenario = format!(
        "question = {question}\n\
         # Made from {}.\n{comments}\n\
         [workload]\n\
         clients = 1                   # more only against a service that is yours\n\
         measure = {}\n\
         rounds = 1\n\
         \n\
         [headers]\n\
         request = {}\n\
         \n\
         [server.{server}]\n\
         url = {}\n\
         publish = \"theirs\"            # the service has messages of its own\n\
         \n\
         [server.{server}.transport.{kind}]\n{}\
         \n\
         [[transport]]\n\
         kind = \"{kind}\"\n\
         server = \"{server}\"\n{timing}",
        names.source,
        text(&format_duration(measure(candidate))),
        text(names.header_file),
        text(&origin(&first.url)),
        adapter.lines,
    );
    let headers = format!("# Made from {}.\n{head}", names.source);
    Imported { scenario, headers, notes }
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
