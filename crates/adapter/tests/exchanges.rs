//! Exchanges with each server, as its documents give them, through its adapter: what the client says,
//! what it receives, and what every byte was for, wherever reads end.
//!
//! A file of `exchanges/` is named for an adapter and a transport; its lines are those of
//! `pushbench_replay::transcript`, whose server's side crate `replay` plays on sockets. Here what varies
//! is what the transcript has. `= parts payload 2 ...` is what the bytes so far were for; empty lines
//! and sounds of the opening are left out.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use pushbench_adapter::{
    Adapter, Dialogue, Edge, Next, Outgoing, Parts, Publishing, Received, Request, Response,
    SHIPPED, Said, Shipped, Transport, Values, read,
};
use pushbench_replay::text::{sampled, unescaped};

fn adapter(shipped: Shipped) -> Adapter {
    let path = format!("{}.toml", shipped.name);
    read(Path::new(&path), shipped.text).unwrap_or_else(|refused| panic!("{refused}"))
}

fn exchange(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges");
    let path = folder.join(format!("{name}.txt"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn each_transport_of_each_adapter_speaks_as_its_server_does() {
    for shipped in SHIPPED {
        let adapter = adapter(shipped);
        for transport in &adapter.transports {
            let name = format!("{}.{}", shipped.name, transport.kind.label());
            let text = sampled(&exchange(&name));
            assert!(text.starts_with("# Source: "), "{name} says where its exchange is from");
            let longest = text.lines().map(str::len).max().unwrap_or(1);
            for step in 1..=longest {
                Player::new(&name, &adapter, transport, step).play(&text);
            }
        }
    }
}

#[test]
fn each_exchange_is_of_an_adapter_that_ships() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges");
    for entry in fs::read_dir(folder).expect("the folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let (shipped, kind) = name.trim_end_matches(".txt").split_once('.').expect("two names");
        let shipped = Shipped::named(shipped).unwrap_or_else(|| panic!("{name}: no such adapter"));
        let kinds = adapter(shipped).transports;
        assert!(kinds.iter().any(|transport| transport.kind.label() == kind), "{name}");
    }
}

#[test]
fn a_server_like_nchan_takes_no_more_than_fifteen_lines() {
    let nchan = Shipped::named("nchan").expect("it ships");
    let lines = nchan.text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert!(lines.count() <= 15);
}

/// Both sides of an exchange.
struct Player<'a> {
    /// What messages call it: the file, how long reads are, and the line.
    at: String,
    adapter: &'a Adapter,
    transport: &'a Arc<Transport>,
    step: usize,
    session: Box<dyn Dialogue>,
    publishing: Publishing,
    /// The request that publishes, which the client sends next.
    publishes: Option<Request>,
    /// Whether the last request published, so that the response is to that.
    has_published: bool,
    /// What the client sends because of what it received or was told.
    outgoing: VecDeque<Outgoing>,
    received: VecDeque<String>,
    parts: Parts,
    /// Bytes that were handed over.
    bytes: u64,
}

fn values(adapter: &Adapter) -> Values {
    let mut values = Values::new(Arc::clone(&adapter.settings));
    for (name, value) in [
        ("channel", "c1"),
        ("client", "0"),
        ("random", "abcdefgh"),
        ("host", "127.0.0.1:8080"),
        ("now", "1764490000"),
    ] {
        values.set(name, value);
    }
    values
}

impl<'a> Player<'a> {
    fn new(name: &str, adapter: &'a Adapter, transport: &'a Arc<Transport>, step: usize) -> Self {
        let session = transport.dialogue(values(adapter)).expect("a dialogue");
        let publishing = transport.publishing(values(adapter)).expect("a way to publish");
        Self {
            at: name.to_owned(),
            adapter,
            transport,
            step,
            session,
            publishing,
            publishes: None,
            has_published: false,
            outgoing: VecDeque::new(),
            received: VecDeque::new(),
            parts: Parts::default(),
            bytes: 0,
        }
    }

    fn play(mut self, text: &str) {
        let name = self.at.clone();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            self.at = format!("{name} in steps of {}, line {}: {line}", self.step, number + 1);
            match line.split_once(' ').unwrap_or((line, "")) {
                (">", expected) => self.sends(&shown(&unescaped(expected))),
                (">>", expected) => self.sends(&format!("over: {}", shown(&unescaped(expected)))),
                ("<", response) => self.responds(response),
                ("<<", message) => self.says(&unescaped(message)),
                ("=", expected) => match expected.strip_prefix("parts ") {
                    Some(parts) => self.sums(parts),
                    None => {
                        let received = self.received.pop_front();
                        let expected = shown(&unescaped(expected));
                        assert_eq!(received.as_deref(), Some(expected.as_str()), "{}", self.at);
                    }
                },
                ("publish", payload) => self.publishes(&unescaped(payload)),
                ("close", "") => {
                    let close = self.session.close().expect("it can be put together");
                    self.outgoing.extend(close);
                }
                ("keep-alive", "") => {
                    let (_, sends) = self
                        .session
                        .keep_alive()
                        .expect("it can be put together")
                        .unwrap_or_else(|| panic!("{}: nothing keeps it alive", self.at));
                    self.outgoing.push_back(sends);
                }
                // Only a server that is played goes on and on.
                ("again", "") => {}
                ("publisher", "") => {
                    let publishing = self.transport.publishing(values(self.adapter));
                    let Publishing::Connection(session) = publishing.expect("a dialogue") else {
                        panic!("{}: no connection is published over", self.at);
                    };
                    self.session = session;
                }
                _ => panic!("{}: no such line", self.at),
            }
        }
        assert_eq!(self.received, VecDeque::<String>::new(), "{name}: nothing else is received");
        assert_eq!(self.outgoing, VecDeque::new(), "{name}: nothing else is sent");
        let pending = self.session.pending();
        assert_eq!(self.parts.total() + pending, self.bytes, "{name}: each byte is booked once");
    }

    /// What the client sends next is this.
    fn sends(&mut self, expected: &str) {
        self.has_published = false;
        let sent = match self.outgoing.pop_front() {
            Some(Outgoing::Request(request)) => {
                self.has_published = self.publishes.take_if(|sent| *sent == request).is_some();
                of_request(&request)
            }
            Some(Outgoing::Message { bytes, .. }) => of_message(&bytes),
            None => match self.session.next().unwrap_or_else(|e| panic!("{}: {e}", self.at)) {
                Next::Request(request) => of_request(&request),
                Next::Connect(request) => {
                    self.session.on_connected().expect("it was asked for");
                    of_request(&request)
                }
                Next::Send(Outgoing::Message { bytes, .. }) => of_message(&bytes),
                Next::Send(Outgoing::Request(request)) => of_request(&request),
                Next::Receive => panic!("{}: the client waits", self.at),
                Next::Open => of_request(&self.session.poll().expect("a poll")),
            },
        };
        let expected = expected.trim_end_matches(['|', ' ']);
        assert_eq!(sent, expected, "{}", self.at);
    }

    fn responds(&mut self, response: &str) {
        let mut parts = response.splitn(3, " |");
        let status = parts.next().and_then(|status| status.parse().ok()).expect("a status");
        let headers = parts.next().unwrap_or_default().trim();
        let headers: Vec<_> = headers
            .split("; ")
            .filter_map(|header| header.split_once(": "))
            .map(|(name, value)| (name, value.as_bytes()))
            .collect();
        let body = parts.next().unwrap_or_default();
        let body = unescaped(body.strip_prefix(' ').unwrap_or(body));
        let response = Response { status, headers: &headers, body: &body };
        if let (true, Publishing::Requests(publisher)) = (self.has_published, &mut self.publishing)
        {
            let taken = publisher.on_response(&response);
            return taken.unwrap_or_else(|error| panic!("{}: {error}", self.at));
        }
        self.bytes += body.len() as u64;
        let (received, parts) = (&mut self.received, &mut self.parts);
        self.session
            .on_response(&response, &mut |said| note(&said, received, parts))
            .unwrap_or_else(|error| panic!("{}: {error}", self.at));
        self.replies();
    }

    fn says(&mut self, message: &[u8]) {
        self.bytes += message.len() as u64;
        let is_socket = self.transport.kind.properties().arrival
            == pushbench_protocol::Arrival::Pushed
            && self.transport.kind.label() == "websocket";
        for piece in message.chunks(self.step) {
            let (received, parts) = (&mut self.received, &mut self.parts);
            self.session
                .on_bytes(piece, Edge::Read, &mut |said| note(&said, received, parts))
                .unwrap_or_else(|error| panic!("{}: {error}", self.at));
        }
        if is_socket {
            let (received, parts) = (&mut self.received, &mut self.parts);
            self.session
                .on_bytes(b"", Edge::Message, &mut |said| note(&said, received, parts))
                .unwrap_or_else(|error| panic!("{}: {error}", self.at));
        }
        self.replies();
    }

    fn replies(&mut self) {
        while let Some(reply) = self.session.reply().expect("it can be put together") {
            self.outgoing.push_back(reply);
        }
    }

    fn publishes(&mut self, payload: &[u8]) {
        let over = self.session.publish(payload).expect("it can be put together");
        let by = match &mut self.publishing {
            Publishing::Requests(publisher) => {
                let request = publisher.publish(payload).expect("it can be put together");
                self.publishes = Some(request.clone());
                Some(Outgoing::Request(request))
            }
            Publishing::Subscriber | Publishing::Connection(_) | Publishing::Theirs => None,
        };
        self.outgoing.push_back(over.or(by).expect("there is a way to publish"));
    }

    fn sums(&self, expected: &str) {
        let Parts { payload, wrapping, framing, control, handshake, unexplained } = self.parts;
        let parts = [
            ("payload", payload),
            ("wrapping", wrapping),
            ("framing", framing),
            ("control", control),
            ("handshake", handshake),
            ("unexplained", unexplained),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(_, bytes)| *bytes > 0)
            .map(|(name, bytes)| format!("{name} {bytes}"))
            .collect();
        assert_eq!(parts.join(" "), expected, "{}", self.at);
    }
}

fn note(received: &Received<'_>, all: &mut VecDeque<String>, parts: &mut Parts) {
    *parts += received.parts;
    let text = match &received.said {
        Said::Message(payload) => format!("message {}", shown(payload)),
        Said::Heartbeat(_) => "heartbeat".to_owned(),
        Said::Acknowledgement => "acknowledgement".to_owned(),
        Said::Ignored => "ignored".to_owned(),
        Said::Error(text) => format!("error {}", shown(text)),
        Said::Unexplained(text) => format!("unexplained {}", shown(text)),
        Said::Opening | Said::Blank => return,
    };
    all.push_back(text);
}

fn of_request(request: &Request) -> String {
    let headers: Vec<_> =
        request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let body = request.body.as_deref().unwrap_or_default();
    let text =
        format!("{} {} | {} | {}", request.method, request.url, headers.join("; "), shown(body));
    let text = text.replace(" |  | ", " | | ");
    text.trim_end_matches(['|', ' ']).to_owned()
}

fn of_message(bytes: &[u8]) -> String {
    format!("over: {}", shown(bytes)).trim_end_matches(['|', ' ']).to_owned()
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'")
}
