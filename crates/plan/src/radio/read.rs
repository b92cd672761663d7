//! From text to a radio, or to everything that is wrong with it.

use std::path::Path;

use pushbench_toml::kind::text;
use pushbench_toml::{Place, Reader, Refused, read_whole};

use crate::prices::{positive, source};
use crate::radio::{Radio, State};

/// LTE, the radio that ships.
///
/// # Panics
///
/// If its file is not one; a test reads it.
pub fn lte() -> Radio {
    let text = include_str!("../../radio/lte.toml");
    read(Path::new("lte.toml"), text).expect("the shipped radio is whole")
}

/// Reads and checks a radio; `path` is what messages call the file.
///
/// # Errors
///
/// If anything is wrong with it; the error holds everything that is.
pub fn read(path: &Path, text: &str) -> Result<Radio, Refused> {
    read_whole(path, text, |root, problems| {
        let mut root = Reader::new("", Place::File(0), Some(root), problems);
        let radio = radio(&mut root);
        root.finish();
        radio
    })
}

fn radio(root: &mut Reader<'_>) -> Option<Radio> {
    let about = root.required("about", text("one line that says what the radio is"));
    let source = source(root);
    let mut number = |name| root.required(name, positive).map(|at| at.value);
    let promotion = state(&mut number, ["promotion_seconds", "promotion_watts"]);
    let active = state(&mut number, ["active_seconds", "active_watts"]);
    let tail = state(&mut number, ["tail_seconds", "tail_watts"]);
    let page = state(&mut number, ["page_seconds", "page_watts"]);
    let page_every = number("page_every_seconds");
    let per_megabit = [number("up_watts_per_megabit"), number("down_watts_per_megabit")];
    let battery = [number("battery_ampere_hours"), number("battery_volts")];
    Some(Radio {
        about: about?.value,
        source: source?,
        promotion: promotion?,
        active: active?,
        tail: tail?,
        page: page?,
        page_every: page_every?,
        per_megabit: [per_megabit[0]?, per_megabit[1]?],
        battery: battery[0]? * 3_600.0 * battery[1]?,
    })
}

fn state(
    number: &mut impl FnMut(&'static str) -> Option<f64>,
    names: [&'static str; 2],
) -> Option<State> {
    let [seconds, watts] = names.map(number);
    Some(State { seconds: seconds?, watts: watts? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radio_without_a_source_or_with_a_number_that_is_none_is_refused() {
        let text = include_str!("../../radio/lte.toml");
        for (from, to, expected) in [
            ("date = ", "# date = ", "date is missing"),
            ("tail_seconds = 10", "tail_seconds = 0", "a number above 0"),
            ("tail_watts = 1.06", "tail_wats = 1.06", "did you mean `tail_watts`?"),
        ] {
            let refused = read(Path::new("x.toml"), &text.replace(from, to)).expect_err(expected);
            assert!(refused.to_string().contains(expected), "{refused}");
        }
    }
}
