//! Lines of a stream of events, wherever reads end (HTML, section 9.2.5): ended by CR LF, LF or CR,
//! mixed as they like, and after a byte order mark that may stand at the very beginning.

use pushbench_protocol::number::MAX_BODY;

use crate::Fault;

/// The mark, which the standard strips.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line, and what it took.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct EventLine<'a> {
    /// Without its end.
    pub(crate) text: &'a [u8],
    /// Bytes of it, with its end and with what stood before it and is no line: the byte order mark,
    /// and the LF of a CR LF whose CR came in the read before.
    pub(crate) len: u64,
}

/// Gives the lines of a stream of events.
///
/// A CR ends its line at once, since nobody knows when the next byte comes: a server that ends lines
/// by CR alone would be received one event late. If that byte is LF it is part of the same end.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventLineReader {
    kept: Vec<u8>,
    /// Bytes of the mark that have come; `None` once it is known whether there is one.
    mark: Mark,
    after_cr: bool,
    /// Bytes that are part of no line's text.
    extra: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mark {
    MayCome(usize),
    IsPast,
}

impl Default for Mark {
    fn default() -> Self {
        Self::MayCome(0)
    }
}

impl EventLineReader {
    /// Takes the next bytes and gives `with` each line that is complete.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] if a line has no end, and whatever `with` says.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        mut with: impl FnMut(EventLine<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut rest = self.behind_mark(bytes);
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                self.extra += 1;
                rest = &rest[1..];
                continue;
            }
            let Some(end) = rest.iter().position(|&byte| matches!(byte, b'\n' | b'\r')) else {
                break;
            };
            let end_len = match &rest[end..] {
                [b'\r', b'\n', ..] => 2,
                _ => 1,
            };
            self.after_cr = rest[end..] == *b"\r";
            let extra = std::mem::take(&mut self.extra) + end_len as u64;
            if self.kept.is_empty() {
                with(EventLine { text: &rest[..end], len: end as u64 + extra })?;
            } else {
                self.kept.extend_from_slice(&rest[..end]);
                let text = std::mem::take(&mut self.kept);
                with(EventLine { text: &text, len: text.len() as u64 + extra })?;
            }
            rest = &rest[end + end_len..];
        }
        if (self.kept.len() + rest.len()) as u64 > MAX_BODY {
            return Err(Fault::TooLarge);
        }
        self.kept.extend_from_slice(rest);
        Ok(())
    }

    /// What comes behind the mark. Bytes that began like one and are none are text after all.
    fn behind_mark<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while let Mark::MayCome(matched) = self.mark {
            let Some((&byte, rest)) = bytes.split_first() else { break };
            if byte == BYTE_ORDER_MARK[matched] {
                bytes = rest;
                self.mark = Mark::MayCome(matched + 1);
                if matched + 1 == BYTE_ORDER_MARK.len() {
                    self.extra += BYTE_ORDER_MARK.len() as u64;
                    self.mark = Mark::IsPast;
                }
            } else {
                self.kept.extend_from_slice(&BYTE_ORDER_MARK[..matched]);
                self.mark = Mark::IsPast;
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each line's text, and the bytes of all of them.
    fn read<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, u64) {
        let mut reader = EventLineReader::default();
        let (mut lines, mut len) = (Vec::new(), 0);
        for bytes in reads {
            let pushed = reader.push(bytes, |line| {
                lines.push(String::from_utf8_lossy(line.text).into_owned());
                len += line.len;
                Ok(())
            });
            assert_eq!(pushed, Ok(()));
        }
        // What stood before a line that never came.
        len += reader.extra;
        (lines, len)
    }

    #[test]
    fn a_line_ends_by_cr_lf_or_both_wherever_reads_end() {
        let text = b"\xef\xbb\xbfone\ntwo\rthree\r\n\r\r\n\n\rfour\n\r\nfive\r";
        let lines = ["one", "two", "three", "", "", "", "", "four", "", "five"];
        let expected = (lines.map(str::to_owned).to_vec(), text.len() as u64);
        assert_eq!(read([&text[..]]), expected);
        for cut in 0..=text.len() {
            let (first, second) = text.split_at(cut);
            assert_eq!(read([first, second]), expected, "cut at {cut}");
        }
        assert_eq!(read(text.chunks(1)), expected);
    }

    #[test]
    fn only_a_whole_mark_at_the_very_beginning_is_stripped() {
        for (text, expected) in [
            (&b"\xef\xbb\xbfa\n"[..], "a"),
            (b"\xef\xbba\n", "\u{fffd}a"),
            (b"\xef\xbb\xbf\xef\xbb\xbfa\n", "\u{feff}a"),
            (b"a\xef\xbb\xbf\n", "a\u{feff}"),
        ] {
            for cut in 0..=text.len() {
                let (first, second) = text.split_at(cut);
                let expected = (vec![expected.to_owned()], text.len() as u64);
                assert_eq!(read([first, second]), expected, "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_line_ended_by_cr_is_given_without_waiting_for_the_next_byte() {
        assert_eq!(read([&b"data: x\r\r"[..]]).0, ["data: x", ""]);
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_where_reads_end(
            text in "[\r\n\u{feff}ab]{0,40}",
            step in 1_usize..9,
        ) {
            prop_assert_eq!(read(text.as_bytes().chunks(step)), read([text.as_bytes()]));
        }
    }
}
