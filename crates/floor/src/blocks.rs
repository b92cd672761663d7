//! A stream of equal blocks, cut anywhere: which of them are whole, and which bytes come next.

/// How much of a block has come.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Arrived(u32);

impl Arrived {
    /// Takes so many bytes more; returns how many blocks they make whole.
    pub(crate) const fn add(&mut self, bytes: usize, block: u32) -> u64 {
        let all = self.0 as u64 + bytes as u64;
        // A 32-bit block leaves a 32-bit rest.
        self.0 = (all % block as u64) as u32;
        all / block as u64
    }

    /// Bytes of the block that has not come whole.
    pub(crate) const fn rest(self) -> u32 {
        self.0
    }
}

/// Where in its block the next byte is, if `owed` bytes of whole blocks of `block` bytes are still to
/// be sent.
pub(crate) const fn next_byte(owed: u64, block: u64) -> usize {
    ((block - owed % block) % block) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn however_a_stream_is_cut_its_blocks_are_counted_once(
            block in 1_u32..100,
            pieces in prop::collection::vec(0_usize..300, 0..50),
        ) {
            let (mut arrived, mut whole) = (Arrived::default(), 0);
            for piece in &pieces {
                whole += arrived.add(*piece, block);
            }
            let bytes = pieces.iter().sum::<usize>() as u64;
            prop_assert_eq!(whole, bytes / u64::from(block));
            prop_assert_eq!(u64::from(arrived.rest()), bytes % u64::from(block));
        }

        #[test]
        fn what_is_sent_in_pieces_is_whole_blocks(block in 1_u64..50, blocks in 1_u64..5, step in 1_u64..60) {
            let bytes: Vec<u8> = (0..block).map(|byte| byte as u8).collect();
            let (mut owed, mut sent) = (block * blocks, Vec::new());
            while owed > 0 {
                let rest = &bytes[next_byte(owed, block)..];
                let piece = &rest[..rest.len().min(step as usize)];
                sent.extend_from_slice(piece);
                owed -= piece.len() as u64;
            }
            prop_assert_eq!(sent, bytes.repeat(blocks as usize));
        }
    }
}
