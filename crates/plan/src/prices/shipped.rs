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

/// All of them by name.
pub const SHIPPED: [Shipped; 10] = [
    Shipped { name: "ably", text: include_str!("../../prices/ably.toml") },
    Shipped { name: "aws-api-gateway", text: include_str!("../../prices/aws-api-gateway.toml") },
    Shipped {
        name: "aws-api-gateway-rest",
        text: include_str!("../../prices/aws-api-gateway-rest.toml"),
    },
    Shipped {
        name: "aws-load-balancer",
        text: include_str!("../../prices/aws-load-balancer.toml"),
    },
    Shipped { name: "azure-web-pubsub", text: include_str!("../../prices/azure-web-pubsub.toml") },
    Shipped { name: "cloud-run", text: include_str!("../../prices/cloud-run.toml") },
    Shipped {
        name: "cloudflare-durable-objects",
        text: include_str!("../../prices/cloudflare-durable-objects.toml"),
    },
    Shipped {
        name: "cloudflare-workers",
        text: include_str!("../../prices/cloudflare-workers.toml"),
    },
    Shipped { name: "pubnub", text: include_str!("../../prices/pubnub.toml") },
    Shipped { name: "pusher", text: include_str!("../../prices/pusher.toml") },
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
    }
}
