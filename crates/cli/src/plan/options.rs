//! What `pushbench plan` takes.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use pushbench_protocol::Deliver;
use pushbench_scenario::{LEAST_BETWEEN_MESSAGES, format_duration, parse_duration};

use crate::options::ChangeOptions;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench plan --clients 1M --message-every 10s --price-per-gb 0.08
  pushbench plan --clients 10k --only short-poll,websocket --prices all
  pushbench plan battery --radio lte
  pushbench plan --clients 50k --message-every 100ms --deliver every
  pushbench plan --headers kaazing-2009 --response-headers kaazing-2009 \\
      --payload 21 --clients 100k
  pushbench plan idle-feed --clients 10M
  pushbench plan --only short-poll,websocket \\
      --set transport.short-poll.unchanged=empty

Nothing is run: the figures come from the model that every report shows beside its measurements, and
each line says so. The last section shows how far that model was from the measurements in the newest
records. Numbers may be written as 1M, 10k, 2.5M or 1_000; units are SI.")]
pub(crate) struct PlanOptions {
    /// Start from this scenario: a TOML file, or the name of one of this program. Otherwise from
    /// 1,000 clients, a message of 20 bytes and a poll every second, and every kind of transport.
    #[arg(value_name = "SCENARIO", conflicts_with = "scenario")]
    named: Option<PathBuf>,
    /// The scenario, given as an option.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Number of subscribers, as in 1M.
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub(crate) clients: Option<NonZeroU32>,
    /// Number of topics that the subscribers are spread over.
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub(crate) topics: Option<NonZeroU32>,
    /// Time between two polls of a client that polls on a timer.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) interval: Option<Duration>,
    /// Time between two messages of a topic.
    // Its old name is hidden, and goes with the next version.
    #[arg(long, alias = "news-every", value_name = "TIME", value_parser = time)]
    pub(crate) message_every: Option<Duration>,
    /// When messages are published: at `regular` intervals, or at random moments, `poisson`.
    #[arg(long, value_name = "HOW")]
    pub(crate) arrivals: Option<String>,
    /// Size of a message in bytes, at least 16.
    #[arg(long, value_name = "BYTES", value_parser = count)]
    pub(crate) payload: Option<NonZeroU32>,
    /// What a client needs: `every` message, or only the `latest`.
    #[arg(long, value_parser = deliver)]
    pub(crate) deliver: Option<Deliver>,
    /// Request header profile: chrome, firefox, curl, minimal, kaazing-2009, or a file.
    #[arg(long, value_name = "PROFILE")]
    pub(crate) headers: Option<String>,
    /// Response header profile: typical, minimal, kaazing-2009, or a file.
    #[arg(long, value_name = "PROFILE")]
    pub(crate) response_headers: Option<String>,
    /// Size in bytes of the cookie in every request.
    #[arg(long, value_name = "BYTES")]
    pub(crate) cookie_bytes: Option<u32>,
    /// Host name of the server in every request.
    #[arg(long, value_name = "NAME", default_value = "www.example.com")]
    pub(crate) host: String,
    /// Price of a gigabyte (10^9 bytes) of traffic; the plan then has the price of a month, in the
    /// same currency.
    #[arg(long, value_name = "PRICE", value_parser = price)]
    pub(crate) price_per_gb: Option<f64>,
    /// What a month would cost at services: `all`, names as in aws-api-gateway,pusher, or files of your
    /// own.
    #[arg(long, value_name = "SERVICES", value_delimiter = ',')]
    pub(crate) prices: Vec<String>,
    /// How much of its battery the radio of each client's phone would use.
    #[arg(long, value_enum)]
    pub(crate) radio: Option<Phone>,
    #[command(flatten)]
    pub(crate) changes: ChangeOptions,
    /// Folder with the records: memory and CPU are taken from them, and the model is held against
    /// them.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    /// Format of the plan.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: PlanFormat,
    /// Write the plan to this file instead of stdout; `-` is stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// No colour. A non-empty NO_COLOR does the same; CLICOLOR_FORCE forces colour.
    #[arg(long)]
    pub(crate) no_color: bool,
}

/// The radio of a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Phone {
    /// As phones of 2012 had it, by published measurements.
    Lte,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For a terminal, at most 100 columns.
    Text,
    /// Every figure, for programs.
    Json,
    /// Markdown.
    Md,
}

impl PlanOptions {
    /// The scenario that is named.
    pub(super) fn scenario(&self) -> Option<&Path> {
        self.named.as_deref().or(self.scenario.as_deref())
    }

    /// What the flags change of a scenario, as `--set` would; `--set` itself comes last and wins.
    pub(super) fn overrides(&self) -> Vec<String> {
        let text = |value: &dyn ToString| value.to_string();
        let flags = [
            ("workload.publish.arrivals", self.arrivals.clone()),
            ("workload.payload.bytes", self.payload.as_ref().map(|payload| text(payload))),
            ("workload.deliver", self.deliver.as_ref().map(|deliver| text(deliver))),
            ("headers.request", self.headers.clone()),
            ("headers.response", self.response_headers.clone()),
            ("headers.cookie_bytes", self.cookie_bytes.as_ref().map(|bytes| text(bytes))),
        ];
        let set = flags.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?)));
        set.chain(self.changes.set.iter().cloned()).collect()
    }
}

/// The longest time between two polls or two messages that is planned, a day: the figures of a month
/// would say little about what happens less often.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Reads `1M`, `10k`, `2.5M`, `1_000` or `1kB`.
fn count(text: &str) -> Result<NonZeroU32, String> {
    const UNITS: [(&str, u64); 5] =
        [("k", 1_000), ("kB", 1_000), ("M", 1_000_000), ("MB", 1_000_000), ("G", 1_000_000_000)];
    let expected = || format!("expected 1 to {}, as in 1_000, 10k or 2.5M", u32::MAX);
    let plain = text.replace('_', "");
    let end = plain.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(plain.len());
    let (number, unit) = plain.split_at(end);
    let times = match unit {
        "" => 1,
        unit => UNITS.iter().find(|(known, _)| *known == unit).ok_or_else(expected)?.1,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = u32::try_from(fraction.len()).map_err(|_| expected())?;
    let scale = 10_u64.checked_pow(digits).ok_or_else(expected)?;
    let parse = |text: &str| text.parse::<u64>().map_err(|_| expected());
    let all = parse(whole)?.checked_mul(scale).and_then(|n| n.checked_add(parse(fraction).ok()?));
    let scaled = all.and_then(|n| n.checked_mul(times)).ok_or_else(expected)?;
    if fraction.is_empty() || scaled % scale != 0 {
        return Err(expected());
    }
    u32::try_from(scaled / scale).ok().and_then(NonZeroU32::new).ok_or_else(expected)
}

/// A time from the least that a scenario may have between two messages to the longest of a plan.
fn time(text: &str) -> Result<Duration, String> {
    let range = LEAST_BETWEEN_MESSAGES..=LONGEST;
    parse_duration(text).filter(|time| range.contains(time)).ok_or_else(|| {
        format!(
            "expected a number with a unit, as 500ms, 10s, 3m, from {} to {}",
            format_duration(LEAST_BETWEEN_MESSAGES),
            format_duration(LONGEST)
        )
    })
}

fn deliver(text: &str) -> Result<Deliver, String> {
    Deliver::from_label(text).ok_or_else(|| "expected every or latest".to_owned())
}

fn price(text: &str) -> Result<f64, String> {
    let price = text.parse().ok().filter(|price: &f64| price.is_finite() && *price >= 0.0);
    price.ok_or_else(|| "expected a price, as 0.08".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_bound_of_scenarios_below_and_a_day_above() {
        for (text, is_fine) in
            [("1us", true), ("24h", true), ("999ns", false), ("1ns", false), ("25h", false)]
        {
            assert_eq!(time(text).is_ok(), is_fine, "{text}");
        }
        let refused = time("1ns").expect_err("it is too short");
        assert!(refused.contains("from 1us to 24h"), "{refused}");
    }

    #[test]
    fn counts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1", 1),
            ("1_000", 1_000),
            ("10k", 10_000),
            ("1M", 1_000_000),
            ("2.5M", 2_500_000),
            ("0.5k", 500),
            ("1kB", 1_000),
            ("4G", 4_000_000_000),
        ] {
            assert_eq!(count(text).map(NonZeroU32::get), Ok(expected), "{text}");
        }
        for text in [
            "",
            "0",
            "-1",
            "k",
            "1.k",
            "1.5",
            "1.0001k",
            "5G",
            "1m",
            "1 M",
            "1e6",
            "99999999999999999999",
        ] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
