//! Two transports of a run held against each other: the one with the fewest bytes, and what it is
//! held against.

use pushbench_stats::Rounds;
use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, rounds};
use crate::sections::denominator::{SAME_DELIVERIES, by_the_second, delivered_share};
use crate::sections::layer::Layer;
use crate::units::{bytes, ratio, seconds, share};

/// The transport with the fewest bytes and the one it is held against.
pub(crate) struct Contest<'run> {
    pub(crate) layer: Layer,
    /// All that have the figure.
    counted: Vec<(&'run TransportV1, Rounds)>,
    pub(crate) best: (&'run TransportV1, Rounds),
    pub(crate) base: (&'run TransportV1, Rounds),
}

impl<'run> Contest<'run> {
    /// `None` with fewer than two transports that have the figure. The base is the first short
    /// poll, unless that is the best; then the first of another kind, or else any other.
    pub(crate) fn of(run: &'run RunV2, layer: Layer) -> Option<Self> {
        let counted: Vec<_> = run
            .transports
            .iter()
            .filter_map(|transport| Some((transport, layer.bytes(run, transport)?)))
            .collect();
        let best = *counted.iter().min_by(|a, b| a.1.value.total_cmp(&b.1.value))?;
        let others = || counted.iter().filter(|other| other.0.label != best.0.label);
        let base = others()
            .find(|other| other.0.kind.has_timer() && !best.0.kind.has_timer())
            .or_else(|| others().find(|other| other.0.kind != best.0.kind))
            .or_else(|| others().next())?;
        let base = *base;
        Some(Self { layer, counted, best, base })
    }

    /// How the two stand to each other, with the figures.
    pub(crate) fn sentence(&self, run: &RunV2) -> String {
        self.said(run, "moved", str::to_owned)
    }

    /// The same without the figures, for where they stand in a table below.
    pub(crate) fn brief_sentence(&self, run: &RunV2) -> String {
        self.said(run, "delivered", |_| String::new())
    }

    /// `shown` is what is left of the words with the figures.
    fn said(&self, run: &RunV2, verb: &str, shown: fn(&str) -> String) -> String {
        let (best, base) = (&self.best.0.label, &self.base.0.label);
        let (few, many) = (self.best.1, self.base.1);
        let (place, what) = (self.layer.place(), self.layer.what());
        let latency = self.compare(run, "latency.mean", seconds);
        if few.overlaps(&many) {
            let latency = match latency {
                Some(Comparison::Less { times, values }) => {
                    let values = shown(&format!(": mean latency {values}"));
                    format!("{best} delivered {times} times sooner{values}")
                }
                Some(Comparison::More { times, values }) => {
                    let values = shown(&format!(": mean latency {values}"));
                    format!("{best} delivered {times} times later{values}")
                }
                Some(Comparison::Same { values }) => {
                    format!("nor do they in mean latency{}", shown(&format!(" ({values})")))
                }
                None => "latency was not measured".to_owned(),
            };
            let (few, many) = (range(few, bytes), range(many, bytes));
            let (figures, end) = (shown(&format!("({what}: {few} against {many} ")), shown(")"));
            return format!(
                "The rounds show no difference between {best} and {base} in bytes {place} \
                 {figures}per delivered message{end}; {latency}."
            );
        }
        let latency = match latency {
            Some(Comparison::Less { times, values }) => {
                format!(" and {times} times sooner{}", shown(&format!(" (mean latency {values})")))
            }
            Some(Comparison::More { times, values }) => {
                format!(", but {times} times later{}", shown(&format!(" (mean latency {values})")))
            }
            Some(Comparison::Same { values }) => {
                let values = shown(&format!(" ({values})"));
                format!("; the rounds show no difference in mean latency{values}")
            }
            None => "; latency was not measured".to_owned(),
        };
        let times = ratio(many.value / few.value);
        let (few, many) = (bytes(few.value), bytes(many.value));
        let figures = shown(&format!(" ({what}: {few} against {many} per delivered message)"));
        format!(
            "{best} {verb} {} with {times} times fewer bytes {place} than {base}{figures}{latency}.",
            self.moved(run)
        )
    }

    /// What a reader has to know beside the sentence: what the figures of a table do not say.
    pub(crate) fn brief_remarks(&self, run: &RunV2) -> Vec<String> {
        let remarks = [
            self.others_as_few(),
            self.unlike_deliveries(run),
            self.by_the_second(run),
            only_round(run),
        ];
        remarks.into_iter().flatten().collect()
    }

    /// What both of them delivered.
    fn moved(&self, run: &RunV2) -> &'static str {
        if self.same_messages(run) { "the same messages" } else { "each message" }
    }

    pub(crate) fn remarks(&self, run: &RunV2) -> Vec<String> {
        let mut remarks: Vec<String> = self.others_as_few().into_iter().collect();
        let (best, base) = (self.best.0, self.base.0);
        let name = |transport: &TransportV1| Some(transport.server.as_ref()?.name.clone());
        let (server, than, of_both) = match name(best) == name(base) {
            true => ("The server".to_owned(), String::new(), "the server's".to_owned()),
            false => (
                format!("The server of {}", best.label),
                format!(" than that of {}", base.label),
                "the servers'".to_owned(),
            ),
        };
        match self.compare(run, "server_cpu_per_delivery", seconds) {
            Some(Comparison::Less { times, values }) => remarks.push(format!(
                "{server} used {times} times less CPU time per delivery{than} ({values})."
            )),
            Some(Comparison::More { times, values }) => remarks.push(format!(
                "{server} used {times} times more CPU time per delivery{than} ({values})."
            )),
            Some(Comparison::Same { values }) => remarks.push(format!(
                "The rounds show no difference in {of_both} CPU time per delivery ({values})."
            )),
            None => {}
        }
        remarks.extend(self.unlike_deliveries(run));
        remarks.extend(self.by_the_second(run));
        remarks.extend(only_round(run));
        remarks
    }

    fn others_as_few(&self) -> Option<String> {
        let alike = self.as_few();
        (!alike.is_empty()).then(|| {
            let best = &self.best.0.label;
            format!("{} moved as few bytes per delivered message as {best}.", listed(&alike))
        })
    }

    fn unlike_deliveries(&self, run: &RunV2) -> Option<String> {
        if self.same_messages(run) {
            return None;
        }
        let seen = |transport| delivered_share(run, transport).map(share);
        let (best, base) = (self.best.0, self.base.0);
        let (of_best, of_base) = (seen(best)?, seen(base)?);
        Some(format!(
            "They did not deliver the same messages: {} delivered {of_best} of what was published, {} \
             {of_base}; the rest was superseded by newer messages, or lost.",
            best.label, base.label
        ))
    }

    /// What the other denominator says, where the two did not deliver the same.
    fn by_the_second(&self, run: &RunV2) -> Option<String> {
        let both = [self.best.0, self.base.0];
        (!self.same_messages(run)).then(|| by_the_second(run, self.layer, both))?
    }

    /// The transports that the rounds do not tell from the best, which may be of the same bytes by
    /// design; not the base, of which the first sentence speaks.
    fn as_few(&self) -> Vec<&'run str> {
        let named = [&self.best.0.label, &self.base.0.label];
        let others = self.counted.iter().filter(|(other, _)| !named.contains(&&other.label));
        let alike = others.filter(|(_, bytes)| bytes.overlaps(&self.best.1));
        alike.map(|(other, _)| other.label.as_str()).collect()
    }

    fn same_messages(&self, run: &RunV2) -> bool {
        let seen = |transport| delivered_share(run, transport);
        match (seen(self.best.0), seen(self.base.0)) {
            (Some(best), Some(base)) => (best - base).abs() <= SAME_DELIVERIES,
            _ => false,
        }
    }

    /// How the best one's figure stands to the base's; `None` if either has none.
    fn compare(&self, run: &RunV2, figure: &str, shown: fn(f64) -> String) -> Option<Comparison> {
        let best = measured(run, self.best.0, figure)?;
        let base = measured(run, self.base.0, figure)?;
        let values = format!("{} against {}", shown(best.value), shown(base.value));
        let alike = best.overlaps(&base) || best.value <= 0.0 || base.value <= 0.0;
        Some(if alike {
            let values = format!("{} against {}", range(best, shown), range(base, shown));
            Comparison::Same { values }
        } else if best.value < base.value {
            Comparison::Less { times: ratio(base.value / best.value), values }
        } else {
            Comparison::More { times: ratio(best.value / base.value), values }
        })
    }
}

/// What one round alone cannot tell.
fn only_round(run: &RunV2) -> Option<String> {
    let text = "One round only: the spread between rounds was not measured.";
    (rounds(run) == 1).then(|| text.to_owned())
}

/// How one figure of two transports compares.
enum Comparison {
    Less {
        times: String,
        values: String,
    },
    More {
        times: String,
        values: String,
    },
    /// The ranges of the rounds touch.
    Same {
        values: String,
    },
}

/// Names as the subject of a sentence.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

pub(crate) fn range(rounds: Rounds, shown: fn(f64) -> String) -> String {
    let (min, max) = (shown(rounds.min), shown(rounds.max));
    if min == max { min } else { format!("{min} to {max}") }
}
