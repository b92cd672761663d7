//! What a month would cost at services that bill by counts: requests, messages, connection-minutes,
//! gigabytes.
//!
//! A [`PriceBook`] is a TOML file, of which the shipped ones are in the binary ([`SHIPPED`]). Each
//! price in it has a source and the day on which it was read there; [`read()`] refuses one without.
//! [`bill`] turns the counts of a month ([`Usage`]) into money. Both are modelled, whatever the counts
//! are: a bill also has taxes, discounts and what a book says it leaves out.

mod bill;
mod book;
mod break_even;
mod measured;
mod read;
mod service;
mod shipped;
mod usage;

pub use bill::{Bill, Billed, Item, bill};
pub use book::{Charge, Measure, Offer, Package, PriceBook, Quantity, Source, Tier};
pub use break_even::{BreakEven, break_even};
pub use measured::{measured, services_of};
pub use read::read;
pub(crate) use read::{positive, source};
pub use service::{Equal, Read, Service, TransportBill, services, usage};
pub use shipped::{SHIPPED, Shipped};
pub use usage::{MONTH, Usage};
