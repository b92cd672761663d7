//! `Sec-WebSocket-Extensions` as it is written (RFC 6455, section 9.1).

/// The field is not a list of extensions, which fails the handshake (RFC 6455, section 9.1).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`Sec-WebSocket-Extensions` is no list of extensions from `{rest}` on")]
pub(crate) struct Malformed {
    pub(super) rest: String,
}

/// An extension as offered.
#[derive(Debug)]
pub(super) struct Extension<'a> {
    pub(super) name: &'a str,
    pub(super) parameters: Vec<(&'a str, Option<String>)>,
}

/// Every extension of a field's value; elements of a list may be empty.
pub(super) fn extensions(text: &str) -> Result<Vec<Extension<'_>>, Malformed> {
    let mut found = Vec::new();
    let mut rest = Rest(text);
    loop {
        rest.skip_blanks();
        if let Some(name) = rest.token() {
            let mut extension = Extension { name, parameters: Vec::new() };
            while rest.take(';') {
                extension.parameters.push(rest.parameter().ok_or_else(|| rest.malformed())?);
            }
            found.push(extension);
        }
        if !rest.take(',') {
            return if rest.0.is_empty() { Ok(found) } else { Err(rest.malformed()) };
        }
    }
}

/// What is still to be read.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn malformed(self) -> Malformed {
        Malformed { rest: self.0.to_owned() }
    }

    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Takes a mark and the blanks around it, if it comes next.
    fn take(&mut self, mark: char) -> bool {
        self.skip_blanks();
        let Some(rest) = self.0.strip_prefix(mark) else { return false };
        self.0 = rest;
        self.skip_blanks();
        true
    }

    fn token(&mut self) -> Option<&'a str> {
        let end = self.0.find(|c| !is_token_char(c)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    fn parameter(&mut self) -> Option<(&'a str, Option<String>)> {
        let name = self.token()?;
        if !self.take('=') {
            return Some((name, None));
        }
        let value = match self.0.strip_prefix('"') {
            Some(quoted) => self.quoted(quoted)?,
            None => self.token()?.to_owned(),
        };
        Some((name, Some(value)))
    }

    /// The rest of a quoted string, which must be a token once its escapes are resolved
    /// (RFC 6455, section 9.1).
    fn quoted(&mut self, quoted: &'a str) -> Option<String> {
        let mut value = String::new();
        let mut letters = quoted.char_indices();
        loop {
            match letters.next()? {
                (at, '"') => {
                    self.0 = &quoted[at + 1..];
                    let is_token = !value.is_empty() && value.chars().all(is_token_char);
                    return is_token.then_some(value);
                }
                (_, '\\') => value.push(letters.next()?.1),
                (_, letter) => value.push(letter),
            }
        }
    }
}

/// RFC 9110, section 5.6.2.
fn is_token_char(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
}
