//! The options of curl that a copied request may have.

/// What an option of curl means here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    Header,
    Method,
    Data,
    RawData,
    Cookie,
    UserAgent,
    Referer,
    User,
    Url,
    Compressed,
    Get,
    Head,
    /// Changes nothing about the request; the second says whether it takes a value.
    Ignored(bool),
    Refused(&'static str),
}

pub(super) const NAMES_A_FILE: &str = "sends a file, expected a request whose body is text";

/// Options, by their short and their long names.
const OPTIONS: [(char, &str, Meaning); 29] = [
    ('H', "header", Meaning::Header),
    ('X', "request", Meaning::Method),
    ('d', "data", Meaning::Data),
    ('\0', "data-ascii", Meaning::Data),
    ('\0', "data-binary", Meaning::Data),
    ('\0', "data-raw", Meaning::RawData),
    ('b', "cookie", Meaning::Cookie),
    ('A', "user-agent", Meaning::UserAgent),
    ('e', "referer", Meaning::Referer),
    ('u', "user", Meaning::User),
    ('\0', "url", Meaning::Url),
    ('\0', "compressed", Meaning::Compressed),
    ('G', "get", Meaning::Get),
    ('I', "head", Meaning::Head),
    ('k', "insecure", Meaning::Ignored(false)),
    ('L', "location", Meaning::Ignored(false)),
    ('s', "silent", Meaning::Ignored(false)),
    ('S', "show-error", Meaning::Ignored(false)),
    ('i', "include", Meaning::Ignored(false)),
    ('v', "verbose", Meaning::Ignored(false)),
    ('N', "no-buffer", Meaning::Ignored(false)),
    ('\0', "http1.1", Meaning::Ignored(false)),
    ('\0', "http2", Meaning::Ignored(false)),
    ('g', "globoff", Meaning::Ignored(false)),
    ('m', "max-time", Meaning::Ignored(true)),
    ('o', "output", Meaning::Ignored(true)),
    ('F', "form", Meaning::Refused(NAMES_A_FILE)),
    ('T', "upload-file", Meaning::Refused(NAMES_A_FILE)),
    ('K', "config", Meaning::Refused("reads options from a file, expected all of them here")),
];

/// What the option of this long name means.
pub(super) fn long(name: &str) -> Option<Meaning> {
    OPTIONS.iter().find(|(_, known, _)| *known == name).map(|found| found.2)
}

/// What the option of this letter means.
pub(super) fn short(letter: char) -> Option<Meaning> {
    OPTIONS.iter().find(|(known, _, _)| *known == letter).map(|found| found.2)
}

impl Meaning {
    pub(super) const fn takes_value(self) -> bool {
        match self {
            Self::Header
            | Self::Method
            | Self::Data
            | Self::RawData
            | Self::Cookie
            | Self::UserAgent
            | Self::Referer
            | Self::User
            | Self::Url => true,
            Self::Ignored(takes) => takes,
            Self::Compressed | Self::Get | Self::Head | Self::Refused(_) => false,
        }
    }
}
