// The tests, for whichever engine is named by who includes this.

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
mod runs;
mod shutdown;
mod slow;
mod streams;
mod support;
mod tls;
mod turns;
mod websocket;
mod wire;
