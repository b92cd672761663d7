//! A third-party server's own protocol, over a WebSocket or in a stream.

use std::io;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{StandIn, Stream};

/// What a server says, and what it wants to hear.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Speech {
    /// What it says first.
    pub(crate) greeting: &'static [&'static str],
    /// What it says to what it hears.
    pub(crate) replies: &'static [(&'static str, &'static str)],
    /// What it hears before it pushes messages; empty if it does so at once.
    pub(crate) subscribes: &'static str,
    /// A message with a text in the place of `{}`, in one piece or several.
    pub(crate) message: &'static [&'static str],
    /// How often it says what, and what it has to hear before it does so again.
    pub(crate) beat: Option<(Duration, &'static str, &'static str)>,
}

impl Speech {
    /// Says nothing but messages, as they are.
    pub(crate) const PLAIN: Self =
        Self { greeting: &[], replies: &[], subscribes: "", message: &["{}"], beat: None };

    /// A message in its pieces.
    pub(super) fn pieces(self, text: &str) -> Vec<String> {
        self.message.iter().map(|piece| piece.replace("{}", text)).collect()
    }

    /// Messages in the body of one response, each behind a record separator but for the first; and a
    /// heartbeat before them, if there are any.
    pub(super) fn polled(self, texts: &[String]) -> String {
        let beat = self.beat.filter(|_| !texts.is_empty()).map(|(_, beat, _)| beat.to_owned());
        let messages = texts.iter().map(|text| self.pieces(text).concat());
        beat.into_iter().chain(messages).collect::<Vec<_>>().join("\u{1e}")
    }

    /// Over a WebSocket, from this place of the log on, until the client ends it or does not do as it
    /// should.
    pub(super) async fn over(
        self,
        server: &StandIn,
        stream: impl Stream,
        mut place: usize,
    ) -> io::Result<()> {
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        let say = |text: &str| Message::text(text.to_owned());
        for text in self.greeting {
            socket.send(say(text)).await.map_err(io::Error::other)?;
        }
        let (mut is_subscribed, mut owes_reply) = (self.subscribes.is_empty(), false);
        let every = self.beat.map_or(Duration::MAX, |(every, ..)| every);
        let mut next_beat = Box::pin(tokio::time::sleep(every));
        loop {
            tokio::select! {
                _ = server.more_than(place), if is_subscribed => {
                    let text = server.log.borrow()[place].clone();
                    for piece in self.pieces(&text) {
                        socket.send(say(&piece)).await.map_err(io::Error::other)?;
                    }
                    place += 1;
                }
                () = &mut next_beat => {
                    if owes_reply {
                        return socket.get_mut().shutdown().await;
                    }
                    if let Some((_, beat, reply)) = self.beat {
                        socket.send(say(beat)).await.map_err(io::Error::other)?;
                        owes_reply = !reply.is_empty();
                    }
                    next_beat = Box::pin(tokio::time::sleep(every));
                }
                heard = socket.next() => match heard {
                    Some(Ok(Message::Text(heard))) => {
                        if self.beat.is_some_and(|(_, _, reply)| heard == reply) {
                            owes_reply = false;
                        }
                        is_subscribed |= heard == self.subscribes;
                        for (_, reply) in self.replies.iter().filter(|(to, _)| heard == *to) {
                            socket.send(say(reply)).await.map_err(io::Error::other)?;
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return socket.get_mut().shutdown().await,
                },
            }
        }
    }
}
