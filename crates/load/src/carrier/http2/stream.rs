//! A stream of a connection whose one response does not end: data without chunks.

use std::rc::Rc;

use h2::RecvStream;
use http::header::CONTENT_ENCODING;
use pushbench_protocol::headers::FieldList;
use pushbench_protocol::{ByteKind, Direction, Phase};
use pushbench_wire::head::BodyEnd;

use super::connection::{Http2Connection, fault_of};
use super::line::send_whole;
use super::pool::Pool;
use super::refusal;
use crate::Fault;
use crate::accounts::Accounts;
use crate::carrier::answer::mark_in;
use crate::carrier::opening::StreamRequest;
use crate::carrier::stream_body::{CodingOf, Read, StreamBody, check};
use crate::carrier::watch::Watch;
use crate::content_coding::ContentCoding;

/// A response's data, and the connection that it keeps open.
pub(crate) struct Stream {
    data: RecvStream,
    connection: Rc<Http2Connection>,
    /// Of what has come since something was last booked.
    watch: Watch,
}

/// Joins a connection and asks; gives what the response is coded in too.
pub(crate) async fn open(
    pool: &Pool,
    client: u32,
    request: StreamRequest<'_>,
    coding_of: &CodingOf<'_>,
) -> Result<(Stream, ContentCoding), Fault> {
    let connection = pool.join(Phase::Connect, client).await?;
    let (plan, accounts) = (pool.dialer().plan(), pool.dialer().accounts());
    let StreamRequest { head, body } = request;
    let fields = FieldList::of_request(head, plan.scheme());
    let begin = accounts.now();
    let mut send = connection.ready().await?.ok_or(Fault::Closed)?;
    let answer = send_whole(&mut send, &fields, body)?;
    accounts.book(Phase::Connect, Direction::Up, ByteKind::Handshake, body.len() as u64);
    let answer = answer.await.map_err(|error| fault_of(&error))?;
    let status = answer.status().as_u16();
    let named = answer.headers().get_all(CONTENT_ENCODING).iter();
    let named = named.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    let coding = match check(status, &mut named.map(<[u8]>::trim_ascii), coding_of) {
        Ok(coding) => coding,
        Err(fault) => {
            let mut body = answer.into_body();
            return Err(refusal::receive(accounts, &connection, status, &mut body, fault).await);
        }
    };
    accounts.recorder.borrow_mut().connect_upgrade.record(accounts.now().since(begin));
    accounts.recorder.borrow_mut().counts.add_gap(mark_in(answer.headers())?.gap);
    let watch = connection.watch();
    Ok((Stream { data: answer.into_body(), connection, watch }, coding))
}

impl Stream {
    pub(crate) fn connection(&self) -> &Http2Connection {
        &self.connection
    }

    /// Hands what comes to `take` until it ends; says how.
    pub(crate) async fn receive(
        &mut self,
        accounts: &Accounts,
        mut take: impl FnMut(Read<'_>) -> Result<bool, Fault>,
    ) -> Fault {
        // Nothing marks data off but the frames, which are booked as they pass.
        let mut body = StreamBody::UntilClose;
        loop {
            let data = match self.data.data().await {
                Some(Ok(data)) => data,
                Some(Err(error)) => return fault_of(&error),
                None => return self.end(accounts, take),
            };
            let received_at = accounts.now();
            // Fails only for more than was received.
            let _ = self.data.flow_control().release_capacity(data.len());
            self.connection.has_handed(data.len() as u64);
            let witness = self.connection.witness();
            let passed = self.watch.passed();
            match take(Read::new(&mut body, &data, received_at, witness, passed)) {
                Ok(true) => {
                    self.watch = self.connection.watch();
                    witness.has_taken();
                }
                Ok(false) => {}
                Err(fault) => return fault,
            }
        }
    }

    /// Hands the end of the stream to `take`; says how it has ended.
    fn end(
        &self,
        accounts: &Accounts,
        mut take: impl FnMut(Read<'_>) -> Result<bool, Fault>,
    ) -> Fault {
        let mut over = StreamBody::of(BodyEnd::Length(0));
        let witness = self.connection.witness();
        let end = Read::new(&mut over, &[], accounts.now(), witness, self.watch.passed());
        take(end).err().unwrap_or(Fault::Closed)
    }
}
