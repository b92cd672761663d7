//! HTTP/2 as the stand-in speaks it.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{RecvStream, SendStream};
use http::{Request, Response, StatusCode};
use pushbench_wire::http2::ByteStream;

use super::request::{Asked, Body, cursor};
use super::{COMMENT, Manners, StandIn, Stream};

/// Responds to requests until the client ends the connection.
pub(super) async fn serve(server: &Rc<StandIn>, stream: impl Stream) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.enable_connect_protocol();
    let mut connection = builder.handshake::<_, Bytes>(stream).await.map_err(io::Error::other)?;
    let open = Rc::new(Cell::new(0));
    let mut taken = 0;
    loop {
        let request = match server.manners.next(connection.accept()).await {
            Some(Some(request)) => request.map_err(io::Error::other)?,
            // A connection is idle while no stream is open.
            None if open.get() > 0 => continue,
            Some(None) | None => return Ok(()),
        };
        taken += 1;
        let (request, respond) = request;
        let (server, still_open) = (Rc::clone(server), Rc::clone(&open));
        open.set(open.get() + 1);
        if server.manners.is_last(taken) {
            connection.graceful_shutdown();
        }
        tokio::task::spawn_local(async move {
            // What a client gives up is an error here.
            let _ = respond_to(&server, request, respond).await;
            still_open.set(still_open.get() - 1);
        });
    }
}

async fn respond_to(
    server: &Rc<StandIn>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    let path = request.uri().path_and_query().expect("a request has a path").to_string();
    let len = server.log.borrow().len();
    match (Asked::of(&path, len), server.manners) {
        (Asked::Poll(place, _), Manners::BeginsEarly { before, behind }) => {
            let response = Response::builder().header("cursor", cursor(place + 1).to_string());
            let response = response.body(()).expect("a response");
            let mut send = respond.send_response(response, false)?;
            if !before.is_empty() {
                send.send_data(before.into(), false)?;
            }
            tokio::select! {
                last = server.held(place, behind) => send.send_data(last.into(), true),
                reset = poll_fn(|cx| send.poll_reset(cx)) => reset.map(|_| ()),
            }
        }
        (Asked::Poll(place, hold), _) => {
            server.hold(hold, place).await;
            let (mut body, len) = (server.polled(place), server.log.borrow().len());
            let mut response = Response::builder().header("cursor", cursor(len).to_string());
            if body.is_empty() {
                response = response.status(StatusCode::NO_CONTENT);
            }
            let response = response.body(()).expect("a response");
            if server.is_cut(len) {
                body.truncate(body.len() / 2);
            }
            let mut send = respond.send_response(response, body.is_empty())?;
            if !body.is_empty() {
                let is_stalled = server.manners == Manners::Stalls && server.is_cut(len);
                send.send_data(body.into(), !is_stalled)?;
                if is_stalled {
                    return poll_fn(|cx| send.poll_reset(cx)).await.map(|_| ());
                }
            }
            Ok(())
        }
        (Asked::Stream(body, place), _) => {
            let mut response = Response::builder().header("content-type", body.content_type());
            if let Some(codings) = server.manners.stream_codings() {
                response = response.header("content-encoding", codings);
            }
            let send = respond.send_response(response.body(()).expect("a response"), false)?;
            say(server, send, body, place).await
        }
        (Asked::Publish, _) => panic!("the publisher speaks HTTP/1.1"),
        (Asked::Say, _) => {
            let (mut data, mut body) = (request.into_body(), Vec::new());
            while let Some(bytes) = data.data().await {
                body.extend_from_slice(&bytes?);
            }
            let mut send = respond.send_response(Response::new(()), false)?;
            send.send_data(server.receives(&body).into(), true)
        }
        (Asked::Socket(form, place), _) => {
            let send = respond.send_response(Response::new(()), false)?;
            let stream = ByteStream::new(send, request.into_body());
            // How it ends is the client's to see.
            let _ = server.frames(stream, form, place).await;
            Ok(())
        }
    }
}

/// Says what there is until the client gives the stream up.
async fn say(
    server: &StandIn,
    mut send: SendStream<Bytes>,
    body: Body,
    mut place: usize,
) -> Result<(), h2::Error> {
    loop {
        tokio::select! {
            (pieces, is_cut) = server.next_item(body, place) => {
                let last = pieces.len() - 1;
                for (at, piece) in pieces.into_iter().enumerate() {
                    send.send_data(piece.into(), is_cut && at == last)?;
                }
                if is_cut {
                    return Ok(());
                }
                place += 1;
            }
            () = server.manners.rambling() => {
                for _ in 0..2 {
                    send.send_data(Bytes::from_static(COMMENT.as_bytes()), false)?;
                }
            }
            reset = poll_fn(|cx| send.poll_reset(cx)) => return reset.map(|_| ()),
        }
    }
}
