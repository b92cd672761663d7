//! The page's files, which are part of the program.

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) content: &'static str,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(File { name: $name, content: include_str!(concat!("../page/", $name)) }),+]
    };
}

/// Every file below `page/`.
pub(crate) const FILES: &[File] = files![
    "api.js",
    "bytes.js",
    "clock.js",
    "controls.js",
    "dom.js",
    "en.js",
    "envelope.js",
    "headers.js",
    "i18n.js",
    "icon.svg",
    "index.html",
    "lab.css",
    "lanes.js",
    "main.js",
    "panel.js",
    "steps.js",
    "teachers.html",
    "teachers.js",
    "transports.js",
    "waiting.js",
    "walk.js",
    "websocket.js",
    "zh.js",
];

impl File {
    /// The file of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        FILES.iter().copied().find(|file| file.name == name)
    }

    /// Its type, by the ending of its name.
    pub(crate) fn content_type(self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served_with_a_type_of_its_own() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/page");
        let mut found: Vec<_> = fs::read_dir(folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        found.sort();
        assert_eq!(FILES.iter().map(|file| file.name).collect::<Vec<_>>(), found);
        assert!(FILES.iter().all(|file| file.content_type() != "text/plain; charset=utf-8"));
    }

    #[test]
    fn no_file_asks_another_host_for_anything() {
        for file in FILES {
            for scheme in ["http://", "https://"] {
                for (at, _) in file.content.match_indices(scheme) {
                    let rest = &file.content[at..];
                    let address = rest.split(['"', '\'', '`', ' ', '<', ')']).next();
                    // A name space, and links that someone may follow.
                    let is_link = file.content[..at].ends_with("href=\"")
                        && file.name.ends_with(".html")
                        && !file.content[..at].ends_with("<link href=\"");
                    let allowed = is_link || address == Some("http://www.w3.org/2000/svg");
                    assert!(allowed, "{}: {address:?}", file.name);
                }
            }
        }
    }
}
