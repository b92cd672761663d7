//! The words of a command as bash reads them.
//!
//! Of the crates that split shell words none knows `$'...'`, which is how browsers write a text with
//! an apostrophe or a line break in it.

use std::iter::Peekable;
use std::str::Chars;

/// The most words of a command.
const MOST_WORDS: usize = 1_024;

/// Why a text is no command that can be read without a shell.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ShellError {
    /// A quote is open at the end.
    #[error("{quote} is not closed at the end of the text, expected a whole command")]
    Open {
        /// How the quote begins.
        quote: &'static str,
    },
    /// A shell would fill something in.
    #[error("`{found}` is filled in by a shell, expected single quotes around it")]
    Expansion {
        /// What begins it.
        found: char,
    },
    /// The text is more than one command.
    #[error("`{found}` stands outside quotes, expected one command; put quotes around the URL")]
    Operator {
        /// What ends the command.
        found: char,
    },
    /// Something else follows the command.
    #[error("more follows the first command, expected one command")]
    More,
    /// An escape in `$'...'` is no character.
    #[error("`\\{found}` in `$'...'` is no character")]
    Escape {
        /// What follows the backslash.
        found: String,
    },
    /// Too many words.
    #[error("more than 1,024 words, expected the command of one request")]
    TooMany,
}

/// The words of the one command in a text, without their quotes.
///
/// # Errors
///
/// If a quote is not closed, a shell would fill something in, or there is more than one command.
pub(crate) fn words(text: &str) -> Result<Vec<String>, ShellError> {
    let mut chars = text.chars().peekable();
    let mut words = Vec::new();
    // The word that is being read; an empty one in quotes is a word too.
    let mut word: Option<String> = None;
    let mut is_over = false;
    while let Some(c) = chars.next() {
        if is_over && !c.is_whitespace() {
            return Err(ShellError::More);
        }
        match c {
            ' ' | '\t' | '\r' => words.extend(word.take()),
            '\n' => {
                words.extend(word.take());
                is_over = !words.is_empty();
            }
            '#' if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            '\\' => match chars.next() {
                Some('\n') => {}
                // A text that came through Windows.
                Some('\r') if chars.next_if_eq(&'\n').is_some() => {}
                Some(escaped) => word.get_or_insert_default().push(escaped),
                None => return Err(ShellError::Open { quote: "`\\`" }),
            },
            '\'' => single(&mut chars, word.get_or_insert_default())?,
            '"' => double(&mut chars, word.get_or_insert_default())?,
            '$' if chars.next_if_eq(&'\'').is_some() => {
                ansi_c(&mut chars, word.get_or_insert_default())?;
            }
            '$' | '`' => return Err(ShellError::Expansion { found: c }),
            ';' => {
                words.extend(word.take());
                is_over = true;
            }
            '&' | '|' | '<' | '>' | '(' | ')' => return Err(ShellError::Operator { found: c }),
            c => word.get_or_insert_default().push(c),
        }
        if words.len() > MOST_WORDS {
            return Err(ShellError::TooMany);
        }
    }
    words.extend(word);
    Ok(words)
}

/// `'...'`: everything stands for itself.
fn single(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), ShellError> {
    loop {
        match chars.next() {
            Some('\'') => return Ok(()),
            Some(c) => word.push(c),
            None => return Err(ShellError::Open { quote: "`'`" }),
        }
    }
}

/// `"..."`: a backslash escapes what would mean something here, and nothing else.
fn double(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), ShellError> {
    loop {
        match chars.next() {
            Some('"') => return Ok(()),
            Some('\\') => match chars.next() {
                Some('\n') => {}
                Some(c @ ('$' | '`' | '"' | '\\')) => word.push(c),
                Some(c) => word.extend(['\\', c]),
                None => return Err(ShellError::Open { quote: "`\"`" }),
            },
            Some(found @ ('$' | '`')) => return Err(ShellError::Expansion { found }),
            Some(c) => word.push(c),
            None => return Err(ShellError::Open { quote: "`\"`" }),
        }
    }
}

/// `$'...'`: with the escapes of ANSI C (Bash Reference Manual, section 3.1.2.4).
fn ansi_c(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), ShellError> {
    // Escapes may give the bytes of a character one by one.
    let mut bytes = Vec::new();
    let mut utf8 = [0; 4];
    loop {
        match chars.next() {
            Some('\'') => break,
            Some('\\') => escaped(chars, &mut bytes)?,
            Some(c) => bytes.extend(c.encode_utf8(&mut utf8).bytes()),
            None => return Err(ShellError::Open { quote: "`$'`" }),
        }
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ShellError::Escape { found: format!("x{:02x}", error.as_bytes()[at]) }
    })?;
    word.push_str(&text);
    Ok(())
}

fn escaped(chars: &mut Peekable<Chars<'_>>, bytes: &mut Vec<u8>) -> Result<(), ShellError> {
    let Some(c) = chars.next() else {
        return Err(ShellError::Open { quote: "`$'`" });
    };
    match c {
        'a' => bytes.push(7),
        'b' => bytes.push(8),
        'e' | 'E' => bytes.push(0x1b),
        'f' => bytes.push(0x0c),
        'n' => bytes.push(b'\n'),
        'r' => bytes.push(b'\r'),
        't' => bytes.push(b'\t'),
        'v' => bytes.push(0x0b),
        '\\' | '\'' | '"' | '?' => bytes.push(c as u8),
        '0'..='7' => {
            let digits = format!("{c}{}", digits(chars, 2, 8));
            let value = u32::from_str_radix(&digits, 8).expect("three octal digits");
            // Bash drops the ninth bit.
            bytes.push((value & 0xff) as u8);
        }
        'x' => bytes.push(number(chars, c, 2)?.try_into().expect("two hexadecimal digits")),
        'u' | 'U' => {
            let value = number(chars, c, if c == 'u' { 4 } else { 8 })?;
            let character = char::from_u32(value)
                .ok_or_else(|| ShellError::Escape { found: format!("{c}{value:x}") })?;
            bytes.extend(character.encode_utf8(&mut [0; 4]).bytes());
        }
        other => bytes.extend(['\\', other].iter().collect::<String>().bytes()),
    }
    Ok(())
}

/// Up to `most` digits of a base.
fn digits(chars: &mut Peekable<Chars<'_>>, most: usize, base: u32) -> String {
    std::iter::from_fn(|| chars.next_if(|c| c.is_digit(base))).take(most).collect()
}

fn number(chars: &mut Peekable<Chars<'_>>, c: char, most: usize) -> Result<u32, ShellError> {
    let digits = digits(chars, most, 16);
    u32::from_str_radix(&digits, 16).map_err(|_| ShellError::Escape { found: c.to_string() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(
            words(text).as_deref(),
            Ok(&*expected.iter().map(|w| (*w).into()).collect::<Vec<String>>()),
            "{text}"
        );
    }

    #[test]
    fn words_are_those_that_bash_reads() {
        check("curl 'a b' \\\n  -H \"c: \\\"d\\\" \\x\"", &["curl", "a b", "-H", "c: \"d\" \\x"]);
        check("a'b'\"c\"d ''", &["abcd", ""]);
        check(r"$'it\'s\n\u0021\x41\101\u20ac' x", &["it's\n!AA\u{20ac}", "x"]);
        check(r"$'\xe2\x82\xac'", &["\u{20ac}"]);
        check("# said by a browser\ncurl x ;\n", &["curl", "x"]);
        check("a#b", &["a#b"]);
        check("'it'\\''s'", &["it's"]);
        check("curl \\\r\n x\r\n", &["curl", "x"]);
        check("", &[]);
    }

    #[test]
    fn what_needs_a_shell_is_refused() {
        for (text, expected) in [
            ("curl 'a", ShellError::Open { quote: "`'`" }),
            ("curl \"a", ShellError::Open { quote: "`\"`" }),
            ("curl $'a", ShellError::Open { quote: "`$'`" }),
            ("curl a\\", ShellError::Open { quote: "`\\`" }),
            ("curl $HOME", ShellError::Expansion { found: '$' }),
            ("curl \"`id`\"", ShellError::Expansion { found: '`' }),
            ("curl http://h/?a=1&b=2", ShellError::Operator { found: '&' }),
            ("curl a | sh", ShellError::Operator { found: '|' }),
            ("curl a\ncurl b", ShellError::More),
            ("curl a; curl b", ShellError::More),
            (r"$'\ud800'", ShellError::Escape { found: "ud800".into() }),
            (r"$'\xff'", ShellError::Escape { found: "xff".into() }),
            (r"$'\xg'", ShellError::Escape { found: "x".into() }),
        ] {
            assert_eq!(words(text), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_in_single_quotes_comes_back(text in "[^\\x00]{0,60}") {
            let quoted = format!("'{}'", text.replace('\'', "'\\''"));
            prop_assert_eq!(words(&quoted), Ok(vec![text]));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\\\'\"$`;#&a-f0-9xuU \\n\u{20ac}]{0,40}") {
            let _ = words(&text);
        }
    }
}
