//! What is counted of a month.

use pushbench_protocol::Direction;
use pushbench_protocol::figure::bytes_per;
use serde::Serialize;

use crate::prices::book::{Measure, Quantity};

/// Seconds of a month: 30 days, as bills and the examples of most services have it.
pub const MONTH: f64 = 2_592_000.0;

/// The counts of a second of one transport, all clients together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Usage {
    /// Clients that are there all the time.
    pub clients: f64,
    /// Topics that they are spread over.
    pub topics: f64,
    /// Requests a second; 0 where one opens a stream for good.
    pub requests_per_second: f64,
    /// Messages that clients receive a second.
    pub deliveries_per_second: f64,
    /// Messages that are published a second.
    pub published_per_second: f64,
    /// Bytes of a message.
    pub message_bytes: f64,
    /// Bytes a second that leave the server, on the wire (layer 3).
    pub bytes_out_per_second: f64,
}

impl Usage {
    /// Of the figures of trials or of the model, by the names of the catalogue; `None` where one is
    /// missing that every transport has.
    pub fn of(
        figure: impl Fn(&str) -> Option<f64>,
        [clients, topics]: [f64; 2],
        published_per_second: f64,
        message_bytes: f64,
    ) -> Option<Self> {
        let out = figure(&bytes_per("wire", Some(Direction::Down), "client_second"))?;
        Some(Self {
            clients,
            topics,
            requests_per_second: figure("requests_per_second").unwrap_or(0.0),
            deliveries_per_second: figure("deliveries_per_second")?,
            published_per_second,
            message_bytes,
            bytes_out_per_second: out * clients,
        })
    }

    /// Where all of it happens so many times more slowly: a scenario may have its clocks run faster than
    /// those of what it stands for.
    pub(crate) fn slower(self, times: f64) -> Self {
        Self {
            requests_per_second: self.requests_per_second / times,
            deliveries_per_second: self.deliveries_per_second / times,
            published_per_second: self.published_per_second / times,
            bytes_out_per_second: self.bytes_out_per_second / times,
            ..self
        }
    }

    /// How much of a quantity there is, in parts as large as the measure has them.
    ///
    /// A unit of so many bytes counts a message once for each that it begins.
    pub(crate) fn amount(&self, measure: Measure, unit_bytes: Option<f64>) -> f64 {
        let units = unit_bytes.map_or(1.0, |unit| (self.message_bytes / unit).ceil().max(1.0));
        let minutes = MONTH / 60.0;
        let amount = match measure.of {
            Quantity::Months => 1.0,
            Quantity::Requests => self.requests_per_second * MONTH * units,
            Quantity::Deliveries => self.deliveries_per_second * MONTH * units,
            Quantity::Published => self.published_per_second * MONTH * units,
            Quantity::Messages => {
                (self.published_per_second + self.deliveries_per_second) * MONTH * units
            }
            Quantity::ConnectionMinutes => self.clients * minutes,
            Quantity::TopicMinutes => self.topics * minutes,
            Quantity::Connections => self.clients,
            Quantity::Gigabytes => self.bytes_out_per_second * MONTH / 1e9,
            Quantity::GigabytesAnHour => self.bytes_out_per_second * 3_600.0 / 1e9,
            Quantity::RequestsASecond => self.requests_per_second,
        };
        amount / measure.per
    }
}
