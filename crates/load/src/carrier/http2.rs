//! HTTP/2: clients that are streams of a connection, their own or one that they share.
//!
//! **Which library.** The `h2` crate as it is. The client of the library above it takes no field
//! order, hides its streams' ends, and cannot say when the settings were exchanged; ours has to send
//! a profile's fields as they stand, and to know when a connection is quiet.
//!
//! **Books.** A [`tap::Tap`] between the library and the connection tells frames apart as they pass
//! and books all of them but the data; what the data was for is booked by the client that reads it,
//! from what the library hands out. So library, tap and codec must agree for the books to balance.
//!
//! **Phases.** Bytes belong to the phase in which they pass. At the moments at which books are
//! closed nothing passes: before the first poll of the drain goes out, every poll of the measure
//! phase on its connection has been answered, whoever's it was. What a connection brings after the
//! end of the measure phase otherwise belongs to it, as with every push.

pub(crate) mod connection;
pub(crate) mod line;
pub(crate) mod pool;
mod received_data;
mod refusal;
pub(crate) mod stream;
pub(crate) mod tap;
pub(crate) mod tunnel;

use std::error::Error;

/// Whether an error of the library is of a connection or stream that ended before the response was whole.
pub(super) fn is_of_an_end(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<h2::Error>()
        .is_some_and(|error| error.is_io() || error.is_reset() || error.is_go_away())
}
