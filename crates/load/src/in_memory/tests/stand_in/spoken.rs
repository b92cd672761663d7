//! A third-party server's own protocol as the stand-in speaks it over a WebSocket.

use std::io;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::speech::Speech;
use super::{StandIn, Stream};

/// Over a WebSocket, from this place of the log on, until the client ends it or does not do as it
/// should.
pub(super) async fn over(
    speech: Speech,
    server: &StandIn,
    stream: impl Stream,
    mut place: usize,
) -> io::Result<()> {
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    let say = |text: &str| Message::text(text.to_owned());
    for text in speech.greeting {
        socket.send(say(text)).await.map_err(io::Error::other)?;
    }
    let (mut is_subscribed, mut owes_reply) = (speech.subscribes.is_empty(), false);
    let every = speech.heartbeat.map_or(Duration::MAX, |(every, ..)| every);
    let mut next_heartbeat = Box::pin(tokio::time::sleep(every));
    loop {
        tokio::select! {
            _ = server.more_than(place), if is_subscribed => {
                let text = server.log.borrow()[place].clone();
                for piece in speech.pieces(&text) {
                    socket.send(say(&piece)).await.map_err(io::Error::other)?;
                }
                place += 1;
            }
            () = &mut next_heartbeat => {
                if owes_reply {
                    return socket.get_mut().shutdown().await;
                }
                if let Some((_, heartbeat, reply)) = speech.heartbeat {
                    socket.send(say(heartbeat)).await.map_err(io::Error::other)?;
                    owes_reply = !reply.is_empty();
                }
                next_heartbeat = Box::pin(tokio::time::sleep(every));
            }
            received = socket.next() => match received {
                Some(Ok(Message::Text(received))) => {
                    if speech.heartbeat.is_some_and(|(_, _, reply)| received == reply) {
                        owes_reply = false;
                    }
                    is_subscribed |= received == speech.subscribes;
                    for (_, reply) in speech.replies.iter().filter(|(to, _)| received == *to) {
                        socket.send(say(reply)).await.map_err(io::Error::other)?;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return socket.get_mut().shutdown().await,
            },
        }
    }
}
