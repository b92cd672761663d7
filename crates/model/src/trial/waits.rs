//! The figures of waiting: the laws, at the quantiles that a trial reports.

use pushbench_protocol::Deliver;

use crate::conflation::Conflation;
use crate::flow::{Figures, Flow};
use crate::situation::Situation;
use crate::waiting;

/// Quantiles that are predicted.
const QUANTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)];

impl Situation {
    /// The laws of waiting where each message is brought as it comes.
    pub fn push_waiting(&self, figures: &mut Figures) {
        let age = waiting::mean_age(self.rate, self.poisson, None);
        figures.insert("age_mean".to_owned(), age);
        let behind = waiting::mean_version_age(self.rate, None);
        figures.insert("version_age_mean".to_owned(), behind);
    }

    /// The laws of waiting for a poll on a schedule.
    pub fn poll_waiting(&self, figures: &mut Figures, interval: f64) {
        let newest_only = self.deliver == Deliver::Latest;
        let wait = waiting::PollWait::new(interval, self.rate, self.poisson, newest_only);
        figures.insert("latency.mean".to_owned(), wait.mean());
        for (name, quantile) in QUANTILES {
            figures.insert(format!("latency.{name}"), wait.quantile(quantile));
        }
        let interval = Some(interval);
        figures.insert("age_mean".to_owned(), waiting::mean_age(self.rate, self.poisson, interval));
        let behind = waiting::mean_version_age(self.rate, interval);
        figures.insert("version_age_mean".to_owned(), behind);
    }

    /// The figures of one that brings the newest when it may.
    pub(super) fn conflated_figures(
        &self,
        flow: &Flow,
        law: Conflation,
        deliveries: f64,
    ) -> Figures {
        let mut figures = self.flow_figures(flow, deliveries);
        let mut put = |name: &str, value: Option<f64>| {
            figures.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("versions_seen", Some(deliveries / self.rate));
        put("latency.mean", law.mean());
        for (name, quantile) in QUANTILES {
            put(&format!("latency.{name}"), law.quantile(quantile));
        }
        figures
    }
}
