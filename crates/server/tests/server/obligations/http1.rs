//! Rows of RFC 9110 and 9112: messages and their framing, bodies, responses.

use super::{Row, get, row, status};

pub(super) fn rows() -> Vec<Row> {
    let healthz = "GET /healthz HTTP/1.1\r\n";
    let body = "POST /topics/t0000/messages HTTP/1.1\r\nHost: h\r\n";
    vec![
        // Messages and their framing.
        row(
            "9112 2.2: a bare line feed may end a line",
            "GET /healthz HTTP/1.1\nHost: h\n\n",
            status("200"),
        ),
        row(
            "9112 2.2: an empty line before a request is passed over",
            format!("\r\n{}", get("/healthz", "")),
            status("200"),
        ),
        row(
            "9112 2.3, 9110 2.5: a later minor version is understood",
            "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("200").has(&["HTTP/1.1 200 OK"]),
        ),
        row(
            "9112 3: what is no request line is 400",
            "GET /healthz\r\nHost: h\r\n\r\n",
            status("400").closes(),
        ),
        row("9112 3.2: no Host is 400", format!("{healthz}\r\n"), status("400")),
        row(
            "9112 3.2: two Hosts are 400",
            format!("{healthz}Host: h\r\nHost: h\r\n\r\n"),
            status("400"),
        ),
        row(
            "9112 3.2: two Hosts that differ are 400",
            format!("{healthz}Host: h\r\nHost: evil.example\r\n\r\n"),
            status("400"),
        ),
        row(
            "9112 3.2: a Host that is none is 400",
            format!("{healthz}Host: a b\r\n\r\n"),
            status("400"),
        ),
        row(
            "9112 3.2: a Host with user information is 400",
            format!("{healthz}Host: u@h\r\n\r\n"),
            status("400"),
        ),
        row("9110 4.2.1: an empty Host is 400", format!("{healthz}Host:\r\n\r\n"), status("400")),
        row(
            "9112 3.2: HTTP/1.0 may name no Host",
            "GET /healthz HTTP/1.0\r\n\r\n",
            status("200").closes(),
        ),
        row(
            "9112 3.2.2: the absolute form is taken",
            "GET http://h/healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("200"),
        ),
        row(
            "9112 3.2.2: the absolute form wins over Host",
            "GET http://evil.example/healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("421"),
        ),
        row(
            "9110 7.4: a request for another host is not served",
            format!("{healthz}Host: evil.example\r\n\r\n"),
            status("421"),
        ),
        row(
            "9112 5.1: a blank before the colon is 400",
            format!("{healthz}Host: h\r\nX : y\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9112 5.2: a folded field is 400",
            format!("{healthz}Host: h\r\nX: y\r\n z\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9110 5.5: a field with NUL is 400",
            format!("{healthz}Host: h\r\nX: a\0b\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9110 9.1: an unknown method is refused",
            "BREW /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("405").has(&["Allow: GET,HEAD"]),
        ),
        row(
            "9110 9.1: methods know their case",
            "get /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("405"),
        ),
        // Bodies.
        row(
            "9112 6.1: a coding that is not undone is no text",
            format!("{body}Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
            status("501").closes(),
        ),
        row(
            "9112 6.1: codings in two fields are no text either",
            format!(
                "{body}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            ),
            status("501").closes(),
        ),
        row(
            "9112 6.3: a request whose last coding is not chunked is 400",
            format!("{body}Transfer-Encoding: gzip\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9112 6.1: chunked twice is refused",
            format!("{body}Transfer-Encoding: chunked, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
            status("501").closes(),
        ),
        row(
            "9112 6.1: HTTP/1.0 has no transfer coding",
            "POST /topics/t0000/messages HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            status("400").closes(),
        ),
        row(
            "9112 6.3: a length and a coding at once close the connection",
            format!(
                "{body}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            ),
            status("200").closes(),
        ),
        row(
            "9112 6.3: a length that is none is 400",
            format!("{body}Content-Length: x\r\n\r\n"),
            status("400").closes(),
        ),
        row(
            "9112 6.3: a signed length is 400",
            format!("{body}Content-Length: +1\r\n\r\nx"),
            status("400").closes(),
        ),
        row(
            "9112 6.3: two lengths that differ are 400",
            format!("{body}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
            status("400").closes(),
        ),
        row(
            "9112 7.1.1: chunk extensions are passed over",
            format!("{body}Transfer-Encoding: Chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n"),
            status("200"),
        ),
        row(
            "9112 7.1.2: trailers are passed over",
            format!("{body}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: y\r\n\r\n"),
            status("200"),
        ),
        row(
            "9112 7.1: a chunk size that overflows is 400",
            format!("{body}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx"),
            status("400").closes(),
        ),
        row(
            "9110 10.1.1: 100 is said before a body that waits for it",
            format!("{body}Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"),
            status("100"),
        ),
        // Responses.
        row(
            "9110 15.5.6: 405 says what is allowed",
            "DELETE /topics/t0000/messages HTTP/1.1\r\nHost: h\r\n\r\n",
            status("405").has(&["Allow: POST"]),
        ),
        row(
            "9110 15.5.6: so does a stream's",
            "HEAD /topics/t0000/events HTTP/1.1\r\nHost: h\r\n\r\n",
            status("405").has(&["Allow: GET"]),
        ),
        row(
            "9110 15.5.6: and what is only read",
            "POST /stats HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
            status("405").has(&["Allow: GET,HEAD"]),
        ),
        row(
            "9110 15.5.22: 426 says what to upgrade to",
            get("/topics/t0000/ws", ""),
            status("426").has(&["Upgrade: websocket", "Connection: Upgrade"]),
        ),
        row(
            "9110 15.3.5: 204 has neither length nor coding",
            get("/topics/none/poll", ""),
            status("204").lacks(&["content-length", "transfer-encoding"]),
        ),
        row(
            "9110 8.6: nor where it is a HEAD's",
            "HEAD /topics/none/poll HTTP/1.1\r\nHost: h\r\n\r\n",
            status("204").lacks(&["content-length", "transfer-encoding"]),
        ),
        row(
            "9110 9.3.2: HEAD has the length and no body",
            "HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
            status("200").has(&["Content-Length: 3"]),
        ),
        row(
            "9110 6.6.1: a clock says the date",
            get("/healthz", ""),
            status("200").has(&["Date: "]),
        ),
        row(
            "9110 7.6.1: close and keep-alive are not said at once",
            get("/topics/full/poll", "Connection: close\r\n"),
            status("200").has(&["Connection: close"]).lacks(&["keep-alive"]).closes(),
        ),
        row(
            "9112 9.3: HTTP/1.0 is closed unless it asks",
            "GET /topics/full/poll HTTP/1.0\r\nHost: h\r\n\r\n",
            status("200").lacks(&["keep-alive"]).closes(),
        ),
        row(
            "9112 9.3: and kept where it asks",
            "GET /topics/full/poll HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
            status("200").has(&["Connection: keep-alive"]),
        ),
    ]
}
