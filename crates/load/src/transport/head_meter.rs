//! Where the head of an upgrade ends, as it passes.

/// The line end and the empty line that a head ends with (RFC 9112, section 2.1).
const END: &[u8] = b"\r\n\r\n";

/// Measures one head.
#[derive(Clone, Copy, Debug)]
pub(super) enum HeadMeter {
    /// So many bytes of it have passed, and of its end so many of the last ones.
    Within(u64, usize),
    /// It was so long.
    Over(u64),
}

impl Default for HeadMeter {
    fn default() -> Self {
        Self::Within(0, 0)
    }
}

impl HeadMeter {
    /// Bytes of it so far.
    pub(super) const fn len(self) -> u64 {
        match self {
            Self::Within(len, _) | Self::Over(len) => len,
        }
    }

    /// Takes the bytes of the head off the front of `bytes`; gives how many they are.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        let Self::Within(before, mut matched) = *self else { return 0 };
        for (place, &byte) in bytes.iter().enumerate() {
            matched = match byte {
                byte if byte == END[matched] => matched + 1,
                b'\r' => 1,
                _ => 0,
            };
            if matched == END.len() {
                *self = Self::Over(before + place as u64 + 1);
                return place + 1;
            }
        }
        *self = Self::Within(before + bytes.len() as u64, matched);
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_its_empty_line_wherever_reads_end() {
        let head = b"HTTP/1.1 101 Switching Protocols\r\r\nA: b\r\n\r\n";
        let all = [&head[..], b"\x81\x02\r\n"].concat();
        for step in 1..=all.len() {
            let mut meter = HeadMeter::default();
            let taken: usize = all.chunks(step).map(|bytes| meter.take(bytes)).sum();
            assert_eq!((taken, meter.len()), (head.len(), head.len() as u64), "in steps of {step}");
        }
        let mut meter = HeadMeter::default();
        assert_eq!((meter.take(b"HTTP/1.1"), meter.len()), (8, 8));
    }
}
