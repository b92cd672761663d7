//! HTTP/2: an exchange is what it is on HTTP/1.1, but its heads are field blocks, whose length
//! depends on what the connection has carried before.
//!
//! So a connection is played: a [`Player`] has the encoders of both sides and is told, exchange by
//! exchange, what a trial's schedule has in store for it. A `Date` field is new with each second
//! of the schedule, which is when a server's is: a poll a second has a new date each time, ten polls
//! a second share one. Against the wall's seconds that is off by at most one date a connection.

mod connect;
mod frames;
mod played;
mod player;
mod polled;
mod pushed;
mod writes;

pub use connect::Opening;
pub use played::Played;
pub use player::{Content, Player};
pub use pushed::{Http2Push, Sign};
