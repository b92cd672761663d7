//! The one task that makes the passes over all topics' subscribers.

use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};

use tokio::task::coop::unconstrained;
use tokio::task::yield_now;

use crate::exchange::Exchange;
use crate::hub::TopicId;

/// Subscribers visited before it is the readers' turn.
const VISITS_IN_A_ROW: usize = 512;
/// Subscribers visited while the hub is locked.
const VISITS_UNDER_LOCK: usize = 32;

/// Makes all passes of an exchange, for ever.
pub(crate) async fn deliver(exchange: Arc<Exchange>) {
    // Tokio has a task give up its turn after some writes by telling it that sockets have no room. This
    // one gives it up by itself, and needs the truth.
    unconstrained(async {
        loop {
            let mut left = VISITS_IN_A_ROW;
            while left > 0 && exchange.has_visits() {
                let visited = exchange.visit(left.min(VISITS_UNDER_LOCK));
                left -= visited.count;
                for (topic, moment) in visited.moments {
                    let visit = AtMoment { exchange: Arc::downgrade(&exchange), topic };
                    exchange.wake_at(moment, Waker::from(Arc::new(visit)));
                }
            }
            match left {
                0 => yield_now().await,
                _ => exchange.until_visits().await,
            }
        }
    })
    .await;
}

/// Has a topic's subscribers visited once a moment has come.
struct AtMoment {
    exchange: Weak<Exchange>,
    topic: TopicId,
}

impl Wake for AtMoment {
    fn wake(self: Arc<Self>) {
        if let Some(exchange) = self.exchange.upgrade() {
            exchange.moment(self.topic);
        }
    }
}
