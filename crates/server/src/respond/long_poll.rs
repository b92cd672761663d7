//! Long polls: `GET /topics/{topic}/long-poll?after=CURSOR&hold=25s`.
//!
//! The hub's rule is the one of short polls; what is added is the wait. A held request costs a
//! place in its topic's list of waiters and one timer. It ends with news, with its hold (204), with
//! the server, or with the client: when the client closes, the HTTP library drops this future.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::extract::{Request, State};
use http::StatusCode;
use pushbench_protocol::heads::AnswerMark;
use pushbench_protocol::{ConnectionClass, Cursor, Hold, TopicName, Unchanged, clock};

use super::poll::{Asking, write};
use super::{App, after, connection, parameter, topic_name};
use crate::books::Connection;
use crate::engine::axum::answer::{Answer, Refusal};
use crate::exchange::LongPoll;
use crate::hub::PollSettings;
use crate::patience::Order;

pub(super) async fn long_poll(State(app): State<Arc<App>>, request: Request) -> Answer {
    let connection = &Arc::clone(&connection(&request).connection);
    connection.classify(ConnectionClass::LongPoll);
    let asked = Asked::of(&request);
    let takes_coded = app.bodies.are_accepted(request.headers());
    drop(request);
    let answer = match asked {
        Ok(asked) => answer(&app, connection, asked, takes_coded).await,
        Err(refusal) => Err(refusal),
    };
    app.answer(answer)
}

/// What a request asks for.
struct Asked {
    topic: TopicName,
    after: Cursor,
    hold: Hold,
}

impl Asked {
    fn of(request: &Request) -> Result<Self, Refusal> {
        Ok(Self {
            topic: topic_name(request)?,
            after: after(request)?.unwrap_or(Cursor::OLDEST),
            hold: parameter(request, "hold")?.unwrap_or(Hold::USUAL),
        })
    }
}

async fn answer(
    app: &App,
    connection: &Connection,
    asked: Asked,
    takes_coded: bool,
) -> Result<Answer, Refusal> {
    let Asked { topic, mut after, hold } = asked;
    // A held poll that finds nothing is empty: there is no reason to send an old value again.
    let settings = PollSettings { unchanged: Unchanged::Empty, ..app.poll };
    let mut until = clock::now().plus(hold.duration());
    let mut timer = pin!(tokio::time::sleep(hold.duration()));
    let answer = loop {
        let now = clock::now();
        let answer = app.exchange.answer_long_poll(&topic, after, settings, until, now);
        let (news, _reader) = match answer {
            Ok(LongPoll::Answer(answer)) => break answer,
            Ok(LongPoll::Hold { news, after: end, reader }) => {
                after = end;
                (news, reader)
            }
            Err(error) => return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error)),
        };
        let _held = connection.wait();
        let mut news = pin!(news);
        let is_going = poll_fn(|cx| {
            let is_going = connection.order() >= Order::GoAway;
            let goes_on = news.as_mut().poll(cx).is_ready() || timer.as_mut().poll(cx).is_ready();
            if is_going || goes_on { Poll::Ready(is_going) } else { Poll::Pending }
        })
        .await;
        if is_going {
            until = now;
        }
    };
    let asking = Asking { takes_coded, topic: topic.as_str(), after };
    Ok(write(app, asking, answer, |next, gap| AnswerMark { cursor: Some(next), tag: None, gap }))
}
