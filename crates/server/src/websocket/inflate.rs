//! Compressed messages from clients (RFC 7692, section 7.2.2), never larger than they may be.

use flate2::{Decompress, FlushDecompress, Status};
use pushbench_wire::deflate::TAIL;

use super::close::CloseReason;

/// Room for output at a time, so that a small message makes no large allocation.
const STEP: usize = 4 * 1024;

const NOT_DEFLATE: CloseReason = CloseReason::new(1007, "the message is not deflate data");
pub(super) const TOO_BIG: CloseReason = CloseReason::new(1009, "the message is too big");

/// Inflates one message after the other, piece by piece as they come.
///
/// Its window is taken with the first compressed message; without context takeover it is given back
/// after each. zlib-rs takes 32 KiB whatever was agreed, so a client whose window is larger than
/// that is read all the same.
#[derive(Debug)]
pub(super) struct Inflater {
    takeover: bool,
    limit: u64,
    decompress: Option<Decompress>,
}

impl Inflater {
    /// For messages of at most `limit` bytes inflated; with `takeover` one may refer to those before.
    pub(super) fn new(takeover: bool, limit: u64) -> Self {
        Self { takeover, limit, decompress: None }
    }

    /// Most bytes of a compressed message: whatever a compressor makes of one within the limit.
    pub(super) fn compressed_limit(&self) -> u64 {
        // A block of incompressible data costs five bytes in at least 128 of them.
        self.limit + self.limit / 8 + 64
    }

    /// Appends what the next piece of a message inflates to.
    ///
    /// # Errors
    ///
    /// If it is no deflate data, or the message grows over the limit.
    pub(super) fn inflate(
        &mut self,
        mut piece: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CloseReason> {
        let decompress = self.decompress.get_or_insert_with(|| Decompress::new(false));
        loop {
            out.reserve(STEP);
            let (taken, made) = (decompress.total_in(), out.len());
            let status = decompress
                .decompress_vec(piece, out, FlushDecompress::Sync)
                .map_err(|_| NOT_DEFLATE)?;
            let taken = usize::try_from(decompress.total_in() - taken).expect("no more than given");
            piece = &piece[taken..];
            if out.len() as u64 > self.limit {
                return Err(TOO_BIG);
            }
            match status {
                // A last block ends a stream, and the next byte begins another (section 7.2.3.4).
                Status::StreamEnd => decompress.reset(false),
                Status::Ok | Status::BufError if out.len() < out.capacity() => {
                    return if piece.is_empty() { Ok(()) } else { Err(NOT_DEFLATE) };
                }
                Status::Ok | Status::BufError => debug_assert!(taken > 0 || out.len() > made),
            }
            if piece.is_empty() && status == Status::StreamEnd {
                return Ok(());
            }
        }
    }

    /// Whether its memory is taken.
    #[cfg(test)]
    pub(super) fn holds_a_window(&self) -> bool {
        self.decompress.is_some()
    }

    /// Appends what the end of a message inflates to.
    ///
    /// # Errors
    ///
    /// As [`Self::inflate`].
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), CloseReason> {
        self.inflate(&TAIL, out)?;
        if !self.takeover {
            self.decompress = None;
        }
        Ok(())
    }
}
