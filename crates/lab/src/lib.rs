//! The teaching page: a push server to be used from a browser, every byte recorded on its way.
//!
//! A browser cannot see the headers that it sends, nor frame headers, nor what TCP adds; a server's
//! books know totals and not what each byte was for. So the lab stands between the two: the browser
//! talks to the [`front`](Lab), which hands every byte unchanged to a push server in the same
//! process and writes down what it was. What is asked of other paths than the server's goes to the
//! page instead. The server knows nothing of all this, and its own `/stats` must agree with the
//! recorder to the byte.
//!
//! - `record` says what each byte is for; it is pure.
//! - `books` keeps that, by session (one open page) and transport.
//! - `relay` moves the bytes of one connection; `front` takes connections.
//! - `backend` starts, stops and kills the push server; `publisher` feeds it.
//! - `routes` serves the requests of the page itself, `page` holds its files.
//!
//! Deliberately absent: measuring. A browser, a relay and an animation share the machine with the
//! server; bytes are exact here, times are for looking at. Start with `relay`.

mod admission;
mod backend;
mod books;
mod config;
mod front;
mod meter;
mod page;
mod publisher;
mod record;
mod relay;
mod routes;
mod session;
mod silent;
mod target;

pub use config::{LabConfig, LabError};
pub use front::Lab;
