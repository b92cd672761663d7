//! Who speaks for a client of a transport, and for whoever publishes.

use std::sync::Arc;

use crate::adapter::{Publish, Transport};
use crate::code::dialogue;
use crate::code::name::Role;
use crate::dialogue::{Dialogue, DialogueError};
use crate::session::{Publisher, Session};
use crate::values::Values;

/// How messages get to the server.
#[derive(Debug)]
pub enum Publishing {
    /// A request for each.
    Requests(Publisher),
    /// Over a connection that is opened as a client's is, and that nothing else uses.
    Connection(Box<dyn Dialogue>),
    /// Over the connection of a subscriber: [`Dialogue::publish`] of its dialogue says how.
    Subscriber,
    /// Nobody publishes: the server does so by itself.
    Theirs,
}

impl Transport {
    /// A client of the transport, with the values that it uses.
    ///
    /// # Errors
    ///
    /// If something that it begins with cannot be filled with them.
    pub fn dialogue(self: &Arc<Self>, values: Values) -> Result<Box<dyn Dialogue>, DialogueError> {
        match self.code {
            Some(code) => dialogue(code, self, values, Role::Subscriber),
            None => Ok(Box::new(Session::new(Arc::clone(self), values)?)),
        }
    }

    /// How messages are published to the clients of the transport.
    ///
    /// # Errors
    ///
    /// As of [`Transport::dialogue`].
    pub fn publishing(self: &Arc<Self>, values: Values) -> Result<Publishing, DialogueError> {
        Ok(match &self.publish {
            Publish::Request { .. } => {
                Publishing::Requests(Publisher::new(Arc::clone(self), values))
            }
            Publish::Connection { steps, .. } => {
                let session = Session::of_publisher(Arc::clone(self), values, steps.clone())?;
                Publishing::Connection(Box::new(session))
            }
            Publish::Code(code) => {
                Publishing::Connection(dialogue(*code, self, values, Role::Publisher)?)
            }
            Publish::Subscriber(_) => Publishing::Subscriber,
            Publish::Theirs => Publishing::Theirs,
        })
    }
}
