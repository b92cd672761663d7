//! Lines of text broken where a terminal ends.

/// Broken at blanks; what belongs to a line stands below it, further in.
pub(crate) fn in_lines(text: &str, width: usize) -> String {
    let lines = text.lines().map(|line| {
        let indent = line.len() - line.trim_start().len();
        let further_in = " ".repeat(indent + 4);
        let options = textwrap::Options::new(width)
            .subsequent_indent(&further_in)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
        textwrap::fill(line, options)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_goes_on_further_in_and_the_rest_is_left() {
        let text = "7qt959  valid     kaazing-a  2 rounds: short-poll, websocket, poll-new-connection\n        \
                    Does it cost what the article of 2010 says that it does?\nshort";
        let expected = "7qt959  valid     kaazing-a  2 rounds:\n    short-poll, websocket,\n    \
                        poll-new-connection\n        Does it cost what the article of\n            \
                        2010 says that it does?\nshort";
        assert_eq!(in_lines(text, 40), expected);
    }
}
