//! A price book: what a service offers for which transports, and what each offer charges.

use jiff::civil::Date;
use pushbench_protocol::TransportKind;

/// The prices of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceBook {
    /// Its name, which is that of its file.
    pub name: String,
    /// What the service is, in one line.
    pub about: String,
    /// The currency, by its code (ISO 4217).
    pub currency: String,
    /// What it offers; no kind of transport is in two of them.
    pub offers: Vec<Offer>,
}

/// What a service charges for some kinds of transport.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// The kinds of transport that can be had so.
    pub kinds: Vec<TransportKind>,
    /// What it bills that no count here tells.
    pub left_out: Option<String>,
    /// What is charged by counts.
    pub charges: Vec<Charge>,
    /// Packages, of which the cheapest that is large enough is taken; empty where there are none.
    pub packages: Vec<Package>,
}

/// A price for something that is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Charge {
    /// What it is for.
    pub name: String,
    /// What is counted: the largest of these.
    pub of: Vec<Measure>,
    /// Bytes that count as one message or request; a larger one counts once for each that it begins.
    pub unit_bytes: Option<f64>,
    /// Whether parts count as whole ones.
    pub whole: bool,
    /// How often it is charged in a month: 30 for a price of a day, 720 for one of an hour.
    pub times: f64,
    /// How much is free each month.
    pub free: f64,
    /// For how much of something that is free, each time; once where this is absent.
    pub free_for_each: Option<Measure>,
    /// Prices, the first first; each but the last with the count at which it ends.
    pub tiers: Vec<Tier>,
    /// How many of what is counted a price is for.
    pub per: f64,
    /// Where the price was read.
    pub source: Source,
}

/// A package with a price for the month.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its price.
    pub price: f64,
    /// Connections at a time that it has.
    pub connections: f64,
    /// Messages of a day, publishes and deliveries together.
    pub messages_a_day: f64,
    /// Where the price was read.
    pub source: Source,
}

/// A part of the prices of a [`Charge`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tier {
    /// The count at which it ends; the last has no end.
    pub up_to: Option<f64>,
    /// The price of [`Charge::per`] of it.
    pub price: f64,
}

/// What is counted, and in which parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// What.
    pub of: Quantity,
    /// How many of it make one.
    pub per: f64,
}

/// What services count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quantity {
    /// One: a fee.
    Months,
    /// Requests of a month.
    Requests,
    /// Messages that clients received in a month.
    Deliveries,
    /// Messages that were published in a month.
    Published,
    /// Both.
    Messages,
    /// Minutes of all connections.
    ConnectionMinutes,
    /// Minutes of all topics.
    TopicMinutes,
    /// Connections at a time.
    Connections,
    /// Gigabytes, of 10^9 bytes, that left the server in a month.
    Gigabytes,
    /// The same of an hour.
    GigabytesAnHour,
    /// Requests of a second.
    RequestsASecond,
}

/// Where a price was read, and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// The page.
    pub page: String,
    /// The day on which it was written, or read.
    pub date: Date,
}

impl Quantity {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Months,
        Self::Requests,
        Self::Deliveries,
        Self::Published,
        Self::Messages,
        Self::ConnectionMinutes,
        Self::TopicMinutes,
        Self::Connections,
        Self::Gigabytes,
        Self::GigabytesAnHour,
        Self::RequestsASecond,
    ];

    /// Its name in a book.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Months => "months",
            Self::Requests => "requests",
            Self::Deliveries => "deliveries",
            Self::Published => "published",
            Self::Messages => "messages",
            Self::ConnectionMinutes => "connection-minutes",
            Self::TopicMinutes => "topic-minutes",
            Self::Connections => "connections",
            Self::Gigabytes => "gigabytes",
            Self::GigabytesAnHour => "gigabytes-an-hour",
            Self::RequestsASecond => "requests-a-second",
        }
    }

    /// What a charge for it is called that has no name of its own.
    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Months => "fee",
            Self::Requests => "requests",
            Self::Deliveries => "messages delivered",
            Self::Published => "messages published",
            Self::Messages => "messages, published and delivered",
            Self::ConnectionMinutes => "connection minutes",
            Self::TopicMinutes => "topic minutes",
            Self::Connections => "connections",
            Self::Gigabytes => "traffic out",
            Self::GigabytesAnHour => "traffic out of an hour",
            Self::RequestsASecond => "requests of a second",
        }
    }
}

impl PriceBook {
    /// What it offers for a kind of transport.
    pub fn offer(&self, kind: TransportKind) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.kinds.contains(&kind))
    }

    /// Where each of its prices was read.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.offers.iter().flat_map(|offer| {
            let charges = offer.charges.iter().map(|charge| &charge.source);
            charges.chain(offer.packages.iter().map(|package| &package.source))
        })
    }
}
