//! Records of TLS 1.3 (RFC 8446, section 5): what they add, counted from the ciphertext alone.
//!
//! Outside, every encrypted record looks the same: its header says "application data" also where it
//! holds a ticket or an alert. So whoever decrypts says which records [`Carries`] the stream's own
//! bytes, and the counter knows the rest from the standard and not from the library: such a record
//! adds 22 bytes to what it carries. A codec that has booked the stream's bytes and this counter
//! are independent hands, and together they must come to what the socket carried.

/// Content type, version and length in front of every record (RFC 8446, section 5.1).
pub const HEADER_LEN: usize = 5;
/// The content type hidden at the end (section 5.2) and the tag of every AEAD that TLS 1.3 knows
/// (RFC 5116, section 5; RFC 8446, section B.4).
const TRAILER_LEN: usize = 1 + 16;
/// What a record adds to the bytes it carries: 22, if nobody pads.
pub const RECORD_OVERHEAD: u64 = (HEADER_LEN + TRAILER_LEN) as u64;
/// Most bytes that one record carries (section 5.1).
pub const RECORD_CAPACITY: u64 = 1 << 14;
/// Most bytes behind a header (section 5.2).
const LONGEST_FRAGMENT: usize = (1 << 14) + 256;
/// An alert has a level and a description (section 6).
const ALERT_LEN: u64 = 2;
/// What says that nothing more will be sent: an alert in a record of its own.
pub const CLOSE_NOTIFY_LEN: u64 = RECORD_OVERHEAD + ALERT_LEN;

/// Records that one write of `bytes` leaves in; none for nothing.
pub const fn records_for(bytes: u64) -> u64 {
    bytes.div_ceil(RECORD_CAPACITY)
}

/// What TLS adds to one write of `bytes`.
///
/// ```
/// use pushbench_wire::record::overhead_of;
///
/// // A WebSocket message of 22 bytes doubles.
/// assert_eq!(overhead_of(22), 22);
/// // Ten of them in one write share a record.
/// assert_eq!(overhead_of(10 * 22), 22);
/// // A record carries 16 KiB at most.
/// assert_eq!(overhead_of((1 << 14) + 1), 2 * 22);
/// ```
pub const fn overhead_of(bytes: u64) -> u64 {
    records_for(bytes) * RECORD_OVERHEAD
}

/// What a record is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carries {
    /// Bytes of the stream above TLS.
    Stream,
    /// TLS's own: handshake, ticket, key update, alert, change of cipher.
    Itself,
}

/// Bytes of one direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RecordCounts {
    /// Records that carry the stream, begun.
    pub records: u64,
    /// Bytes of the stream in them, if nobody pads.
    pub stream: u64,
    /// All other bytes.
    pub tls: u64,
}

/// Counts records as they pass, wherever reads and writes cut them.
///
/// At every byte `stream` and `tls` together are what has passed.
#[derive(Clone, Debug, Default)]
pub struct RecordCounter {
    header: [u8; HEADER_LEN],
    header_len: usize,
    /// Bytes of the record that are still to come behind its header.
    left: usize,
    /// What has passed.
    pub counts: RecordCounts,
}

impl RecordCounter {
    /// Takes the next bytes; the records that they are of carry the same.
    pub fn observe(&mut self, mut bytes: &[u8], carries: Carries) {
        while !bytes.is_empty() {
            let taken = if self.left > 0 { self.body(bytes, carries) } else { self.head(bytes) };
            if taken > 0 && self.header_len == HEADER_LEN && self.left == 0 {
                self.left = fragment_len(self.header);
                self.header_len = 0;
                if carries == Carries::Stream {
                    self.counts.records += 1;
                }
            }
            bytes = &bytes[taken..];
        }
    }

    fn head(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(HEADER_LEN - self.header_len);
        self.header[self.header_len..][..taken].copy_from_slice(&bytes[..taken]);
        self.header_len += taken;
        self.counts.tls += taken as u64;
        taken
    }

    fn body(&mut self, bytes: &[u8], carries: Carries) -> usize {
        let taken = bytes.len().min(self.left);
        let stream = match carries {
            Carries::Stream => self.left.saturating_sub(TRAILER_LEN).min(taken),
            Carries::Itself => 0,
        };
        self.left -= taken;
        self.counts.stream += stream as u64;
        self.counts.tls += (taken - stream) as u64;
        taken
    }
}

/// Length of the first record in `bytes`, header included; `None` while its header is not whole.
///
/// # Errors
///
/// If the bytes are no record: of no known type, or longer than a record may be.
pub fn record_len(bytes: &[u8]) -> Result<Option<usize>, NotARecord> {
    // What is no TLS at all is known by its first byte: no need to wait for four more.
    if bytes.first().is_some_and(|&content| !(20..=23).contains(&content)) {
        return Err(NotARecord { content: bytes[0], fragment: None });
    }
    let Some(header) = bytes.first_chunk::<HEADER_LEN>() else { return Ok(None) };
    let fragment = fragment_len(*header);
    if fragment > LONGEST_FRAGMENT {
        return Err(NotARecord { content: header[0], fragment: Some(fragment) });
    }
    Ok(Some(HEADER_LEN + fragment))
}

/// Bytes that are no record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotARecord {
    /// The first byte.
    pub content: u8,
    /// The length that the header says, if that is what is wrong.
    pub fragment: Option<usize>,
}

impl std::fmt::Display for NotARecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.fragment {
            None => write!(f, "a record begins with {}, expected 20 to 23", self.content),
            Some(len) => write!(f, "a record is {len} bytes long, expected {LONGEST_FRAGMENT}"),
        }
    }
}

impl std::error::Error for NotARecord {}

fn fragment_len(header: [u8; HEADER_LEN]) -> usize {
    usize::from(u16::from_be_bytes([header[3], header[4]]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(fragment: usize) -> Vec<u8> {
        let mut bytes = vec![23, 3, 3];
        bytes.extend_from_slice(&u16::try_from(fragment).expect("short").to_be_bytes());
        bytes.resize(HEADER_LEN + fragment, 0);
        bytes
    }

    fn count<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, carries: Carries) -> RecordCounts {
        let mut counter = RecordCounter::default();
        for piece in pieces {
            let before = counter.counts;
            counter.observe(piece, carries);
            let passed = counter.counts.stream + counter.counts.tls - before.stream - before.tls;
            assert_eq!(passed, piece.len() as u64, "every byte is counted once");
        }
        counter.counts
    }

    #[test]
    fn a_record_adds_22_bytes_to_what_it_carries() {
        for carried in [0, 1, 20, 16_384] {
            let bytes = record(carried + TRAILER_LEN);
            let counts = count([&bytes[..]], Carries::Stream);
            let expected = RecordCounts { records: 1, stream: carried as u64, tls: 22 };
            assert_eq!(counts, expected, "{carried}");
        }
        let ticket = record(100);
        let expected = RecordCounts { records: 0, stream: 0, tls: 105 };
        assert_eq!(count([&ticket[..]], Carries::Itself), expected);
    }

    #[test]
    fn counts_do_not_depend_on_where_records_are_cut() {
        let mut bytes = record(17 + 20);
        bytes.extend(record(17));
        bytes.extend(record(17 + 300));
        let expected = RecordCounts { records: 3, stream: 320, tls: 66 };
        for cut in 0..=bytes.len() {
            let (first, second) = bytes.split_at(cut);
            assert_eq!(count([first, second], Carries::Stream), expected, "cut at {cut}");
        }
        assert_eq!(count(bytes.chunks(1), Carries::Stream), expected);
    }

    #[test]
    fn what_a_record_carries_may_change_between_records() {
        let mut counter = RecordCounter::default();
        counter.observe(&record(200), Carries::Itself);
        counter.observe(&record(17 + 5), Carries::Stream);
        counter.observe(&record(19), Carries::Itself);
        let expected = RecordCounts { records: 1, stream: 5, tls: 205 + 22 + CLOSE_NOTIFY_LEN };
        assert_eq!(counter.counts, expected);
    }

    #[test]
    fn a_byte_over_a_record_takes_another() {
        let records = [0, 1, 16_384, 16_385, 32_768, 32_769].map(records_for);
        assert_eq!(records, [0, 1, 1, 2, 2, 3]);
        assert_eq!(overhead_of(16_385), 44);
        assert_eq!(CLOSE_NOTIFY_LEN, 24);
    }

    #[test]
    fn a_record_is_as_long_as_its_header_says() {
        let bytes = record(300);
        for cut in 0..HEADER_LEN {
            assert_eq!(record_len(&bytes[..cut]), Ok(None), "cut at {cut}");
        }
        assert_eq!(record_len(&bytes[..HEADER_LEN]), Ok(Some(305)));
        assert_eq!(record_len(&bytes), Ok(Some(305)));
    }

    #[test]
    fn what_is_no_record_is_told_by_its_first_byte_or_its_length() {
        let not = |content, fragment| Err(NotARecord { content, fragment });
        assert_eq!(record_len(b"G"), not(b'G', None));
        assert_eq!(record_len(&[23, 3, 3, 0x41, 0x01]), not(23, Some(16_641)));
        assert_eq!(record_len(&[23, 3, 3, 0x41, 0x00]), Ok(Some(16_645)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_counter_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for carries in [Carries::Stream, Carries::Itself] {
                count(bytes.chunks(7), carries);
            }
            let _ = record_len(&bytes);
        }
    }
}
