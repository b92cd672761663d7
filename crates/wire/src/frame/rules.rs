//! What the headers of a server's frames must keep, each in its place.

use super::error::{CONTROL_LIMIT, FrameError};
use super::header::{FrameHeader, Opcode};

/// Of the three reserved bits the one of permessage-deflate.
const RSV1: u8 = 0b100;

/// Where a server's stream of frames stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameRules {
    /// Whether messages may be compressed.
    is_deflate_agreed: bool,
    is_in_message: bool,
}

impl FrameRules {
    /// At the beginning of a stream.
    pub(super) const fn new(is_deflate_agreed: bool) -> Self {
        Self { is_deflate_agreed, is_in_message: false }
    }

    /// Takes the next header; gives what it is of.
    pub(super) fn take(&mut self, header: FrameHeader) -> Result<Opcode, FrameError> {
        let FrameHeader { fin, rsv, opcode, mask, payload_len, header_len } = header;
        let reserved = FrameError::ReservedOpcode { found: opcode };
        let opcode = Opcode::from_bits(opcode).ok_or(reserved)?;
        let is_first = matches!(opcode, Opcode::Text | Opcode::Binary);
        if rsv != 0 && !(rsv == RSV1 && is_first && self.is_deflate_agreed) {
            return Err(FrameError::ReservedBits { found: rsv });
        }
        if mask.is_some() {
            return Err(FrameError::Masked);
        }
        if payload_len >> 63 != 0 {
            return Err(FrameError::Length { found: payload_len });
        }
        let shortest = header.shortest_len();
        if header_len != shortest {
            return Err(FrameError::LongLength { found: header_len, shortest });
        }
        match opcode {
            Opcode::Close | Opcode::Ping | Opcode::Pong => match payload_len {
                _ if !fin => return Err(FrameError::FragmentedControl),
                0..=CONTROL_LIMIT => return Ok(opcode),
                found => return Err(FrameError::LongControl { found }),
            },
            Opcode::Text | Opcode::Binary if self.is_in_message => {
                return Err(FrameError::Interleaved);
            }
            Opcode::Continuation if !self.is_in_message => {
                return Err(FrameError::NothingToContinue);
            }
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {}
        }
        self.is_in_message = !fin;
        Ok(opcode)
    }
}
