//! How a response that does not end is compressed: one coder for the whole of it, flushed with each
//! message, so that what was sent before is a window for what comes.

use crate::transport::Compression;

/// A coding of streams and the window that each stream keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StreamCoding {
    coding: Compression,
    window_bits: u8,
}

/// The windows that a coding has, as base-2 logarithms of bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StreamWindows {
    /// The smallest.
    pub least: u8,
    /// The largest.
    pub most: u8,
    /// The one where none is named.
    pub usual: u8,
}

impl StreamCoding {
    /// This coding, with its usual window unless one is named. `None` where it is no coding of
    /// streams, or does not have that window.
    pub const fn new(coding: Compression, window_bits: Option<u8>) -> Option<Self> {
        let Some(windows) = coding.stream_windows() else { return None };
        let window_bits = match window_bits {
            Some(bits) => bits,
            None => windows.usual,
        };
        if window_bits < windows.least || window_bits > windows.most {
            return None;
        }
        Some(Self { coding, window_bits })
    }

    /// `gzip` or `br`.
    pub const fn coding(self) -> Compression {
        self.coding
    }

    /// Base-2 logarithm of the window in bytes.
    pub const fn window_bits(self) -> u8 {
        self.window_bits
    }
}

impl Compression {
    /// The windows of streams in this coding; `None` where it is no content coding.
    ///
    /// No client is asked: whoever decodes gzip has room for 32 KiB, the most there is (RFC 1951,
    /// section 2), and whoever decodes `br` for 16 MiB (RFC 7932, section 9.1). A server holds it for
    /// each client, with tables beside it that a small window does not make smaller: measured, gzip
    /// takes 325 kB with 15 bits and 198 kB with 9; `br` 1.4 MB with 17 bits, which is therefore the
    /// usual one and not the 22 that brotli's library has for files. With fewer than 17 bits that
    /// library finds matches in another way at the same level, with tables of 31 MB.
    pub const fn stream_windows(self) -> Option<StreamWindows> {
        match self {
            Self::None | Self::Deflate => None,
            Self::Gzip => Some(StreamWindows { least: 9, most: 15, usual: 15 }),
            Self::Brotli => Some(StreamWindows { least: 17, most: 22, usual: 17 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_a_coding_and_a_window_that_it_has() {
        use Compression::{Brotli, Deflate, Gzip, None as Not};
        for (coding, bits, expected) in [
            (Gzip, None, Some(15)),
            (Gzip, Some(9), Some(9)),
            (Gzip, Some(8), None),
            (Gzip, Some(16), None),
            (Brotli, None, Some(17)),
            (Brotli, Some(22), Some(22)),
            (Brotli, Some(16), None),
            (Brotli, Some(23), None),
            (Deflate, None, None),
            (Not, None, None),
        ] {
            let found = StreamCoding::new(coding, bits);
            assert_eq!(found.map(StreamCoding::window_bits), expected, "{coding} {bits:?}");
            assert!(found.is_none_or(|found| found.coding() == coding));
        }
    }
}
