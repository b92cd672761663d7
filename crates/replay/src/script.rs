//! The server's side of a transcript, as rules: what it says to what.
//!
//! A client may say what it says in another order than the transcript's, and there may be many, so a
//! script is no list but rules. What the server said last before the client made a message of it is
//! how it sends messages; what it said before a heartbeat is one.

use std::fmt;

use crate::text::Text;
use crate::transcript::{Line, Request, Response, lines};

/// How the connection is carried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Carrier {
    WebSocket,
    /// The body of a response, with its `Content-Type`.
    Body(&'static str),
}

/// What a server says to what.
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) name: String,
    pub(crate) carrier: Carrier,
    pub(crate) exchanges: Vec<Exchange>,
    /// Requests that open a connection.
    pub(crate) opens: Vec<Request>,
    /// What the server says first.
    pub(crate) greeting: Vec<Text>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) heartbeats: Vec<Heartbeat>,
    pub(crate) message: Text,
    /// Whether a client subscribes by opening the connection.
    pub(crate) opening_subscribes: bool,
}

/// A request with its response.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Request,
    pub(crate) response: Response,
    pub(crate) publishes: bool,
}

/// What a client says over its connection, and what the server says to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Rule {
    pub(crate) client: Text,
    pub(crate) replies: Vec<Text>,
    pub(crate) subscribes: bool,
    pub(crate) publishes: bool,
}

/// What the server says now and then, and what a client has to reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Heartbeat {
    pub(crate) server: Text,
    pub(crate) reply: Option<Text>,
}

/// Why a transcript has no server's side that can be played.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ScriptError {
    /// A line that is none, by its number.
    Line(usize),
    /// Something that it lacks.
    Lacks(&'static str),
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number} is no line of a transcript"),
            Self::Lacks(what) => write!(f, "the transcript has no {what}"),
        }
    }
}

impl std::error::Error for ScriptError {}

/// What came last, where it decides what comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Last {
    /// The connection is open; the server may speak first.
    Opened,
    /// The client said what this rule has.
    Client(usize),
    /// The client was told to publish.
    ToldToPublish,
    /// The server said a heartbeat that may get a reply.
    Heartbeat,
    Other,
}

impl Script {
    /// Reads a transcript that is named as an adapter and a kind of transport: `pusher.websocket`.
    ///
    /// # Errors
    ///
    /// If it cannot be played.
    pub fn parse(name: &str, transcript: &str) -> Result<Self, ScriptError> {
        let lines = lines(transcript).map_err(ScriptError::Line)?;
        let carrier = match name.rsplit('.').next() {
            Some("websocket") => Carrier::WebSocket,
            Some("sse") => Carrier::Body("text/event-stream"),
            Some("stream") => Carrier::Body("application/octet-stream"),
            _ => return Err(ScriptError::Lacks("connection: it is of another kind of transport")),
        };
        let mut script = Self {
            name: name.to_owned(),
            carrier,
            exchanges: Vec::new(),
            opens: Vec::new(),
            greeting: Vec::new(),
            rules: Vec::new(),
            heartbeats: Vec::new(),
            message: Text::default(),
            opening_subscribes: true,
        };
        script.read(&lines);
        if script.opens.is_empty() {
            return Err(ScriptError::Lacks("request that opens a connection"));
        }
        if !script.message.has("payload") {
            return Err(ScriptError::Lacks("message with a `${payload=...}`"));
        }
        let publishes = script.exchanges.iter().any(|exchange| exchange.publishes)
            || script.rules.iter().any(|rule| rule.publishes);
        match publishes {
            true => Ok(script),
            false => Err(ScriptError::Lacks("publish with a `${payload=...}`")),
        }
    }

    fn read(&mut self, lines: &[Line]) {
        let mut last = Last::Other;
        // Until the first message, heartbeat or publish: what is said opens the dialogue.
        let (mut opens, mut is_subscriber, mut again) = (true, true, false);
        let mut subscribed_by = None;
        for (at, line) in lines.iter().enumerate() {
            let next = lines.get(at + 1);
            last = match line {
                Line::Request(request) => match next {
                    Some(Line::Response(response)) => {
                        let (request, response) = (request.clone(), response.clone());
                        let publishes = last == Last::ToldToPublish;
                        self.exchanges.push(Exchange { request, response, publishes });
                        Last::Other
                    }
                    _ => {
                        self.opens.push(request.clone());
                        Last::Opened
                    }
                },
                Line::Client(text) if last == Last::Heartbeat => {
                    self.heartbeats.last_mut().expect("one was said").reply = Some(text.clone());
                    Last::Other
                }
                Line::Client(text) => {
                    let publishes = last == Last::ToldToPublish;
                    let rule = self.rule(text, publishes);
                    if opens && is_subscriber {
                        subscribed_by = Some(rule);
                    }
                    Last::Client(rule)
                }
                Line::Server(text) => {
                    let made = match next {
                        Some(Line::Made(made)) => Some(made.as_str()),
                        _ => None,
                    };
                    self.server(text, made, last, std::mem::take(&mut again))
                }
                Line::Made(_) => {
                    opens = false;
                    last
                }
                Line::Publish => {
                    opens = false;
                    Last::ToldToPublish
                }
                Line::Told => {
                    opens = false;
                    Last::Other
                }
                Line::Again => {
                    (opens, again) = (false, true);
                    Last::Other
                }
                Line::Publisher => {
                    (opens, is_subscriber) = (true, false);
                    Last::Other
                }
                Line::Response(_) => Last::Other,
            };
        }
        self.opening_subscribes = subscribed_by.is_none();
        if let Some(rule) = subscribed_by {
            self.rules[rule].subscribes = true;
        }
    }

    /// The rule for what a client says; one that is there already is the same.
    fn rule(&mut self, client: &Text, publishes: bool) -> usize {
        let known = self.rules.iter().position(|rule| rule.client.sample() == client.sample());
        known.unwrap_or_else(|| {
            let client = client.clone();
            let rule = Rule { client, replies: Vec::new(), subscribes: false, publishes };
            self.rules.push(rule);
            self.rules.len() - 1
        })
    }

    /// Takes what the server says, which the client makes `made` of.
    fn server(&mut self, text: &Text, made: Option<&str>, last: Last, again: bool) -> Last {
        let is_heartbeat = again || made == Some("heartbeat");
        match last {
            // What a client is sent for having published, everybody is sent.
            _ if made == Some("message") => {
                if self.message == Text::default() {
                    self.message = text.clone();
                }
                Last::Other
            }
            Last::Client(rule) => {
                if !self.rules[rule].replies.contains(text) {
                    self.rules[rule].replies.push(text.clone());
                }
                last
            }
            Last::Opened if !is_heartbeat && made.is_none() => {
                if !self.greeting.contains(text) {
                    self.greeting.push(text.clone());
                }
                last
            }
            _ if is_heartbeat => {
                self.heartbeats.push(Heartbeat { server: text.clone(), reply: None });
                Last::Heartbeat
            }
            _ => Last::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::parse(text)
    }

    #[test]
    fn rules_are_what_the_transcript_has() {
        let script = Script::parse(
            "a.websocket",
            "# Source: a test\n\
             > POST /negotiate\n< 200 | | ok\n\
             > GET /ws\n<< hello\n>> join ${channel=c1}\n<< joined\n\
             << m ${payload=m1}\n= message m1\n\
             << ping\n= heartbeat\n>> pong\n\
             keep-alive\n>> beat\n<< beaten\n= heartbeat\n\
             publish m2\n> POST /pub | A: ${any=1} | ${payload=m2}\n< 200\n\
             close\n>> bye\n",
        )
        .expect("a script");
        assert_eq!(script.carrier, Carrier::WebSocket);
        assert_eq!((script.opens.len(), script.greeting), (1, vec![text("hello")]));
        let publishes: Vec<_> = script.exchanges.iter().map(|one| one.publishes).collect();
        assert_eq!(publishes, [false, true]);
        let rules: Vec<_> = script
            .rules
            .iter()
            .map(|rule| (rule.client.sample(), rule.replies.len(), rule.subscribes))
            .collect();
        assert_eq!(
            rules,
            [
                (b"join c1".to_vec(), 1, true),
                (b"beat".to_vec(), 1, false),
                (b"bye".to_vec(), 0, false)
            ]
        );
        assert_eq!(script.message, text("m ${payload=m1}"));
        assert_eq!(
            script.heartbeats,
            [Heartbeat { server: text("ping"), reply: Some(text("pong")) }]
        );
        assert!(!script.opening_subscribes);
    }

    #[test]
    fn a_publisher_with_a_connection_is_told_by_what_it_says() {
        let script = Script::parse(
            "a.websocket",
            "> GET /ws\n>> hi\n<< ho\n>> join ${channel=c}\n<< joined\n\
             << ${payload=m1}\n= message m1\n<< ${payload=m2}\n= message m2\n\
             publisher\n> GET /ws\n>> hi\n<< ho\npublish m2\n\
             >> say ${channel=c} ${payload=m2}\n<< m2\n= message m2\n<< said\n= acknowledgement\n",
        )
        .expect("a script");
        let rules: Vec<_> = script
            .rules
            .iter()
            .map(|rule| (rule.replies.len(), rule.subscribes, rule.publishes))
            .collect();
        assert_eq!(rules, [(1, false, false), (1, true, false), (0, false, true)]);
        assert_eq!(script.greeting, []);
    }

    #[test]
    fn a_transcript_that_cannot_be_played_says_what_it_lacks() {
        let error = |name: &str, text: &str| Script::parse(name, text).expect_err(text).to_string();
        assert_eq!(error("a.websocket", "# x\nwhat\n"), "line 2 is no line of a transcript");
        let polled = "the transcript has no connection: it is of another kind of transport";
        assert_eq!(error("a.long-poll", ""), polled);
        let opens = "the transcript has no request that opens a connection";
        assert_eq!(error("a.sse", "publish m\n> GET /\n< 200\n"), opens);
        let message = "the transcript has no message with a `${payload=...}`";
        assert_eq!(error("a.sse", "> GET /\n<< m1\n= message m1\n"), message);
        let publish = "the transcript has no publish with a `${payload=...}`";
        assert_eq!(error("a.sse", "> GET /\n<< ${payload=m}\n= message m\n"), publish);
    }
}
