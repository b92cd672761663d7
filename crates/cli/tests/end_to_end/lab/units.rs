//! The page's pure modules, in the browser that they are written for.

use pushbench_protocol::{Envelope, PublishNumber, Timestamp};
use serde_json::json;

use super::browser::{Browser, Lab};

#[tokio::test]
async fn the_pages_arithmetic_is_right() {
    let lab = Lab::start();
    let Some(browser) = Browser::open(&lab, "/teachers").await else { return };

    let envelope = Envelope {
        number: PublishNumber(4_000_000_000),
        due_at: Timestamp::from_nanos(13_800_123_456_789),
    };
    let envelope = envelope.encode();
    let payload = str::from_utf8(&envelope).expect("ASCII");
    let decoded = browser
        .run(&format!(
            "const {{ decode }} = await import('/lab/envelope.js');
             return [decode('{payload} and more'), decode('hello'), decode('hello, world! 16 ')];"
        ))
        .await;
    assert_eq!(
        decoded,
        json!([{ "number": 4_000_000_000_u32, "dueMs": 13_800_123.456_789 }, null, null])
    );

    let offset = browser
        .run(
            "const { Offset } = await import('/lab/clock.js');
             const offset = new Offset();
             const none = [offset.isKnown, offset.atServer(5)];
             // The server is 1,000 ahead; the slow ping is lopsided and must not count.
             offset.add(100, 1190, 200);
             offset.add(300, 1302, 304);
             offset.add(400, 1490, 500);
             return [none, offset.atServer(0), offset.uncertaintyMs, offset.isKnown];",
        )
        .await;
    assert_eq!(offset, json!([[false, 5], 1_000, 2, true]));

    let waiting = browser
        .run(
            "const { Waiting } = await import('/lab/waiting.js');
             const waiting = new Waiting();
             const before = [waiting.mean, waiting.median, waiting.ageAt(5), waiting.meanAgeAt(5)];
             waiting.receive(0, 100);
             waiting.receive(1000, 1300);
             waiting.receive(900, 1300);
             // Age: 100 to 1,300 over 1,200 ms, then 300 to 500 over 200 ms.
             const mean = waiting.meanAgeAt(1500);
             return [before, waiting.mean, waiting.median, waiting.max, waiting.ageAt(1500), mean];",
        )
        .await;
    let mean_age = (700.0 * 1_200.0 + 400.0 * 200.0) / 1_400.0;
    let mean = (100.0 + 300.0 + 400.0) / 3.0;
    assert_eq!(waiting, json!([[null, null, null, null], mean, 300, 400, 500, mean_age]));

    let books = browser
        .run(
            "const { KINDS, emptyBook, since, wire, stream, overhead, perMessage } = await import('/lab/bytes.js');
             const book = emptyBook();
             KINDS.forEach((kind, place) => { book.up[kind] = 1 << place; book.down[kind] = 1 << place; });
             book.messages = 4;
             const grown = structuredClone(book);
             grown.up.header += 7;
             return [wire(book), stream(book), overhead(book), perMessage(book, 10), perMessage(emptyBook(), 10),
                     since(grown, book).up.header, since(book, grown)];",
        )
        .await;
    assert_eq!(books, json!([510, 126, 508, 2.5, null, 7, null]));

    let back_off = browser
        .run(
            "const { BackOff } = await import('/lab/transports.js');
             const pauses = new BackOff();
             const all = Array.from({ length: 7 }, () => pauses.next());
             pauses.reset();
             return [...all, pauses.next()];",
        )
        .await;
    assert_eq!(back_off, json!([500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 500]));
    browser.close().await;
}
