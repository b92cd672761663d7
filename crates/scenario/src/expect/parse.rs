//! The grammar of `[expect]`.
//!
//! ```text
//! "<transport>.<figure>" = "<condition>"
//! condition = ( "<" | "<=" | ">" | ">=" | "==" ) operand
//!           | "within" number "%" "of" operand
//! operand   = base [ ( "*" | "/" ) number ]
//! base      = number [unit] | <transport>.<figure> | <transport>.model.<figure>
//! ```

use pushbench_protocol::figure::{self, Figure, Unit};

use super::labels::Labels;
use super::{Base, Condition, Expectation, Operand, Relation};
use crate::quantity::split_number;
use pushbench_toml::kind::{Mismatch, one_of};
use pushbench_toml::{Complaint, Line, Problems, SIZE, closest};

const RELATIONS: [(&str, Relation); 5] = [
    // Longer ones first, so that `<=` is not taken for `<`.
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("==", Relation::Equal),
    ("<", Relation::Less),
    (">", Relation::More),
];

const TIMES: [(&str, f64); 4] = [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0)];
const BIT_RATES: [(&str, f64); 4] =
    [("bit/s", 1.0), ("kbit/s", 1e3), ("Mbit/s", 1e6), ("Gbit/s", 1e9)];
const RATES: [(&str, f64); 1] = [("/s", 1.0)];
const SHARES: [(&str, f64); 2] = [("%", 0.01), ("", 1.0)];
const COUNTS: [(&str, f64); 1] = [("", 1.0)];

/// Reads one line; what is wrong goes to `problems`.
pub(crate) fn expectation(
    line: &Line<String>,
    labels: Labels<'_>,
    problems: &Problems,
) -> Option<Expectation> {
    let Line { name, right, .. } = line;
    let complain = |place, found, Mismatch { expected, help }| {
        problems.add(Complaint { place, key: right.key.clone(), found, expected, help });
    };
    let (transport, figure) = measured_name(name, labels)
        .map_err(|Unknown { what, mismatch }| {
            complain(line.place, format!("about {what}"), mismatch);
        })
        .ok()?;
    let condition = Text { rest: right.value.trim(), labels, unit: figure.unit }
        .condition()
        .map_err(|mismatch| complain(right.place, right.shown.clone(), mismatch))
        .ok()?;
    Some(Expectation {
        transport,
        figure: figure.name,
        condition,
        written_figure: name.clone(),
        written_condition: right.value.clone(),
    })
}

/// A name that stands for nothing.
struct Unknown {
    what: String,
    mismatch: Mismatch,
}

/// Splits `<transport>.<figure>` and looks both up.
fn measured_name(name: &str, labels: Labels<'_>) -> Result<(String, Figure), Unknown> {
    let (transport, figure) = name.split_once('.').unwrap_or((name, ""));
    let unknown = |what, mismatch: Mismatch, close: Option<&str>| Unknown {
        what,
        mismatch: Mismatch {
            help: close.map(|close| format!("did you mean `{close}`?")),
            ..mismatch
        },
    };
    if !labels.may_have(transport) {
        return Err(unknown(
            format!("the unknown transport `{}`", transport.escape_debug()),
            one_of(labels.known.iter().copied()),
            closest(transport, labels.known.iter().copied()),
        ));
    }
    figure::find(figure).map(|figure| (transport.to_owned(), figure)).ok_or_else(|| {
        let all = figure::all();
        unknown(
            format!("the unknown figure `{}`", figure.escape_debug()),
            Mismatch::new("a figure of a report, as in `latency.p99`"),
            closest(figure, all.iter().map(|known| known.name.as_str())),
        )
    })
}

/// What is left of a condition, and what it may speak of.
struct Text<'t> {
    rest: &'t str,
    labels: Labels<'t>,
    /// Unit of the figure that is judged.
    unit: Unit,
}

impl<'t> Text<'t> {
    fn condition(mut self) -> Result<Condition, Mismatch> {
        let condition = if self.skip("within") {
            let share = self.number().filter(|_| self.skip("%")).ok_or_else(malformed)? / 100.0;
            if !self.skip("of") {
                return Err(malformed());
            }
            Condition::Within { share, of: self.operand()? }
        } else {
            let relation = RELATIONS.into_iter().find(|(sign, _)| self.skip(sign));
            let (_, relation) = relation.ok_or_else(malformed)?;
            Condition::Compare { relation, bound: self.operand()? }
        };
        if self.rest.is_empty() { Ok(condition) } else { Err(malformed()) }
    }

    fn operand(&mut self) -> Result<Operand, Mismatch> {
        let base = match self.number() {
            Some(number) => Base::Number(number * self.unit_size(number)?),
            None => self.figure()?,
        };
        let (mut times, mut over) = (1.0, 1.0);
        if self.skip("*") {
            times = self.number().ok_or_else(malformed)?;
        } else if self.skip("/") {
            let divisor = self.number().filter(|number| *number != 0.0);
            over = divisor.ok_or_else(|| Mismatch::new("a number other than 0 after `/`"))?;
        }
        Ok(Operand { base, times, over })
    }

    /// How much one of the unit that comes next is, in the figure's unit.
    fn unit_size(&mut self, number: f64) -> Result<f64, Mismatch> {
        let units = units(self.unit);
        let rest = self.rest;
        let named =
            units.iter().copied().filter(|(name, _)| !name.is_empty() && rest.starts_with(name));
        let named = named.max_by_key(|(name, _)| name.len()).filter(|(name, _)| {
            let after = &rest[name.len()..];
            !after.starts_with(|c: char| c.is_alphanumeric() || c == '%')
        });
        if let Some((name, size)) = named {
            self.skip(name);
            return Ok(size);
        }
        let bare = rest.is_empty() || rest.starts_with("* ") || rest.starts_with("/ ");
        // Zero is zero in every unit.
        let plain = number == 0.0 || units.iter().any(|(name, _)| name.is_empty());
        if bare && plain {
            return Ok(1.0);
        }
        Err(Mismatch::new(format!("a number {}", unit_names(self.unit))))
    }

    fn figure(&mut self) -> Result<Base, Mismatch> {
        let name_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let end = self.rest.find(|c| !name_char(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err(malformed());
        }
        self.rest = rest.trim_start();
        let modelled = name.split_once(".model.");
        let plain = modelled.map(|(transport, figure)| format!("{transport}.{figure}"));
        let found = measured_name(plain.as_deref().unwrap_or(name), self.labels);
        let (transport, figure) = found.map_err(|Unknown { what, mismatch }| Mismatch {
            expected: format!("{}, and not {what}", mismatch.expected),
            help: mismatch.help,
        })?;
        if figure.unit != self.unit {
            return Err(Mismatch::new(format!(
                "{}, and not `{name}`, which is {}",
                unit_phrase(self.unit),
                unit_phrase(figure.unit)
            )));
        }
        let figure = figure.name;
        Ok(match modelled {
            Some(_) => Base::Modelled { transport, figure },
            None => Base::Measured { transport, figure },
        })
    }

    /// Takes a number without sign or exponent from the front.
    fn number(&mut self) -> Option<f64> {
        let (digits, rest) = split_number(self.rest);
        let number = digits.parse().ok()?;
        self.rest = rest.trim_start();
        Some(number)
    }

    /// Takes a word or sign from the front, and the blanks after it.
    fn skip(&mut self, word: &str) -> bool {
        let rest: Option<&'t str> = self.rest.strip_prefix(word);
        self.rest = rest.map_or(self.rest, str::trim_start);
        rest.is_some()
    }
}

fn malformed() -> Mismatch {
    Mismatch::new(
        "a condition as in \"< 50ms\", \"== 0\", \"within 2% of 500ms\" or \
         \"< short-poll.wire_bytes_per_delivery / 4\"",
    )
}

/// Names and sizes of the units that a number may have beside such a figure.
fn units(unit: Unit) -> Vec<(&'static str, f64)> {
    match unit {
        Unit::Bytes => SIZE.into_iter().map(|(name, size)| (name, size as f64)).collect(),
        Unit::BitsPerSecond => BIT_RATES.to_vec(),
        Unit::Seconds | Unit::CpuSeconds => TIMES.to_vec(),
        Unit::PerSecond => RATES.to_vec(),
        Unit::Share => SHARES.to_vec(),
        Unit::Count | Unit::Times => COUNTS.to_vec(),
    }
}

/// `with B, kB or MB`.
fn unit_names(unit: Unit) -> String {
    let units = units(unit);
    let named: Vec<_> = units.iter().map(|(name, _)| *name).filter(|n| !n.is_empty()).collect();
    match (named.is_empty(), named.len() == units.len()) {
        (true, _) => "without a unit".to_owned(),
        (false, true) => format!("with its unit, one of {}", named.join(", ")),
        (false, false) => format!("with {} or without a unit", named.join(", ")),
    }
}

const fn unit_phrase(unit: Unit) -> &'static str {
    match unit {
        Unit::Bytes => "a size in bytes",
        Unit::BitsPerSecond => "bits per second",
        Unit::Seconds => "a time",
        Unit::CpuSeconds => "a CPU time",
        Unit::PerSecond => "events per second",
        Unit::Share => "a share",
        Unit::Count => "a plain number",
        Unit::Times => "a multiple",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pushbench_toml::At;
    use pushbench_toml::Place;

    fn parse(name: &str, condition: &str) -> Result<Expectation, String> {
        let problems = Problems::default();
        let place = Place::File(0);
        let text = condition.to_owned();
        let right = At { value: text.clone(), key: name.to_owned(), place, shown: text };
        let line = Line { name: name.to_owned(), place, right };
        let labels = Labels { known: &["short-poll", "websocket"], are_all: true };
        let expectation = expectation(&line, labels, &problems);
        let (complaints, _) = problems.into_inner();
        assert_eq!(expectation.is_some(), complaints.is_empty());
        expectation.ok_or_else(|| complaints[0].expected.clone())
    }

    fn held(name: &str, condition: &str, figures: &[(&str, f64)]) -> bool {
        let figure = |transport: &str, figure: &str| {
            let name = format!("{transport}.{figure}");
            figures.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        };
        let modelled = |transport: &str, name: &str| figure(transport, &format!("model.{name}"));
        let expectation = parse(name, condition).expect(condition);
        expectation.judge(&figure, &modelled).held
    }

    #[test]
    fn numbers_are_read_in_the_unit_of_the_figure() {
        for (name, condition, number) in [
            ("websocket.latency.p99", "< 50ms", 0.05),
            ("websocket.latency.p99", "<50 ms", 0.05),
            ("websocket.server_cpu_per_delivery", "<= 1.5us", 1.5e-6),
            ("websocket.wire_bytes_per_delivery", "> 1KiB", 1_024.0),
            ("websocket.wire_bytes_per_delivery", "< 2kB / 4", 500.0),
            ("websocket.goodput", ">= 2Mbit/s", 2e6),
            ("websocket.deliveries_per_second", "== 5/s", 5.0),
            ("websocket.deliveries_per_second", "== 5/s / 5", 1.0),
            ("short-poll.empty_polls", "< 7%", 0.07),
            ("short-poll.empty_polls", "< 0.07", 0.07),
            ("short-poll.lost", "== 0", 0.0),
            ("short-poll.latency.max", "> 0", 0.0),
            ("short-poll.messages_per_response", "> 3 * 2", 6.0),
        ] {
            let found = parse(name, condition).expect(condition);
            let Condition::Compare {
                bound: Operand { base: Base::Number(base), times, over }, ..
            } = found.condition
            else {
                panic!("{condition}: {found:?}");
            };
            let bound = base * times / over;
            assert!((bound - number).abs() <= 1e-12 * number, "{condition}: {bound}");
        }
    }

    #[test]
    fn a_number_in_another_unit_is_refused() {
        for (name, condition) in [
            ("websocket.latency.p99", "< 50"),
            ("websocket.latency.p99", "< 50B"),
            ("websocket.latency.p99", "< 50msec"),
            ("websocket.wire_bytes_per_delivery", "< 50ms"),
            ("websocket.wire_bytes_per_delivery", "< 50"),
            ("websocket.goodput", "< 5/s"),
            ("websocket.lost", "< 1%"),
            ("websocket.lost", "< 1 / 0"),
            ("websocket.latency.p99", "< short-poll.wire_bytes_per_delivery"),
            ("websocket.latency.p99", "< short-poll.server_cpu_per_delivery"),
            ("websocket.latency.p99", "50ms"),
            ("websocket.latency.p99", "< 50ms and more"),
            ("websocket.latency.p99", "< "),
            ("websocket.latency.p99", "within 2 of 50ms"),
            ("websocket.latency.p99", "< long-poll.latency.p99"),
            ("websocket.latency.p98", "< 50ms"),
            ("websocket", "< 50ms"),
        ] {
            assert!(parse(name, condition).is_err(), "{name} {condition}");
        }
    }

    #[test]
    fn a_condition_holds_exactly_where_its_sign_says() {
        for (sign, below, equal, above) in [
            ("<", true, false, false),
            ("<=", true, true, false),
            (">", false, false, true),
            (">=", false, true, true),
            ("==", false, true, false),
        ] {
            for (value, expected) in [(4.0, below), (5.0, equal), (6.0, above)] {
                let found =
                    held("websocket.lost", &format!("{sign} 5"), &[("websocket.lost", value)]);
                assert_eq!(found, expected, "{value} {sign} 5");
            }
        }
    }

    #[test]
    fn within_is_a_share_of_the_bound_on_either_side() {
        for (value, expected) in [(0.489, false), (0.491, true), (0.509, true), (0.511, false)] {
            let figures = [("websocket.latency.mean", value)];
            let condition = "within 2% of 500ms";
            assert_eq!(held("websocket.latency.mean", condition, &figures), expected, "{value}");
        }
    }

    #[test]
    fn a_bound_may_be_a_figure_measured_or_modelled() {
        let figures = [
            ("websocket.wire_bytes_per_delivery", 100.0),
            ("short-poll.wire_bytes_per_delivery", 500.0),
            ("short-poll.model.wire_bytes_per_delivery", 300.0),
        ];
        let name = "websocket.wire_bytes_per_delivery";
        assert!(held(name, "< short-poll.wire_bytes_per_delivery / 4", &figures));
        assert!(!held(name, "< short-poll.model.wire_bytes_per_delivery / 4", &figures));
        assert!(held(name, "within 1% of short-poll.wire_bytes_per_delivery * 0.2", &figures));
    }

    #[test]
    fn what_is_absent_never_holds() {
        let name = "websocket.wire_bytes_per_delivery";
        assert!(!held(name, ">= 0", &[]));
        assert!(!held(name, "< short-poll.wire_bytes_per_delivery", &[(name, 0.0)]));
        assert!(!held(name, ">= 0", &[(name, f64::NAN)]));
    }
}
