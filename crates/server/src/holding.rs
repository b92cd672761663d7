//! A poll that is held: a place in its topic's list of waiters, and one timer.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use pushbench_protocol::clock::Clock;

use crate::books::Connection;
use crate::deadline::Order;
use crate::exchange::Reader;
use crate::respond::{LongPoll, Polled, Response, Rules};

/// Waits until there is something to respond with. When the client closes, whoever obeys drops this
/// future, polled or not, and the reader with it.
pub(crate) async fn hold(
    rules: &Rules,
    clock: Clock,
    connection: &Connection,
    (reader, mut then): (Reader, LongPoll),
) -> Response {
    let mut timer = pin!(tokio::time::sleep(then.until.since(clock.now())));
    loop {
        let mut published = pin!(reader.published.notified());
        let now = clock.now();
        if connection.order() >= Order::GoAway {
            then.until = now;
        }
        then = match then.again(rules, &*reader.exchange, reader.topic(), now) {
            Polled::Wait { then, .. } => then,
            Polled::Answer(response) => return response,
        };
        let _held = connection.wait();
        poll_fn(|cx| {
            let is_going = connection.order() >= Order::GoAway;
            let goes_on =
                published.as_mut().poll(cx).is_ready() || timer.as_mut().poll(cx).is_ready();
            if is_going || goes_on { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
