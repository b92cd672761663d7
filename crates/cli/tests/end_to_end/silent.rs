//! Servers that hang, or that leave something unanswered: a run ends all the same, soon, and with its
//! record.

use std::io::Write;
use std::time::Duration;

use pushbench_protocol::{Phase, clock};
use pushbench_store::{RunStatus, Verdict};
use rustix::process::Signal;

use crate::servant::{NOT_FOUND, Servant, Subscribers, TAKEN, Then, scenario, text_frame};
use crate::signals::Playing;
use crate::support::{Bench, TRANSPORTS, invalid_checks, send, trial};
use crate::turncoat::Tried;

/// A run ends so long after its schedule, or after the signal that asks for it.
const END: Duration = Duration::from_secs(10);

/// Two clients, each by either transport.
fn bench() -> Bench {
    Bench::with(&scenario(2, 1, &["websocket", "sse"]))
}

/// A server of WebSockets and SSE that pushes as it should; `at_the_end` says what a subscriber's end
/// is to it, `publisher` what the publisher's is.
fn pusher(subscriber: fn() -> Then, publisher: Then) -> Servant {
    let subscribers = Subscribers::default();
    let answer = move |request: &crate::servant::Request, stream: &mut std::net::TcpStream| {
        if request.is_publish() {
            subscribers.push(&request.topic(), &text_frame(&request.body));
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let event = format!("data: {body}\n\n");
            let chunk = format!("{:x}\r\n{event}\r\n", event.len());
            subscribers.push(&format!("{}-events", request.topic()), chunk.as_bytes());
            stream.write_all(TAKEN.as_bytes()).expect("it is read");
            return Then::GoOn;
        }
        if request.line.contains("/ws") {
            stream.write_all(request.accepted().as_bytes()).expect("it is read");
            subscribers.add(request.topic(), stream);
            return subscriber();
        }
        if request.line.contains("/events") {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                        Transfer-Encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).expect("it is read");
            subscribers.add(format!("{}-events", request.topic()), stream);
            return subscriber();
        }
        stream.write_all(NOT_FOUND.as_bytes()).expect("it is read");
        Then::GoOn
    };
    Servant::start(answer, publisher)
}

#[test]
fn a_close_that_is_not_answered_is_a_warning_and_takes_nothing_else_with_it() {
    for (transport, subscriber, publisher, closes) in [
        ("websocket", (|| Then::Close) as fn() -> Then, Then::Keep, "1 publisher-close-timeout"),
        ("websocket", || Then::Keep, Then::GoOn, "2 close-timeout"),
        ("sse", || Then::Keep, Then::GoOn, "2 close-timeout"),
    ] {
        let bench = bench();
        let servant = pusher(subscriber, publisher);
        let (ended, record) = bench.valid_run(&["--only", transport, "--target", &servant.url()]);
        let trial = trial(&record, transport);
        let check = trial.checks.iter().find(|check| check.check == "close").expect("a check");
        assert_eq!(check.verdict, Verdict::Warning, "{check:?}");
        assert!(check.text.contains(closes), "{transport}: {check:?}");
        assert_eq!(trial.counts.lost, 0, "{ended}");
        assert!(trial.counts.errors.is_empty(), "{:?}", trial.counts.errors);
        let phases = &trial.books.phases;
        let is_clients = !closes.contains("publisher");
        assert_eq!(phases.contains_key(&Phase::Close), !is_clients, "{transport} {closes}");
        assert!(trial.books.reconciliations.iter().any(|pair| pair.phases.contains("measure")));
    }
}

#[test]
fn an_upgrade_that_is_never_answered_fails_its_client_and_the_run_ends() {
    let bench = bench();
    let (tried, subscribers) = (Tried::default(), Subscribers::default());
    let servant = Servant::start(
        move |request, stream| {
            if request.is_publish() {
                subscribers.push(&request.topic(), &text_frame(&request.body));
                return stream.write_all(TAKEN.as_bytes()).map_or(Then::Keep, |()| Then::GoOn);
            }
            // It works until the run has begun.
            if request.line.contains("/ws") && tried.is(&request.topic()) {
                stream.write_all(request.accepted().as_bytes()).expect("it is read");
                subscribers.add(request.topic(), stream);
                return Then::Close;
            }
            Then::Keep
        },
        Then::GoOn,
    );
    let begin = clock::now();
    let ended =
        bench.play(&["run", "small.toml", "--only", "websocket", "--target", &servant.url()]);
    let took = clock::now().since(begin);
    assert_eq!(ended.code, 98, "{ended}");
    let (_, record) = bench.newest_record();
    assert_eq!(trial(&record, "websocket").counts.errors.get("open-timeout"), Some(&2), "{ended}");
    // Opening is waited for, then comes the schedule.
    assert!(took < END + Duration::from_secs(3) + END, "{took:?}");
}

#[test]
fn a_signal_ends_a_run_whose_server_hangs_and_what_was_measured_is_on_record() {
    for (transport, signal) in [(TRANSPORTS[0], Signal::TERM), (TRANSPORTS[1], Signal::HUP)] {
        let bench = Bench::new();
        let playing = Playing::in_measure(&bench, transport);
        send(playing.server, Signal::STOP);
        playing.running.signal(signal);
        let begin = clock::now();
        let ended = playing.end();
        let took = clock::now().since(begin);
        assert_eq!(ended.code, 105, "{ended}");
        assert!(took < END, "{transport}: {took:?}");
        let (_, record) = bench.newest_record();
        assert_eq!(record.status, RunStatus::Aborted);
    }
}

#[test]
fn a_server_that_hangs_for_good_does_not_keep_the_run_from_its_end() {
    for transport in TRANSPORTS {
        let bench = Bench::new();
        let playing = Playing::in_measure_of(&bench, transport, "2s");
        send(playing.server, Signal::STOP);
        let begin = clock::now();
        let ended = playing.end();
        let took = clock::now().since(begin);
        assert_eq!(ended.code, 98, "{ended}");
        let (_, record) = bench.newest_record();
        assert_eq!(record.status, RunStatus::Completed);
        assert!(record.disturbed.is_empty(), "the server's fault is no reason to play again");
        assert!(!invalid_checks(&record).is_empty());
        // It could not be asked either, and is a witness less.
        let unreported =
            trial(&record, transport).checks.iter().find(|c| c.check == "server-books");
        let unreported = unreported.unwrap_or_else(|| panic!("nothing is said of it: {ended}"));
        assert_eq!(unreported.verdict, Verdict::NotChecked);
        assert!(unreported.text.contains("failed"), "{unreported:?}");
        // The measure phase, and the bound of the drain.
        let schedule = Duration::from_secs(2) + Duration::from_secs(5);
        assert!(took < schedule + END, "{transport}: {took:?}");
    }
}
