//! Links from a page to files on the same disk.

use std::fmt::Write as _;
use std::path::{Component, Path};

/// A relative link from a page to a file, so that both can be moved together; `None` where there is no such
/// file. A page on stdout is taken to lie in the working directory.
pub(crate) fn link_from(page: &Path, file: &Path) -> Option<String> {
    let file = file.canonicalize().ok()?;
    let folder = match page.parent() {
        Some(parent) if page != Path::new("-") && parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    Some(relative(&folder.canonicalize().ok()?, &file))
}

/// From a folder to a file, both absolute and without `..`.
fn relative(folder: &Path, file: &Path) -> String {
    let common = folder.components().zip(file.components()).take_while(|(one, other)| one == other);
    let common = common.count();
    let up = folder.components().skip(common).map(|_| "..".to_owned());
    let down = file.components().skip(common).map(|part: Component<'_>| encoded(part));
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// A part of a path as it may stand in a link (RFC 3986, section 3.3).
fn encoded(part: Component<'_>) -> String {
    let mut out = String::new();
    for byte in part.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(*byte));
            }
            _ => write!(out, "%{byte:02X}").expect("a string takes every write"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_goes_up_to_what_is_common_and_down_from_there() {
        for (folder, file, expected) in [
            ("/a", "/a/b/c.html", "b/c.html"),
            ("/a/x/y", "/a/b/c.html", "../../b/c.html"),
            ("/a", "/a/b c#?/d.html", "b%20c%23%3F/d.html"),
        ] {
            assert_eq!(relative(Path::new(folder), Path::new(file)), expected);
        }
    }
}
