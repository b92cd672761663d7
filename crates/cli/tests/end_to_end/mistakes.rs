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

/// What a preflight may take whose server leaves something unanswered: the message is waited for 1.25 s
/// and the end of the client's connection 0.25 s, and a debug build on a busy machine needs its time.
const SOON: Duration = Duration::from_millis(2_500);

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

/// A server that keeps messages, and responds to whoever asks by a function of the request and all messages
/// of its topic.
fn keeping(respond: impl Fn(&Request, &[String]) -> Vec<u8> + Send + Sync + 'static) -> Servant {
    let topics: Mutex<BTreeMap<String, Vec<String>>> = Mutex::default();
    let answer = move |request: &Request, stream: &mut TcpStream| {
        let mut topics = topics.lock().expect("nobody panics with it");
        let messages = topics.entry(request.topic()).or_default();
        if request.is_publish() {
            messages.push(String::from_utf8_lossy(&request.body).into_owned());
            return takes(stream);
        }
        let written = stream.write_all(&respond(request, messages));
        written.map_or(Then::Close, |()| Then::GoOn)
    };
    Servant::start(answer, Then::Close)
}

/// A server that is polled, and wraps all messages of a topic in JSON by a function.
fn polled(wrap: impl Fn(&[String]) -> String + Send + Sync + 'static) -> Servant {
    keeping(move |request, messages| {
        let since = request.line.split("since=").nth(1).and_then(|rest| rest.split(' ').next());
        let since: usize = since.and_then(|since| since.parse().ok()).unwrap_or(0);
        let body = wrap(&messages[since.min(messages.len())..]);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        format!("{head}{body}").into_bytes()
    })
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
        let says = ["there was no response to the publish within 1.25s", "`publish` in line 5"];
        refused(&scenario(&servant, PUBLISH, kind, keys), &says);
    }
}

#[test]
fn a_server_that_leaves_every_connection_open_is_not_waited_for() {
    let says = ["no message arrived within 1.25s", "`url` in line 7"];
    for (kind, keys) in [("sse", SUBSCRIBES.to_owned()), ("websocket", SUBSCRIBES.to_owned())] {
        let answer = |request: &Request, stream: &mut TcpStream| {
            if request.is_publish() {
                return takes(stream);
            }
            let said = match request.field("sec-websocket-key") {
                Some(_) => request.accepted(),
                None => String::from_utf8_lossy(EVENTS).into_owned(),
            };
            stream.write_all(said.as_bytes()).map_or(Then::Close, |()| Then::GoOn)
        };
        // Whoever ends a connection gets no end of the server's.
        let servant = Servant::start(answer, Then::Keep);
        refused(&scenario(&servant, PUBLISH, kind, &keys), &says);
    }
}

#[test]
fn events_of_a_server_that_ends_its_stream_are_polled_by_the_last_id() {
    // As servers do that free their connections: what is there, and the end of the stream.
    let servant = keeping(|request, messages| {
        let since = request.field("last-event-id").and_then(|id| id.parse().ok()).unwrap_or(0);
        let news = messages.iter().enumerate().skip(since);
        let events: String =
            news.map(|(at, text)| format!("id: {}\ndata: {text}\n\n", at + 1)).collect();
        let body =
            [chunk(format!(": here\n\n{events}").as_bytes()), b"0\r\n\r\n".to_vec()].concat();
        [EVENTS, &body].concat()
    });
    let keys = "url = \"/of/${channel}/\"\nsplit = \"events\"\n\
                headers = { Last-Event-ID = \"${last}\" }\ncarry = { last = { last_event_id = true } }";
    let bench = Bench::with(&scenario(&servant, PUBLISH, "short-poll", keys));
    let ended = bench.play(&["run", "small.toml"]);
    let record = bench.only_record("small");
    let trial = trial(&record, "a-short-poll");
    let counts = &trial.counts;
    assert!(counts.deliveries_in_measure > 0, "{ended}");
    assert_eq!((counts.lost, counts.duplicates), (0, 0), "{ended}");
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

#[test]
fn a_server_that_floods_its_clients_with_comments_is_measured_and_told() {
    let servant = pushing(Vec::new(), |message| {
        let text = String::from_utf8_lossy(message);
        let comments = ": nothing to say\n\n".repeat(500);
        chunk(format!("data: {text}\n\n{comments}").as_bytes())
    });
    let bench = Bench::with(&scenario(&servant, PUBLISH, "sse", SUBSCRIBES));
    let ended = bench.play(&["run", "small.toml"]);
    let record = bench.only_record("small");
    let trial = trial(&record, "a-sse");
    assert_eq!((trial.counts.lost, trial.counts.heartbeats), (0, Some(2_500)), "{ended}");
    let chatter = trial.checks.iter().find(|check| check.check == "chatter").expect("a warning");
    assert!(chatter.text.contains("heartbeats or comments per second"), "{}", chatter.text);
}

#[test]
fn messages_whose_requests_were_under_way_at_once_have_no_order_to_break() {
    let subscribers = Subscribers::default();
    let published = std::sync::atomic::AtomicU32::new(0);
    let answer = move |request: &Request, stream: &mut TcpStream| {
        if request.is_publish() {
            // Every second one takes longer than it takes until the next is due.
            if published.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 2 == 1 {
                std::thread::sleep(Duration::from_millis(300));
            }
            let text = String::from_utf8_lossy(&request.body);
            subscribers.push(&request.topic(), &chunk(format!("data: {text}\n\n").as_bytes()));
            return takes(stream);
        }
        subscribers.add(request.topic(), stream);
        stream.write_all(EVENTS).map_or(Then::Close, |()| Then::GoOn)
    };
    let servant = Servant::start(answer, Then::Close);
    let bench = Bench::with(&scenario(&servant, PUBLISH, "sse", SUBSCRIBES));
    let ended = bench.play(&["run", "small.toml"]);
    let record = bench.only_record("small");
    let trial = trial(&record, "a-sse");
    let counts = &trial.counts;
    assert_eq!((counts.lost, counts.out_of_order), (0, 0), "{ended}");
    assert!(counts.overtaken.is_some_and(|overtaken| overtaken >= 2), "{counts:?}");
    assert!(trial.checks.iter().any(|check| check.check == "order"), "{ended}");
}

#[test]
fn a_token_that_a_server_repeats_is_told_by_the_name_of_what_it_was_made_of() {
    let answer = |request: &Request, stream: &mut TcpStream| {
        let token = request.field("authorization").unwrap_or_default();
        let body = format!("not admitted: {token}");
        let head = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n", body.len());
        let written = stream.write_all(format!("{head}{body}").as_bytes());
        written.map_or(Then::Close, |()| Then::GoOn)
    };
    let servant = Servant::start(answer, Then::Close);
    let adapter = r#"about = "a"
documents = "b"
publish = "theirs"
[settings]
secret = "${env:MISTAKES_KEY}"
claims = '{"exp":${now|plus:3600}}'
[transport.sse]
url = "/of/${channel}/"
headers = { Authorization = "Bearer ${claims|jwt-hs256:secret}" }
"#;
    let text = scenario(&servant, "\"theirs\"", "sse", SUBSCRIBES);
    let begin = text.find("publish = \"theirs\"").expect("it is there");
    let end = text.find("[[transport]]").expect("it is there");
    let text = format!("{}adapter = \"a.toml\"\n{}", &text[..begin], &text[end..]);
    let bench = Bench::with(&text);
    std::fs::write(bench.path().join("a.toml"), adapter).expect("written");
    let mut program = bench.program(&["run", "small.toml"]);
    let ended = crate::support::Running::start(program.env("MISTAKES_KEY", "key-of-nobody")).end();
    assert!(ended.stderr.contains("403") && ended.stderr.contains("Bearer ${secret}"), "{ended}");
    // What every such token begins with: `{"`, in base64.
    assert!(!ended.stderr.contains("eyJ") && bench.records().is_empty(), "{ended}");
}
