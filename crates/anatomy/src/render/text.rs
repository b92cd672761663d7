//! An anatomy for a terminal.

use pushbench_protocol::{ByteKind, Layer};

use super::words::{self, Shown, number, shown};
use crate::part::{Detail, Part, Passage};
use crate::{Anatomy, Headers, KindTotal, Step};

/// How it is laid out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TextOptions {
    /// Whether colours are used. The words are the same without.
    pub colour: bool,
    /// Columns; fewer than 60 count as 60.
    pub width: usize,
}

/// What the longest fixed columns need.
const NARROWEST: usize = 60;
/// Columns of a part's size and kind.
const SIZE: usize = 19;
/// Where bytes stand.
const BYTES: usize = 2;
/// Columns of a label of the comparison, and of each anatomy in it.
const LABEL: usize = 28;
const COLUMN: usize = 12;
/// Where notes stand.
const NOTE: usize = 6;

/// Renders anatomies one after the other, and side by side if there are several.
pub fn text(all: &[Anatomy], options: &TextOptions) -> String {
    let width = options.width.max(NARROWEST);
    let mut page = Page { colour: options.colour, width, out: String::new() };
    for (place, anatomy) in all.iter().enumerate() {
        if place > 0 {
            page.rule();
        }
        page.anatomy(anatomy);
    }
    if all.len() > 1 {
        page.rule();
        page.comparison(all);
    }
    page.out
}

/// How a piece of text looks.
#[derive(Clone, Copy)]
enum Look {
    Plain,
    Strong,
    Faint,
    Of(ByteKind),
}

struct Page {
    colour: bool,
    width: usize,
    out: String,
}

impl Page {
    fn paint(&self, look: Look, text: &str) -> String {
        let code = match look {
            Look::Plain => return text.to_owned(),
            Look::Strong => "1",
            Look::Faint => "2",
            Look::Of(kind) => match kind {
                ByteKind::Payload => "1;38;5;28",
                ByteKind::Repeat => "38;5;28",
                ByteKind::Header => "38;5;130",
                ByteKind::Framing => "38;5;30",
                ByteKind::Control => "38;5;26",
                ByteKind::Handshake => "38;5;127",
                ByteKind::Wrapping => "1;38;5;30",
                ByteKind::Unexplained => "38;5;160",
                ByteKind::Tls | ByteKind::TcpIp => "2",
            },
        };
        if self.colour && !text.trim().is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    fn rule(&mut self) {
        let rule = "=".repeat(self.width);
        self.blank();
        let rule = self.paint(Look::Faint, &rule);
        self.line(&rule);
        self.blank();
    }

    /// Running text from a column on.
    fn words(&mut self, column: usize, look: Look, text: &str) {
        for line in wrapped(text, self.width - column) {
            let line = format!("{}{}", " ".repeat(column), self.paint(look, &line));
            self.line(&line);
        }
    }

    fn anatomy(&mut self, anatomy: &Anatomy) {
        let title = format!("Anatomy of {}", anatomy.transport.properties().phrase);
        self.words(0, Look::Strong, &title);
        let story = format!(
            "One real exchange with {}, with the headers of the profile {}. Each line is a part \
             of it: the bytes, their number, and what they are booked as; below it is the reason \
             why they are sent.",
            anatomy.server, anatomy.request_headers
        );
        self.words(BYTES, Look::Plain, &story);
        for (place, step) in anatomy.steps.iter().enumerate() {
            self.step(anatomy, place + 1, step);
        }
        if let Some(connection) = anatomy.connections.first() {
            self.headers(&connection.headers);
        }
        self.totals(anatomy);
    }

    fn step(&mut self, anatomy: &Anatomy, number: usize, step: &Step) {
        self.blank();
        let over = match anatomy.connections.len() {
            1 => String::new(),
            _ => format!(", connection {}", step.connection),
        };
        let title = format!("{number}. {} ({}{over})", step.title, words::paid(step));
        self.words(0, Look::Strong, &title);
        self.words(BYTES, Look::Plain, step.story);
        for passage in &step.passages {
            self.passage(passage);
        }
        self.blank();
        self.words(BYTES, Look::Plain, &words::segments(step));
    }

    fn passage(&mut self, passage: &Passage) {
        self.blank();
        let direction = words::direction(passage.direction);
        let title = format!("{direction}: {}, {} B", passage.title, number(passage.len()));
        self.words(BYTES, Look::Strong, &title);
        for part in &passage.parts {
            self.part(part);
        }
    }

    fn part(&mut self, part: &Part) {
        let pieces = shown(part);
        let lines = broken(&pieces, self.width - BYTES - SIZE);
        for (place, line) in lines.iter().enumerate() {
            let taken: usize = line.iter().map(|(_, text)| length(text)).sum();
            let mut text = " ".repeat(BYTES);
            for (is_byte, piece) in line {
                let look = if *is_byte { Look::Of(part.kind) } else { Look::Faint };
                text.push_str(&self.paint(look, piece));
            }
            if place == 0 {
                let gap = self.width - SIZE - BYTES - taken;
                let size = format!("{:>6} B  ", number(part.len()));
                text.push_str(&" ".repeat(gap));
                text.push_str(&size);
                text.push_str(&self.paint(Look::Of(part.kind), part.kind.label()));
            }
            self.line(&text);
        }
        let source = part.source.map_or(String::new(), |source| format!(" ({source})"));
        self.words(NOTE, Look::Faint, &format!("{}{source}", words::note(part)));
        self.details(&part.details);
    }

    fn details(&mut self, details: &[Detail]) {
        let names = details.iter().map(|detail| length(&detail.name)).max().unwrap_or(0);
        let column = NOTE + 2 + names + 2;
        let room = self.width - column;
        for detail in details {
            let name = format!("{:NOTE$}  {:names$}  ", "", detail.name);
            let values = hard_wrapped(&detail.value, room);
            let last = values.last().map_or(0, |value| length(value));
            let beside = column + last + 2;
            let fits = beside + length(&detail.note) <= self.width;
            for (place, value) in values.iter().enumerate() {
                let head = if place == 0 { name.clone() } else { " ".repeat(column) };
                let mut text = format!("{}{value}", self.paint(Look::Faint, &head));
                if place + 1 == values.len() && fits && !detail.note.is_empty() {
                    text.push_str(&self.paint(Look::Faint, &format!("  {}", detail.note)));
                }
                self.line(&text);
            }
            if !fits {
                self.words(column, Look::Faint, &detail.note);
            }
        }
    }

    fn headers(&mut self, headers: &Headers) {
        self.blank();
        let title =
            format!("The {} bytes in front of every segment ({})", headers.len, headers.sum);
        self.words(0, Look::Strong, &title);
        let story = format!(
            "On loopback as across an ocean, every segment has them, and so does every pure \
             acknowledgement. A SYN has {}, since it carries more options. The kernel counted \
             the segments (TCP_INFO); the layout of their headers:",
            headers.syn_len
        );
        self.words(BYTES, Look::Plain, &story);
        let names = headers.fields.iter().map(|field| length(field.name)).max().unwrap_or(0);
        let kinds = headers.fields.iter().map(|field| field.header.len()).max().unwrap_or(0);
        for field in &headers.fields {
            let head =
                format!("  {:kinds$}  {:>2} B  {:names$}  ", field.header, field.len, field.name);
            let column = length(&head);
            for (place, note) in wrapped(&field.note, self.width - column).iter().enumerate() {
                let front = if place == 0 { head.clone() } else { " ".repeat(column) };
                let text = format!("{front}{}", self.paint(Look::Faint, note));
                self.line(&text);
            }
        }
    }

    fn totals(&mut self, anatomy: &Anatomy) {
        self.blank();
        self.words(0, Look::Strong, "All bytes by kind");
        let row = |label: &str, values: [String; 3]| {
            let [up, down, both] = values;
            format!("  {label:<12}{up:>10}{down:>10}{both:>10}")
        };
        let head = row("bytes", ["up", "down", "both"].map(str::to_owned));
        let head = self.paint(Look::Faint, &head);
        self.line(&head);
        let of = |total: &KindTotal| [total.up, total.down, total.both()].map(number);
        let sum = |layer: Layer| {
            let kinds = || anatomy.totals.iter().filter(|total| total.kind.is_in(layer));
            let up: u64 = kinds().map(|total| total.up).sum();
            let down: u64 = kinds().map(|total| total.down).sum();
            [up, down, up + down].map(number)
        };
        for total in &anatomy.totals {
            if total.kind == ByteKind::TcpIp {
                let stream = self.paint(Look::Strong, &row("= stream", sum(Layer::Stream)));
                self.line(&stream);
            }
            let text = row(total.kind.label(), of(total));
            let text = format!(
                "{}  {}",
                self.paint(Look::Of(total.kind), &text),
                self.paint(Look::Faint, words::kind(total.kind))
            );
            self.line(&text);
        }
        let wire = self.paint(Look::Strong, &row("= wire", sum(Layer::Wire)));
        self.line(&wire);
        for line in words::balance(anatomy) {
            self.words(BYTES, Look::Plain, &line);
        }
    }

    fn comparison(&mut self, all: &[Anatomy]) {
        self.words(0, Look::Strong, "Side by side: counted bytes, both directions");
        for some in all.chunks(((self.width - LABEL) / COLUMN).max(1)) {
            self.compared(some);
        }
    }

    /// As many as there is room for.
    fn compared(&mut self, all: &[Anatomy]) {
        let columns = all.iter().map(|anatomy| format!("{:>COLUMN$}", anatomy.transport.label()));
        let columns: String = columns.collect();
        for (heading, rows) in words::comparison(all) {
            let head = self.paint(Look::Faint, &format!("  {heading:<26}{columns}"));
            self.blank();
            self.line(&head);
            for row in rows {
                let values = row.values.iter().map(|value| format!("{:>COLUMN$}", number(*value)));
                let values: String = values.collect();
                let look = if row.is_sum { Look::Strong } else { Look::Plain };
                let text = self.paint(look, &format!("  {:<26}{values}", row.label));
                self.line(&text);
            }
        }
    }
}

/// Pieces of bytes broken into lines of at most `width`; each with whether it is bytes or a remark.
fn broken(pieces: &[Shown], width: usize) -> Vec<Vec<(bool, String)>> {
    let mut lines = vec![Vec::new()];
    let mut column = 0;
    for piece in pieces {
        let (is_byte, text) = match piece {
            Shown::Plain(text) => (true, text.as_str()),
            Shown::Escape(text) => (false, *text),
            Shown::Left(text) => (false, text.as_str()),
        };
        // An escape is never torn; bytes may be, anywhere, since blanks among them count.
        let torn = match piece {
            Shown::Plain(_) => usize::MAX,
            Shown::Escape(_) | Shown::Left(_) => 0,
        };
        let mut rest: Vec<char> = text.chars().collect();
        while !rest.is_empty() {
            let room = width - column;
            let take = if rest.len() <= room { rest.len() } else { room.min(torn) };
            if take > 0 {
                let taken: String = rest.drain(..take).collect();
                column += take;
                lines.last_mut().expect("one from the start").push((is_byte, taken));
            }
            if !rest.is_empty() {
                lines.push(Vec::new());
                column = 0;
            }
        }
    }
    lines
}

/// Words in lines of at most `width`; longer words are torn.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        for (place, piece) in hard_wrapped(word, width).into_iter().enumerate() {
            let line = lines.last_mut().expect("one from the start");
            let glue = usize::from(!line.is_empty());
            if place == 0 && length(line) + glue + length(&piece) <= width {
                if glue == 1 {
                    line.push(' ');
                }
                line.push_str(&piece);
            } else {
                lines.push(piece);
            }
        }
    }
    lines
}

fn hard_wrapped(text: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    if letters.is_empty() {
        return vec![String::new()];
    }
    letters.chunks(width.max(1)).map(|line| line.iter().collect()).collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_line_is_longer_than_its_width_and_no_word_is_lost(text in "[a-z ]{0,200}", width in 1_usize..40) {
            let lines = wrapped(&text, width);
            prop_assert!(lines.iter().all(|line| length(line) <= width));
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn bytes_are_broken_and_none_is_lost(text in "[a-z ]{0,200}", width in 8_usize..40) {
            let pieces = [Shown::Plain(text.clone()), Shown::Escape("\\r\\n")];
            let lines = broken(&pieces, width);
            for line in &lines {
                prop_assert!(line.iter().map(|(_, piece)| length(piece)).sum::<usize>() <= width);
            }
            let joined: String = lines.into_iter().flatten().map(|(_, piece)| piece).collect();
            prop_assert_eq!(joined, format!("{text}\\r\\n"));
        }
    }
}
