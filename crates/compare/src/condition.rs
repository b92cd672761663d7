//! Conditions of the gate, as written: `websocket.latency.p99 > +10%`.

use std::fmt::Display;
use std::str::FromStr;

use crate::comparison::Comparison;

/// A change that must not be.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Transports, `*` for any letters.
    pub transport: String,
    /// Figures, `*` for any letters.
    pub figure: String,
    /// Which way.
    pub relation: Relation,
    /// How far, as a share of the base: 0.1 for `+10%`.
    pub bound: f64,
    /// As written.
    pub written: String,
}

/// Which way a figure must not move.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Relation {
    /// `>`: by more than that.
    Above,
    /// `<`: to less than that.
    Below,
}

/// Why a condition was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConditionError {
    /// It is no condition.
    #[error(
        "found `{found}`, expected `TRANSPORT.FIGURE > +N%` or `TRANSPORT.FIGURE < -N%`, as in \
         `*.latency.p99 > +10%`"
    )]
    Malformed {
        /// What was written.
        found: String,
    },
    /// It names nothing that was compared.
    #[error("`{written}` names nothing that was compared: {what}{}", help(.close))]
    NamesNothing {
        /// The condition as written.
        written: String,
        /// Which part names nothing, and what there is.
        what: String,
        /// What was probably meant.
        close: Option<String>,
    },
}

fn help(close: &Option<String>) -> String {
    close.as_ref().map_or(String::new(), |close| format!("; did you mean `{close}`?"))
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        parse(text).ok_or_else(|| ConditionError::Malformed { found: text.to_owned() })
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

fn parse(text: &str) -> Option<Condition> {
    let at = text.find(['<', '>'])?;
    let relation = if text[at..].starts_with('>') { Relation::Above } else { Relation::Below };
    let (transport, figure) = text[..at].trim().split_once('.')?;
    let share = text[at + 1..].trim().strip_suffix('%')?.trim_end();
    let (sign, digits) = match (relation, share.split_at_checked(1)?) {
        (Relation::Above, ("+", digits)) => (1.0, digits),
        (Relation::Below, ("-", digits)) => (-1.0, digits),
        (Relation::Above | Relation::Below, _) => return None,
    };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent: f64 = digits.parse().ok().filter(|_| is_number)?;
    let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
    (is_name(transport) && is_name(figure)).then(|| Condition {
        transport: transport.to_owned(),
        figure: figure.to_owned(),
        relation,
        bound: sign * percent / 100.0,
        written: text.trim().to_owned(),
    })
}

impl Condition {
    /// Whether it speaks of this figure of this transport.
    pub fn names(&self, transport: &str, figure: &str) -> bool {
        matches(&self.transport, transport) && matches(&self.figure, figure)
    }

    /// Refuses a condition that names nothing in a comparison, with what was probably meant.
    pub(crate) fn check(&self, comparison: &Comparison) -> Result<(), ConditionError> {
        let pairs =
            || comparison.pairs.iter().filter(|pair| matches(&self.transport, &pair.transport));
        let transports: Vec<_> =
            comparison.pairs.iter().map(|pair| pair.transport.as_str()).collect();
        let nothing = |what: String, close: Option<String>| ConditionError::NamesNothing {
            written: self.written.clone(),
            what,
            close,
        };
        if pairs().next().is_none() {
            let mut known = transports.clone();
            known.dedup();
            return Err(nothing(
                format!("no transport `{}` among {}", self.transport, known.join(", ")),
                closest(&self.transport, &transports),
            ));
        }
        let figures: Vec<_> =
            pairs().flat_map(|pair| &pair.changes).map(|change| change.figure.as_str()).collect();
        if figures.iter().any(|figure| matches(&self.figure, figure)) {
            return Ok(());
        }
        Err(nothing(
            format!("{} has no figure `{}`", self.transport, self.figure),
            closest(&self.figure, &figures),
        ))
    }
}

/// Whether a name fits a pattern in which `*` stands for any letters, none included.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let ends = (0..=name.len()).filter(|&end| name.is_char_boundary(end));
            ends.into_iter().any(|end| matches(rest, &name[end..]))
        }),
    }
}

/// The most similar name, if it is similar enough to have been meant.
fn closest(found: &str, names: &[&str]) -> Option<String> {
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(found, name);
    let names = names.iter().map(|&name| (likeness(name), name));
    let best = names.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(likeness, _)| *likeness >= 0.6).map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_condition_names_figures_and_says_how_far_they_may_not_go() {
        for (text, transport, figure, relation, bound) in [
            ("websocket.latency.p99 > +10%", "websocket", "latency.p99", Relation::Above, 0.1),
            ("*.wire_bytes_*>+0.5 %", "*", "wire_bytes_*", Relation::Above, 0.005),
            (" sse.goodput < -2% ", "sse", "goodput", Relation::Below, -0.02),
            ("a.b > +0%", "a", "b", Relation::Above, 0.0),
        ] {
            let condition: Condition = text.parse().unwrap();
            assert_eq!(
                (condition.transport.as_str(), condition.figure.as_str()),
                (transport, figure)
            );
            assert_eq!((condition.relation, condition.bound), (relation, bound), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_an_example() {
        for text in [
            "",
            "websocket",
            "websocket.latency.p99",
            "websocket > +1%",
            "a.b > 10%",
            "a.b > -10%",
            "a.b < +10%",
            "a.b > +10",
            "a.b > +%",
            "a.b > +ten%",
            "a.b > +1e3%",
            "a.b >= +1%",
            "a. > +1%",
            ".b > +1%",
            "a b.c > +1%",
            "a.b > +inf%",
            "a.b > +-1%",
            "a.b > + %",
            "a.b > é%",
        ] {
            let error = text.parse::<Condition>().unwrap_err().to_string();
            assert!(error.contains("`*.latency.p99 > +10%`"), "{text}: {error}");
        }
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, fits) in [
            ("*", "", true),
            ("*", "websocket", true),
            ("*poll", "long-poll", true),
            ("*poll", "long-polls", false),
            ("latency.*", "latency.p99", true),
            ("latency.*", "latency", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("abc", "abcd", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = text.parse::<Condition>();
        }

        #[test]
        fn a_pattern_of_a_name_with_one_hole_fits_it(name in "[a-z._]{1,12}", from in 0_usize..12, to in 0_usize..12) {
            let (from, to) = (from.min(name.len()), to.min(name.len()));
            let (from, to) = (from.min(to), from.max(to));
            let pattern = format!("{}*{}", &name[..from], &name[to..]);
            prop_assert!(matches(&pattern, &name));
        }
    }
}
