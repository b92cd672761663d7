//! The model's figures for a trial or a plan: from a scenario to the laws. Pure.

use std::collections::BTreeMap;

use pushbench_protocol::HttpVersion;
use pushbench_scenario::Arrivals;

use crate::compressed::Compressed;
use crate::link::Link;
use crate::schedule::Schedule;
use crate::situation::Situation;
use crate::sizes::Span;
use crate::subject::{Course, Seen, Subject};
use crate::{over_http1, over_http2, over_link};

/// What the model predicts where so many messages a second are published in each topic, 0 for none.
pub fn predict_rates(subject: &Subject<'_>, rate: f64) -> BTreeMap<String, f64> {
    predict(subject, rate, Course::Rates(Span::Endless))
}

/// The same in a window as long as a trial's, where a compressor begins anew.
pub fn predict_rates_of_trial(subject: &Subject<'_>, rate: f64) -> BTreeMap<String, f64> {
    predict(subject, rate, Course::Rates(Span::Trial))
}

/// What the model predicts for a trial: for the messages and polls that its schedule has in store.
pub fn predict_trial(subject: &Subject<'_>) -> BTreeMap<String, f64> {
    let schedule = Schedule::of(subject.scenario);
    predict(subject, schedule.rate(), Course::Schedule(&schedule))
}

/// What the model predicts for as much as was seen to happen in a trial.
pub fn predict_seen(
    subject: &Subject<'_>,
    schedule: &Schedule<'_>,
    seen: Seen,
) -> BTreeMap<String, f64> {
    let rate = seen.deliveries as f64 / schedule.client_seconds();
    predict(subject, rate, Course::Seen(schedule, seen))
}

fn predict(subject: &Subject<'_>, rate: f64, course: Course<'_>) -> BTreeMap<String, f64> {
    let Subject { scenario, transport, headers, tls, .. } = *subject;
    let workload = &scenario.workload;
    let situation = Situation {
        clients: f64::from(workload.clients.get()),
        rate,
        poisson: workload.publish.arrivals == Arrivals::Poisson,
        payload: u64::from(workload.payload.bytes),
        deliver: workload.deliver,
        link: Link { headers, mss: scenario.network.mss, tls },
    };
    let mut figures = match transport.carriage.http {
        HttpVersion::Http11 => over_http1::predict(subject, situation, course),
        HttpVersion::Http2 => over_http2::predict(subject, situation, course),
    };
    if Compressed::of(transport.settings) != Compressed::Nothing {
        say_what_is_saved(&mut figures, situation.payload as f64);
    }
    over_link::delay(&mut figures, subject, rate);
    for hourly in ["idle_wire_bytes_per_client_hour", "idle_server_cpu_per_client_hour"] {
        if let Some(value) = figures.get_mut(hourly) {
            *value /= f64::from(workload.time_scale.get());
        }
    }
    figures
}

/// Adds what was published to what is on the wire; the goodput is of the former.
fn say_what_is_saved(figures: &mut BTreeMap<String, f64>, published: f64) {
    let Some(&on_the_wire) = figures.get("payload_bytes_per_delivery") else { return };
    figures.insert("uncompressed_payload_bytes_per_delivery".to_owned(), published);
    figures.insert("compression_ratio".to_owned(), published / on_the_wire);
    figures.insert("compression_saved".to_owned(), 1.0 - on_the_wire / published);
    let goodput = figures["deliveries_per_second"] * published * 8.0;
    figures.insert("goodput".to_owned(), goodput);
}
