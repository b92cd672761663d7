//! What a compressor and a decompressor hold in memory, which is most of what a connection with one
//! holds.
//!
//! Measured, and held by `wire/tests/memory.rs`, which measures them again: nobody asks a library for
//! these numbers, and another version of it may have others.

use crate::{Compression, StreamCoding};

/// Bytes of a zlib compressor beside four for each byte of its window: tables and buffers that flate2
/// fixes, with a memory level of 8.
///
/// Source: `results/reference/memory` and `results/reference/compression`: a WebSocket that deflates
/// holds 320 kB more than one that does not with 15 bits, 193 kB with 10; a stream in gzip 320 kB.
const DEFLATER_TABLES: u64 = 191_000;
/// Bytes of a brotli compressor at level 5 beside two for each byte of its window: its hash table.
///
/// Source: `results/reference/compression`: a stream in `br` holds 1.18 MB more than one that is not
/// compressed while its window of 128 KiB is not full yet, and 1.4 MB once it is.
const BROTLI_TABLES: u64 = 1_150_000;
/// Bytes of a zlib decompressor beside its window.
///
/// Source: as above, for the load generator: 22 to 54 kB more for each client.
const INFLATER_TABLES: u64 = 20_000;
/// Bytes of a brotli decompressor beside its window: Huffman tables and a context map.
///
/// Source: as above: 31 to 44 kB more for each client, with a window that is not full.
const UNBROTLI_TABLES: u64 = 100_000;

/// Bytes of a zlib compressor with a window of so many bits, 9 to 15.
pub const fn deflater_bytes(window_bits: u8) -> u64 {
    DEFLATER_TABLES + (4 << window_bits)
}

/// Bytes of a zlib decompressor with a window of so many bits, 9 to 15.
pub const fn inflater_bytes(window_bits: u8) -> u64 {
    INFLATER_TABLES + (1 << window_bits)
}

impl StreamCoding {
    /// Bytes that a server holds for each response in this coding once its window is full.
    pub const fn coder_bytes(self) -> u64 {
        match self.coding() {
            Compression::Brotli => BROTLI_TABLES + (2 << self.window_bits()),
            Compression::Gzip | Compression::Deflate | Compression::None => {
                deflater_bytes(self.window_bits())
            }
        }
    }

    /// Bytes that a client holds for it. Who decodes gzip does not know the window, and has room for
    /// the largest.
    pub const fn decoder_bytes(self) -> u64 {
        match self.coding() {
            Compression::Brotli => UNBROTLI_TABLES + (1 << self.window_bits()),
            Compression::Gzip | Compression::Deflate | Compression::None => {
                inflater_bytes(crate::compression::MAX_WINDOW_BITS)
            }
        }
    }
}
