//! The date of now, written once a second.

use std::cell::Cell;

use super::axum::headers::{http_date, unix_second};

/// A moment as `Sat, 07 Nov 2009 00:32:46 GMT` (RFC 9110, section 5.6.7).
pub(crate) type Date = [u8; 29];

thread_local! {
    /// The second that was written last, and its date.
    static WRITTEN: Cell<(u64, Date)> = const { Cell::new((0, [0; 29])) };
}

/// The date of now.
pub(crate) fn date() -> Date {
    let now = unix_second();
    let (second, date) = WRITTEN.get();
    if second == now {
        return date;
    }
    let date = http_date(now).into_bytes().try_into().expect("a date has 29 characters");
    WRITTEN.set((now, date));
    date
}
