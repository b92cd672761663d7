//! Puts lines together, wherever reads end.

use crate::Fault;

/// Longest line, so that a stream without line breaks cannot fill memory: twice the largest payload.
const MAX_LINE: usize = 32 << 20;

/// Gives the lines of a stream of bytes.
///
/// Holds no memory while lines come whole, as nearly all do.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineReader {
    kept: Vec<u8>,
}

impl LineReader {
    /// Takes the next bytes and gives `with` each line that is complete, without its line feed.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] if a line has no end, and whatever `with` says.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        mut with: impl FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            if self.kept.is_empty() {
                with(&rest[..end])?;
            } else {
                self.kept.extend_from_slice(&rest[..end]);
                with(&std::mem::take(&mut self.kept))?;
            }
            rest = &rest[end + 1..];
        }
        if self.kept.len() + rest.len() > MAX_LINE {
            return Err(Fault::TooLarge);
        }
        self.kept.extend_from_slice(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
        let mut reader = LineReader::default();
        let mut lines = Vec::new();
        for bytes in reads {
            let kept = reader.push(bytes, |line| {
                lines.push(line.to_vec());
                Ok(())
            });
            assert_eq!(kept, Ok(()));
        }
        lines
    }

    #[test]
    fn lines_do_not_depend_on_where_reads_end() {
        let text = b"first\n\nthird\r\nunfinished";
        let expected = [&b"first"[..], b"", b"third\r"];
        assert_eq!(read([&text[..]]), expected);
        for cut in 0..text.len() {
            let (first, second) = text.split_at(cut);
            assert_eq!(read([first, second]), expected, "cut at {cut}");
        }
        assert_eq!(read(text.chunks(1)), expected);
    }
}
