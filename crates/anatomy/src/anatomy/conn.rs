//! A connection, whose parts are held against what was counted of it.

use pushbench_protocol::Layer;
use serde::Serialize;

use super::step::Step;
use crate::AnatomyError;
use crate::segment::Headers;
use crate::totals::Both;
use crate::transcript::Connection;

/// A connection, and the books of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conn {
    /// The client's end.
    pub client: String,
    /// The server's end.
    pub server: String,
    /// The headers in front of each of its segments.
    pub headers: Headers,
    /// Who counted what; all equal, or there would be no anatomy.
    pub books: Books,
}

/// Bytes above TCP, by those who counted them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Books {
    /// Sum of all parts, up and down.
    pub parts: [u64; 2],
    /// The client's counting stream.
    pub socket: [u64; 2],
    /// The kernel.
    pub kernel: [u64; 2],
    /// The server's own books.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<[u64; 2]>,
}

/// The books of a connection that these exchanges went over.
pub(super) fn conn<'a>(
    connection: &Connection,
    steps: impl Iterator<Item = &'a Step>,
) -> Result<Conn, AnatomyError> {
    let mut sum = Both::default();
    for step in steps {
        sum.add_passages(&step.passages);
    }
    let parts = [sum.up.layer(Layer::Stream), sum.down.layer(Layer::Stream)];
    let array = |counted: crate::Counted| [counted.up, counted.down];
    let books = Books {
        parts,
        socket: array(connection.socket),
        kernel: array(connection.kernel),
        server: connection.server_books.map(array),
    };
    let counters = [
        ("the client's socket", Some(books.socket)),
        ("the kernel", Some(books.kernel)),
        ("the server", books.server),
    ];
    for (counter, counted) in counters {
        let Some(counted) = counted else { continue };
        for (direction, parts, counted) in
            [("up", parts[0], counted[0]), ("down", parts[1], counted[1])]
        {
            if parts != counted {
                return Err(AnatomyError::Unbalanced { direction, parts, counter, counted });
            }
        }
    }
    Ok(Conn {
        client: connection.client.to_string(),
        server: connection.server.to_string(),
        headers: Headers::of(connection),
        books,
    })
}
