//! A small server: HTTP/1.1 with one response to whatever is asked, in one of several manners.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// How the server treats requests.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manners {
    /// It responds with this to each.
    Respond(&'static str),
    /// The same, once it has so many requests and not before.
    RespondToAll(usize, &'static str),
    /// It ends the connection in place of a response.
    Close,
    /// It never responds.
    Hang,
}

/// The server. It listens until the process ends.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    has_more: Condvar,
}

impl Server {
    pub(super) fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::<Seen>::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, seen) = (stream.expect("a connection"), Arc::clone(&shared));
                std::thread::spawn(move || serve(stream, manners, &seen));
            }
        });
        Self { address, seen }
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().expect("nobody panics").clone()
    }
}

fn serve(mut stream: TcpStream, manners: Manners, seen: &Seen) {
    while let Some(request) = read(&mut stream) {
        let mut requests = seen.requests.lock().expect("nobody panics");
        requests.push(request);
        seen.has_more.notify_all();
        let response = match manners {
            Manners::Respond(response) => response,
            Manners::RespondToAll(all, response) => {
                let waited = seen.has_more.wait_while(requests, |seen| seen.len() < all);
                drop(waited.expect("nobody panics"));
                let _ = stream.write_all(response.as_bytes());
                continue;
            }
            Manners::Close => return drop(stream.shutdown(Shutdown::Both)),
            Manners::Hang => continue,
        };
        drop(requests);
        let _ = stream.write_all(response.as_bytes());
    }
}

/// A request with its body; `None` at the end of the connection.
fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).expect("text");
    let len = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let len = name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse());
        len.map(|len| len.expect("a length"))
    });
    let mut body = vec![0; len.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8(body).expect("text"))
}
