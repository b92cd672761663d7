//! Servers that deliver something else than was published: it is no delivery, and the record says what
//! came.

use std::io::Write;

use pushbench_store::{TrialV2, Verdict};

use crate::servant::{NOT_FOUND, Servant, Subscribers, TAKEN, Then, scenario, text_frame};
use crate::support::{Bench, Ended, trial};
use crate::turncoat::Tried;

/// Who gets a message.
enum To {
    Its,
    Another,
}

/// What a server makes of a message: subscribers of its topic or of another, and what they get.
type Made = fn(&[u8]) -> Vec<(To, Vec<u8>)>;

/// A server of WebSockets that pushes what this makes of a message.
///
/// It works until the run has begun: else nothing would be played.
fn pusher(made: Made) -> Servant {
    let (tried, subscribers) = (Tried::default(), Subscribers::default());
    Servant::start(
        move |request, stream| {
            if request.is_publish() {
                let made = match tried.is(&request.topic()) {
                    true => vec![(To::Its, request.body.clone())],
                    false => made(&request.body),
                };
                for (to, payload) in made {
                    let (topic, frame) = (request.topic(), text_frame(&payload));
                    match to {
                        To::Its => subscribers.push(&topic, &frame),
                        To::Another => subscribers.push_to_others(&topic, &frame),
                    }
                }
                stream.write_all(TAKEN.as_bytes()).expect("it is read");
                Then::GoOn
            } else if request.line.contains("/ws") {
                stream.write_all(request.accepted().as_bytes()).expect("it is read");
                subscribers.add(request.topic(), stream);
                Then::Close
            } else {
                stream.write_all(NOT_FOUND.as_bytes()).expect("it is read");
                Then::GoOn
            }
        },
        Then::GoOn,
    )
}

fn played(made: Made) -> (Ended, TrialV2) {
    let bench = Bench::with(&scenario(4, 2, &["websocket"]));
    let servant = pusher(made);
    let ended = bench.play(&["run", "small.toml", "--target", &servant.url()]);
    let (_, record) = bench.newest_record();
    (ended, trial(&record, "websocket").clone())
}

fn verdict(trial: &TrialV2, name: &str) -> Option<(Verdict, String)> {
    let found = trial.checks.iter().find(|check| check.check == name);
    found.map(|check| (check.verdict, check.text.clone()))
}

#[test]
fn a_message_that_is_cut_lengthened_filled_anew_or_misdirected_is_no_delivery() {
    let cases: [(&str, Made); 4] = [
        ("cut", |payload| vec![(To::Its, payload[..20].to_vec())]),
        ("lengthened", |payload| vec![(To::Its, [payload, b"x"].concat())]),
        ("filled anew", |payload| vec![(To::Its, [&payload[..16], &[b'.'; 24]].concat())]),
        ("misdirected", |payload| vec![(To::Another, payload.to_vec())]),
    ];
    for (case, made) in cases {
        let (ended, trial) = played(made);
        assert_eq!(ended.code, 98, "{case}: {ended}");
        assert_eq!(trial.counts.delivered, 0, "{case}: {:?}", trial.counts);
        assert!(trial.counts.altered >= Some(40), "{case}: {:?}", trial.counts);
        let (payloads, text) = verdict(&trial, "payloads").expect("a check");
        assert_eq!(payloads, Verdict::Invalid, "{case}");
        assert!(text.contains("the first: message "), "{case}: {text}");
        assert!(!trial.figures.contains_key("latency.p50"), "{case}: there is no latency");
    }
}

#[test]
fn messages_of_others_are_counted_apart_and_alone_they_are_no_result() {
    let (ended, trial) = played(|_| vec![(To::Its, b"hello world".to_vec())]);
    assert_eq!(ended.code, 98, "{ended}");
    assert_eq!(verdict(&trial, "delivered").map(|(verdict, _)| verdict), Some(Verdict::Invalid));
    let (foreign, text) = verdict(&trial, "foreign").expect("a check");
    assert_eq!(foreign, Verdict::Warning);
    assert!(text.contains("hello world"), "{text}");

    let (_, trial) =
        played(|payload| vec![(To::Its, b"hello world".to_vec()), (To::Its, payload.to_vec())]);
    assert_eq!(verdict(&trial, "delivered"), None);
    assert_eq!(verdict(&trial, "foreign").map(|(verdict, _)| verdict), Some(Verdict::Warning));
    assert_eq!(verdict(&trial, "payloads").map(|(verdict, _)| verdict), Some(Verdict::Ok));
    assert_eq!(trial.counts.delivered, trial.counts.expected, "{:?}", trial.counts);
}
