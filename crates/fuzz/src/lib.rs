//! Fuzz targets for every reader of bytes from outside.
//!
//! Each target is a function here that takes bytes and panics where something does not hold that
//! must: no panic within a reader, the same result wherever reads end, every byte counted once.
//! `cargo fuzz run NAME --fuzz-dir crates/fuzz --features libfuzzer` looks for such bytes (with
//! `RUSTC_BOOTSTRAP=1` on a stable toolchain). The corpus that is committed is replayed by a test below,
//! which every run of the tests has.
//!
//! Where a target cuts its bytes into reads, the first byte says how long they are.

mod adapters;
mod imports;
mod input;

use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use pushbench_anatomy::Unit;
use pushbench_protocol::headers::{FieldList, HeadTarget, PollFields};
use pushbench_protocol::number::{digits, gap, hex_digits};
use pushbench_protocol::{
    Compression, Cursor, Envelope, Hold, RequestProfile, ResponseProfile, TopicName,
};
use pushbench_scenario::Source;
use pushbench_wire::chunk::{ChunkedReader, Piece};
use pushbench_wire::frame::{FrameCounter, MessageReader};
use pushbench_wire::hpack::{Encoder, Indexing};
use pushbench_wire::http2::FrameCounter as Http2Counter;

pub use adapters::{adapters, mqtt};
pub use imports::{curl, har};

use input::{steps, text};

/// What is done with the bytes that a fuzzer makes up.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 19] = [
    ("responses", responses),
    ("chunks", chunks),
    ("events", events),
    ("lines", lines),
    ("frames", frames),
    ("client_frames", client_frames),
    ("http2", http2),
    ("hpack", hpack),
    ("header_files", header_files),
    ("scenarios", scenarios),
    ("records", records),
    ("names", names),
    ("upgrades", upgrades),
    ("targets", targets),
    ("requests", requests),
    ("adapters", adapters),
    ("mqtt", mqtt),
    ("har", har),
    ("curl", curl),
];

/// Responses to polls and publishes, whole and in part, and bodies in a coding.
pub fn responses(data: &[u8]) {
    let (step, bytes) = steps(data);
    pushbench_load::fuzz::responses(bytes, step);
    pushbench_load::fuzz::codings(bytes);
}

/// Chunks: every byte is data or overhead.
pub fn chunks(data: &[u8]) {
    let (step, bytes) = steps(data);
    let read = |step: usize| {
        let mut reader = ChunkedReader::default();
        let mut seen = Vec::new();
        for mut input in bytes.chunks(step.max(1)) {
            loop {
                match reader.next(&mut input) {
                    Ok(Some(Piece::Data(data))) => seen.extend_from_slice(data),
                    Ok(Some(Piece::End)) => {}
                    Ok(None) => break,
                    Err(_) => return (seen, true),
                }
            }
        }
        let taken = seen.len() as u64 + reader.take_overhead();
        assert_eq!(taken, bytes.len() as u64, "every byte is data or overhead");
        (seen, false)
    };
    assert_eq!(read(step), read(bytes.len()), "in steps of {step}");
    for unit in [Unit::Head, Unit::Answer, Unit::Chunk, Unit::Frame] {
        let extent = unit.extent(bytes).ok().flatten();
        assert!(extent.is_none_or(|len| len <= bytes.len()));
    }
}

/// Server-sent events.
pub fn events(data: &[u8]) {
    let (step, bytes) = steps(data);
    pushbench_load::fuzz::events(bytes, step);
}

/// Lines of a stream.
pub fn lines(data: &[u8]) {
    let (step, bytes) = steps(data);
    pushbench_load::fuzz::lines(bytes, step);
}

/// WebSocket frames as the load generator counts them.
pub fn frames(data: &[u8]) {
    let (step, bytes) = steps(data);
    let read = |step: usize| {
        let mut counter = FrameCounter::default();
        counter.keep_message_lens();
        bytes.chunks(step.max(1)).for_each(|piece| counter.observe(piece));
        let counts = counter.counts;
        assert_eq!(counts.total() + counter.begun(), bytes.len() as u64, "every byte is counted");
        let lens: Vec<_> = std::iter::from_fn(|| counter.take_message_len()).collect();
        (counts, lens)
    };
    assert_eq!(read(step), read(bytes.len()), "in steps of {step}");
    let messages = |step: usize| {
        let mut reader = MessageReader::new(1_000);
        let mut seen = Vec::new();
        let pieces = bytes.chunks(step.max(1));
        let broken = pieces.map(|piece| {
            reader.read(piece, |received| {
                seen.push(format!("{received:?}"));
                ControlFlow::<()>::Continue(())
            })
        });
        let broken = broken.collect::<Result<Vec<_>, _>>().err();
        (seen, broken)
    };
    assert_eq!(messages(step), messages(bytes.len()), "in steps of {step}");
}

/// WebSocket frames as the server reads them, plain and compressed.
pub fn client_frames(data: &[u8]) {
    let (step, bytes) = steps(data);
    for is_compressed in [false, true] {
        pushbench_server::fuzz::frames(bytes, step, is_compressed);
    }
}

/// Requests as the engine `lean` reads them, and their bodies.
pub fn requests(data: &[u8]) {
    let (step, bytes) = steps(data);
    pushbench_server::fuzz::requests(bytes, step);
}

/// Frames of HTTP/2, of either side.
pub fn http2(data: &[u8]) {
    let (step, bytes) = steps(data);
    for begin in [Http2Counter::of_client, Http2Counter::of_server] {
        let read = |step: usize| {
            let mut counter = begin();
            bytes.chunks(step.max(1)).for_each(|piece| counter.observe(piece));
            let counts = counter.counts;
            let all = counts.field_blocks + counts.data + counts.framing + counts.control;
            // A frame's header is counted when it is whole.
            assert!(all <= bytes.len() as u64 && all + 9 > bytes.len() as u64, "{counts:?}");
            counts
        };
        assert_eq!(read(step), read(bytes.len()), "in steps of {step}");
    }
}

/// Field lists, a line for each field, through both encoders twice: a warm table never costs more.
pub fn hpack(data: &[u8]) {
    text(data, |text| {
        let fields: Vec<_> =
            text.lines().map(|line| line.split_once('=').unwrap_or((line, ""))).collect();
        for indexing in [Indexing::Everything, Indexing::LikeH2] {
            let mut encoder = Encoder::new(indexing);
            let first = encoder.encode(fields.iter().copied());
            assert!(first as usize >= fields.len(), "a field takes a byte at least");
            encoder.encode(fields.iter().copied());
        }
    });
}

/// Header files, and what they are filled with.
pub fn header_files(data: &[u8]) {
    text(data, |text| {
        if let Ok(profile) = RequestProfile::parse("fuzz", text) {
            let target = HeadTarget {
                path: "/topics/t0000/poll?after=0000000000000000",
                host: "h:1",
                secure: true,
                cookie_bytes: 3,
            };
            let fields = PollFields { conditional: true, compression: Compression::Gzip };
            let mut head = profile.poll_with(target, fields);
            let len = head.bytes().len();
            head.set_cursor(Cursor::NOW);
            assert_eq!(head.bytes().len(), len, "a cursor does not change a head's length");
            let _ = FieldList::of_request(head.bytes(), "https");
            let _ = profile.events(target, Compression::None);
            let _ = profile.upgrade_offering(target, "key", None);
        }
        let _ = ResponseProfile::parse("fuzz", text);
    });
}

/// Scenario files; those that they name are not there.
pub fn scenarios(data: &[u8]) {
    text(data, |text| {
        let read_file = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
        let source = Source {
            path: Path::new("fuzz.toml"),
            text,
            overrides: &[],
            only: &[],
            read_file: &read_file,
        };
        if let Err(refused) = pushbench_scenario::read(&source) {
            assert!(!refused.to_string().is_empty(), "a refusal says why");
        }
    });
}

/// Records.
pub fn records(data: &[u8]) {
    text(data, |text| {
        let _ = pushbench_store::fuzz_parse(text);
    });
}

/// Envelopes, cursors, topics, holds and numbers.
pub fn names(data: &[u8]) {
    if let Some(envelope) = Envelope::decode(data) {
        assert_eq!(envelope.encode(), data[..Envelope::LEN], "an envelope has one form");
    }
    if let Some(cursor) = Cursor::decode(data) {
        assert_eq!(&cursor.encode()[..], data, "a cursor has one form");
    }
    for number in [digits(data), gap(data), hex_digits(data)].into_iter().flatten() {
        assert!(number >> 63 == 0, "a number is no larger than a length can be");
    }
    text(data, |text| {
        let _ = TopicName::new(text);
        if let Ok(hold) = text.parse::<Hold>() {
            assert_eq!(hold.to_string().parse(), Ok(hold), "a hold comes back");
        }
    });
}

/// Both sides of an upgrade: the response's head, the offer and the agreement on extensions.
pub fn upgrades(data: &[u8]) {
    pushbench_load::fuzz::upgrade(data);
    pushbench_server::fuzz::upgrade(data);
}

/// Targets of requests.
pub fn targets(data: &[u8]) {
    pushbench_server::fuzz::target(data);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn here(folder: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
    }

    #[test]
    fn the_committed_corpus_of_every_target_passes() {
        for (name, target) in TARGETS {
            let entries =
                fs::read_dir(here("corpus").join(name)).expect("a corpus for each target");
            let mut count = 0;
            for entry in entries {
                let path = entry.expect("an entry").path();
                eprintln!("{}", path.display());
                target(&fs::read(path).expect("a file"));
                count += 1;
            }
            assert!(count > 0, "{name} has a corpus");
        }
    }

    #[test]
    fn every_target_has_its_binary() {
        let mut files: Vec<_> = fs::read_dir(here("fuzz_targets"))
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        files.sort();
        let mut expected: Vec<_> = TARGETS.iter().map(|(name, _)| format!("{name}.rs")).collect();
        expected.sort();
        assert_eq!(files, expected);
    }
}
