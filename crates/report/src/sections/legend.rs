//! What the words of the report mean, one sentence each.

use pushbench_protocol::ByteKind;
use pushbench_protocol::figure::bytes_per;
use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, publishes_by_itself, rounds};
use crate::layout::{Line, Section, Tone};
use crate::sections::comparison::has_model;
use crate::sections::floor;

/// Word and meaning, in the order in which the report uses them.
const WORDS: [(&str, &str); 12] = [
    (
        "payload, repeat",
        "the message itself: new to the client, or sent although the client already had it.",
    ),
    ("header", "HTTP request and response headers as sent, line ends included."),
    (
        "framing",
        "what separates messages: frame headers, chunk sizes, field names of \
         events, line ends.",
    ),
    (
        "wrapping",
        "what the own protocol of a third-party server puts around a message: JSON, channel names, \
         ids. Ours has none.",
    ),
    ("control, handshake", "pings, closes, comments, notices; the WebSocket upgrade."),
    ("unexplained", "what no rule of a third-party server's adapter explains."),
    ("stream", "all of these: everything that a program hands to the connection."),
    ("tls", "what encryption adds; 0 without it."),
    (
        "tcp_ip, wire",
        "IP and TCP headers of every segment, acknowledgements and retransmissions included; \
         with them it is layer 3, what a network carries.",
    ),
    ("latency", "from when a message was due, not from when it was sent, so a backlog shows."),
    ("service time", "from when it was sent to the server."),
    ("age", "how old the newest message of a client is, averaged over time."),
];

/// What is to be known of CPU times on loopback.
const LOOPBACK: (&str, &str) = (
    "CPU on loopback",
    "the kernel charges a segment's receive path to its sender, so the server pays for receiving \
     at the clients.",
);

/// What is to be known of this run's CPU times, if anything is.
pub(crate) fn about_cpu(run: &RunV2) -> Option<Line> {
    (run.environment.link == "loopback").then(|| entry(LOOPBACK.0, LOOPBACK.1))
}

/// What the report says of these words, one line each, in the report's own order.
pub(crate) fn about(words: &[&str]) -> Vec<Line> {
    let entries = WORDS.iter().filter(|(entry, _)| entry.split(", ").any(|w| words.contains(&w)));
    entries.map(|(word, meaning)| entry(word, meaning)).collect()
}

fn entry(word: &str, meaning: &str) -> Line {
    vec![Tone::Strong.span(word), Tone::Plain.span(format!(": {meaning}"))]
}

/// Whether the report uses the word: what only third-party servers have is in few of them.
fn has_word(run: &RunV2, word: &str) -> bool {
    let kind = ByteKind::ALL.iter().find(|kind| kind.label() == word);
    let Some(kind) = kind.filter(|kind| kind.is_third_party()) else { return true };
    let figure = bytes_per(kind.label(), None, "delivery");
    run.transports.iter().any(|transport| measured(run, transport, &figure).is_some())
}

/// How to read the figures; `None` if no trial ran.
pub(crate) fn legend(run: &RunV2) -> Option<Section> {
    if run.trials.is_empty() {
        return None;
    }
    let mut section = Section::new("How to read this");
    let over = match rounds(run) {
        0 | 1 => String::new(),
        _ if !run.finds.is_empty() => {
            ": of a value that was played several times, times and lateness of the \
             samples of all of them together, everything else as their median"
                .to_owned()
        }
        rounds => format!(
            ": times and lateness of the samples of all {rounds} rounds together (a maximum is the \
             maximum), ages as their mean, losses and errors of the worst round, everything else \
             as the median of the rounds; +- is how far the farthest round lies from that, and \
             is left out where all rounds are equal"
        ),
    };
    let mut lines = vec![
        ("measured".to_owned(), format!("counted or timed in this run{over}.")),
        ("n/a".to_owned(), "does not apply, or is not known.".to_owned()),
    ];
    let without = |of: &&TransportV1| !has_model(run, of);
    let without: Vec<_> =
        run.transports.iter().filter(without).map(|of| of.label.as_str()).collect();
    if without.len() < run.transports.len() {
        let none = match without.as_slice() {
            [] => String::new(),
            without => format!("; there is none of {}", without.join(", ")),
        };
        let model = format!("what the rules of the protocols predict, without measuring{none}.");
        lines.insert(1, ("model".to_owned(), model));
    }
    let words = WORDS.iter().filter(|(word, _)| has_word(run, word));
    lines.extend(words.map(|&(word, meaning)| (word.to_owned(), meaning.to_owned())));
    let theirs: Vec<_> = run
        .transports
        .iter()
        .filter(|transport| publishes_by_itself(run, transport))
        .map(|transport| transport.label.as_str())
        .collect();
    if !theirs.is_empty() {
        lines.push((
            format!("latency of {}", theirs.join(", ")),
            "from when a message says that it was sent, by the clock of its server, which \
             publishes by itself: when it was due is not known."
                .to_owned(),
        ));
    }
    if !run.floor.is_empty() {
        lines.push(("floor".to_owned(), format!("{}.", floor::MEANING)));
    }
    if run.environment.link == "loopback" {
        lines.push((LOOPBACK.0.to_owned(), LOOPBACK.1.to_owned()));
    }
    section.list(lines.iter().map(|(word, meaning)| entry(word, meaning)).collect());
    Some(section)
}
