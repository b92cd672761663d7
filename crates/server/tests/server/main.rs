//! The server over real sockets: what it writes, byte for byte, and what it does to those who
//! misbehave, and to those who do not.

mod books;
mod coded_streams;
mod compression;
mod conflation;
mod deflate;
mod heartbeats;
mod hosts;
mod http2;
mod limits;
mod long_polls;
mod obligations;
mod pieces;
mod polls;
mod publishing;
mod pure;
mod runs;
mod shutdown;
mod slow;
mod streams;
mod support;
mod tls;
mod turns;
mod websocket;
mod wire;
