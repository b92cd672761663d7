//! Units that say how long they are in their last word, as NATS does: `MSG news 1 5`.

use crate::split::unit::SplitError;

/// The number at the end of a line, at most `most`.
pub(super) fn counted_len(line: &[u8], most: usize) -> Result<usize, SplitError> {
    let begin = line.iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1);
    let digits = &line[begin..];
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(SplitError::NoCount);
    }
    let number = digits.iter().try_fold(0_usize, |number, digit| {
        let number = number * 10 + usize::from(digit - b'0');
        (number <= most).then_some(number)
    });
    number.ok_or(SplitError::TooLong { most })
}
