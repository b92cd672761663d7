//! What both renderings say.

use pushbench_protocol::{ByteKind, Direction, Layer, counted};

use crate::part::Part;
use crate::{Anatomy, Paid, Step};

/// Most bytes of a part that are shown; the JSON has all of them.
const SHOWN: usize = 600;

pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "client -> server",
        Direction::Down => "server -> client",
    }
}

/// What a kind of bytes is, for the legend.
pub(super) fn kind(kind: ByteKind) -> &'static str {
    match kind {
        ByteKind::Payload => "the message",
        ByteKind::Repeat => "a message that the client already had",
        ByteKind::Header => "HTTP headers",
        ByteKind::Framing => "what separates messages",
        ByteKind::Wrapping => "what the server's own protocol puts around a message",
        ByteKind::Control => "ping, pong, close, notices",
        ByteKind::Handshake => "the upgrade",
        ByteKind::Unexplained => "what no rule of the server's adapter explains",
        ByteKind::Tls => "encryption",
        ByteKind::TcpIp => "IP and TCP headers of all segments",
    }
}

/// A piece of a part's bytes, as it is shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Shown {
    /// As it stands.
    Plain(String),
    /// A character that cannot be seen, as `\r\n`.
    Escape(&'static str),
    /// A remark in place of bytes that are left out.
    Left(String),
}

/// A part's bytes for people: text with its line ends to be seen, or hexadecimal digits.
pub(super) fn shown(part: &Part) -> Vec<Shown> {
    let mut pieces = Vec::new();
    let left = part.bytes.len().saturating_sub(SHOWN);
    match part.text() {
        Some(text) => {
            let mut plain = String::new();
            let flush = |plain: &mut String, pieces: &mut Vec<Shown>| {
                if !plain.is_empty() {
                    pieces.push(Shown::Plain(std::mem::take(plain)));
                }
            };
            for (at, c) in text.char_indices().take_while(|(at, _)| *at < SHOWN) {
                let escape = match c {
                    '\r' if text[at..].starts_with("\r\n") => "\\r\\n",
                    '\r' => "\\r",
                    '\n' if at > 0 && text.as_bytes()[at - 1] == b'\r' => continue,
                    '\n' => "\\n",
                    '\t' => "\\t",
                    _ => {
                        plain.push(c);
                        continue;
                    }
                };
                flush(&mut plain, &mut pieces);
                pieces.push(Shown::Escape(escape));
            }
            flush(&mut plain, &mut pieces);
        }
        None => {
            let shown =
                Part { bytes: part.bytes[..part.bytes.len() - left].to_vec(), ..part.clone() };
            pieces.push(Shown::Plain(shown.hex()));
        }
    }
    if left > 0 {
        pieces.push(Shown::Left(format!(" ... and {} B more", number(left as u64))));
    }
    pieces
}

/// Why a part is there; its name too where the bytes do not say it.
pub(super) fn note(part: &Part) -> String {
    match part.text() {
        Some(_) => part.note.clone(),
        None => format!("{}: {}", part.name, part.note),
    }
}

/// With commas between thousands.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// When an exchange has to be paid.
pub(super) fn paid(step: &Step) -> &'static str {
    match step.paid {
        Paid::EachMessage => "per message",
        Paid::EachConnection => "once",
        Paid::AtWill => "if it likes",
    }
}

/// Segments of a step, in words; the model's beside them where it says otherwise.
pub(super) fn segments(step: &Step) -> String {
    let segments = step.segments;
    let by_kernel = segments.header_bytes();
    let mut text = format!(
        "TCP/IP around it, counted by the kernel: {} up, {} down, {} B of headers.",
        counted(segments.up, "segment"),
        counted(segments.down, "segment"),
        number(by_kernel)
    );
    match step.modelled_tcp_ip {
        Some(modelled) if modelled != by_kernel => text.push_str(&format!(
            " In the middle of a long connection it is {} B (modelled): {}.",
            number(modelled),
            step.fewer_because
        )),
        Some(_) | None => {}
    }
    text
}

/// A row of the comparison: what is compared, and a value for each anatomy.
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) values: Vec<u64>,
    pub(super) is_sum: bool,
}

/// What one message costs, and what is paid once, for each anatomy.
pub(super) fn comparison(all: &[Anatomy]) -> Vec<(&'static str, Vec<Row>)> {
    let rows = |value: &dyn Fn(&Anatomy, ByteKind) -> u64| {
        let mut rows: Vec<Row> = Vec::new();
        let row = |kind: ByteKind| Row {
            label: kind.label(),
            values: all.iter().map(|anatomy| value(anatomy, kind)).collect(),
            is_sum: false,
        };
        let sum = |layer: Layer, label| Row {
            label,
            values: all
                .iter()
                .map(|anatomy| {
                    let kinds = ByteKind::ALL.iter().filter(|kind| kind.is_in(layer));
                    kinds.map(|&kind| value(anatomy, kind)).sum()
                })
                .collect(),
            is_sum: true,
        };
        let stream = ByteKind::ALL.iter().filter(|kind| kind.is_in(Layer::Stream));
        rows.extend(stream.map(|&kind| row(kind)));
        rows.push(sum(Layer::Stream, "= stream"));
        rows.push(row(ByteKind::TcpIp));
        rows.push(sum(Layer::Wire, "= wire"));
        rows.retain(|row| row.values.iter().any(|value| *value > 0));
        rows
    };
    let mut each = rows(&Anatomy::each);
    each.push(Row {
        label: "= wire, later (modelled)",
        values: all.iter().map(Anatomy::each_later).collect(),
        is_sum: true,
    });
    vec![("Per message", each), ("Once per connection", rows(&Anatomy::once))]
}

/// What the totals were held against.
pub(super) fn balance(anatomy: &Anatomy) -> Vec<String> {
    let several = anatomy.connections.len() > 1;
    let line = |(at, connection): (usize, &crate::Conn)| {
        let which = if several { format!("Connection {}: ", at + 1) } else { String::new() };
        let [up, down] = connection.books.parts;
        let by_server = if connection.books.server.is_some() { ", the server's books" } else { "" };
        format!(
            "{which}{} B up and {} B down, to the byte: the parts above, the client's \
             socket, the kernel{by_server}.",
            number(up),
            number(down)
        )
    };
    anatomy.connections.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_seen_and_bytes_that_are_no_text_are_digits() {
        let part = |bytes: &[u8]| Part::new("x", ByteKind::Header, bytes);
        assert_eq!(
            shown(&part(b"a: b\r\nc\n")),
            [
                Shown::Plain("a: b".to_owned()),
                Shown::Escape("\\r\\n"),
                Shown::Plain("c".to_owned()),
                Shown::Escape("\\n")
            ]
        );
        assert_eq!(shown(&part(&[0x81, 0x14])), [Shown::Plain("81 14".to_owned())]);
        let long = shown(&part(&[b'x'; 1_700]));
        assert_eq!(long[1], Shown::Left(" ... and 1,100 B more".to_owned()));
    }
}
