//! What `pushbench floor` takes.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use pushbench_floor::{
    LEAST_MSS, MOST_AT_ONCE, MOST_BYTES, MOST_CONNECTIONS, MOST_MSS, Plan, Work,
};
use pushbench_protocol::number::thousands;
use pushbench_scenario::parse_duration;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench floor
  pushbench floor --only polls --connections 5000 --poll-every 1s
  pushbench floor --only pushes --clients 5000 --message-every 200ms
  pushbench floor --only pushes --clients 1000 --at-once 2
  pushbench floor --rounds 9 --format json -o floor.json

Two processes, a server and a client, move prepared bytes over loopback with the least work that the
system allows: one thread each, no parsing, no books. What they cost is mostly the kernel's, and no
program that sends as many messages in as many calls can do it for less. CPU times elsewhere are best
read as a multiple of it; a scenario with `floor = true` does that in its own run.")]
pub(crate) struct FloorOptions {
    /// Play only this kind of work; both in turn without it.
    #[arg(long, value_enum, value_name = "WORK")]
    pub(crate) only: Option<FloorWork>,
    /// Number of connections that poll. [default: 64]
    #[arg(long, value_name = "COUNT", value_parser = connections)]
    pub(crate) connections: Option<NonZeroU32>,
    /// Time between two polls of a connection, as in `1s`. Without it, the next request leaves when
    /// the response has arrived.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) poll_every: Option<Duration>,
    /// Size of a request in bytes. [default: 690]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) request_bytes: Option<NonZeroU32>,
    /// Size of a response in bytes, headers included. [default: 299]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) response_bytes: Option<NonZeroU32>,
    /// Number of subscribers that messages are pushed to. [default: 1,000]
    #[arg(long, value_name = "COUNT", value_parser = connections)]
    pub(crate) clients: Option<NonZeroU32>,
    /// Time between two messages, as in `100ms`. Without it, the next message is sent when one has
    /// reached every subscriber.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) message_every: Option<Duration>,
    /// Number of messages that are due, or in flight, at once. [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = at_once)]
    pub(crate) at_once: Option<NonZeroU32>,
    /// Size of a message in bytes, framing included. [default: 66]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) message_bytes: Option<NonZeroU32>,
    /// Maximum segment size in bytes, from 88 to 32767.
    #[arg(long, value_name = "BYTES", default_value = "1460", value_parser = mss)]
    pub(crate) mss: u16,
    /// How long each floor is measured.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) duration: Duration,
    /// How long each floor is played before that.
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = duration)]
    pub(crate) warm_up: Duration,
    /// How often each floor is played.
    #[arg(long, value_name = "COUNT", default_value = "5", value_parser = rounds)]
    pub(crate) rounds: NonZeroU32,
    /// Let the system choose the cores. Without it, server and client stay on one core each, where
    /// there are two.
    #[arg(long)]
    pub(crate) anywhere: bool,
    /// Format of the result.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: FloorFormat,
    /// Write the result to this file instead of stdout; `-` is stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// No colour. A non-empty NO_COLOR does the same; CLICOLOR_FORCE forces colour.
    #[arg(long)]
    pub(crate) no_color: bool,
    /// Play one side, as the process on stdin says.
    #[arg(long, hide = true)]
    pub(crate) side: bool,
}

/// Work that has a floor.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum FloorWork {
    /// Requests and responses.
    Polls,
    /// Messages to many subscribers.
    Pushes,
}

/// How the result is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum FloorFormat {
    /// For a terminal.
    Text,
    /// Every round, for programs.
    Json,
}

/// Time for connecting and for what is under way at the end.
const ASIDE: Duration = Duration::from_secs(60);

impl FloorOptions {
    /// The floor of polls, if it is asked for.
    pub(crate) fn polls(&self) -> Option<Plan> {
        let work = Work::Polls {
            request_bytes: or(self.request_bytes, 690),
            response_bytes: or(self.response_bytes, 299),
            every: self.poll_every,
        };
        (self.only != Some(FloorWork::Pushes)).then(|| self.plan(work, or(self.connections, 64)))
    }

    /// The floor of pushes, if it is asked for.
    pub(crate) fn pushes(&self) -> Option<Plan> {
        let work = Work::Pushes {
            message_bytes: or(self.message_bytes, 66),
            topics: 1,
            every: self.message_every,
            at_once: or(self.at_once, 1),
        };
        (self.only != Some(FloorWork::Polls)).then(|| self.plan(work, or(self.clients, 1_000)))
    }

    fn plan(&self, work: Work, connections: u32) -> Plan {
        let deadline = ASIDE + self.warm_up + self.duration;
        Plan { work, connections, mss: self.mss, deadline }
    }

    /// Options that are given and are of the work that `--only` leaves out.
    pub(crate) fn without_effect(&self) -> Vec<&'static str> {
        let of_polls = [
            ("--connections", self.connections.is_some()),
            ("--poll-every", self.poll_every.is_some()),
            ("--request-bytes", self.request_bytes.is_some()),
            ("--response-bytes", self.response_bytes.is_some()),
        ];
        let of_pushes = [
            ("--clients", self.clients.is_some()),
            ("--message-every", self.message_every.is_some()),
            ("--at-once", self.at_once.is_some()),
            ("--message-bytes", self.message_bytes.is_some()),
        ];
        let left_out = match self.only {
            None => return Vec::new(),
            Some(FloorWork::Polls) => of_pushes,
            Some(FloorWork::Pushes) => of_polls,
        };
        left_out.into_iter().filter(|(_, is_given)| *is_given).map(|(option, _)| option).collect()
    }
}

fn or(given: Option<NonZeroU32>, usual: u32) -> u32 {
    given.map_or(usual, NonZeroU32::get)
}

fn connections(text: &str) -> Result<NonZeroU32, String> {
    count(text, 1, MOST_CONNECTIONS)
}

fn bytes(text: &str) -> Result<NonZeroU32, String> {
    count(text, 1, MOST_BYTES)
}

fn at_once(text: &str) -> Result<NonZeroU32, String> {
    count(text, 1, MOST_AT_ONCE)
}

fn rounds(text: &str) -> Result<NonZeroU32, String> {
    count(text, 1, 1_000)
}

fn mss(text: &str) -> Result<u16, String> {
    let mss = count(text, LEAST_MSS.into(), MOST_MSS.into())?;
    Ok(u16::try_from(mss.get()).expect("the range is one of u16"))
}

fn count(text: &str, least: u32, most: u32) -> Result<NonZeroU32, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    let [from, to] = [least, most].map(|end| thousands(end.into()));
    let expected = || format!("expected a whole number from {from} to {to}");
    number.and_then(NonZeroU32::new).ok_or_else(expected)
}

fn duration(text: &str) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_secs(600);
    parse_duration(text)
        .filter(|duration| (Duration::from_micros(1)..=LONGEST).contains(duration))
        .ok_or_else(|| "expected a time from 1us to 10m, as in 200ms".to_owned())
}
