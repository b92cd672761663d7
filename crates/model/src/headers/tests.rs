//! Both hands against each other: what is modelled here, and what `protocol::headers` writes for the
//! server and the load generator, over the product of header files and settings.

use pushbench_protocol::headers::{
    AnswerMark, AnswerStatus, FieldList, HeadTarget, PollFields, StreamKind, accepted_head_len,
};
use pushbench_protocol::{
    Compression, Cursor, DeflateTerms, Deliver, RequestProfile, ResponseProfile, Unchanged,
};

use super::*;

const HOST: &str = "127.0.0.1:18080";
const PATH: &str = "/topics/t0000/poll?after=0000000000000000";
const DATE: &str = "Sat, 07 Nov 2009 00:32:46 GMT";
const PLACE: Cursor = Cursor { epoch: 3, position: 77 };
const CODINGS: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Brotli];

/// Header files as people write them: tight lines, fields twice, tags and cookies of their own.
const OWN_RESPONSE: &str = "HTTP/1.1 200 OK\ndate: {date}\nContent-type: text/html\n\
                            Content-Language: en\ncontent-length: {length}\nETag: \"5d2f\"\n\
                            Set-Cookie: a=1\nset-cookie: b=2\nvary: Origin\nKeep-Alive: timeout=5\n\
                            Expires: {date}\nCF-RAY: 8a1-FRA\n";
const OWN_REQUEST: &str = "GET {path} HTTP/1.1\nhost:{host}\nACCEPT:*/*\nCookie: \nUser-Agent:  x \n\
                           Referer: {origin}{path}\n\nGET {path} HTTP/1.1\nHost:{host}\n\
                           Upgrade:WebSocket\nConnection:keep-alive,upgrade\n\
                           Sec-WebSocket-Key:{key}\nSec-WebSocket-Version:13\n\
                           Sec-WebSocket-Extensions: x-webkit-deflate-frame\n";

fn response_files() -> Vec<ResponseProfile> {
    let built_in =
        ResponseProfile::names().map(|name| ResponseProfile::built_in(name).expect(name));
    built_in.chain([ResponseProfile::parse("own", OWN_RESPONSE).expect("legal")]).collect()
}

fn request_files() -> Vec<RequestProfile> {
    let built_in = RequestProfile::names().map(|name| RequestProfile::built_in(name).expect(name));
    built_in.chain([RequestProfile::parse("own", OWN_REQUEST).expect("legal")]).collect()
}

fn pairs(list: &FieldList) -> (Vec<(&str, &str)>, u64) {
    (list.iter().collect(), list.uncompressed_len() as u64)
}

fn modelled(block: &FieldBlock) -> (Vec<(&str, &str)>, u64) {
    (block.iter().collect(), block.uncompressed_len())
}

#[test]
fn responses_to_polls_are_as_long_as_the_server_writes_them() {
    let mut compared = 0;
    for file in &response_files() {
        for (&deliver, &unchanged) in
            Deliver::ALL.iter().flat_map(|d| Unchanged::ALL.iter().map(move |u| (d, u)))
        {
            let mark = Mark::of_short_poll(deliver, unchanged, PLACE);
            let marked = AnswerMark::of_short_poll(deliver, unchanged, PLACE, 0);
            for (status, written) in [
                (Status::Ok, AnswerStatus::Messages),
                (Status::NoContent, AnswerStatus::Empty),
                (Status::NotModified, AnswerStatus::NotModified),
            ] {
                for (offered, is_coded) in CODINGS.into_iter().flat_map(|c| [(c, false), (c, true)])
                {
                    // Nothing is coded where nothing is offered, and no body where there is none.
                    if is_coded && (offered == Compression::None || status != Status::Ok) {
                        continue;
                    }
                    for body in [0, 9, 10, 20, 1_024, 4_194_304] {
                        let server = Server { file, offered };
                        let coding = Coding::of(is_coded);
                        let found = server.response_len(status, body, mark, coding);
                        let len = body as usize;
                        let head = file.head(written, len, DATE, marked).len();
                        let head = head + file.coding_len(written, offered, is_coded, marked);
                        let what = format!("{} {written:?} {marked:?} {offered:?}", file.name());
                        assert_eq!(found, head as u64, "{what} {is_coded}, {body} bytes");
                        let list =
                            file.coded_answer_list(written, len, DATE, marked, (offered, is_coded));
                        let block = server.response_block(status, body, DATE, mark, coding);
                        assert_eq!(modelled(&block), pairs(&list), "{what} {is_coded}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert_eq!(compared, 4 * 6 * (5 + 3 + 3) * 6);
}

#[test]
fn streams_begin_as_the_server_writes_them() {
    let marked = AnswerMark { cursor: Some(PLACE), tag: None, gap: 0 };
    for file in &response_files() {
        for (of, kind) in
            [(StreamOf::Events, StreamKind::Events), (StreamOf::Lines, StreamKind::Lines)]
        {
            for (offered, is_coded) in CODINGS.into_iter().flat_map(|c| [(c, false), (c, true)]) {
                if is_coded && offered == Compression::None {
                    continue;
                }
                let (server, coding) = (Server { file, offered }, Coding::of(is_coded));
                let written = file.coded_stream_head(kind, DATE, marked, (offered, is_coded));
                let what = format!("{written:?}");
                assert_eq!(server.stream_len(of, PLACE, coding), written.len() as u64, "{what}");
                let list = file.stream_list(kind, DATE, marked, (offered, is_coded));
                let block = server.stream_block(of, DATE, PLACE, coding);
                assert_eq!(modelled(&block), pairs(&list), "{what}");
            }
        }
    }
}

/// Terms of deflate, none among them.
fn terms() -> Vec<Option<DeflateTerms>> {
    let mut all = vec![None];
    for server_window_bits in [9, 15] {
        for client_window_bits in [10, 15] {
            for takeover in [(false, false), (false, true), (true, false), (true, true)] {
                let (server_takeover, client_takeover) = takeover;
                all.push(Some(DeflateTerms {
                    server_window_bits,
                    client_window_bits,
                    server_takeover,
                    client_takeover,
                }));
            }
        }
    }
    all
}

#[test]
fn an_upgrade_is_accepted_in_as_many_bytes_as_the_server_writes() {
    // Counted by hand: 34 of the status line, 20 + 21 + 52 of RFC 6455, 26 + 37 of cursor and date.
    assert_eq!(accepted_len(None), 34 + 20 + 21 + 52 + 26 + 37 + 2);
    for terms in terms() {
        let answer = terms.map(|terms| terms.answer(false));
        let written = accepted_head_len(answer.as_deref());
        assert_eq!(accepted_len(terms), written as u64, "{terms:?}");
    }
}

#[test]
fn requests_are_as_the_load_generator_writes_them() {
    for file in &request_files() {
        for (secure, cookie_bytes) in [(false, 0), (true, 0), (false, 1), (false, 2_000), (true, 7)]
        {
            let client = Client { file, host: HOST, secure, cookie_bytes };
            let target = HeadTarget { path: PATH, host: HOST, secure, cookie_bytes };
            let scheme = if secure { "https" } else { "http" };
            let what = format!("{}, {scheme}, {cookie_bytes} bytes of cookie", file.name());
            for compression in CODINGS {
                for conditional in [false, true] {
                    let fields = PollFields { conditional, compression };
                    let mut written = file.poll_with(target, fields);
                    written.set_cursor(PLACE);
                    let asked = client.poll(PATH, conditional, compression);
                    assert_eq!(asked.len(), written.bytes().len() as u64, "{what}");
                    let mut block = asked.block(secure);
                    block.set_cursor(PLACE);
                    let list = FieldList::of_request(written.bytes(), scheme);
                    assert_eq!(modelled(&block), pairs(&list), "{what}");
                }
                let written = file.events(target, compression);
                let asked = client.events(PATH, compression);
                assert_eq!(asked.len(), written.len() as u64, "{what}");
                let list = FieldList::of_request(&written, scheme);
                assert_eq!(modelled(&asked.block(secure)), pairs(&list), "{what}");
            }
            for terms in terms() {
                let key = "AAAAAAAAAAAAAAAAAAAAAA==";
                let written = file.upgrade_offering(target, key, terms).bytes;
                let asked = client.upgrade(PATH, terms);
                assert_eq!(asked.len(), written.len() as u64, "{what} {terms:?}");
                let list = FieldList::of_upgrade(&written, scheme);
                assert_eq!(modelled(&asked.block(secure)), pairs(&list), "{what} {terms:?}");
            }
        }
    }
}
