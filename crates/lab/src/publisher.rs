//! Publishes a session's messages, as an application would: over its own connection, open-loop.
//!
//! A message's due time comes from the one before it and the settings, never from when the task
//! woke up or how long the server took. While no server takes them, messages are counted and gone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use pushbench_protocol::{Envelope, PublishNumber, Timestamp, clock};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::backend::Backend;
use crate::session::{Session, Settings};

/// Longest wait for the server to take one message.
const DEADLINE: Duration = Duration::from_secs(2);
const FILLER: &[u8] =
    b"the price rose after the report and fell in early trade while volume was light ";

/// Publishes until it is aborted.
pub(crate) async fn publish(
    session: Arc<Session>,
    mut settings: watch::Receiver<Settings>,
    backend: Arc<Backend>,
) {
    let mut random = Pcg64Mcg::seed_from_u64(clock::now().as_nanos());
    let mut connection = Connection::new(backend);
    let path = session.topic.messages_path();
    let mut last_due = clock::now();
    for number in 0.. {
        let unit = random.random();
        let due_at = loop {
            let now = *settings.borrow_and_update();
            // A rate that was raised asks for no message in the past.
            let due_at = last_due.plus(gap(now, unit));
            tokio::select! {
                () = tokio::time::sleep(due_at.since(clock::now())) => break due_at,
                changed = settings.changed() => if changed.is_err() { return },
            }
        };
        last_due = due_at;
        let payload = payload(number, due_at, settings.borrow().payload_bytes as usize);
        let post = connection.post(&path, payload);
        let taken = tokio::time::timeout(DEADLINE, post).await.unwrap_or(false);
        if !taken {
            connection.forget();
        }
        session.count_published(taken);
    }
}

/// Time from one message to the next; `unit` is in [0, 1) and matters where it is random.
fn gap(settings: Settings, unit: f64) -> Duration {
    let mean = Duration::from_millis(u64::from(settings.message_every_ms));
    if settings.random { mean.mul_f64(-(1.0 - unit).ln()) } else { mean }
}

fn payload(number: u32, due_at: Timestamp, len: usize) -> Bytes {
    let envelope = Envelope { number: PublishNumber(number), due_at };
    let mut payload = envelope.encode().to_vec();
    let filler = FILLER.iter().copied().cycle().skip(number as usize % FILLER.len());
    payload.extend(filler.take(len.saturating_sub(Envelope::LEN)));
    Bytes::from(payload)
}

/// A kept connection to whichever server there is.
struct Connection {
    backend: Arc<Backend>,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    fn new(backend: Arc<Backend>) -> Self {
        Self { backend, open: None }
    }

    fn forget(&mut self) {
        self.open = None;
    }

    /// Whether the server has taken it.
    async fn post(&mut self, path: &str, payload: Bytes) -> bool {
        let Some(address) = self.backend.address() else { return false };
        if self.open.as_ref().is_none_or(SendRequest::is_closed) {
            let Ok(stream) = TcpStream::connect(address).await else { return false };
            // Fails only for a connection that is gone already, as its first write will say.
            let _ = stream.set_nodelay(true);
            let Ok((sender, connection)) = handshake(TokioIo::new(stream)).await else {
                return false;
            };
            tokio::spawn(connection);
            self.open = Some(sender);
        }
        let Some(sender) = &mut self.open else { return false };
        let request = Request::post(path)
            .header("Host", address.to_string())
            .body(Full::new(payload))
            .expect("a topic's path and an address are valid in a request");
        if sender.ready().await.is_err() {
            return false;
        }
        let Ok(response) = sender.send_request(request).await else { return false };
        let taken = response.status().is_success();
        response.into_body().collect().await.is_ok() && taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_its_size_its_envelope_and_no_line_break() {
        for len in [16, 17, 20, 16_384] {
            for number in [0, 1, 78, u32::MAX] {
                let due_at = Timestamp::from_nanos(7);
                let bytes = payload(number, due_at, len);
                assert_eq!(bytes.len(), len);
                let envelope = Envelope { number: PublishNumber(number), due_at };
                assert_eq!(Envelope::decode(&bytes), Some(envelope));
                assert!(bytes.iter().all(|byte| (b' '..=b'~').contains(byte)));
            }
        }
    }

    #[test]
    fn random_gaps_have_the_mean_that_was_asked_for() {
        let settings = Settings { message_every_ms: 1_000, random: true, payload_bytes: 20 };
        // The mean of the exponential law's quantiles at even steps.
        let sum: f64 =
            (0..10_000).map(|n| gap(settings, (f64::from(n) + 0.5) / 10_000.0).as_secs_f64()).sum();
        assert!((sum / 10_000.0 - 1.0).abs() < 0.001, "{sum}");
        let regular = Settings { random: false, ..settings };
        assert_eq!(gap(regular, 0.3), Duration::from_secs(1));
    }
}
