//! From text to a checked price book, or to everything that is wrong with it.

use std::path::Path;

use jiff::civil::Date;
use pushbench_protocol::TransportKind;
use pushbench_toml::kind::{Mismatch, choice, size, text, truth};
use pushbench_toml::{Complaint, Place, Problems, Reader, Refused, Table, Value, read_whole};

use crate::prices::book::{Charge, Measure, Offer, Package, PriceBook, Quantity, Source, Tier};

/// The most that a number of a book may be: a price, or a count.
const MOST: f64 = 1e15;

/// Reads and checks a price book; `path` is what messages call the file.
///
/// # Errors
///
/// If anything is wrong with it; the error holds everything that is.
pub fn read(name: &str, path: &Path, text: &str) -> Result<PriceBook, Refused> {
    read_whole(path, text, |root, problems| book(name, root, problems))
}

fn book(name: &str, root: &Table, problems: &Problems) -> Option<PriceBook> {
    let mut root = Reader::new("", Place::File(0), Some(root), problems);
    let about = root.required("about", text("one line that says what the service is"));
    let currency = root.required("currency", currency);
    let tables = root.tables("offer", "name, kinds and what it charges");
    root.finish();
    let offers: Option<Vec<_>> =
        tables.into_iter().map(|(place, table)| offer(place, table, problems)).collect();
    let offers = offers?;
    let mut kinds = Vec::new();
    for (place, offer) in &offers {
        for &kind in &offer.kinds {
            if kinds.contains(&kind) {
                problems.add(Complaint {
                    place: *place,
                    key: "offer.kinds".to_owned(),
                    found: format!("{:?} again", kind.label()),
                    expected: "each kind of transport in one offer only".to_owned(),
                    help: None,
                });
                return None;
            }
            kinds.push(kind);
        }
    }
    let offers = offers.into_iter().map(|(_, offer)| offer).collect();
    Some(PriceBook {
        name: name.to_owned(),
        about: about?.value,
        currency: currency?.value,
        offers,
    })
}

fn offer(place: Place, table: &Table, problems: &Problems) -> Option<(Place, Offer)> {
    let mut reader = Reader::new("offer", place, Some(table), problems);
    let name = reader.required("name", text("what the service calls it"));
    let kinds = reader.required("kinds", kinds);
    let left_out = reader.optional("left_out", text("what it bills that is not counted here"));
    let has = |name: &str| table.node(name).is_some();
    let mut charges = Vec::new();
    if has("charge") || !has("package") {
        charges = reader.tables("charge", "of, tiers, source and date");
    }
    let mut packages = Vec::new();
    if has("package") {
        packages = reader.tables("package", "name, price, connections, messages_a_day");
    } else {
        reader.has_too("package");
    }
    reader.finish();
    let charges: Option<Vec<_>> =
        charges.into_iter().map(|(place, table)| charge(place, table, problems)).collect();
    let packages: Option<Vec<_>> =
        packages.into_iter().map(|(place, table)| package(place, table, problems)).collect();
    let offer = Offer {
        name: name?.value,
        kinds: kinds?.value,
        left_out: left_out?.value,
        charges: charges?,
        packages: packages?,
    };
    Some((place, offer))
}

fn charge(place: Place, table: &Table, problems: &Problems) -> Option<Charge> {
    let mut reader = Reader::new("offer.charge", place, Some(table), problems);
    let name = reader.optional("name", text("what it is for"));
    let of = match table.node("largest") {
        Some(_) => reader.required("largest", measures),
        None => {
            let of = reader.required("of", choice(&Quantity::ALL, Quantity::label));
            reader.has_too("largest");
            of.map(|of| {
                let one = vec![Measure { of: of.value, per: 1.0 }];
                of.with(one)
            })
        }
    };
    let per = reader.or("per", Value::Whole("1".to_owned(), Some(1)), positive);
    let unit = reader.optional("unit", size(1..=1 << 30));
    let whole = reader.or("whole", Value::Other("false".to_owned()), truth);
    let times = reader.or("times", Value::Whole("1".to_owned(), Some(1)), positive);
    let free = reader.or("free", Value::Whole("0".to_owned(), Some(0)), number);
    let free_for_each = reader.optional("free_for_each", measure);
    let tiers = reader.required("tiers", tiers);
    let source = source(&mut reader);
    reader.finish();
    let of = of?.value;
    let (per, is_whole) = (per?.value, whole?.value);
    // Of whole parts `per` says how large one is, and the price is for one.
    let (of, per) = match is_whole {
        true => (of.iter().map(|measure| Measure { per, ..*measure }).collect(), 1.0),
        false => (of, per),
    };
    Some(Charge {
        name: name?.value.unwrap_or_else(|| of[0].of.heading().to_owned()),
        of,
        unit_bytes: unit?.value.map(f64::from),
        whole: is_whole,
        times: times?.value,
        free: free?.value,
        free_for_each: free_for_each?.value,
        tiers: tiers?.value,
        per,
        source: source?,
    })
}

fn package(place: Place, table: &Table, problems: &Problems) -> Option<Package> {
    let mut reader = Reader::new("offer.package", place, Some(table), problems);
    let name = reader.required("name", text("what the service calls it"));
    let price = reader.required("price", number);
    let connections = reader.required("connections", positive);
    let messages_a_day = reader.required("messages_a_day", positive);
    let source = source(&mut reader);
    reader.finish();
    Some(Package {
        name: name?.value,
        price: price?.value,
        connections: connections?.value,
        messages_a_day: messages_a_day?.value,
        source: source?,
    })
}

/// Where a number was read, and when.
pub(crate) fn source(reader: &mut Reader<'_>) -> Option<Source> {
    let page = reader.required("source", text("the page on which the price was read"));
    let date = reader.required("date", date);
    Some(Source { page: page?.value, date: date?.value })
}

fn currency(value: &Value) -> Result<String, Mismatch> {
    match value {
        Value::Text(text) if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) => {
            Ok(text.clone())
        }
        _ => Err(Mismatch::new("the code of a currency, as in \"USD\"")),
    }
}

fn date(value: &Value) -> Result<Date, Mismatch> {
    let found = match value {
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    found.ok_or_else(|| Mismatch::new("the day on which the price was read, as in \"2026-11-30\""))
}

/// A number that is not negative.
fn number(value: &Value) -> Result<f64, Mismatch> {
    let found = match value {
        Value::Whole(_, Some(whole)) => Some(*whole as f64),
        Value::Other(text) => text.replace('_', "").parse().ok(),
        _ => None,
    };
    found
        .filter(|number| (0.0..=MOST).contains(number))
        .ok_or_else(|| Mismatch::new("a number from 0 to 10^15, as in 0.25"))
}

/// A number above 0.
pub(crate) fn positive(value: &Value) -> Result<f64, Mismatch> {
    number(value)
        .ok()
        .filter(|number| *number > 0.0)
        .ok_or_else(|| Mismatch::new("a number above 0 and up to 10^15, as in 1_000_000"))
}

fn kinds(value: &Value) -> Result<Vec<TransportKind>, Mismatch> {
    let one = choice(TransportKind::ALL, TransportKind::label);
    match value {
        Value::List(nodes) if !nodes.is_empty() => {
            nodes.iter().map(|node| one(&node.value)).collect()
        }
        _ => Err(Mismatch::new("a list of kinds of transport, as in [\"websocket\"]")),
    }
}

fn measures(value: &Value) -> Result<Vec<Measure>, Mismatch> {
    match value {
        Value::List(nodes) if !nodes.is_empty() => {
            nodes.iter().map(|node| measure(&node.value)).collect()
        }
        _ => Err(Mismatch::new(format!("a list of tables as in {MEASURE}"))),
    }
}

/// A table that says what is counted.
const MEASURE: &str = "`{ of = \"connections\", per = 1_000 }`";

fn measure(value: &Value) -> Result<Measure, Mismatch> {
    let expected = || Mismatch::new(format!("a table as in {MEASURE}"));
    let Value::Table(table) = value else { return Err(expected()) };
    if table.entries().len() != 2 {
        return Err(expected());
    }
    let node = |name| table.node(name).map(|node| &node.value).ok_or_else(expected);
    Ok(Measure {
        of: choice(&Quantity::ALL, Quantity::label)(node("of")?)?,
        per: positive(node("per")?)?,
    })
}

fn tiers(value: &Value) -> Result<Vec<Tier>, Mismatch> {
    let expected = || {
        Mismatch::new(
            "a list of prices, each but the last with where it ends, in rising order, as in \
             `[{ up_to = 1_000, price = 1.00 }, { price = 0.80 }]`",
        )
    };
    let Value::List(nodes) = value else { return Err(expected()) };
    let tier = |value: &Value| {
        let Value::Table(table) = value else { return Err(expected()) };
        let up_to = table.node("up_to").map(|node| positive(&node.value)).transpose()?;
        let price = table.node("price").ok_or_else(expected)?;
        if table.entries().len() != 1 + usize::from(up_to.is_some()) {
            return Err(expected());
        }
        Ok(Tier { up_to, price: number(&price.value)? })
    };
    let tiers = nodes.iter().map(|node| tier(&node.value)).collect::<Result<Vec<_>, _>>()?;
    let rises = tiers.windows(2).all(|pair| match (pair[0].up_to, pair[1].up_to) {
        (Some(first), Some(second)) => first < second,
        (Some(_), None) => true,
        (None, _) => false,
    });
    match tiers.last() {
        Some(Tier { up_to: None, .. }) if rises => Ok(tiers),
        _ => Err(expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = r#"
about = "A service"
currency = "USD"
[[offer]]
name = "all"
kinds = ["websocket"]
[[offer.charge]]
of = "messages"
tiers = [{ up_to = 10, price = 1.00 }, { price = 0.5 }]
source = "https://example.com"
date = "2026-01-02"
"#;

    #[track_caller]
    fn refused(from: &str, to: &str, expected: &str) {
        assert!(BOOK.contains(from), "{from}");
        let text = BOOK.replace(from, to);
        let said =
            read("book", Path::new("book.toml"), &text).expect_err("it is wrong").to_string();
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn a_price_without_a_source_or_a_day_is_refused() {
        assert!(read("book", Path::new("book.toml"), BOOK).is_ok());
        refused("source = \"https://example.com\"", "", "source is missing");
        refused("date = \"2026-01-02\"", "", "date is missing");
        refused("2026-01-02", "2026-13-02", "as in \"2026-11-30\"");
    }

    #[test]
    fn what_is_not_a_book_is_refused_with_what_was_expected() {
        refused("\"USD\"", "\"dollars\"", "the code of a currency");
        refused("price = 1.00", "price = -1.00", "a number from 0");
        refused("up_to = 10, price", "price", "each but the last with where it ends");
        refused("{ price = 0.5 }", "{ up_to = 5, price = 0.5 }", "in rising order");
        refused("\"messages\"", "\"mesages\"", "did you mean \"messages\"?");
        refused("[\"websocket\"]", "[]", "a list of kinds of transport");
        refused("of = \"messages\"", "of = \"messages\"\nper = 0", "a number above 0");
        refused("name = \"all\"", "name = \"all\"\ncost = 1", "unknown");
        let twice = BOOK.split_once("[[offer]]").expect("it has one").1.to_owned();
        refused("[[offer]]", &format!("[[offer]]{twice}[[offer]]"), "again");
    }
}
