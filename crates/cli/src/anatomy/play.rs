//! Plays one exchange by each transport, as a client of a trial would, and writes down every byte.

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pushbench_anatomy::{Act, Connection, Counted, Exchange, Transcript, Unit};
use pushbench_protocol::headers::{AnswerMark, HeadTarget, head_fits};
use pushbench_protocol::{
    Arrival, Compression, ConnectionClass, Cursor, Envelope, HeadForm, Hold, PublishNumber,
    RequestProfile, ServerStats, TopicName, TransportKind, clock, publish_head,
};
use pushbench_runner::Target;
use pushbench_wire::frame::{Opcode, apply_mask, encode_header};

use super::line::Line;
use super::options::AnatomyOptions;

/// What follows the envelope, over and over.
const FILLER: &str = "price rose after the report of gains in early trade ";
/// The purpose is fulfilled (RFC 6455, section 7.4.1).
const NORMAL_CLOSURE: u16 = 1000;

/// What is to be played.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) kind: TransportKind,
    pub(super) options: &'a AnatomyOptions,
    pub(super) request: &'a RequestProfile,
    pub(super) target: &'a Target,
    /// Whether nothing has ever been published there.
    pub(super) is_fresh: bool,
}

/// What was played.
pub(super) struct Play {
    kind: TransportKind,
    request_headers: String,
    server: String,
    exchanges: Vec<Exchange>,
    connections: Vec<(ConnectionClass, Connection)>,
}

impl Play {
    /// Plays a scene from the first SYN to the end.
    pub(super) async fn of(scene: Scene<'_>) -> anyhow::Result<Self> {
        let mut play = Self {
            kind: scene.kind,
            request_headers: scene.request.name().to_owned(),
            server: format!("http://{}", scene.target.host),
            exchanges: Vec::new(),
            connections: Vec::new(),
        };
        let topic = TopicName::numbered(0);
        // As in trials: the log of a server of our own is empty.
        let place = if scene.is_fresh { Cursor::OLDEST } else { scene.end_of(&topic).await? };
        let row = scene.kind.properties();
        let [first, rest @ ..] = row.openings else { bail!("{} opens nothing", scene.kind) };
        let path = first.path(&topic, place, Hold::USUAL);
        match (row.arrival, first.form) {
            (Arrival::Timer, _) => {
                scene.publish(&topic).await?;
                let mut line = play.open(scene, 0).await?;
                play.ask(&mut line, 0, Act::Poll, scene.poll(&path), Unit::Answer).await?;
                play.end(line, first.class).await?;
            }
            (Arrival::Held, _) => {
                let mut line = play.open(scene, 0).await?;
                let head = scene.poll(&path);
                head_fits(&head)?;
                line.say(&head).await?;
                // The server holds it once nothing moves.
                let held = line.settle().await?;
                scene.publish(&topic).await?;
                let answer = line.receive(Unit::Answer).await?;
                play.note(&mut line, 0, Act::HeldPoll, head, answer).await?;
                let exchange = play.exchanges.last_mut().expect("just noted");
                exchange.segments_up += held.segments_up;
                exchange.segments_down += held.segments_down;
                exchange.retransmitted += held.retransmitted;
                play.end(line, first.class).await?;
            }
            (Arrival::Pushed, HeadForm::Events) => {
                let target = scene.head_target(&path);
                let head = scene.request.events(target, Compression::None);
                play.stream(scene, &topic, head, Act::Event, first.class).await?;
            }
            (Arrival::Pushed, HeadForm::Poll) => {
                play.stream(scene, &topic, scene.poll(&path), Act::Line, first.class).await?;
            }
            (Arrival::Pushed, HeadForm::Upgrade) => {
                let mut line = play.upgraded(scene, &path).await?;
                scene.publish(&topic).await?;
                let frame = line.receive(Unit::Frame).await?;
                play.note(&mut line, 0, Act::Frame, Vec::new(), frame).await?;
                // Who must show a token to publish cannot do so in a frame.
                if scene.target.publish_token.is_none() {
                    let frame = masked(Opcode::Text, &scene.message(1));
                    play.ask(&mut line, 0, Act::Publish, frame, Unit::Frame).await?;
                }
                play.close(line).await?;
            }
            (Arrival::Notified, _) => {
                let mut told = play.upgraded(scene, &path).await?;
                let mut fetching = play.open(scene, 1).await?;
                scene.publish(&topic).await?;
                let frame = told.receive(Unit::Frame).await?;
                play.note(&mut told, 0, Act::Notice, Vec::new(), frame).await?;
                let [fetch] = rest else { bail!("{} fetches over nothing", scene.kind) };
                let head = scene.poll(&fetch.path(&topic, place, Hold::USUAL));
                play.ask(&mut fetching, 1, Act::Fetch, head, Unit::Answer).await?;
                play.close(told).await?;
                play.end(fetching, fetch.class).await?;
            }
        }
        Ok(play)
    }

    /// Puts the server's own books beside the client's.
    pub(super) fn take_server_books(&mut self, stats: Option<&ServerStats>) {
        let Some(stats) = stats else { return };
        for (class, connection) in &mut self.connections {
            // Each class has one connection of ours here and no other.
            let class = stats.connections.get(class);
            connection.server_books =
                class.map(|class| Counted { up: class.received_bytes, down: class.sent_bytes });
        }
    }

    pub(super) fn transcript(self) -> Transcript {
        Transcript {
            transport: self.kind,
            request_headers: self.request_headers,
            server: self.server,
            connections: self.connections.into_iter().map(|(_, connection)| connection).collect(),
            exchanges: self.exchanges,
        }
    }

    async fn open(&mut self, scene: Scene<'_>, connection: usize) -> anyhow::Result<Line> {
        let mut line = Line::open(scene.target.address).await?;
        self.note(&mut line, connection, Act::Connect, Vec::new(), Vec::new()).await?;
        Ok(line)
    }

    async fn end(&mut self, line: Line, class: ConnectionClass) -> anyhow::Result<()> {
        self.connections.push((class, line.end().await?));
        Ok(())
    }

    /// A request and its answer.
    async fn ask(
        &mut self,
        line: &mut Line,
        connection: usize,
        act: Act,
        up: Vec<u8>,
        unit: Unit,
    ) -> anyhow::Result<()> {
        if up.starts_with(b"GET ") {
            head_fits(&up)?;
        }
        line.say(&up).await?;
        let down = line.receive(unit).await?;
        let expected = match act {
            Act::Poll | Act::HeldPoll | Act::Fetch | Act::BeginStream => Some("HTTP/1.1 200"),
            Act::Upgrade => Some("HTTP/1.1 101"),
            _ => None,
        };
        if let Some(expected) = expected
            && !down.starts_with(expected.as_bytes())
        {
            bail!("the server responded with `{}`, expected `{expected}`", down.escape_ascii());
        }
        self.note(line, connection, act, up, down).await
    }

    async fn note(
        &mut self,
        line: &mut Line,
        connection: usize,
        act: Act,
        up: Vec<u8>,
        down: Vec<u8>,
    ) -> anyhow::Result<()> {
        let look = line.settle().await?;
        self.exchanges.push(Exchange {
            act,
            connection,
            up,
            down,
            segments_up: look.segments_up,
            segments_down: look.segments_down,
            retransmitted: look.retransmitted,
        });
        Ok(())
    }

    async fn stream(
        &mut self,
        scene: Scene<'_>,
        topic: &TopicName,
        head: Vec<u8>,
        act: Act,
        class: ConnectionClass,
    ) -> anyhow::Result<()> {
        let mut line = self.open(scene, 0).await?;
        self.ask(&mut line, 0, Act::BeginStream, head, Unit::Head).await?;
        scene.publish(topic).await?;
        let chunk = line.receive(Unit::Chunk).await?;
        self.note(&mut line, 0, act, Vec::new(), chunk).await?;
        self.end(line, class).await
    }

    async fn upgraded(&mut self, scene: Scene<'_>, path: &str) -> anyhow::Result<Line> {
        let mut line = self.open(scene, 0).await?;
        let random = || STANDARD.encode(rand::random::<[u8; 16]>());
        let key = scene.options.key.clone().unwrap_or_else(random);
        let head = scene.request.upgrade(scene.head_target(path), &key).bytes;
        self.ask(&mut line, 0, Act::Upgrade, head, Unit::Head).await?;
        Ok(line)
    }

    async fn close(&mut self, mut line: Line) -> anyhow::Result<()> {
        let frame = masked(Opcode::Close, &NORMAL_CLOSURE.to_be_bytes());
        self.ask(&mut line, 0, Act::Close, frame, Unit::Frame).await?;
        self.end(line, ConnectionClass::WebSocket).await
    }
}

impl Scene<'_> {
    fn head_target<'a>(&'a self, path: &'a str) -> HeadTarget<'a> {
        HeadTarget {
            path,
            host: &self.target.host,
            secure: false,
            cookie_bytes: self.options.cookie_bytes,
        }
    }

    fn poll(&self, path: &str) -> Vec<u8> {
        self.request.poll(self.head_target(path), false).bytes().to_vec()
    }

    /// The message with this publish number, due now.
    fn message(&self, number: u32) -> Vec<u8> {
        if let Some(message) = &self.options.message {
            return message.clone().into_bytes();
        }
        let envelope = Envelope { number: PublishNumber(number), due_at: clock::now() };
        let filler = FILLER.bytes().cycle();
        envelope.encode().into_iter().chain(filler).take(self.options.payload).collect()
    }

    /// Publishes a message over a connection of its own, as an application would; no part of the
    /// anatomy.
    async fn publish(&self, topic: &TopicName) -> anyhow::Result<()> {
        let message = self.message(0);
        let token = self.target.publish_token.as_deref();
        let head = publish_head(topic, &self.target.host, token, message.len());
        let answer = self.aside(&[head.as_bytes(), &message].concat()).await?;
        if !answer.starts_with(b"HTTP/1.1 2") {
            bail!("the server did not accept the message: `{}`", answer.escape_ascii());
        }
        Ok(())
    }

    /// Where the topic's log ends now, so that nothing older is delivered.
    async fn end_of(&self, topic: &TopicName) -> anyhow::Result<Cursor> {
        let hold = Hold::new(std::time::Duration::ZERO).expect("the shortest hold is one");
        let path = topic.long_poll_path(Cursor::NOW, hold);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.target.host);
        let answer = self.aside(request.as_bytes()).await?;
        let text = String::from_utf8_lossy(&answer);
        let fields = || text.lines().filter_map(|line| line.split_once(": "));
        let value = |name: &str| {
            let field = fields().find(|(known, _)| known.eq_ignore_ascii_case(name));
            field.map(|(_, value)| value.as_bytes())
        };
        AnswerMark::read(value).and_then(|mark| mark.cursor).with_context(|| {
            format!("{} is no Pushbench server: it responded with `{text}`", self.target.host)
        })
    }

    /// A request over a connection of its own, and its answer.
    async fn aside(&self, request: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut line = Line::open(self.target.address).await?;
        line.say(request).await?;
        let answer = line.receive(Unit::Answer).await?;
        line.end().await?;
        Ok(answer)
    }
}

/// A frame as a client must send it, with a masking key of its own.
fn masked(opcode: Opcode, clear: &[u8]) -> Vec<u8> {
    let key: [u8; 4] = rand::random();
    let mut frame = Vec::new();
    encode_header(&mut frame, true, opcode, clear.len() as u64, Some(key));
    let header = frame.len();
    frame.extend_from_slice(clear);
    apply_mask(&mut frame[header..], key, 0);
    frame
}
