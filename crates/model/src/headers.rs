//! The headers of every message that a trial has, as the scenario's header files and settings ask for
//! them: by another hand than that of the server and the load generator.
//!
//! They write headers with `protocol::headers`. What is modelled here is put together anew from the
//! header files, from the RFCs and from DESIGN.md, section 4, so that a wrong field there is not wrong
//! here too: measured and modelled bytes then differ, and the trial says so. Deliberately shared are
//! the files themselves, the paths of topics, and cursors.
//!
//! | message | start line | fields behind those of the file |
//! |---|---|---|
//! | poll, stream | `GET path HTTP/1.1` | `Accept-Encoding`, where a coding is asked for and the file has none; `If-None-Match` |
//! | WebSocket | `GET path HTTP/1.1` | `Sec-WebSocket-Extensions`, where deflate is asked for and the file has none |
//! | response to a poll | 200, 204, 304 | `Content-Encoding`, `Vary`, `Cursor`, `Etag`; of a 204 and a 304 no `Content-*` |
//! | stream | 200 | `Transfer-Encoding` in place of `Content-Length`; of events `Content-Type`, `Cache-Control`; `Content-Encoding`, `Vary`, `Cursor` |
//! | upgrade | 101 | `Upgrade`, `Connection`, `Sec-WebSocket-Accept`, `Cursor`, `Date`, `Sec-WebSocket-Extensions`, and none of the file |

mod block;
mod extension;
mod field;
mod message;
mod request;
mod response;
#[cfg(test)]
mod tests;

pub use block::FieldBlock;
pub(crate) use request::Client;
pub(crate) use response::{Coding, Mark, Server, Status, StreamOf, accepted_block, accepted_len};
