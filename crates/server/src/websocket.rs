//! WebSocket (RFC 6455), the server's side: an upgrade that is refused or taken, a reader that knows
//! no socket, and the session that writes news.
//!
//! Of extensions it knows permessage-deflate (RFC 7692). Deliberately absent: subprotocols.

mod close;
pub(crate) mod extensions;
pub(crate) mod handshake;
mod inflate;
mod offers;
mod reader;
mod session;

pub(crate) use reader::ReaderLimits;
pub(crate) use session::Session;

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
