//! One header field.

/// A field, and what HTTP/1.1 writes around its name and its value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
    /// Bytes of the line that are neither: colon, blanks, CR and LF.
    around: usize,
}

impl Field {
    /// A field as this program's own server and clients write it: `Name: value` and a line end.
    pub(super) fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into(), around: ": \r\n".len() }
    }

    /// A line of a header file, which is sent as it stands; `None` if it is no field.
    pub(super) fn of_line(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once(':')?;
        let value = rest.trim_matches([' ', '\t']);
        let around = line.len() - name.len() - value.len() + "\r\n".len();
        Some(Self { name: name.to_owned(), value: value.to_owned(), around })
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Bytes of its line on HTTP/1.1 (RFC 9112, section 5).
    pub(super) fn len(&self) -> usize {
        self.name.len() + self.value.len() + self.around
    }

    /// Whether field blocks have it: HTTP/2 has no fields that are of one connection (RFC 9113, section 8.2.2),
    /// `:authority` in place of `Host` (section 8.3.1), and no key of an upgrade (RFC 8441, section 5).
    pub(super) fn is_in_blocks(&self) -> bool {
        const NOT: [&str; 8] = [
            "Connection",
            "Proxy-Connection",
            "Keep-Alive",
            "Transfer-Encoding",
            "Upgrade",
            "HTTP2-Settings",
            "Host",
            "Sec-WebSocket-Key",
        ];
        !NOT.iter().any(|name| self.is(name))
    }
}
