//! Servers that end a WebSocket and say why.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::servant::{NOT_FOUND, Servant, Subscribers, TAKEN, Then, scenario, text_frame};
use crate::support::{Bench, trial};
use crate::turncoat::Tried;

/// Messages of a trial that are passed on before the server says goodbye.
const PASSED_ON: usize = 5;

#[test]
fn the_code_and_the_reason_of_a_close_frame_are_in_the_report_and_on_record() {
    let (subscribers, tried, published) =
        (Subscribers::default(), Tried::default(), AtomicUsize::new(0));
    let servant = Servant::start(
        move |request, stream| {
            let (topic, is_publish) = (request.topic(), request.is_publish());
            let response = if is_publish {
                let is_tried = tried.is(&topic);
                if is_tried || published.fetch_add(1, Ordering::SeqCst) < PASSED_ON {
                    subscribers.push(&topic, &text_frame(&request.body));
                } else {
                    subscribers.push(&topic, b"\x88\x0a\x03\xf5too slow");
                }
                TAKEN.to_owned()
            } else if request.line.contains("/ws") {
                request.accepted()
            } else {
                NOT_FOUND.to_owned()
            };
            stream.write_all(response.as_bytes()).expect("it is read");
            if !is_publish && request.line.contains("/ws") {
                // The first topic that anything is asked about is the one that is tried.
                tried.is(&topic);
                subscribers.add(topic, stream);
                return Then::Close;
            }
            Then::GoOn
        },
        Then::GoOn,
    );
    let bench = Bench::with(&scenario(2, 1, &["websocket"]));
    let ended = bench.play(&["run", "small.toml", "--target", &servant.url()]);
    assert_eq!(ended.code, 98, "{ended}");
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let told =
        "2 connections were closed by the server; the first close frame has code 1013: too slow";
    assert!(said.contains(told), "{ended}");
    let record = bench.newest_record().1;
    let kept: Vec<_> = trial(&record, "websocket")
        .unexpected
        .iter()
        .map(|kept| (&*kept.error, kept.close_code, &*kept.first_bytes))
        .collect();
    assert_eq!(kept, [("closed", Some(1013), "too slow")]);
}
