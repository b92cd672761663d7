//! The text of "copy as cURL", as Chrome, Firefox and Safari write it for bash.

mod options;

use options::{Meaning, NAMES_A_FILE, long, short};

use crate::captured::{Captured, SavedAs, basic, parse_url};
use crate::shell::{ShellError, words};

/// The longest text in bytes.
const MOST_BYTES: usize = 1 << 20;
/// What a request may have at most.
const MOST_HEADERS: usize = 100;

/// Why a text is no request that can be imported.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CurlError {
    /// It is written for another program.
    #[error("the text is {form}, expected the form for bash: choose \"Copy as cURL (bash)\"")]
    Form {
        /// Which.
        form: &'static str,
    },
    /// No command that can be split into words.
    #[error("the command cannot be read: {0}")]
    Shell(ShellError),
    /// Another command.
    #[error("the text begins with {found}, expected `curl`")]
    OtherCommand {
        /// Its first word in quotes, or that there is none.
        found: String,
    },
    /// The text is too long.
    #[error("the text has {found} bytes, expected at most 1 MiB")]
    TooLong {
        /// Its bytes.
        found: usize,
    },
    /// An option that is not known, or that asks for what cannot be imported.
    #[error("the option `{option}` {why}")]
    Option {
        /// The option.
        option: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No URL, or a second one.
    #[error("the command has {found}, expected one URL")]
    Urls {
        /// What it has.
        found: &'static str,
    },
    /// The URL is none.
    #[error("the URL `{found}` cannot be used: {why}")]
    Url {
        /// As found.
        found: String,
        /// What is wrong with it.
        why: String,
    },
    /// A header is none.
    #[error("the header `{found}` has no colon, expected `Name: value`")]
    Header {
        /// As found, up to its end or 40 characters.
        found: String,
    },
    /// Too many headers.
    #[error("more than 100 headers, expected those of one request")]
    TooManyHeaders,
}

/// Reads the text of one "copy as cURL".
///
/// # Errors
///
/// If it is written for another shell, is no `curl` of one URL, or asks for what cannot be imported.
pub fn read_curl(text: &str) -> Result<Captured, CurlError> {
    if text.len() > MOST_BYTES {
        return Err(CurlError::TooLong { found: text.len() });
    }
    if let Some(form) = other_form(text) {
        return Err(CurlError::Form { form });
    }
    let mut words = words(text).map_err(CurlError::Shell)?.into_iter();
    match words.next() {
        Some(first) if first == "curl" => {}
        first => {
            let found = first.map_or("no word".to_owned(), |first| format!("`{first}`"));
            return Err(CurlError::OtherCommand { found });
        }
    }
    let mut command = Command::default();
    while let Some(word) = words.next() {
        command.take(&word, &mut words)?;
    }
    command.captured()
}

/// What else developer tools copy.
fn other_form(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    let continues = |line: &str| line.trim_end().ends_with(" ^");
    if start.starts_with("curl") && (text.contains("^\"") || text.lines().any(continues)) {
        Some("a cURL command for Windows' cmd")
    } else if start.starts_with("curl.exe") {
        Some("a cURL command for PowerShell")
    } else if start.starts_with("fetch(") || start.starts_with("await fetch(") {
        Some("a JavaScript `fetch`")
    } else if start.starts_with("Invoke-WebRequest") || start.starts_with("$session") {
        Some("a PowerShell command")
    } else if start.starts_with('{') {
        Some("JSON, perhaps a HAR file (`--from-har`)")
    } else {
        None
    }
}

/// What has been read of the command.
#[derive(Debug, Default)]
struct Command {
    url: Option<String>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    data: Vec<String>,
    is_compressed: bool,
    is_get: bool,
}

impl Command {
    fn take(
        &mut self,
        word: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), CurlError> {
        if let Some(name) = word.strip_prefix("--").filter(|name| !name.is_empty()) {
            return self.obey(word, long(name), None, rest);
        }
        let Some(shorts) = word.strip_prefix('-').filter(|shorts| !shorts.is_empty()) else {
            return self.take_url(word.to_owned());
        };
        // `-sS` is two options, `-XPOST` is one with its value.
        for (at, letter) in shorts.char_indices() {
            let meaning = short(letter);
            let option = format!("-{letter}");
            let attached = &shorts[at + letter.len_utf8()..];
            let takes_value = meaning.is_some_and(Meaning::takes_value);
            let attached = (takes_value && !attached.is_empty()).then(|| attached.to_owned());
            let is_last = attached.is_some();
            self.obey(&option, meaning, attached, rest)?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    fn obey(
        &mut self,
        option: &str,
        meaning: Option<Meaning>,
        attached: Option<String>,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), CurlError> {
        let refuse = |why| CurlError::Option { option: option.to_owned(), why };
        let meaning =
            meaning.ok_or_else(|| refuse("is not known here, expected a copied request"))?;
        let value = match meaning.takes_value() {
            true => Some(attached.or_else(|| rest.next()).ok_or_else(|| refuse("has no value"))?),
            false => None,
        };
        let value = value.unwrap_or_default();
        match meaning {
            Meaning::Header => self.take_header(&value)?,
            Meaning::Method => self.method = Some(value),
            Meaning::Data if value.starts_with('@') => return Err(refuse(NAMES_A_FILE)),
            Meaning::Data | Meaning::RawData => self.data.push(value),
            Meaning::Cookie if !value.contains('=') => {
                return Err(refuse("reads cookies from a file, expected `name=value`"));
            }
            Meaning::Cookie => self.add("Cookie", value)?,
            Meaning::UserAgent => self.add("User-Agent", value)?,
            Meaning::Referer => self.add("Referer", value)?,
            Meaning::User => self.add("Authorization", basic(&value))?,
            Meaning::Url => self.take_url(value)?,
            Meaning::Compressed => self.is_compressed = true,
            Meaning::Get => self.is_get = true,
            Meaning::Head => self.method = Some("HEAD".to_owned()),
            Meaning::Ignored(_) => {}
            Meaning::Refused(why) => return Err(refuse(why)),
        }
        Ok(())
    }

    fn take_url(&mut self, url: String) -> Result<(), CurlError> {
        match self.url.replace(url) {
            None => Ok(()),
            Some(_) => Err(CurlError::Urls { found: "two" }),
        }
    }

    fn take_header(&mut self, text: &str) -> Result<(), CurlError> {
        let refuse = || CurlError::Header { found: text.chars().take(40).collect() };
        // `Name;` is curl's way to write a header without a value; `Name:` is one that it leaves out.
        if let Some(name) = text.strip_suffix(';').filter(|name| !name.contains(':')) {
            return self.add(name, String::new());
        }
        let (name, value) = text.split_once(':').ok_or_else(refuse)?;
        match value.trim() {
            "" => Ok(()),
            value => self.add(name, value.to_owned()),
        }
    }

    fn add(&mut self, name: &str, value: String) -> Result<(), CurlError> {
        if self.headers.len() == MOST_HEADERS {
            return Err(CurlError::TooManyHeaders);
        }
        // Firefox and Chrome copy those of HTTP/2 at times.
        if !name.starts_with(':') {
            self.headers.push((name.trim().to_owned(), value));
        }
        Ok(())
    }

    fn captured(mut self) -> Result<Captured, CurlError> {
        let found = self.url.ok_or(CurlError::Urls { found: "none" })?;
        let whole = match found.contains("://") {
            true => found.clone(),
            // As curl does.
            false => format!("http://{found}"),
        };
        let (mut url, user) = parse_url(&whole).map_err(|why| CurlError::Url { found, why })?;
        let user = user.map(|user| ("Authorization".to_owned(), user));
        self.headers.extend(user);
        let has = |headers: &[(String, String)], name: &str| {
            headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let mut body = (!self.data.is_empty()).then(|| self.data.join("&"));
        if self.is_get
            && let Some(data) = body.take()
        {
            let query = url.query().map_or(data.clone(), |query| format!("{query}&{data}"));
            url.set_query(Some(&query));
        }
        if body.is_some() && !has(&self.headers, "content-type") {
            let form = "application/x-www-form-urlencoded".to_owned();
            self.headers.push(("Content-Type".to_owned(), form));
        }
        // What a browser accepts is not in the text; that it accepts something is.
        if self.is_compressed && !has(&self.headers, "accept-encoding") {
            let codings = "gzip, deflate, br, zstd".to_owned();
            self.headers.push(("Accept-Encoding".to_owned(), codings));
        }
        let method =
            self.method.unwrap_or_else(|| if body.is_some() { "POST" } else { "GET" }.to_owned());
        Ok(Captured { method, url, headers: self.headers, body, saved_as: SavedAs::Curl })
    }
}
