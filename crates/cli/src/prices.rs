//! The price books that `--prices` names.

use std::path::Path;

use anyhow::Context;
use jiff::civil::Date;
use pushbench_plan::prices::{PriceBook, SHIPPED, Shipped, read};

use crate::bounded::read_beside;

/// Today, in UTC.
pub(crate) fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The books of these names: of shipped ones, of files, or `all` that ship; each once.
///
/// # Errors
///
/// If a name is neither, or a file cannot be read; the inner error is what is wrong with a file.
pub(crate) fn books(
    names: &[String],
) -> anyhow::Result<Result<Vec<PriceBook>, pushbench_scenario::Refused>> {
    let mut books: Vec<PriceBook> = Vec::new();
    let mut add = |book: PriceBook| {
        if books.iter().all(|known| known.name != book.name) {
            books.push(book);
        }
    };
    for name in names {
        if name == "all" {
            SHIPPED.iter().map(Shipped::book).for_each(&mut add);
            continue;
        }
        if let Some(shipped) = Shipped::named(name) {
            add(shipped.book());
            continue;
        }
        let path = Path::new(name);
        let bytes = read_beside(path).with_context(|| {
            let known: Vec<_> = SHIPPED.iter().map(|shipped| shipped.name).collect();
            format!("--prices {name}: expected all, {}, or a file", known.join(", "))
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let stem = path.file_stem().map_or(name.as_str().into(), |stem| stem.to_string_lossy());
        match read(&stem, path, &text) {
            Ok(book) => add(book),
            Err(refused) => return Ok(Err(refused)),
        }
    }
    Ok(Ok(books))
}
