//! `[network]` as written: the segments of connections, and the link that they go over, if any.
//!
//! What a link does in one direction is said by the last of these that says it: a profile, the keys of
//! the table, those of `up` or `down`.

use std::time::Duration;

use pushbench_protocol::duration::{decimal_times, split_number};
use pushbench_protocol::{LinkShape, PathShape};
use pushbench_toml::kind::{Mismatch, duration, size, whole};
use pushbench_toml::{At, Read, Reader, Value};

use crate::Network;
use crate::bit_rate::bit_rate;
use crate::link_profile::{LinkProfile, profile};

/// How a direction is written.
pub(crate) const PATH_EXAMPLE: &str = "{ delay = \"20ms\" }";
/// The longest delay and the longest jitter.
pub(crate) const MOST_DELAY: Duration = Duration::from_secs(10);
/// The least MTU: what every host must take (RFC 791, section 3.1). The most: the largest IP packet.
pub(crate) const MTU: std::ops::RangeInclusive<u64> = 576..=65_535;
/// The least and the most of `mss`. 536: what every host must take (RFC 9293, section 3.7.1). 65,495:
/// what fits the largest IP packet beside 40 bytes of headers.
pub(crate) const MSS: std::ops::RangeInclusive<u64> = 536..=65_495;
/// The most that may wait for a rate.
pub(crate) const MOST_QUEUE: u32 = 64 << 20;
/// The most that is lost: a connection makes no way over a path that loses more.
const MOST_LOSS_PPM: u32 = 500_000;
/// What a schema says of a share.
pub(crate) const LOSS_PATTERN: &str = "^[0-9]+(\\.[0-9]+)? *%$";
/// Full packets that may wait for a rate, unless the scenario says otherwise.
const QUEUED_PACKETS: u64 = 100;
/// Headers of IPv4 and TCP, which the maximum segment size leaves out.
pub(crate) const HEADERS: u16 = 40;
/// What stands for an MTU where there is no link.
pub(crate) const USUAL_MSS: u16 = LinkShape::ETHERNET_MTU - HEADERS;

/// `[network]`.
#[derive(Debug)]
pub(crate) struct NetworkFile {
    pub(crate) mss: Read<Option<u16>>,
    pub(crate) mtu: Read<Option<u16>>,
    pub(crate) profile: Read<Option<&'static LinkProfile>>,
    pub(crate) both: PathFile,
    pub(crate) up: Read<Option<PathFile>>,
    pub(crate) down: Read<Option<PathFile>>,
}

/// What is written of a direction, or of both.
#[derive(Debug)]
pub(crate) struct PathFile {
    pub(crate) delay: Read<Option<Duration>>,
    pub(crate) jitter: Read<Option<Duration>>,
    pub(crate) rate: Read<Option<u64>>,
    pub(crate) queue: Read<Option<u32>>,
    pub(crate) loss: Read<Option<u32>>,
}

impl NetworkFile {
    pub(crate) fn read(mut table: Reader<'_>) -> Self {
        let file = Self {
            mss: table.optional("mss", within(MSS)),
            profile: table.optional("profile", profile),
            both: PathFile::read(&mut table),
            mtu: table.optional("mtu", within(MTU)),
            up: path(table.optional_table("up", PATH_EXAMPLE)),
            down: path(table.optional_table("down", PATH_EXAMPLE)),
        };
        table.finish();
        file
    }

    /// The first key that is written and makes a link; `None` if there is none, or it was refused.
    pub(crate) fn link_key(&self) -> Option<At<()>> {
        let table = [written(&self.profile), written(&self.mtu)];
        let paths = [written(&self.up), written(&self.down)];
        table.into_iter().chain(self.both.written()).chain(paths).flatten().next()
    }

    /// The settings; `None` if any of them was refused.
    pub(crate) fn resolve(self) -> Option<Network> {
        let has_link = self.link_key().is_some();
        let mtu = self.mtu?.value.unwrap_or(LinkShape::ETHERNET_MTU);
        let profile = self.profile?.value;
        let both = self.both.given()?;
        let path = |own: Option<PathFile>, published: fn(&LinkProfile) -> u64| {
            let own = own.map_or(Some(Given::default()), PathFile::given)?;
            let published = profile.map_or_else(Given::default, |profile| Given {
                delay: Some(profile.round_trip / 2),
                rate: Some(published(profile)),
                ..Given::default()
            });
            Some(own.or(both).or(published).shape(mtu))
        };
        let up = path(self.up?.value, |profile| profile.up)?;
        let down = path(self.down?.value, |profile| profile.down)?;
        let fitting = if has_link { mtu - HEADERS } else { USUAL_MSS };
        Some(Network {
            mss: self.mss?.value.unwrap_or(fitting),
            link: has_link.then_some(LinkShape { up, down, mtu }),
            profile,
        })
    }
}

impl PathFile {
    fn read(table: &mut Reader<'_>) -> Self {
        Self {
            delay: table.optional("delay", duration(Duration::ZERO..=MOST_DELAY)),
            jitter: table.optional("jitter", duration(Duration::ZERO..=MOST_DELAY)),
            rate: table.optional("rate", bit_rate),
            queue: table.optional("queue", size(1..=MOST_QUEUE)),
            loss: table.optional("loss", loss),
        }
    }

    fn written(&self) -> [Option<At<()>>; 5] {
        let Self { delay, jitter, rate, queue, loss } = self;
        [written(delay), written(jitter), written(rate), written(queue), written(loss)]
    }

    fn given(self) -> Option<Given> {
        Some(Given {
            delay: self.delay?.value,
            jitter: self.jitter?.value,
            rate: self.rate?.value,
            queue: self.queue?.value,
            loss_ppm: self.loss?.value,
        })
    }
}

/// What is said of a direction.
#[derive(Clone, Copy, Default)]
struct Given {
    delay: Option<Duration>,
    jitter: Option<Duration>,
    rate: Option<u64>,
    queue: Option<u32>,
    loss_ppm: Option<u32>,
}

impl Given {
    /// What this does not say is as another says.
    fn or(self, other: Self) -> Self {
        Self {
            delay: self.delay.or(other.delay),
            jitter: self.jitter.or(other.jitter),
            rate: self.rate.or(other.rate),
            queue: self.queue.or(other.queue),
            loss_ppm: self.loss_ppm.or(other.loss_ppm),
        }
    }

    fn shape(self, mtu: u16) -> PathShape {
        let usual = u64::from(mtu) * QUEUED_PACKETS;
        PathShape {
            delay: self.delay.unwrap_or_default(),
            jitter: self.jitter.unwrap_or_default(),
            rate: self.rate,
            queue: self.queue.map_or(usual, u64::from),
            loss_ppm: self.loss_ppm.unwrap_or(0),
        }
    }
}

fn path(found: Read<Option<Reader<'_>>>) -> Read<Option<PathFile>> {
    let mut found = found?;
    let path = found.value.take().map(|mut table| {
        let path = PathFile::read(&mut table);
        table.finish();
        path
    });
    Some(found.with(path))
}

/// Where a key is written, if it is.
fn written<T>(read: &Read<Option<T>>) -> Option<At<()>> {
    let At { value, key, place, shown } = read.as_ref()?;
    value.as_ref()?;
    Some(At { value: (), key: key.clone(), place: *place, shown: shown.clone() })
}

/// A whole number that 16 bits hold.
fn within(range: std::ops::RangeInclusive<u64>) -> impl Fn(&Value) -> Result<u16, Mismatch> {
    let number = whole(range);
    move |value| number(value).map(|number| u16::try_from(number).expect("the range is one of u16"))
}

/// A share of packets, in millionths.
fn loss(value: &Value) -> Result<u32, Mismatch> {
    let found = match value {
        Value::Text(text) => {
            let (number, unit) = split_number(text);
            // A hundredth is 10,000 millionths.
            decimal_times(number, 10_000).filter(|_| unit.trim() == "%")
        }
        _ => None,
    };
    let found = found.and_then(|ppm| u32::try_from(ppm).ok());
    found.filter(|ppm| *ppm <= MOST_LOSS_PPM).ok_or_else(|| {
        Mismatch::new("a share of packets from \"0%\" to \"50%\", in steps of \"0.0001%\"")
    })
}

/// A share of packets as a file writes it.
pub(crate) fn format_loss(ppm: u32) -> String {
    let (whole, fraction) = (ppm / 10_000, ppm % 10_000);
    let fraction = format!("{fraction:04}");
    match fraction.trim_end_matches('0') {
        "" => format!("{whole}%"),
        fraction => format!("{whole}.{fraction}%"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_share_comes_back_as_it_went(ppm in 0..=MOST_LOSS_PPM) {
            prop_assert_eq!(loss(&Value::Text(format_loss(ppm))).ok(), Some(ppm));
        }
    }
}
