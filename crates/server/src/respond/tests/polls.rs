//! Polls and long polls: what each mode gives, and how long it waits.

use std::time::Duration;

use pushbench_protocol::compression::MOST_CODED_BODY;
use pushbench_protocol::headers::{AnswerMark, AnswerStatus};
use pushbench_protocol::{Compression, Cursor, Deliver, StreamCoding, Unchanged};

use super::super::bodies::Bodies;
use super::super::*;
use super::{HOST, NOW, Sent, at, get, hub, publish, rules};
use crate::config::BodyCompression;
use crate::hub::PollSettings;

fn polled(status: AnswerStatus, content: &'static [u8], mark: AnswerMark) -> Response {
    let content = Content::Whole { bytes: content.into(), is_coded: false };
    Response::Poll(PollResponse { status, content, mark })
}

fn poll(status: AnswerStatus, content: &'static [u8], mark: AnswerMark) -> Decision {
    Decision::Respond(polled(status, content, mark))
}

#[test]
fn a_poll_gets_what_its_mode_says() {
    use AnswerStatus::{Empty, Messages, NotModified};
    use Deliver::{Every, Latest};
    use Unchanged as U;
    let none = AnswerMark::default();
    let cursor = AnswerMark { cursor: Some(at(2)), ..none };
    let tag = AnswerMark { tag: Some(at(2)), ..none };
    let both = AnswerMark { cursor: Some(at(2)), tag: Some(at(2)), gap: 0 };
    let (before, now) = (at(1).to_string(), at(2).to_string());
    let quoted = format!("\"{now}\"");
    let tagged = [HOST, ("If-None-Match", quoted.as_str())];
    let plain = [HOST];
    let rows: [(_, _, &str, Sent<'_>, Decision); 12] = [
        (Every, U::Resend, "", &plain, poll(Messages, b"one\ntwo\n", cursor)),
        (Every, U::Resend, &before, &plain, poll(Messages, b"two\n", cursor)),
        (Every, U::Resend, &now, &plain, poll(Messages, b"", cursor)),
        (Every, U::Empty, &now, &plain, poll(Empty, b"", cursor)),
        (Every, U::NotModified, &now, &plain, poll(Messages, b"", both)),
        (Every, U::NotModified, "", &tagged, poll(NotModified, b"", both)),
        (Latest, U::Resend, "", &plain, poll(Messages, b"two", none)),
        (Latest, U::Resend, &now, &plain, poll(Messages, b"two", none)),
        (Latest, U::Empty, &before, &plain, poll(Messages, b"two", cursor)),
        (Latest, U::Empty, &now, &plain, poll(Empty, b"", cursor)),
        (Latest, U::NotModified, &now, &plain, poll(Messages, b"two", tag)),
        (Latest, U::NotModified, "", &tagged, poll(NotModified, b"", tag)),
    ];
    for (deliver, unchanged, after, fields, expected) in rows {
        let rules = Rules { poll: PollSettings { deliver, unchanged }, ..rules() };
        let target = match after {
            "" => "/topics/t/poll".to_owned(),
            after => format!("/topics/t/poll?after={after}"),
        };
        let decided = get(&target, fields).decide(&rules, &hub());
        assert_eq!(decided.class, Some(ConnectionClass::ShortPoll));
        assert_eq!(decided.decision, expected, "{deliver} {unchanged} {after}");
    }
}

#[test]
fn a_body_is_compressed_for_those_who_accept_it() {
    let coding = BodyCompression { coding: Compression::Gzip, threshold: 1 };
    let rules = Rules { bodies: Bodies::new(coding), ..rules() };
    for target in ["/topics/t/poll", "/topics/t/long-poll"] {
        for (accepted, expected) in [("gzip", true), ("br", false), ("gzip;q=0", false)] {
            let fields = [HOST, ("Accept-Encoding", accepted)];
            let decided = get(target, &fields).decide(&rules, &hub());
            let Decision::Respond(Response::Poll(response)) = decided.decision else {
                panic!("{target}: {:?}", decided.decision)
            };
            let Content::Whole { is_coded, .. } = response.content else { panic!("{response:?}") };
            assert_eq!(is_coded, expected, "{target} {accepted}");
        }
    }
}

#[test]
fn a_body_of_many_messages_is_compressed_up_to_a_bound_and_one_message_whatever_its_size() {
    let coding = BodyCompression { coding: Compression::Gzip, threshold: 1_024 };
    let rules = Rules { bodies: Bodies::new(coding), ..rules() };
    let most = usize::try_from(MOST_CODED_BODY).expect("a MiB");
    // `one\n` and `two\n` are there already, and each message has its line feed.
    let room = most - 8 - 1;
    for (len, after, is_coded) in
        [(room, "0000000000000000", true), (room + 1, "0000000000000000", false), (most, "", true)]
    {
        let hub = hub();
        publish(&mut hub.borrow_mut(), "t", &vec![b'x'; len]);
        let after = if after.is_empty() { at(2).to_string() } else { after.to_owned() };
        let target = format!("/topics/t/poll?after={after}");
        let fields = [HOST, ("Accept-Encoding", "gzip")];
        let decided = get(&target, &fields).decide(&rules, &hub);
        let Decision::Respond(Response::Poll(response)) = decided.decision else {
            panic!("{:?}", decided.decision)
        };
        let found = match response.content {
            Content::Whole { is_coded, .. } => is_coded,
            Content::Pieces(_) => false,
        };
        assert_eq!(found, is_coded, "{len} B after {after}");
    }
}

#[test]
fn a_stream_is_compressed_for_those_who_accept_it() {
    let coding = StreamCoding::new(Compression::Gzip, None);
    let rules = Rules { stream_compression: coding, ..rules() };
    for target in ["/topics/t/events", "/topics/t/stream"] {
        for (accepted, expected) in [("gzip", coding), ("identity", None), ("gzip;q=0", None)] {
            let fields = [HOST, ("Accept-Encoding", accepted)];
            let decided = get(target, &fields).decide(&rules, &hub());
            let Decision::Subscribe(stream) = decided.decision else { panic!("{decided:?}") };
            assert_eq!(stream.coding, expected, "{target} {accepted}");
        }
    }
}

#[test]
fn what_is_too_much_to_copy_is_read_from_a_topic_that_stays() {
    let hub = hub();
    publish(&mut hub.borrow_mut(), "t", &[b'x'; 100_000]);
    let decided = get("/topics/t/poll", &[HOST]).decide(&rules(), &hub);
    let Decision::Respond(Response::Poll(PollResponse {
        content: Content::Pieces(pieces), ..
    })) = decided.decision
    else {
        panic!("{:?}", decided.decision)
    };
    assert_eq!((pieces.from, pieces.to, pieces.bytes), (0, 3, 100_001 + 8));
    // There is a reader to be taken away.
    hub.borrow_mut().leave(pieces.topic);
}

#[test]
fn a_long_poll_waits_for_the_next_message_or_for_its_end() {
    let (rules, hub) = (rules(), hub());
    let target = format!("/topics/t/long-poll?after={}&hold=2s", Cursor::NOW);
    let decided = get(&target, &[HOST]).decide(&rules, &hub);
    assert_eq!(decided.class, Some(ConnectionClass::LongPoll));
    let Decision::Wait { topic, then } = decided.decision else { panic!("{decided:?}") };
    let until = NOW.plus(Duration::from_secs(2));
    assert_eq!(then.until, until);
    // Asked again before anything has come it waits on.
    let Polled::Wait { then, .. } = then.again(&rules, &hub, topic, NOW) else {
        panic!("nothing has come")
    };
    let mark = |position| AnswerMark { cursor: Some(at(position)), ..AnswerMark::default() };
    let over = then.clone().again(&rules, &hub, topic, until);
    assert_eq!(over, Polled::Answer(polled(AnswerStatus::Empty, b"", mark(2))));
    publish(&mut hub.borrow_mut(), "t", b"three");
    let message = then.again(&rules, &hub, topic, NOW);
    assert_eq!(message, Polled::Answer(polled(AnswerStatus::Messages, b"three\n", mark(3))));

    // One with news already, and one that may not be held, are answered at once.
    let expected = poll(AnswerStatus::Messages, b"one\ntwo\nthree\n", mark(3));
    assert_eq!(get("/topics/t/long-poll", &[HOST]).decide(&rules, &hub).decision, expected);
    let target = format!("/topics/t/long-poll?after={}&hold=0s", at(3));
    let expected = poll(AnswerStatus::Empty, b"", mark(3));
    assert_eq!(get(&target, &[HOST]).decide(&rules, &hub).decision, expected);
}
