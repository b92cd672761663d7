//! What each byte of an exchange is for, wherever reads end. No sockets here.
//!
//! A head is booked when it is whole, a body by the form that its transport gives it: lines of a
//! poll's response, server-sent events in chunks, WebSocket frames. Bytes of an unfinished line, event
//! or frame wait until it is known what they are.

mod body;
mod events;
mod frames;
mod head;

pub(crate) use body::Body;
pub(crate) use frames::Frames;
pub(crate) use head::{HostField, RelayedHead, RequestHead};
