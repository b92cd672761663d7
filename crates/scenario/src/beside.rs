//! Files that a scenario names, looked for beside it: header profiles and payloads; adapters and files
//! of servers.

use std::io;
use std::path::{Path, PathBuf};

use pushbench_protocol::headers::ProfileError;
use pushbench_protocol::{RequestProfile, ResponseProfile};
use pushbench_toml::kind::{Mismatch, one_of};
use pushbench_toml::{Value, closest};

/// How files beside the scenario are read.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// The scenario file.
    pub(crate) scenario: &'a Path,
    pub(crate) read_file: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
}

impl<'a> Beside<'a> {
    /// A request profile: a name, or a file if it has a `/` or ends in `.head`.
    pub(crate) fn request_profile(self) -> impl Fn(&Value) -> Result<RequestProfile, Mismatch> {
        move |value| {
            let names = RequestProfile::names();
            self.profile(value, names, RequestProfile::built_in, RequestProfile::parse)
        }
    }

    /// A response profile, in the same way.
    pub(crate) fn response_profile(self) -> impl Fn(&Value) -> Result<ResponseProfile, Mismatch> {
        move |value| {
            let names = ResponseProfile::names();
            self.profile(value, names, ResponseProfile::built_in, ResponseProfile::parse)
        }
    }

    /// The bytes of a file that a payload can be filled with.
    ///
    /// ASCII, since the file is repeated and cut anywhere and a text frame must stay UTF-8; no line
    /// break, since a break is what marks messages off in a poll's answer.
    pub(crate) fn payload(self) -> impl Fn(&Value) -> Result<Vec<u8>, Mismatch> {
        move |value| {
            let Value::Text(name) = value else {
                return Err(Mismatch::new("the path of a file, from the scenario's folder"));
            };
            let bytes = self.bytes(name)?;
            let bad = bytes.iter().position(|byte| matches!(byte, 0 | b'\r' | b'\n' | 128..));
            let expected = "a file of ASCII without line breaks and NUL";
            match bad {
                _ if bytes.is_empty() => Err(Mismatch::new("a file that is not empty")),
                Some(at) if at + 1 == bytes.len() && bytes[at] == b'\n' => {
                    Err(Mismatch::new(expected)
                        .help("it ends in a line break; `truncate -s -1` takes that away"))
                }
                Some(at) => Err(Mismatch::new(expected).help(format!(
                    "byte {} of the file is 0x{:02x}",
                    at + 1,
                    bytes[at]
                ))),
                None => Ok(bytes),
            }
        }
    }

    fn profile<T>(
        self,
        value: &Value,
        names: impl Iterator<Item = &'static str>,
        built_in: impl Fn(&str) -> Result<T, ProfileError>,
        parse: impl Fn(&str, &str) -> Result<T, ProfileError>,
    ) -> Result<T, Mismatch> {
        let names: Vec<_> = names.collect();
        let or_file = || {
            let expected = one_of(names.iter().copied()).expected;
            Mismatch::new(format!("{expected}, or the path of a `.head` file"))
        };
        let Value::Text(name) = value else {
            return Err(or_file());
        };
        if name.contains('/') || name.ends_with(".head") {
            let bytes = self.bytes(name)?;
            let refuse = |why: String| Mismatch::new("a file with HTTP headers").help(why);
            let text = String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                let line = error.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
                let byte = error.as_bytes()[at];
                refuse(format!(
                    "line {line} of the file is not ASCII: it has the byte 0x{byte:02x}"
                ))
            })?;
            return parse(name, &text).map_err(|error| refuse(error.to_string()));
        }
        built_in(name).map_err(|_| match closest(name, names.iter().copied()) {
            Some(close) => or_file().help(format!("did you mean \"{close}\"?")),
            None => or_file(),
        })
    }

    /// Where a file is that the scenario names.
    pub(crate) fn path(self, name: &str) -> PathBuf {
        self.folder().unwrap_or(Path::new("")).join(name)
    }

    /// The folder of the scenario, as relative as its own path; `None` if it has none.
    pub(crate) fn folder(self) -> Option<&'a Path> {
        self.scenario.parent()
    }

    /// What is in it.
    pub(crate) fn bytes(self, name: &str) -> Result<Vec<u8>, Mismatch> {
        let path = self.path(name);
        (self.read_file)(&path).map_err(|error| {
            Mismatch::new("a file that can be read").help(format!("{}: {error}", path.display()))
        })
    }
}
