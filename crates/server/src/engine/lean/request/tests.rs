//! Heads good and bad, whole and in part. What the other engine makes of the same bytes is asked over
//! sockets, in `tests/server`.

use http::header::HOST;

use pushbench_wire::http2::PREFACE;

use super::*;

const MOST: usize = 16 * 1024;

/// What is said of a head, owned.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Said {
    method: String,
    target: [String; 3],
    is_http10: bool,
    hosts: Vec<Vec<u8>>,
    announced: u64,
    is_over: bool,
    expects_continue: bool,
    len: usize,
}

fn say(bytes: &[u8]) -> Result<Option<Said>, Malformed> {
    let mut room = Room::new();
    let head = read(bytes, &mut room, MOST)?;
    Ok(head.map(|head| Said {
        method: head.method.to_string(),
        target: [head.target.path(), head.target.query(), head.target.authority().unwrap_or("-")]
            .map(str::to_owned),
        is_http10: head.version == Version::HTTP_10,
        hosts: head.fields.all(&HOST).map(<[u8]>::to_vec).collect(),
        announced: head.body.announced(),
        is_over: head.body.is_over(),
        expects_continue: head.expects_continue,
        len: head.len,
    }))
}

fn get(fields: &str) -> String {
    format!("GET /topics/t0000/poll?after=x HTTP/1.1\r\nHost: h\r\n{fields}\r\n")
}

#[test]
fn a_head_says_what_was_sent_and_where_it_ends() {
    let plain = Said {
        method: "GET".to_owned(),
        target: ["/topics/t0000/poll", "after=x", "-"].map(str::to_owned),
        is_http10: false,
        hosts: vec![b"h".to_vec()],
        announced: 0,
        is_over: true,
        expects_continue: false,
        len: get("").len(),
    };
    assert_eq!(say((get("") + "GET / HT").as_bytes()), Ok(Some(plain.clone())));
    let of = |fields: &str| {
        let head = get(fields);
        let said = say(head.as_bytes()).expect("a head").expect("whole");
        assert_eq!(said.len, head.len());
        said
    };
    let long = of("CONTENT-LENGTH: 0012\r\nContent-Length: 12\r\nExpect: 100-Continue\r\n");
    assert_eq!((long.announced, long.is_over, long.expects_continue), (12, false, true));
    let chunked = of("Content-Length: 12\r\nTransfer-Encoding: gzip, Chunked\r\n");
    assert_eq!((chunked.announced, chunked.is_over), (0, false));
    let unread = of("Transfer-Encoding: chunked\r\nContent-Length: x\r\n");
    assert!(!unread.is_over);
    let nothing = of("Expect: 100-continue\r\nContent-Length: 0\r\n");
    assert!(!nothing.expects_continue);
    let two = of("host: other\r\n");
    assert_eq!(two.hosts, [b"h".to_vec(), b"other".to_vec()]);

    let old = "POST http://h/x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
    let old = say(old.as_bytes()).expect("a head").expect("whole");
    assert_eq!(old.target, ["/x", "", "h"].map(str::to_owned));
    assert!(old.is_http10 && !old.expects_continue);
    assert_eq!(
        say(b"\r\n\nGET / HTTP/1.1\n\n").map(|said| said.map(|said| said.len)),
        Ok(Some(19))
    );
}

#[test]
fn what_is_no_head_is_refused_with_its_status() {
    let head = |fields: &str| get(fields).into_bytes();
    let bad = Malformed::Refused(StatusCode::BAD_REQUEST);
    let too_large = Malformed::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    for (bytes, expected) in [
        (b"GET /\r\n\r\n".to_vec(), bad),
        (b"GET / HTTP/2.0\r\n\r\n".to_vec(), bad),
        (b"G@T / HTTP/1.1\r\n\r\n".to_vec(), bad),
        (b"GET /\x7f HTTP/1.1\r\n\r\n".to_vec(), bad),
        (b"GET /<> HTTP/1.1\r\n\r\n".to_vec(), bad),
        (b"GET x/y HTTP/1.1\r\n\r\n".to_vec(), bad),
        (head("X : y\r\n"), bad),
        (head("X: y\r\n z\r\n"), bad),
        (head("X: a\0b\r\n"), bad),
        (head("Content-Length: +1\r\n"), bad),
        (head("Content-Length: \r\n"), bad),
        (head("Content-Length: 1, 1\r\n"), bad),
        (head("Content-Length: 18446744073709551616\r\n"), bad),
        (head("Content-Length: 18446744073709551615\r\n"), too_large),
        (head("Content-Length: 1\r\nContent-Length: 2\r\n"), bad),
        (head("Transfer-Encoding: gzip\r\n"), bad),
        (head("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), bad),
        (head("Transfer-Encoding: \r\n"), bad),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), bad),
        (head(&"X: y\r\n".repeat(HEAD_FIELDS)), too_large),
        (head(&format!("X: {}\r\n", "y".repeat(MOST))), too_large),
        (vec![b'x'; MOST], too_large),
        (PREFACE.to_vec(), Malformed::Preface),
        ([&b"\r\n"[..], PREFACE].concat(), Malformed::Preface),
    ] {
        let shown = bytes[..bytes.len().min(80)].escape_ascii().to_string();
        assert_eq!(say(&bytes), Err(expected), "{shown}");
    }
    let full = get(&"X: y\r\n".repeat(HEAD_FIELDS - 1));
    assert!(say(full.as_bytes()).is_ok_and(|said| said.is_some()));
    let mut longest = get("");
    longest
        .insert_str(longest.len() - 2, &format!("X: {}\r\n", "y".repeat(MOST - longest.len() - 5)));
    assert_eq!(longest.len(), MOST);
    assert!(say(longest.as_bytes()).is_ok_and(|said| said.is_some()));
}

#[test]
fn a_target_may_be_as_long_as_the_library_lets_it() {
    for (more, status) in [(0, None), (1, Some(StatusCode::URI_TOO_LONG))] {
        let target = "/".repeat(MOST_TARGET_BYTES + more);
        let head = format!("GET {target} HTTP/1.1\r\n\r\n");
        let mut room = Room::new();
        let found = read(head.as_bytes(), &mut room, 1 << 20).map(|head| head.is_some());
        assert_eq!(found, status.map_or(Ok(true), |status| Err(Malformed::Refused(status))));
    }
    let booked = Malformed::Refused(StatusCode::URI_TOO_LONG).booked();
    assert_eq!(booked, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[test]
fn a_part_of_a_head_is_incomplete_or_refused_as_all_of_it_is() {
    for bytes in [
        get("Connection: keep-alive\r\nContent-Length: 5\r\n").into_bytes(),
        b"\r\n\r\nGET / HTTP/1.1\nHost: h\n\n".to_vec(),
        get("X : y\r\n").into_bytes(),
        b"GET / HTTP/3\r\n\r\n".to_vec(),
        get("Content-Length: x\r\n").into_bytes(),
    ] {
        let whole = say(&bytes);
        for cut in 0..bytes.len() {
            let part = say(&bytes[..cut]);
            assert!(part == Ok(None) || part == whole, "{cut} of {}", bytes.escape_ascii());
        }
    }
}
