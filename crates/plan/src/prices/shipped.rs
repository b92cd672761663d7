//! Price books that are in the binary.

use std::path::Path;

use crate::prices::book::PriceBook;
use crate::prices::read::read;

/// A price book that ships with the suite.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shipped {
    /// Its name, which is that of its file.
    pub name: &'static str,
    /// The file, with its comments.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        [$(Shipped { name: $name, text: include_str!(concat!("../../prices/", $name, ".toml")) }),+]
    };
}

/// All of them by name.
pub const SHIPPED: [Shipped; 10] = shipped![
    "ably",
    "aws-api-gateway",
    "aws-api-gateway-rest",
    "aws-load-balancer",
    "azure-web-pubsub",
    "cloud-run",
    "cloudflare-durable-objects",
    "cloudflare-workers",
    "pubnub",
    "pusher",
];

impl Shipped {
    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        SHIPPED.into_iter().find(|shipped| shipped.name == name)
    }

    /// The book.
    ///
    /// # Panics
    ///
    /// If it is not one; a test reads them all.
    pub fn book(&self) -> PriceBook {
        let path = format!("{}.toml", self.name);
        read(self.name, Path::new(&path), self.text).expect("a shipped book is whole")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shipped_book_is_whole_and_they_stand_by_name() {
        for shipped in SHIPPED {
            assert!(shipped.book().sources().next().is_some(), "{}", shipped.name);
        }
        assert!(SHIPPED.is_sorted_by_key(|shipped| shipped.name));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("prices");
        let files = folder.read_dir().expect("a folder of the repository");
        let name = |file: std::io::Result<std::fs::DirEntry>| {
            let name = file.expect("an entry").file_name().into_string().expect("a plain name");
            name.strip_suffix(".toml").map(str::to_owned)
        };
        let mut names: Vec<_> = files.map(name).collect();
        names.sort();
        assert_eq!(names, SHIPPED.map(|shipped| Some(shipped.name.to_owned())));
    }
}
