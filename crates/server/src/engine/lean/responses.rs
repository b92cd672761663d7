//! Responses as bytes: a poll's under the headers of a profile, and all others.

use std::sync::OnceLock;

use http::{HeaderName, StatusCode};
use pushbench_protocol::headers::{AnswerMark, AnswerStatus, title_case};
use pushbench_protocol::{Compression, Cursor, ResponseProfile};

use super::template::{Field, Filling, Form, Template, Value};
use crate::engine::axum::spelling::OWN;
use crate::engine::date::date;
use crate::respond::{Refusal, Upgrade};

/// The headers of responses to polls, of one profile. Each kind is put together once.
#[derive(Debug)]
pub(super) struct PollHeaders {
    profile: ResponseProfile,
    /// What bodies may be compressed with.
    offered: Compression,
    /// By [`PollKind::place`].
    templates: Box<[OnceLock<Template>]>,
}

/// Everything that decides which headers a response to a poll has, but for their values.
#[derive(Clone, Copy, Debug)]
pub(super) struct PollKind {
    pub(super) status: AnswerStatus,
    pub(super) is_coded: bool,
    pub(super) mark: AnswerMark,
    pub(super) form: Form,
}

impl PollKind {
    const PLACES: usize = 3 << 7;

    fn place(self) -> usize {
        let Self { status, is_coded, mark, form } = self;
        let status = match status {
            AnswerStatus::Messages => 0,
            AnswerStatus::Empty => 1,
            AnswerStatus::NotModified => 2,
        };
        let has = [
            is_coded,
            mark.cursor.is_some(),
            mark.tag.is_some(),
            mark.gap > 0,
            form.is_http10,
            form.is_head,
            form.is_last,
        ];
        has.iter().fold(status, |place, &has| place << 1 | usize::from(has))
    }
}

impl PollHeaders {
    pub(super) fn new(profile: ResponseProfile, offered: Compression) -> Self {
        let templates = std::iter::repeat_with(OnceLock::new).take(PollKind::PLACES).collect();
        Self { profile, offered, templates }
    }

    /// Writes the headers of a response with content of this length.
    pub(super) fn write(&self, out: &mut Vec<u8>, kind: PollKind, length: u64) {
        let template = self.templates[kind.place()].get_or_init(|| self.template(kind));
        let is_weak = self.offered.content_coding().is_some();
        template.write(out, &Filling { date: date(), length, mark: kind.mark, is_weak });
    }

    fn template(&self, kind: PollKind) -> Template {
        let PollKind { status, is_coded, mark, form } = kind;
        let coding = (self.offered, is_coded);
        let fields = self.profile.answer_fields(status, 0, "{date}", mark, coding);
        let fields = fields.into_iter().map(|(name, value)| {
            let value = match name.to_ascii_lowercase().as_str() {
                "content-length" => Value::Length,
                "cursor" => Value::Cursor,
                "etag" if mark.tag.is_some() => Value::Tag,
                "gap" => Value::Gap,
                _ => Value::Text(value),
            };
            (name, value)
        });
        let status = StatusCode::from_u16(status.code()).expect("the protocol's codes are HTTP's");
        Template::new(status, form, fields.collect())
    }
}

/// Writes a response of 200 with this content.
pub(super) fn write_page(out: &mut Vec<u8>, content_type: &str, content: &[u8], form: Form) {
    let fields = vec![text("Content-Type", content_type)];
    write_plain(out, StatusCode::OK, fields, content, form);
}

/// Writes a refusal with its reason.
pub(super) fn write_refusal(out: &mut Vec<u8>, refusal: Refusal, form: Form) {
    let mut fields = vec![text("Content-Type", "text/plain; charset=utf-8")];
    for (name, value) in refusal.fields {
        fields.push(text(&spelled(&name), value));
    }
    let content = refusal.reason + "\n";
    write_plain(out, refusal.status, fields, content.as_bytes(), form);
}

/// Writes what a client gets whose bytes are no request. One that has spoken HTTP/1.0 takes it for
/// granted that the connection ends.
pub(super) fn write_malformed(out: &mut Vec<u8>, status: StatusCode, is_http10: bool) {
    let (version, connection) = match is_http10 {
        true => ("HTTP/1.0", ""),
        false => ("HTTP/1.1", "Connection: close\r\n"),
    };
    let headers = format!("{version} {status}\r\n{connection}Content-Length: 0\r\nDate: ");
    out.extend_from_slice(headers.as_bytes());
    out.extend_from_slice(&date());
    out.extend_from_slice(b"\r\n\r\n");
}

/// Writes what tells a client that it is upgraded.
pub(super) fn write_upgrade(out: &mut Vec<u8>, upgrade: &Upgrade, form: Form) {
    let mut fields = vec![text("Upgrade", "websocket"), text("Connection", "Upgrade")];
    let own = [
        ("Sec-WebSocket-Accept", &upgrade.accept),
        ("Sec-WebSocket-Extensions", &upgrade.extensions),
    ];
    for (name, value) in own {
        fields.extend(value.as_ref().map(|value| text(name, value)));
    }
    let mark = upgrade.subscription.mark();
    fields.extend(mark.fields(false).map(|(name, value)| text(&title_case(name), &value)));
    write_plain(out, StatusCode::SWITCHING_PROTOCOLS, fields, &[], form);
}

/// Writes a response with fields of its own.
fn write_plain(
    out: &mut Vec<u8>,
    status: StatusCode,
    fields: Vec<Field>,
    content: &[u8],
    form: Form,
) {
    let template = Template::new(status, form, fields);
    let length = content.len() as u64;
    let mark = AnswerMark { cursor: None::<Cursor>, tag: None, gap: 0 };
    template.write(out, &Filling { date: date(), length, mark, is_weak: false });
    if !form.is_head {
        out.extend_from_slice(content);
    }
}

fn text(name: &str, value: &str) -> Field {
    (name.to_owned(), Value::Text(value.to_owned()))
}

/// A name as its RFC spells it.
fn spelled(name: &HeaderName) -> String {
    let own = OWN.iter().find(|own| own.eq_ignore_ascii_case(name.as_str()));
    own.map_or_else(|| title_case(name.as_str()), |own| (*own).to_owned())
}
