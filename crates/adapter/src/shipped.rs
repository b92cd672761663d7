//! Adapters that are in the binary.

/// An adapter that ships with the suite.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shipped {
    /// Its name, which is that of its file.
    pub name: &'static str,
    /// The file, with its comments.
    pub text: &'static str,
}

/// All of them by name.
pub const SHIPPED: [Shipped; 22] = [
    Shipped { name: "centrifugo", text: include_str!("../adapters/centrifugo.toml") },
    Shipped { name: "etcd", text: include_str!("../adapters/etcd.toml") },
    Shipped { name: "express", text: include_str!("../adapters/express.toml") },
    Shipped { name: "fastapi-sse", text: include_str!("../adapters/fastapi-sse.toml") },
    Shipped { name: "faye", text: include_str!("../adapters/faye.toml") },
    Shipped { name: "graphql-sse", text: include_str!("../adapters/graphql-sse.toml") },
    Shipped { name: "graphql-ws", text: include_str!("../adapters/graphql-ws.toml") },
    Shipped { name: "mercure", text: include_str!("../adapters/mercure.toml") },
    Shipped { name: "mqtt", text: include_str!("../adapters/mqtt.toml") },
    Shipped { name: "nats", text: include_str!("../adapters/nats.toml") },
    Shipped { name: "nchan", text: include_str!("../adapters/nchan.toml") },
    Shipped { name: "phoenix", text: include_str!("../adapters/phoenix.toml") },
    Shipped { name: "pushbench", text: include_str!("../adapters/pushbench.toml") },
    Shipped { name: "pusher", text: include_str!("../adapters/pusher.toml") },
    Shipped { name: "pushpin", text: include_str!("../adapters/pushpin.toml") },
    Shipped { name: "python-websockets", text: include_str!("../adapters/python-websockets.toml") },
    Shipped { name: "signalr", text: include_str!("../adapters/signalr.toml") },
    Shipped { name: "socket-io", text: include_str!("../adapters/socket-io.toml") },
    Shipped { name: "sockjs", text: include_str!("../adapters/sockjs.toml") },
    Shipped { name: "stomp", text: include_str!("../adapters/stomp.toml") },
    Shipped { name: "ws", text: include_str!("../adapters/ws.toml") },
    Shipped { name: "xmpp", text: include_str!("../adapters/xmpp.toml") },
];

impl Shipped {
    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        SHIPPED.into_iter().find(|shipped| shipped.name == name)
    }
}
