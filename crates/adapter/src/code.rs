//! What cannot be data: dialogues as code, which an adapter names by `code = "..."`.
//!
//! An adapter still says where its server is, what the upgrade asks for and what values there are;
//! the code says what the bytes are and what is sent.

mod mqtt;

use std::sync::Arc;

use pushbench_protocol::TransportKind;

use crate::adapter::Transport;
use crate::code::mqtt::Mqtt;
use crate::dialogue::{Dialogue, DialogueError};
use crate::values::Values;

/// The code that speaks for a transport.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Code {
    /// MQTT 3.1.1, whose lengths have one to four bytes.
    Mqtt,
}

/// Whose connection it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Subscriber,
    Publisher,
}

impl Code {
    pub(crate) const ALL: &'static [Self] = &[Self::Mqtt];

    /// The name that an adapter writes.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
        }
    }

    /// The kind of transport that it speaks over.
    pub(crate) const fn kind(self) -> TransportKind {
        match self {
            Self::Mqtt => TransportKind::WebSocket,
        }
    }

    /// The settings that it uses, which an adapter that names it must have, with what each is.
    pub(crate) const fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Mqtt => mqtt::settings::NAMES,
        }
    }

    /// Who speaks for a client.
    pub(crate) fn dialogue(
        self,
        transport: &Arc<Transport>,
        values: Values,
        role: Role,
    ) -> Result<Box<dyn Dialogue>, DialogueError> {
        match self {
            Self::Mqtt => Ok(Box::new(Mqtt::new(Arc::clone(transport), values, role)?)),
        }
    }
}
