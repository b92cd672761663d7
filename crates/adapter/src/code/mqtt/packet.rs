//! Packets of MQTT 3.1.1 as they are on the wire.
//!
//! Source: MQTT Version 3.1.1, OASIS Standard, 29 October 2014; sections are those of it.

/// The first byte of CONNACK, the first packet that a server sends (3.2).
pub(crate) const CONN_ACK: u8 = 0x20;

/// What a client is to be connected as.
pub(crate) struct Login {
    pub(crate) client_id: Vec<u8>,
    pub(crate) user: Vec<u8>,
    pub(crate) password: Vec<u8>,
    /// Seconds; 0 for never.
    pub(crate) keep_alive: u16,
}

/// What a client receives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Packet<'p> {
    /// Whether the connection is accepted; the return code.
    ConnAck(u8),
    SubAck {
        id: u16,
        /// The quality of service that is granted, or 0x80.
        code: u8,
    },
    Publish {
        /// What asks for an acknowledgement; `None` with quality of service 0.
        id: Option<u16>,
        /// Whether it is from before the subscription.
        is_retained: bool,
        payload: &'p [u8],
    },
    PubAck(u16),
    PingResp,
}

/// CONNECT with a clean session (3.1).
pub(crate) fn connect(login: &Login) -> Vec<u8> {
    const CLEAN_SESSION: u8 = 0b10;
    let flag = |text: &[u8], bit: u8| if text.is_empty() { 0 } else { bit };
    let flags = CLEAN_SESSION | flag(&login.user, 0x80) | flag(&login.password, 0x40);
    let mut rest = b"\0\x04MQTT\x04".to_vec();
    rest.push(flags);
    rest.extend(login.keep_alive.to_be_bytes());
    put_text(&mut rest, &login.client_id);
    for text in [&login.user, &login.password] {
        if !text.is_empty() {
            put_text(&mut rest, text);
        }
    }
    packet(0x10, &rest)
}

/// SUBSCRIBE to one topic filter (3.8).
pub(crate) fn subscribe(id: u16, topic: &[u8], quality: u8) -> Vec<u8> {
    let mut rest = id.to_be_bytes().to_vec();
    put_text(&mut rest, topic);
    rest.push(quality);
    packet(0x82, &rest)
}

/// PUBLISH (3.3), with quality of service 1 if it has an identifier.
pub(crate) fn publish(topic: &[u8], id: Option<u16>, payload: &[u8]) -> Vec<u8> {
    let mut rest = Vec::with_capacity(2 + topic.len() + 2 + payload.len());
    put_text(&mut rest, topic);
    rest.extend(id.into_iter().flat_map(u16::to_be_bytes));
    rest.extend_from_slice(payload);
    packet(if id.is_some() { 0x32 } else { 0x30 }, &rest)
}

/// PUBACK (3.4).
pub(crate) fn pub_ack(id: u16) -> Vec<u8> {
    packet(0x40, &id.to_be_bytes())
}

/// PINGREQ (3.12).
pub(crate) fn ping() -> Vec<u8> {
    packet(0xc0, &[])
}

/// DISCONNECT (3.14).
pub(crate) fn disconnect() -> Vec<u8> {
    packet(0xe0, &[])
}

fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5 + rest.len());
    bytes.push(first);
    // Seven bits a byte, the least first; the eighth says that another follows (2.2.3).
    let mut length = rest.len();
    while length >= 0x80 {
        bytes.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).expect("seven bits"));
    bytes.extend_from_slice(rest);
    bytes
}

fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    let length = u16::try_from(text.len()).expect("checked when the dialogue was made");
    bytes.extend(length.to_be_bytes());
    bytes.extend_from_slice(text);
}

impl<'p> Packet<'p> {
    /// The packet with this first byte, and what stands behind its length; `None` for any that a
    /// server of 3.1.1 does not send to such a client, or not like this.
    pub(crate) fn parse(first: u8, rest: &'p [u8]) -> Option<Self> {
        match (first, rest) {
            (CONN_ACK, &[0 | 1, code]) => Some(Self::ConnAck(code)),
            (0x90, &[high, low, code @ (0..=2 | 0x80)]) => {
                Some(Self::SubAck { id: u16::from_be_bytes([high, low]), code })
            }
            (0x40, &[high, low]) => Some(Self::PubAck(u16::from_be_bytes([high, low]))),
            (0xd0, []) => Some(Self::PingResp),
            (0x30..=0x3f, rest) => publish_from(first, rest),
            _ => None,
        }
    }
}

/// Nothing of quality of service 2, which nobody asked for.
fn publish_from(first: u8, rest: &[u8]) -> Option<Packet<'_>> {
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let rest = rest.get(usize::from(u16::from_be_bytes(*length))..)?;
    let is_retained = first & 1 == 1;
    match (first >> 1) & 0b11 {
        // Nothing of quality 0 is sent twice (3.3.1.1).
        0 if first & 0x08 == 0 => Some(Packet::Publish { id: None, is_retained, payload: rest }),
        1 => {
            let (id, payload) = rest.split_first_chunk::<2>()?;
            let id = u16::from_be_bytes(*id);
            (id != 0).then_some(Packet::Publish { id: Some(id), is_retained, payload })
        }
        _ => None,
    }
}

/// What a return code of CONNACK means (3.2.2.3).
pub(crate) const fn refusal(code: u8) -> &'static str {
    match code {
        1 => "unacceptable protocol version",
        2 => "client identifier rejected",
        3 => "server unavailable",
        4 => "bad user name or password",
        5 => "not authorized",
        _ => "a code that MQTT 3.1.1 does not have",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_as_the_standard_has_them() {
        let login = Login {
            client_id: b"c".to_vec(),
            user: b"u".to_vec(),
            password: b"pw".to_vec(),
            keep_alive: 60,
        };
        assert_eq!(connect(&login), b"\x10\x14\0\x04MQTT\x04\xc2\0\x3c\0\x01c\0\x01u\0\x02pw");
        assert_eq!(subscribe(1, b"a/b", 1), b"\x82\x08\0\x01\0\x03a/b\x01");
        assert_eq!(publish(b"c1", None, b"m1"), b"\x30\x06\0\x02c1m1");
        assert_eq!(publish(b"c1", Some(258), b"m1"), b"\x32\x08\0\x02c1\x01\x02m1");
        assert_eq!(pub_ack(258), b"\x40\x02\x01\x02");
        assert_eq!((ping(), disconnect()), (b"\xc0\0".to_vec(), b"\xe0\0".to_vec()));
    }

    #[test]
    fn a_length_takes_as_many_bytes_as_table_2_4_says() {
        for (payload, length) in [
            (123, &b"\x7f"[..]),
            (124, b"\x80\x01"),
            (16_379, b"\xff\x7f"),
            (16_380, b"\x80\x80\x01"),
            (2_097_147, b"\xff\xff\x7f"),
            (2_097_148, b"\x80\x80\x80\x01"),
        ] {
            let bytes = publish(b"c1", None, &vec![b'x'; payload]);
            assert_eq!(&bytes[1..=length.len()], length, "{payload}");
            assert_eq!(bytes.len(), 1 + length.len() + 4 + payload, "{payload}");
        }
    }

    #[test]
    fn what_no_server_sends_is_no_packet() {
        let publish = |id, is_retained, payload| Packet::Publish { id, is_retained, payload };
        for (first, rest, packet) in [
            (0x20, &b"\0\x05"[..], Some(Packet::ConnAck(5))),
            (0x20, b"\0", None),
            (0x21, b"\0\0", None),
            (0x90, b"\0\x01\x80", Some(Packet::SubAck { id: 1, code: 0x80 })),
            (0x90, b"\0\x01\x03", None),
            (0x30, b"\0\x02c1m1", Some(publish(None, false, b"m1"))),
            (0x31, b"\0\x02c1", Some(publish(None, true, b""))),
            (0x3a, b"\0\x02c1\0\x07m", Some(publish(Some(7), false, b"m"))),
            (0x32, b"\0\x02c1\0\0m", None),
            (0x32, b"\0\x02c1\0", None),
            (0x34, b"\0\x02c1\0\x07m", None),
            (0x38, b"\0\x02c1m", None),
            (0x30, b"\0\x03c1", None),
            (0x30, b"\0", None),
            (0xd0, b"", Some(Packet::PingResp)),
            (0xd0, b"\0", None),
            (0xe0, b"", None),
            (0x62, b"\0\x01", None),
        ] {
            assert_eq!(Packet::parse(first, rest), packet, "{first:#x} {rest:?}");
        }
    }
}
