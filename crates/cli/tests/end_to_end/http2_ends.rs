//! Servers of other hands that end connections of HTTP/2 while nothing is asked on them: the clients
//! that share one open another.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::foreign::{Newest, Then, foreign_in_two};
use crate::support::{Bench, trial};

/// How a server ends a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    /// GOAWAY, then FIN.
    GoesAway,
    /// FIN.
    Closes,
    /// RST.
    Resets,
}

/// For how long nothing may be asked on a connection.
const IDLE: Duration = Duration::from_millis(60);

/// Responds to polls with the newest message until nothing is asked.
async fn serve(stream: TcpStream, newest: &Newest, ending: Ending) -> Result<(), h2::Error> {
    let held = stream.try_clone().expect("a descriptor");
    let stream = tokio::net::TcpStream::from_std(stream).expect("a runtime");
    let mut connection = h2::server::handshake(stream).await?;
    loop {
        let asked = tokio::time::timeout(IDLE, connection.accept()).await;
        let (request, mut respond) = match (asked, ending) {
            (Ok(Some(asked)), _) => asked?,
            (Ok(None), _) | (Err(_), Ending::Closes) => return Ok(()),
            (Err(_), Ending::GoesAway) => {
                connection.graceful_shutdown();
                while connection.accept().await.is_some() {}
                return Ok(());
            }
            (Err(_), Ending::Resets) => {
                let at_once = Some(Duration::ZERO);
                socket2::SockRef::from(&held).set_linger(at_once).expect("a socket");
                return Ok(());
            }
        };
        let topic = request.uri().path().split('/').nth(2).unwrap_or_default().to_owned();
        let body = newest.lock().expect("nobody panics with it").get(&topic).cloned();
        let mut send = respond.send_response(Response::new(()), false)?;
        send.send_data(Bytes::from(body.unwrap_or_default()), true)?;
    }
}

/// Plays four clients, of whom so many share a connection.
fn check(ending: Ending, shared_by: u64) {
    let accepted = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&accepted);
    let address = foreign_in_two(
        |_, _| Then::Closes,
        move |stream, newest| {
            counted.fetch_add(1, Ordering::Relaxed);
            stream.set_nonblocking(true).expect("a socket");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            // What the client ends is an error here.
            let _ = runtime.expect("a runtime").block_on(serve(stream, newest, ending));
        },
    );
    let bench = Bench::with(&format!(
        "question = \"Is a connection opened again?\"\n[workload]\nclients = 4\n\
         publish = {{ every = \"100ms\" }}\npayload = {{ bytes = 40 }}\nwarm_up = \"300ms\"\n\
         measure = \"1s\"\ndrain = \"2s\"\nrounds = 1\n[headers]\nrequest = \"minimal\"\n\
         [[transport]]\nkind = \"short-poll\"\ninterval = \"250ms\"\ntiming = \"aligned\"\n\
         http = \"2\"\nclients_per_connection = {shared_by}\n"
    ));
    let label = format!("{ending:?}, shared by {shared_by}");
    let (ended, record) = bench.valid_run(&["--target", &format!("http://{address}")]);
    let trial = trial(&record, "short-poll");
    for pair in &trial.books.reconciliations {
        assert_eq!(pair.left, pair.right, "{label}: {pair:?}");
    }
    assert!(trial.books.reconciliations.len() >= 2 * 2 * 5, "{label}: two witnesses, five phases");
    assert!(trial.counts.errors.is_empty(), "{label}: {:?}", trial.counts.errors);
    assert_eq!(trial.counts.lost, 0, "{label}: {ended}");
    // A busy machine may ask again before the server's clock has told it that nothing was asked.
    let (most, connects) = (trial.counts.polls / shared_by, trial.counts.connects.unwrap_or(0));
    assert!((most / 2..=most).contains(&connects), "{label}: {:?}", trial.counts);
    let accepted = accepted.load(Ordering::Relaxed);
    assert!(accepted >= connects + 4 / shared_by, "{label}: {accepted} and {connects}");
}

#[test]
fn clients_open_one_connection_in_place_of_one_that_the_server_ended_while_it_was_idle() {
    for ending in [Ending::GoesAway, Ending::Closes, Ending::Resets] {
        for shared_by in [1, 4] {
            check(ending, shared_by);
        }
    }
}
