//! What trying a transport found, in words: what came, what was expected, and what to do. Pure.

use std::collections::BTreeSet;

use pushbench_load::{Fault, Outcome, Plan, Reached, Unexpected};
use pushbench_protocol::{Arrival, Cursor, Hold, HttpVersion, counted};

use super::step::Step;
use super::third_party::Tried;
use crate::judge::{close_said, said};
use crate::sums::on_record;

/// What there is to tell.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// It works.
    Nothing,
    /// It cannot be played.
    Refusal {
        text: String,
        /// Whether every other transport would meet the same, or would have to wait as long for
        /// it.
        is_of_all: bool,
    },
    /// The server responds as asked, and breaks a protocol in that. It is what a trial counts, by
    /// its kind, so it is played.
    Violation(String),
}

/// What trying a transport came to.
pub(super) fn told(
    label: &str,
    plan: &Plan,
    third_party: Option<Tried<'_>>,
    reached: Reached,
    outcome: &Outcome,
) -> Found {
    if reached == Reached::Through {
        return third_party
            .and_then(|of| repeats(label, &of, plan, outcome))
            .unwrap_or(Found::Nothing);
    }
    let step_at =
        |step: Step, came: String, fault: Option<Fault>, key: Option<&str>, remedy: &str| {
            let (expected, remedy) = match third_party {
                Some(of) => (of.expected(step, key, plan), of.remedy(step, fault, key)),
                None => (expected(step, plan), remedy.to_owned()),
            };
            format!("{label}: {came}, expected {expected}: {remedy}")
        };
    let step = |step: Step, came: String, fault: Option<Fault>, remedy: &str| {
        step_at(step, came, fault, None, remedy)
    };
    // Without a message nothing else can work.
    if let Some(publisher) = outcome.publisher.as_ref().filter(|_| reached == Reached::Open)
        && let Some(fault) = publisher.faults.keys().next()
    {
        let came = match publisher.unexpected.get(fault) {
            Some(unexpected) => responded(*fault, unexpected, plan),
            None if *fault == Fault::AnswerTimeout => {
                format!("there was no response to the publish within {:?}", plan.preflight_bound())
            }
            None => came(*fault, plan),
        };
        let remedy = match fault {
            Fault::Status(401 | 403) => {
                "give the token that it asks for with --publish-token".to_owned()
            }
            _ => remedy(*fault, plan),
        };
        return Found::Refusal {
            text: step(Step::Publish, came, Some(*fault), &remedy),
            is_of_all: true,
        };
    }
    let unexpected_for =
        |fault: &Fault| outcome.workers.iter().find_map(|worker| worker.unexpected.get(fault));
    let faults: BTreeSet<Fault> = faults(outcome);
    let first = faults.iter().find(|fault| unexpected_for(fault).is_some());
    let first = first.or(faults.first());
    // A poll that was under way when the wait was over says less than what came before it.
    let came_before = other(outcome).is_some() || unexplained(outcome).is_some();
    let is_late =
        |&&fault: &&Fault| reached == Reached::Open && fault == Fault::AnswerTimeout && came_before;
    let Some(fault) = first.filter(|fault| !is_late(fault)).copied() else {
        return Found::Refusal { text: silent(plan, reached, outcome, step_at), is_of_all: true };
    };
    let unexpected = unexpected_for(&fault);
    let came = match unexpected {
        // Its status alone would not say what is wrong with it.
        Some(unexpected) if is_as_asked(unexpected) => {
            format!("{} ({})", came(fault, plan), responded(fault, unexpected, plan))
        }
        Some(unexpected) => match close_said(&on_record("", fault, unexpected)) {
            Some(close) => format!("{} with {close}", came(fault, plan)),
            None => responded(fault, unexpected, plan),
        },
        None => came(fault, plan),
    };
    let key = unexpected.and_then(|unexpected| unexpected.key);
    let at = failed_at(fault, plan, reached);
    let text = step_at(at, came, Some(fault), key, &remedy(fault, plan));
    // A third-party server is no subject of a test of protocols: its adapter asks for something else
    // than it offers, and no trial would come to anything.
    let is_played = third_party.is_none();
    if is_played && unexpected.is_some_and(|of| is_violation(fault, of, plan)) {
        return Found::Violation(text);
    }
    Found::Refusal { text, is_of_all: has_waited(fault) }
}

/// Whether it is that nothing came in time.
fn has_waited(fault: Fault) -> bool {
    matches!(fault, Fault::ConnectTimeout | Fault::OpenTimeout | Fault::AnswerTimeout)
}

/// What failed at the client, or of the load generator itself.
fn faults(outcome: &Outcome) -> BTreeSet<Fault> {
    let of_workers = outcome.workers.iter().flat_map(|worker| worker.counts.faults.keys());
    let gone = (outcome.workers_gone > 0).then_some(Fault::ThreadGone);
    of_workers.copied().chain(gone).collect()
}

fn responded(fault: Fault, unexpected: &Unexpected, plan: &Plan) -> String {
    let said = said(&on_record("", fault, unexpected));
    match (unexpected.dialogue.is_some(), fault) {
        (true, Fault::Tls) => return format!("{} ({said})", came(fault, plan)),
        (true, _) => return said,
        (false, _) => {}
    }
    format!("the server responded {}", said.trim_end_matches("\\n").trim_end())
}

/// Nothing failed, and the message is not there.
fn silent(
    plan: &Plan,
    reached: Reached,
    outcome: &Outcome,
    step_at: impl Fn(Step, String, Option<Fault>, Option<&str>, &str) -> String,
) -> String {
    let step = |step: Step, came: String, fault: Option<Fault>, remedy: &str| {
        step_at(step, came, fault, None, remedy)
    };
    let waiting = if is_polled(plan) { Step::Poll } else { Step::Message };
    match (reached, other(outcome)) {
        (Reached::Nothing, _) => step(
            if is_polled(plan) { Step::Connect } else { Step::Subscribe },
            waited_in_vain(outcome, plan).unwrap_or_else(|| came(Fault::OpenTimeout, plan)),
            Some(Fault::OpenTimeout),
            &remedy(Fault::OpenTimeout, plan),
        ),
        (_, Some((count, first))) => step(
            waiting,
            format!("{} arrived, the first: {first}", counted(count, "other message")),
            Some(Fault::Adapter),
            "check what the server does with a message, or whether --target is another server",
        ),
        (_, None) => {
            let (came, fault, key) = match (unexplained(outcome), unfinished(outcome)) {
                (Some(first), _) => (
                    format!("no message arrived, but `{first}`, which no rule explains"),
                    Some(Fault::Adapter),
                    None,
                ),
                (None, Some(unfinished)) => (
                    format!(
                        "no message arrived within {:?}, but {unfinished}: nothing came that ends \
                         them as `split` says",
                        plan.preflight_bound()
                    ),
                    Some(Fault::Adapter),
                    Some("split"),
                ),
                (None, None) => {
                    let came = format!("no message arrived within {:?}", plan.preflight_bound());
                    (came, None, None)
                }
            };
            let remedy = "check whether the server offers this transport and forwards messages";
            step_at(waiting, came, fault, key, remedy)
        }
    }
}

/// What was sent last in an opening that was cut off, and what came since. A client that is cut off
/// keeps it, and counts no failure.
fn waited_in_vain(outcome: &Outcome, plan: &Plan) -> Option<String> {
    let fault = Fault::OpenTimeout;
    let kept = outcome.workers.iter().find_map(|worker| worker.unexpected.get(&fault));
    kept.map(|unexpected| responded(fault, unexpected, plan))
}

/// The first bytes that no rule of an adapter explains.
fn unexplained(outcome: &Outcome) -> Option<&str> {
    let mut workers = outcome.workers.iter();
    workers.find_map(|worker| worker.counts.first_unexplained.as_deref())
}

/// Bytes that no unit has ended in.
fn unfinished(outcome: &Outcome) -> Option<&str> {
    let mut workers = outcome.workers.iter();
    workers.find_map(|worker| worker.counts.first_unfinished.as_deref())
}

/// Whether the message came again with the poll after it, of a server whose clients are to get each
/// message once: then their place is not carried on.
fn repeats(label: &str, of: &Tried<'_>, plan: &Plan, outcome: &Outcome) -> Option<Found> {
    let again: u64 = outcome.workers.iter().map(|worker| worker.counts.duplicates).sum();
    let is_wrong = again > 0 && of.adapted.transport.is_polled;
    is_wrong.then(|| {
        let (opens, carry) = (of.opens(plan), of.carry());
        let text = format!(
            "{label}: the message came again in a later response{opens}, expected it once and then \
             nothing new: check how {carry} tells the server what the client has"
        );
        Found::Refusal { text, is_of_all: false }
    })
}

/// How many messages came that are not as they were published, and the first.
fn other(outcome: &Outcome) -> Option<(u64, String)> {
    // One client is played by one worker.
    outcome.workers.iter().map(|worker| &worker.counts).find_map(|counts| {
        let altered = counts.first_altered.clone().map(|what| (counts.altered, what));
        altered.or_else(|| {
            let first = counts.first_foreign.as_ref()?;
            Some((counts.foreign, format!("`{first}`, which this run did not publish")))
        })
    })
}

fn is_polled(plan: &Plan) -> bool {
    match plan.transport.kind().properties().arrival {
        Arrival::Timer | Arrival::Held => true,
        Arrival::Pushed | Arrival::Notified => false,
    }
}

fn failed_at(fault: Fault, plan: &Plan, reached: Reached) -> Step {
    match fault {
        Fault::Connect
        | Fault::ConnectTimeout
        | Fault::Tls
        | Fault::NoTicket
        | Fault::NotSpoken => Step::Connect,
        _ if is_polled(plan) => Step::Poll,
        _ if reached == Reached::Nothing => Step::Subscribe,
        // What it is told of it fetches by polls.
        Fault::Status(_) => Step::Poll,
        _ => Step::Message,
    }
}

/// Whether the status is one of a server that does what was asked.
fn is_as_asked(unexpected: &Unexpected) -> bool {
    matches!(unexpected.status, Some(101 | 200 | 204 | 304))
}

/// Whether the server has done what was asked, by its status, and broken a protocol in that.
fn is_violation(fault: Fault, unexpected: &Unexpected, plan: &Plan) -> bool {
    let offers_none = plan.transport.deflate().is_none();
    is_as_asked(unexpected)
        && match fault {
            Fault::Upgrade => unexpected.status == Some(101),
            Fault::Extension => offers_none,
            Fault::Malformed | Fault::Protocol | Fault::TransferCoding | Fault::TooLarge => true,
            _ => false,
        }
}

fn expected(step: Step, plan: &Plan) -> String {
    let topic = plan.topic_name(0);
    let kind = plan.transport.kind();
    let hold = plan.transport.hold().unwrap_or(Hold::USUAL);
    let asks = |opening: usize| {
        // A published request has a path of its own.
        if plan.scenario.headers.request.has_own_path() && kind.properties().takes_own_request_line
        {
            return format!("the request headers `{}`", plan.scenario.headers.request.name());
        }
        let opening = &kind.properties().openings[opening];
        format!("`GET {}`", opening.path(&topic, Cursor::OLDEST, hold))
    };
    match step {
        Step::Publish => format!("a status of 2xx to `POST {}`", topic.messages_path()),
        Step::Connect => match (plan.tls.as_ref(), plan.carriage.http) {
            (Some(tls), _) => format!("a connection in TLS to {}", tls.host),
            (None, http) if http == HttpVersion::default() => {
                format!("a connection to {}", plan.host)
            }
            (None, http) => format!("a connection in {} to {}", http.properties().name, plan.host),
        },
        Step::Subscribe if kind.upgrades() => {
            format!("{} to {}", plan.carriage.http.properties().begins_websocket, asks(0))
        }
        Step::Subscribe => format!("200 and a body that goes on to {}", asks(0)),
        Step::Poll if kind.properties().arrival == Arrival::Notified => {
            format!("200 or 204 to {}", asks(1))
        }
        Step::Poll => format!("200 and the message that was published to {}", asks(0)),
        Step::Message => "the message that was published".to_owned(),
    }
}

/// What came, where there is nothing to show of it.
fn came(fault: Fault, plan: &Plan) -> String {
    let what = match fault {
        Fault::Connect => "the connection was refused",
        Fault::ConnectTimeout | Fault::OpenTimeout | Fault::AnswerTimeout => {
            "the server did not respond in time"
        }
        Fault::NotSpoken => {
            return format!("the server does not speak {}", plan.carriage.http.properties().name);
        }
        Fault::Tls => "the TLS handshake failed",
        Fault::NoTicket => "no ticket arrived to resume a TLS session with",
        Fault::Upgrade => "the upgrade is not one for this request",
        Fault::Extension => "the upgrade agrees on extensions that were not offered",
        Fault::Coding => "the body is not compressed as requested",
        Fault::Closed => "the server closed the connection",
        Fault::Io => "the connection broke",
        Fault::Status(_) => "the request was refused",
        Fault::Malformed => "the response breaks HTTP",
        Fault::NotLines => "the body is not a line for each message",
        Fault::TransferCoding => "the body has a transfer coding that was not offered",
        Fault::Zstd => "the body is in zstd, which is not supported",
        Fault::Bomb => "the body inflates to more than any payload",
        Fault::TooLarge => "the body is longer than the limit",
        Fault::HeadersTooLong => "the headers of the response are longer than 64 KiB",
        Fault::Protocol => "a frame breaks RFC 6455",
        Fault::Adapter => "the server does not speak as its adapter says",
        Fault::TooManyInFlight => "1,024 messages were on their way without a response",
        Fault::ServerError => "the server says that there is an error",
        Fault::CloseTimeout => "the server did not end the connection",
        Fault::Clock => "the message arrived before it was sent",
        Fault::Panic | Fault::ThreadGone => "this program failed",
    };
    what.to_owned()
}

fn remedy(fault: Fault, plan: &Plan) -> String {
    let http = plan.carriage.http;
    let what = match fault {
        Fault::Status(404 | 405 | 426 | 501) => {
            "check whether --target is the right server and offers this transport; --only \
             selects the others"
        }
        Fault::Status(401 | 403) => "let the server admit clients without a login",
        Fault::Status(413) => "make workload.payload.bytes smaller, or the server's limit larger",
        Fault::Status(429 | 503) => "raise the server's limits",
        Fault::NotSpoken => {
            let (usual, name) = (HttpVersion::default(), http.properties().name);
            return format!("set http = \"{usual}\", or have the server speak {name}");
        }
        Fault::Tls => {
            "check whether --target-certificate is the server's and names the host of --target-tls"
        }
        Fault::NoTicket => "set tls = \"full\", or have the server send tickets",
        Fault::Coding | Fault::Extension => {
            "have the server compress as the transport's `compression` says, or change that"
        }
        Fault::Upgrade if http != HttpVersion::default() => {
            let (usual, name) = (HttpVersion::default(), http.properties().name);
            return format!(
                "have the server offer WebSockets on {name}, or set http = \"{usual}\""
            );
        }
        Fault::Adapter | Fault::ServerError => {
            "correct the adapter, its settings or the server's, whichever is wrong"
        }
        Fault::HeadersTooLong => "have the server send fewer or shorter headers",
        Fault::Panic | Fault::ThreadGone => "please report it",
        _ => "check whether --target is the right server, and its log",
    };
    what.to_owned()
}
