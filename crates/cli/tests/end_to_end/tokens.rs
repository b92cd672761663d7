//! Tokens of a language model's reply: what one takes, and whether gaps between them tell how late they
//! are.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;

use crate::servant::{Request, Servant, Subscribers, TAKEN, Then};
use crate::support::{Bench, trial};

const WORKLOAD: &str = "question = \"What does a token cost?\"\n\n\
    [workload]\nclients = 2\npublish = { every = \"20ms\" }\n\
    payload = { bytes = 192, content = \"tokens\" }\ndeliver = \"every\"\n\
    warm_up = \"300ms\"\nmeasure = \"2s\"\nrounds = 1\n\n";

/// Tokens that are sent together.
const BATCH: usize = 10;

#[test]
fn a_token_takes_what_its_chunk_and_its_frame_are_long_and_gaps_are_as_they_were_sent() {
    let transports = "[[transport]]\nkind = \"sse\"\n\n[[transport]]\nkind = \"websocket\"\n";
    let (ended, run) = Bench::with(&format!("{WORKLOAD}{transports}")).valid_run(&["--full"]);
    for (label, per_token) in [("sse", 227.0), ("websocket", 196.0)] {
        let trial = trial(&run, label);
        assert!((trial.figures["stream_bytes_per_delivery"] - per_token).abs() < 1e-9, "{label}");
        let gap = trial.figures["gap.mean"];
        // The last of a hundred may be late by half a second where the machine is busy; a gap that is counted
        // twice, or left out, makes twice the mean or half of it.
        assert!((0.015..0.025).contains(&gap), "{label}: a token every 20 ms, and {gap}");
    }
    let report = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "A token takes from 196 B by websocket to 227 B by sse.";
    assert!(report.contains(told) && !report.contains("Gaps and age disagree"), "{ended}");
}

#[test]
fn tokens_that_come_in_batches_have_gaps_of_nothing_and_the_report_says_that_they_are_old() {
    let (subscribers, held) = (Subscribers::default(), Mutex::<BTreeMap<String, Held>>::default());
    let answer = move |request: &Request, stream: &mut TcpStream| {
        if request.is_publish() {
            let mut held = held.lock().expect("nobody panics with it");
            let held = held.entry(request.topic()).or_default();
            let text = String::from_utf8_lossy(&request.body);
            held.events += &format!("data: {text}\n\n");
            held.count += 1;
            // The first comes at once: else nothing would be played.
            if held.count == 1 || held.count % BATCH == 0 {
                let events = std::mem::take(&mut held.events);
                let chunk = format!("{:x}\r\n{events}\r\n", events.len());
                subscribers.push(&request.topic(), chunk.as_bytes());
            }
            return stream.write_all(TAKEN.as_bytes()).map_or(Then::Close, |()| Then::GoOn);
        }
        subscribers.add(request.topic(), stream);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).map_or(Then::Close, |()| Then::GoOn)
    };
    let servant = Servant::start(answer, Then::Close);
    let server = format!(
        "[server.a]\nurl = \"{}\"\npublish = {{ url = \"/of/${{channel}}/\", body = \"${{payload}}\" }}\n\
         [server.a.transport.sse]\nurl = \"/of/${{channel}}/\"\n\n\
         [[transport]]\nkind = \"sse\"\nserver = \"a\"\n",
        servant.url()
    );
    let bench = Bench::with(&format!("{WORKLOAD}{server}"));
    let ended = bench.play(&["run", "small.toml", "--full"]);
    let record = bench.only_record("small");
    let figures = &trial(&record, "a-sse").figures;
    let (gap, age) = (figures["gap.p50"], figures["latency.p50"]);
    assert!(gap < 0.001 && age > 0.04, "gap {gap}, age {age}: {ended}");
    let report = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(report.contains("Gaps and age disagree by a-sse: the median gap is "), "{ended}");
}

/// What waits for the rest of its batch.
#[derive(Default)]
struct Held {
    events: String,
    count: usize,
}
