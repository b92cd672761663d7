//! A server that others wrote, as its file describes it, checked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use pushbench_protocol::TransportKind;

use crate::code::name::Code;
use crate::identity::Identity;
use crate::matching::{Match, MessageRule, Place};
use crate::pointer::Pointer;
use crate::request::RequestTemplate;
use crate::split::Split;
use crate::template::{ENVIRONMENT, Hole, Template, is_place};
use crate::values::Setting;

/// How a server is spoken to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Adapter {
    /// What the server is, in a line.
    pub about: String,
    /// Where its protocol is documented.
    pub documents: String,
    /// The server that it was run against; `None` if it was tested against none.
    pub tested: Option<String>,
    /// Values that a scenario may set.
    pub settings: Arc<[Setting]>,
    /// Names of values from outside that anything but settings uses.
    pub(crate) outside: BTreeSet<String>,
    /// The transports that the server offers, in the order of the file; never empty.
    pub transports: Vec<Arc<Transport>>,
}

/// One transport of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transport {
    /// Which.
    pub kind: TransportKind,
    /// Whether messages are asked for, one request after the other.
    pub is_polled: bool,
    /// The code that speaks, where rules cannot; the rules are empty then.
    pub(crate) code: Option<Code>,
    /// The request that is polled with, or that opens the connection.
    pub(crate) request: RequestTemplate,
    /// What the upgrade of a WebSocket asks for.
    pub subprotocol: Option<String>,
    /// Whether messages are sent as binary ones.
    pub is_binary: bool,
    /// Counters, and what they begin with.
    pub(crate) counters: Vec<(String, u64)>,
    /// What comes before the first message.
    pub(crate) steps: Vec<Step>,
    pub(crate) split: Split,
    /// Where a unit has a list whose elements are looked at one by one.
    pub(crate) each: Option<Each>,
    pub(crate) heartbeats: Vec<(Match, Option<Outgoing>)>,
    pub(crate) errors: Vec<Match>,
    pub(crate) acknowledgements: Vec<Match>,
    pub(crate) ignored: Vec<Match>,
    pub(crate) message: MessageRule,
    pub(crate) identity: Identity,
    pub(crate) carried: Vec<Carried>,
    pub(crate) empty: Empty,
    pub(crate) keep_alive: Option<(Duration, Outgoing)>,
    pub(crate) close: Option<Outgoing>,
    pub(crate) publish: Publish,
}

/// One step of the opening.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// A request, before there is a connection.
    Request {
        request: RequestTemplate,
        /// Expected; none for any of 200 to 299.
        status: Vec<u16>,
        expect: Option<Match>,
        take: Vec<(String, Place)>,
    },
    /// A message, and what is said to it.
    Turn { send: Option<Template>, expect: Option<Match>, take: Vec<(String, Place)> },
}

/// Where the list is, and what stands before its JSON.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Each {
    pub(crate) after: Template,
    pub(crate) at: Pointer,
}

/// What a client says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outgoing {
    /// Over its connection.
    Send(Template),
    /// By a request of its own.
    Request(RequestTemplate),
}

/// A value that each response to a poll gives and the next poll sends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Carried {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// What the first poll sends.
    pub(crate) first: Template,
}

/// How a response to a poll says that there is nothing new.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Empty {
    /// By one of these status codes.
    pub(crate) status: Vec<u16>,
    /// By a body that is like one of these.
    pub(crate) body: Vec<Match>,
}

/// How a message is published.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Publish {
    /// By a request.
    Request {
        request: RequestTemplate,
        /// Expected; none for any of 200 to 299.
        status: Vec<u16>,
        expect: Option<Match>,
    },
    /// Over the connection of a subscriber.
    Subscriber(Template),
    /// Over a connection of the publisher's own, of the same transport.
    Connection { steps: Vec<Step>, send: Template },
    /// Over a connection of the publisher's own, by the transport's code.
    Code(Code),
    /// Not by us: the server has messages of its own.
    Theirs,
}

impl Adapter {
    /// Names of the values from outside that it uses: `env:TOKEN` of the environment, and, described
    /// in a scenario, `port`, `dir` and `port_NAME` of where the server is.
    pub fn outside(&self) -> BTreeSet<String> {
        let of_settings = self.settings.iter().flat_map(|setting| {
            let names = setting.default.holes().flat_map(Hole::names);
            names.filter(|name| name.starts_with(ENVIRONMENT) || is_place(name)).map(str::to_owned)
        });
        self.outside.iter().cloned().chain(of_settings).collect()
    }

    /// The transport of a kind, if the server offers it.
    pub fn transport(&self, kind: TransportKind) -> Option<&Arc<Transport>> {
        self.transports.iter().find(|transport| transport.kind == kind)
    }
}

impl Transport {
    /// Whether the server has messages of its own, and nobody publishes to it.
    pub fn publishes_by_itself(&self) -> bool {
        self.publish == Publish::Theirs
    }

    /// Whether the server is replied to when it asks whether the client is still there.
    pub fn replies_to_heartbeats(&self) -> bool {
        self.heartbeats.iter().any(|(_, reply)| reply.is_some())
    }

    /// Whether its messages say which they are.
    pub fn has_ids(&self) -> bool {
        self.identity.id.is_some()
    }

    /// Whether its messages say when they were sent.
    pub fn has_times(&self) -> bool {
        self.identity.sent_at.is_some()
    }
}
