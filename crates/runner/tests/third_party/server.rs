//! A small push server: what is posted to `/pub/CHANNEL` reaches whoever has a WebSocket at
//! `/sub/CHANNEL`, and whoever asks for `/poll/CHANNEL?after=NUMBER`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, accept_hdr};

/// What is special about a server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manners {
    /// The only subprotocol that it speaks.
    pub(crate) subprotocol: Option<&'static str>,
    /// The subprotocol that it selects, whatever it was offered.
    pub(crate) selects: Option<&'static str>,
    /// What it says first.
    pub(crate) greets: Option<&'static str>,
    /// What a client must send before it gets a message.
    pub(crate) needs: Option<&'static str>,
    /// What stands before each message.
    pub(crate) before: &'static str,
    /// What a publisher must know.
    pub(crate) token: Option<&'static str>,
    /// What it says, and must be said to it before it goes on.
    pub(crate) beat: Option<(&'static str, &'static str)>,
}

/// Messages by channel, and who waits for more.
#[derive(Debug, Default)]
struct Held {
    messages: BTreeMap<String, Vec<Vec<u8>>>,
    listeners: Vec<(String, Sender<Vec<u8>>)>,
}

/// A server that runs until the test ends.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("bound");
        let held = Arc::<Mutex<Held>>::default();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let held = Arc::clone(&held);
                // A client that goes away, or speaks something else, is no concern of the server.
                std::thread::spawn(move || serve(stream, manners, &held));
            }
        });
        Self { address }
    }
}

fn serve(stream: TcpStream, manners: Manners, held: &Mutex<Held>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut begins = [0; 8];
    let len = stream.peek(&mut begins).ok()?;
    match begins[..len].starts_with(b"GET /su") {
        true => subscribe(stream, manners, held),
        false => respond(stream, manners, held),
    }
}

fn subscribe(stream: TcpStream, manners: Manners, held: &Mutex<Held>) -> Option<()> {
    let mut channel_name = String::new();
    #[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
    let check = |request: &Request, mut response: Response| {
        let refuse = |status: StatusCode, why: String| {
            let mut refused = tokio_tungstenite::tungstenite::http::Response::new(Some(why));
            *refused.status_mut() = status;
            Err(refused)
        };
        let path = request.uri().path();
        let Some(name) = path.strip_prefix("/sub/") else {
            return refuse(StatusCode::NOT_FOUND, format!("nothing at {path}"));
        };
        channel_name = name.to_owned();
        if let Some(spoken) = manners.subprotocol {
            let asked = request.headers().get("Sec-WebSocket-Protocol");
            if asked.is_none_or(|asked| asked != spoken) {
                return refuse(StatusCode::BAD_REQUEST, format!("{spoken} is spoken here"));
            }
            let spoken = HeaderValue::from_static(spoken);
            response.headers_mut().insert("Sec-WebSocket-Protocol", spoken);
        }
        if let Some(selected) = manners.selects {
            let selected = HeaderValue::from_static(selected);
            response.headers_mut().insert("Sec-WebSocket-Protocol", selected);
        }
        Ok(response)
    };
    let mut socket = accept_hdr(stream, check).ok()?;
    if let Some(greeting) = manners.greets {
        socket.send(Message::text(greeting)).ok()?;
    }
    if let Some((beat, reply)) = manners.beat {
        socket.send(Message::text(beat)).ok()?;
        let said = socket.read().ok()?.into_text().ok()?;
        if said != reply {
            let reason = format!("{said} is no {reply}").into();
            socket.close(Some(CloseFrame { code: 4_000.into(), reason })).ok()?;
            while socket.read().is_ok() {}
            return None;
        }
    }
    if let Some(needed) = manners.needs {
        while socket.read().ok()?.into_text().ok()? != needed {}
    }
    let (to_client, messages) = channel();
    held.lock().ok()?.listeners.push((channel_name, to_client));
    push(&mut socket, &messages, manners)
}

fn push(
    socket: &mut WebSocket<TcpStream>,
    messages: &Receiver<Vec<u8>>,
    manners: Manners,
) -> Option<()> {
    socket.get_ref().set_read_timeout(Some(Duration::from_millis(5))).ok()?;
    loop {
        match socket.read() {
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
        while let Ok(message) = messages.try_recv() {
            let text = format!("{}{}", manners.before, String::from_utf8_lossy(&message));
            socket.send(Message::text(text)).ok()?;
        }
    }
}

fn respond(stream: TcpStream, manners: Manners, held: &Mutex<Held>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let lower = head.to_lowercase();
        let field = |name: &str| lower.lines().find_map(|line| line.strip_prefix(name));
        let len = field("content-length:").and_then(|len| len.trim().parse().ok()).unwrap_or(0);
        let mut body = vec![0; len];
        reader.read_exact(&mut body).ok()?;
        let path = head.split(' ').nth(1)?;
        let (status, body) = match manners.token {
            Some(token) if field("authorization:").is_none_or(|found| !found.contains(token)) => {
                ("401 Unauthorized", b"who are you".to_vec())
            }
            _ => responded(path, body, held)?,
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        reader.get_mut().write_all(&[head.as_bytes(), &body].concat()).ok()?;
    }
}

fn responded(path: &str, body: Vec<u8>, held: &Mutex<Held>) -> Option<(&'static str, Vec<u8>)> {
    let mut held = held.lock().ok()?;
    if let Some(name) = path.strip_prefix("/pub/") {
        held.messages.entry(name.to_owned()).or_default().push(body.clone());
        held.listeners.retain(|(of, to)| of != name || to.send(body.clone()).is_ok());
        return Some(("200 OK", Vec::new()));
    }
    let polled = path.strip_prefix("/poll/").and_then(|rest| rest.split_once("?after="));
    if let Some((name, after)) = polled {
        let after: usize = after.parse().ok()?;
        let new = held.messages.get(name).and_then(|all| all.get(after)).cloned();
        return Some(new.map_or(("204 No Content", Vec::new()), |message| ("200 OK", message)));
    }
    Some(("404 Not Found", format!("nothing at {path}").into_bytes()))
}
