//! Third-party servers that do not do what their adapter says, and adapters that are wrong: what came,
//! what was expected and the line that says so are told before a schedule is played.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use pushbench_protocol::clock;

use crate::servant::{Request, Servant, Subscribers, TAKEN, Then};
use crate::support::{Bench, Ended, trial};

/// What a preflight may take whose server leaves something unanswered: the message and the end of the
/// client's connection are waited for 1.5 s each, and a debug build needs its time.
const SOON: Duration = Duration::from_secs(5);

/// A scenario with one transport of a server that an adapter in it describes; its `[server.a]` begins in
/// line 3.
fn scenario(servant: &Servant, publish: &str, kind: &str, keys: &str) -> String {
    let interval = if kind == "short-poll" { "interval = \"100ms\"\n" } else { "" };
    format!(
        "question = \"?\"\n\
         workload = {{ clients = 1, publish = {{ every = \"200ms\" }}, payload = {{ bytes = 24 }}, \
         deliver = \"every\", warm_up = \"200ms\", measure = \"1s\", rounds = 1 }}\n\
         [server.a]\n\
         url = \"{}\"\n\
         publish = {publish}\n\
         [server.a.transport.{kind}]\n\
         {keys}\n\
         [[transport]]\nkind = \"{kind}\"\nserver = \"a\"\n{interval}",
        servant.url()
    )
}

const PUBLISH: &str = "{ url = \"/of/${channel}/\", body = \"${payload}\" }";

/// Plays it; nothing may be run, and it must end soon.
fn refused(scenario: &str, says: &[&str]) {
    let bench = Bench::with(scenario);
    let begin = clock::now();
    let ended = bench.play(&["run", "small.toml"]);
    let took = clock::now().since(begin);
    assert!(took < SOON, "{took:?}: {ended}");
    assert_eq!(ended.code, 1, "{ended}");
    assert!(bench.records().is_empty(), "{ended}");
    for part in says {
        assert!(ended.stderr.contains(part), "{part}: {ended}");
    }
}

fn takes(stream: &mut TcpStream) -> Then {
    stream.write_all(TAKEN.as_bytes()).map_or(Then::Close, |()| Then::GoOn)
}

fn chunk(data: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

const EVENTS: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A server of SSE that says this at first, and what a function makes of a message.
fn pushing(first: Vec<u8>, event: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Servant {
    let subscribers = Subscribers::default();
    let answer = move |request: &Request, stream: &mut TcpStream| {
        if request.is_publish() {
            subscribers.push(&request.topic(), &event(&request.body));
            return takes(stream);
        }
        subscribers.add(request.topic(), stream);
        let written = stream.write_all(&[EVENTS, &first].concat());
        written.map_or(Then::Close, |()| Then::GoOn)
    };
    Servant::start(answer, Then::Close)
}

/// A server that is polled, and wraps all messages of a topic in JSON by a function.
fn polled(wrap: impl Fn(&[String]) -> String + Send + Sync + 'static) -> Servant {
    let topics: Mutex<BTreeMap<String, Vec<String>>> = Mutex::default();
    let answer = move |request: &Request, stream: &mut TcpStream| {
        let mut topics = topics.lock().expect("nobody panics with it");
        let messages = topics.entry(request.topic()).or_default();
        if request.is_publish() {
            messages.push(String::from_utf8_lossy(&request.body).into_owned());
            return takes(stream);
        }
        let since = request.line.split("since=").nth(1).and_then(|rest| rest.split(' ').next());
        let since: usize = since.and_then(|since| since.parse().ok()).unwrap_or(0);
        let body = wrap(&messages[since.min(messages.len())..]);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let written = stream.write_all(format!("{head}{body}").as_bytes());
        written.map_or(Then::Close, |()| Then::GoOn)
    };
    Servant::start(answer, Then::Close)
}

fn items(messages: &[String]) -> String {
    let items: Vec<_> = messages.iter().map(|text| format!("{{\"data\":\"{text}\"}}")).collect();
    items.join(",")
}

const POLLS: &str = "url = \"/of/${channel}/?since=${since}\"\n\
    each = \"/items\"\nmessage = { payload = \"/data\" }\n\
    carry = { since = { json = \"/next\", first = \"0\" } }";

const SUBSCRIBES: &str = "url = \"/of/${channel}/\"";

#[test]
fn a_stream_that_the_server_ends_is_told_with_what_came_last_though_its_connection_goes_on() {
    let ends = [chunk(b"data: bye\n\n"), b"0\r\n\r\n".to_vec()].concat();
    let servant = pushing(ends, |_| Vec::new());
    let says = [
        "the server ended its response, expected it to go on",
        "the last of 11 bytes over it were \"data: bye\\n\\n\"",
        "`url` in line 7",
    ];
    refused(&scenario(&servant, PUBLISH, "sse", SUBSCRIBES), &says);
}

#[test]
fn a_stream_that_ends_in_a_trial_is_a_fault_that_is_told() {
    let servant = Servant::start(
        |_: &Request, stream: &mut TcpStream| {
            let _ = stream.write_all(EVENTS);
            for number in 0..3 {
                std::thread::sleep(Duration::from_millis(200));
                let _ = stream.write_all(&chunk(format!("data: {number}\n\n").as_bytes()));
            }
            let _ = stream.write_all(b"0\r\n\r\n");
            Then::Keep
        },
        Then::Keep,
    );
    let bench = Bench::with(&scenario(&servant, "\"theirs\"", "sse", SUBSCRIBES));
    let ended = bench.play(&["run", "small.toml"]);
    let record = bench.only_record("small");
    let trial = trial(&record, "a-sse");
    assert_eq!(trial.counts.errors.get("closed"), Some(&1), "{ended}");
    let errors = trial.checks.iter().find(|check| check.check == "errors").expect("a check");
    let told = "1 connection ended: the server ended its response";
    assert!(errors.text.contains(told) && errors.text.contains("data: 2"), "{}", errors.text);
}

#[test]
fn a_unit_that_nothing_ends_is_told_with_its_last_bytes_and_the_line_of_split() {
    let servant = pushing(Vec::new(), |message| chunk(&[b"data: ", message, b"\xff"].concat()));
    let keys = format!("{SUBSCRIBES}\nsplit = {{ separator = \"\\r\\n\" }}");
    let says = ["but 31 bytes, of which the last are \"data: ", "\\xff\"", "`split` in line 8"];
    refused(&scenario(&servant, PUBLISH, "stream", &keys), &says);
}

#[test]
fn a_value_to_carry_that_is_not_there_is_told_with_the_end_of_the_response_and_its_line() {
    let pad = "x".repeat(300);
    let servant = polled(move |messages| {
        format!("{{\"items\":[{}],\"pad\":\"{pad}\",\"nxt\":1}}", items(messages))
    });
    let says = ["no `since` where `carry` says it is", "\"nxt\":1}\"", "`carry` in line 10"];
    refused(&scenario(&servant, PUBLISH, "short-poll", POLLS), &says);
}

#[test]
fn a_response_that_is_cut_off_in_its_json_is_a_fault_and_no_empty_poll() {
    let servant =
        polled(|messages| format!("{{\"next\":{},\"items\":[{}]", messages.len(), items(messages)));
    let says = ["is no JSON (EOF while parsing an object", "`message` in line 9"];
    refused(&scenario(&servant, PUBLISH, "short-poll", POLLS), &says);
    // Nobody publishes, so that every response would be an empty one.
    let says = ["is no JSON (EOF while parsing an object"];
    refused(&scenario(&servant, "\"theirs\"", "short-poll", POLLS), &says);
}

#[test]
fn a_publish_without_a_response_is_told_as_such_and_not_as_a_missing_message() {
    for (kind, keys) in [("sse", SUBSCRIBES), ("short-poll", POLLS)] {
        let answer = |request: &Request, stream: &mut TcpStream| {
            if request.is_publish() {
                return Then::Keep;
            }
            let nothing = "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{\"next\":0,\"items\":[]}";
            let said = if request.line.contains('?') { nothing.as_bytes() } else { EVENTS };
            stream.write_all(said).map_or(Then::Close, |()| Then::GoOn)
        };
        let servant = Servant::start(answer, Then::Close);
        let says = ["there was no response to the publish within 1.5s", "`publish` in line 5"];
        refused(&scenario(&servant, PUBLISH, kind, keys), &says);
    }
}

#[test]
fn a_field_of_an_event_that_nobody_knows_is_no_sign_of_life() {
    let servant = pushing(Vec::new(), |message| {
        let text = String::from_utf8_lossy(message);
        chunk(format!("foo: bar\n\nid: 7\nfoo: bar\ndata: {text}\n\n: a comment\n\n").as_bytes())
    });
    let bench = Bench::with(&scenario(&servant, PUBLISH, "sse", SUBSCRIBES));
    let ended: Ended = bench.play(&["run", "small.toml"]);
    let record = bench.only_record("small");
    let trial = trial(&record, "a-sse");
    let counts = &trial.counts;
    assert_eq!((counts.lost, counts.delivered), (0, 5), "{ended}");
    assert_eq!(counts.heartbeats, Some(5), "{ended}");
    let of = |part: &str| trial.figures[&format!("{part}_bytes_per_delivery")];
    // A field beside the data is around the message; alone it is as good as a comment, of 13 bytes.
    assert_eq!((of("wrapping"), of("control")), (9.0, 10.0 + 13.0), "{ended}");
}
