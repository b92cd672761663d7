//! WebSocket (RFC 6455), the server's side: an upgrade that is refused or taken, a reader that knows
//! no socket, and the session that writes news.
//!
//! Of extensions it knows permessage-deflate (RFC 7692). Deliberately absent: subprotocols.

pub(crate) mod extensions;
pub(crate) mod handshake;
mod inflate;
mod reader;
mod session;

pub(crate) use reader::ReaderLimits;
pub(crate) use session::Session;

/// Why a connection is closed (RFC 6455, section 7.4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CloseReason {
    /// The close code.
    pub(crate) code: u16,
    /// For people; at most 123 bytes.
    pub(crate) text: &'static str,
}

impl CloseReason {
    pub(crate) const fn new(code: u16, text: &'static str) -> Self {
        Self { code, text }
    }
}

/// The server goes away, or the connection was idle.
pub(crate) const GOING_AWAY: CloseReason = CloseReason::new(1001, "going away");
/// The subscriber lags too far; it may come back with its cursor.
pub(crate) const TRY_AGAIN_LATER: CloseReason = CloseReason::new(1013, "too slow");
/// Booked where the other side no longer answers, so that no close frame would reach it (RFC 6455,
/// section 7.1.5: abnormal closure).
pub(crate) const CLOSED_WITHOUT_A_WORD: u16 = 1006;

/// What the reader makes of a client's bytes, for the fuzz targets: what it says of each event, and
/// how it ended.
pub(crate) fn fuzz_frames<'a>(
    reads: impl IntoIterator<Item = &'a [u8]>,
    is_compressed: bool,
) -> (Vec<String>, Option<u16>) {
    const MESSAGE_BYTES: u64 = 64 * 1024;
    let inflater = is_compressed.then(|| inflate::Inflater::new(true, MESSAGE_BYTES));
    let mut reader =
        reader::FrameReader::new(ReaderLimits { message_bytes: MESSAGE_BYTES }, inflater);
    let mut events = Vec::new();
    for mut input in reads {
        loop {
            match reader.read(&mut input) {
                Ok(Some(event)) => events.push(format!("{event:?}")),
                Ok(None) => break,
                Err(reason) => return (events, Some(reason.code)),
            }
        }
    }
    (events, None)
}
