//! Servers that work while a target is tried, before anything is played, and otherwise during the
//! trial: what a trial makes of a faulty server can be tested only by one that is not refused before.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Knows the topic of the first message through a target: the first that is named at all. With one
/// transport in the scenario every other topic is a trial's.
#[derive(Clone, Default)]
pub(crate) struct Tried(Arc<Mutex<Option<String>>>);

impl Tried {
    /// Whether a topic is that with which the target is tried.
    pub(crate) fn is(&self, topic: &str) -> bool {
        let mut first = self.0.lock().expect("nobody panics with it");
        first.get_or_insert_with(|| topic.to_owned()) == topic
    }
}

/// Passes connections on: to `tried` those that ask for the topic with which the target is tried,
/// and to `then` all others.
pub(crate) fn by_topic(tried: SocketAddr, then: SocketAddr) -> SocketAddr {
    let topics = Tried::default();
    relay(move |client| match topic_of(client)? {
        Some(topic) if topics.is(&topic) => Ok(tried),
        Some(_) | None => Ok(then),
    })
}

/// Passes connections on: to `topics` those that ask for any topic, and to `rest` all others.
pub(crate) fn topics_apart(topics: SocketAddr, rest: SocketAddr) -> SocketAddr {
    relay(move |client| Ok(if topic_of(client)?.is_some() { topics } else { rest }))
}

/// Passes connections on: the first `count` to `tried`, and all others to `then`.
pub(crate) fn by_connection(count: usize, tried: SocketAddr, then: SocketAddr) -> SocketAddr {
    let seen = Mutex::new(0);
    relay(move |_| {
        let mut seen = seen.lock().expect("nobody panics with it");
        *seen += 1;
        Ok(if *seen <= count { tried } else { then })
    })
}

/// Passes each connection on to where this says.
pub(crate) fn relay(
    whither: impl Fn(&TcpStream) -> std::io::Result<SocketAddr> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it listens");
    let whither = Arc::new(whither);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut client), whither) = (stream, Arc::clone(&whither)) else { return };
            std::thread::spawn(move || -> std::io::Result<()> {
                let mut server = TcpStream::connect(whither(&client)?)?;
                let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
                std::thread::spawn(move || copy(&mut from, &mut to));
                copy(&mut client, &mut server)
            });
        }
    });
    address
}

/// The topic in the path of the first request; `None` if it is for something else.
fn topic_of(client: &TcpStream) -> std::io::Result<Option<String>> {
    let mut begins = [0; 512];
    let len = client.peek(&mut begins)?;
    let text = String::from_utf8_lossy(&begins[..len]).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default();
    Ok(path.strip_prefix("/topics/").and_then(|rest| rest.split('/').next()).map(str::to_owned))
}

fn copy(from: &mut TcpStream, to: &mut TcpStream) -> std::io::Result<()> {
    let mut bytes = [0; 4_096];
    loop {
        match from.read(&mut bytes)? {
            0 => return to.shutdown(Shutdown::Write),
            len => to.write_all(&bytes[..len])?,
        }
    }
}
