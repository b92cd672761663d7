//! Adapters, and what comes to a session that goes by one.

use std::path::Path;
use std::sync::Arc;

use pushbench_adapter::{Edge, Next, Response, Shipped, Transport, Values, read};

use crate::input::{steps, text};

/// An adapter up to the first NUL, and bytes that its server says: no panic, the same is received
/// wherever reads end, and every byte is booked once.
pub fn adapters(data: &[u8]) {
    let (step, data) = steps(data);
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let bytes = data.get(end + 1..).unwrap_or_default();
    text(&data[..end], |text| match read(Path::new("fuzz.toml"), text) {
        Err(refused) => assert!(!refused.to_string().is_empty(), "a refusal says why"),
        Ok(adapter) => {
            for transport in &adapter.transports {
                let values = Values::new(Arc::clone(&adapter.settings));
                // A message of the server's behind each line feed, so that an opening has steps to go.
                let messages: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                let whole = receive(transport, values.clone(), &messages, usize::MAX);
                let cut = receive(transport, values, &messages, step);
                if let (Some(whole), Some(cut)) = (whole, cut) {
                    assert_eq!(whole, cut, "in steps of {step}");
                }
            }
        }
    });
}

/// Bytes that a server of MQTT says, 0xff between two messages: as of [`adapters`], with messages that
/// are acknowledged and without.
pub fn mqtt(data: &[u8]) {
    let (step, bytes) = steps(data);
    let shipped = Shipped::named("mqtt").expect("it ships");
    let adapter = read(Path::new("mqtt.toml"), shipped.text).expect("it is right");
    let messages: Vec<_> = bytes.split(|byte| *byte == 0xff).collect();
    for quality in ["0", "1"] {
        let mut values = Values::new(Arc::clone(&adapter.settings));
        values.set("qos", quality);
        let whole = receive(&adapter.transports[0], values.clone(), &messages, usize::MAX);
        let cut = receive(&adapter.transports[0], values, &messages, step);
        assert_eq!(whole, cut, "in steps of {step}");
    }
}

/// What is received; `None` where the session ends with an error.
fn receive(
    transport: &Arc<Transport>,
    mut values: Values,
    messages: &[&[u8]],
    step: usize,
) -> Option<Vec<String>> {
    for name in ["channel", "client", "random", "host"] {
        values.set(name, name);
    }
    values.set("now", "1700000000");
    let mut session = transport.dialogue(values).ok()?;
    let (mut all, mut booked, mut fed) = (Vec::new(), 0, 0);
    for message in messages.iter().take(64) {
        let mut receive = |received: pushbench_adapter::Received<'_>| {
            booked += received.parts.total();
            all.push(format!("{received:?}"));
        };
        let mut next = session.next().ok()?;
        while let Next::Send(_) | Next::Connect(_) = next {
            if let Next::Connect(_) = next {
                session.on_connected().ok()?;
            }
            next = session.next().ok()?;
        }
        fed += message.len() as u64;
        match next {
            Next::Receive | Next::Open if !transport.is_polled => {
                for piece in message.chunks(step) {
                    session.on_bytes(piece, Edge::Read, &mut receive).ok()?;
                }
                session.on_bytes(b"", Edge::Message, &mut receive).ok()?;
            }
            _ => {
                let headers = [("Etag", &b"1"[..])];
                let response = Response { status: 200, headers: &headers, body: message };
                session.on_response(&response, &mut receive).ok()?;
            }
        }
    }
    assert_eq!(booked + session.pending(), fed, "every byte is booked once");
    while let Ok(Some(_)) = session.reply() {}
    let _ = (session.keep_alive(), session.publish(&messages.concat()), session.close());
    Some(all)
}
