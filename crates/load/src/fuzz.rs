//! A door for the fuzz targets in `crates/fuzz`: this crate's readers of bytes from outside, each
//! with what must hold whatever the bytes are. Panics where it does not.

use pushbench_protocol::DeflateTerms;
use pushbench_wire::head::{HeadError, ResponseHead};

use crate::Fault;
use crate::carrier::agreed::is_as_asked;
use crate::carrier::http1::reader::AnswerReader;
use crate::carrier::http1::upgraded;
use crate::carrier::opening::UpgradeRequest;
use crate::coded::decoded;
use crate::content_coding::{ContentCoding, Offer};
use crate::decoder::Decoder;
use crate::transport::item::{Codec, Said};
use crate::transport::lines::LineReader;
use crate::transport::sse::Events;
use crate::unexpected::Unexpected;

/// Responses to polls, one behind the other: the same wherever reads end, and no byte is lost.
pub fn responses(bytes: &[u8], step: usize) {
    let read = |step: usize| {
        let mut reader = AnswerReader::default();
        let (mut seen, mut taken, mut fault) = (Vec::new(), 0, None);
        'reads: for (place, mut input) in bytes.chunks(step.max(1)).enumerate() {
            loop {
                let answer = reader.take(&mut input, |answer| {
                    taken += answer.len();
                    (answer.status, answer.body.to_vec(), answer.gap, answer.cursor, answer.closes)
                });
                match answer {
                    Ok(Some(answer)) => seen.push(answer),
                    Ok(None) => break,
                    Err(found) => {
                        let rest = reader.give_up();
                        taken += rest.header + rest.framing + rest.rest;
                        let read = (place * step.max(1) + step.max(1)).min(bytes.len());
                        assert_eq!(taken, read as u64, "every byte is in the books");
                        fault = Some(found);
                        break 'reads;
                    }
                }
            }
        }
        if fault.is_none() {
            let ended = reader.end(|answer| {
                taken += answer.len();
                (answer.status, answer.body.to_vec(), answer.gap, answer.cursor, answer.closes)
            });
            seen.extend(ended.ok().flatten());
            let rest = reader.give_up();
            taken += rest.header + rest.framing + rest.rest;
            assert_eq!(taken, bytes.len() as u64, "every byte is in the books");
        }
        (seen, fault)
    };
    assert_eq!(read(step), read(bytes.len()), "in steps of {step}");
    let _ = Unexpected::of(bytes);
    let _ = Offer::of_head(bytes).takes(ContentCoding::Gzip);
}

/// A stream of events: the same wherever reads end, and no byte is lost.
pub fn events(bytes: &[u8], step: usize) {
    let read = |step: usize| {
        let mut events = Events::default();
        let mut seen = Vec::new();
        let mut fault: Option<Fault> = None;
        let mut booked = 0;
        for input in bytes.chunks(step.max(1)) {
            let pushed = events.push(input, &mut |item| {
                booked += item.len();
                seen.push(match item.said {
                    Said::Message(payload) => payload.to_vec(),
                    Said::Gap(gap) => gap.to_string().into_bytes(),
                    Said::Nothing => Vec::new(),
                });
            });
            if let Err(found) = pushed {
                fault = Some(found);
                break;
            }
        }
        assert!(booked <= bytes.len() as u64, "no byte is booked twice");
        (seen, fault)
    };
    assert_eq!(read(step), read(bytes.len()), "in steps of {step}");
}

/// Lines: the same wherever reads end.
pub fn lines(bytes: &[u8], step: usize) {
    let read = |step: usize| {
        let mut reader = LineReader::default();
        let mut lines = Vec::new();
        for input in bytes.chunks(step.max(1)) {
            let pushed = reader.push(input, |line| {
                lines.push(line.to_vec());
                Ok(())
            });
            assert_eq!(pushed, Ok(()), "no line here is too long");
        }
        lines
    };
    assert_eq!(read(step), read(bytes.len()), "in steps of {step}");
}

/// The head of a response that is to open a WebSocket, and what it says of extensions.
pub fn upgrade(bytes: &[u8]) {
    let terms = Some(DeflateTerms::DEFAULT);
    let asked =
        UpgradeRequest { head: b"GET / HTTP/1.1\r\n\r\n".to_vec(), key: "key".to_owned(), terms };
    let _ = ResponseHead::read(bytes, |head| Ok::<_, HeadError>(upgraded::check(head, &asked)));
    let _ = is_as_asked(Some(&String::from_utf8_lossy(bytes)), terms);
}

/// Bodies in every coding, or what is said to be one; and streams, which come to the same wherever
/// reads end.
pub fn codings(bytes: &[u8]) {
    for coding in [ContentCoding::Gzip, ContentCoding::Brotli, ContentCoding::Deflate] {
        let _ = decoded(coding, bytes);
        let read = |step: usize| {
            let mut decoder = Decoder::of(coding).expect("it is decoded").expect("it is coded");
            let mut plain = 0;
            let mut with = |piece: &[u8]| {
                plain += piece.len();
                Ok(())
            };
            let fault = bytes.chunks(step).find_map(|input| decoder.push(input, &mut with).err());
            // Of what comes before a fault, a read that has it all may give less.
            match fault {
                Some(fault) => Err(fault),
                None => Ok((plain, decoder.is_whole())),
            }
        };
        let whole = read(bytes.len().max(1));
        // What is a bomb in one read may be none in several.
        if whole != Err(Fault::Bomb) {
            assert_eq!(read(bytes.len().div_ceil(3).max(1)), whole);
        }
    }
}
