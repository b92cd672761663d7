//! Which requests the lab responds to: those for a host that it was told of, and no page's that has
//! its own name resolve to this machine (DNS rebinding).

use std::net::IpAddr;

use pushbench_protocol::{AllowedHosts, Authority};

use crate::record::{HostField, RequestHead};

/// The response to a request that the lab does not take; `None` where it takes it. `listener` is
/// where the connection was accepted.
pub(crate) fn refusal(
    request: &RequestHead,
    hosts: &AllowedHosts,
    listener: IpAddr,
) -> Option<String> {
    // RFC 9112, section 3.2.
    let host = match &request.host {
        HostField::One(host) => host,
        HostField::None => return Some(bad("the request has no `Host` field")),
        HostField::Several => return Some(bad("the request has more than one `Host` field")),
    };
    let Some(authority) = Authority::parse(host) else {
        return Some(bad("`Host` is no host and perhaps a port"));
    };
    if hosts.allow(&authority, Some(listener)) {
        return None;
    }
    let host = authority.host;
    let reason = format!(
        "the request is for `{host}`, and this lab responds to localhost, to the addresses of this \
         machine and to the names that it was given; if it is meant to be reached as `{host}`, \
         start it with `--allow-host {host}`"
    );
    Some(response("421 Misdirected Request", &reason))
}

fn bad(reason: &str) -> String {
    response("400 Bad Request", reason)
}

fn response(status: &str, reason: &str) -> String {
    let length = reason.len() + 1;
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{reason}\n"
    )
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_request_for_a_name_that_nobody_gave_is_refused() {
        for (fields, expected) in [
            ("Host: localhost:8090\r\n", None),
            ("Host: 127.0.0.1:8090\r\n", None),
            ("Host: lab.example\r\n", None),
            ("Host: evil.example\r\n", Some("421")),
            ("Host: a b\r\n", Some("400")),
            ("Host: \r\n", Some("400")),
            ("Host: localhost\r\nHost: localhost\r\n", Some("400")),
            ("", Some("400")),
        ] {
            let head = format!("GET / HTTP/1.1\r\n{fields}\r\n");
            let request = RequestHead::read(head.as_bytes()).expect("HTTP").expect("whole");
            let hosts = AllowedHosts::Named(vec!["lab.example".to_owned()]);
            let refusal = refusal(&request, &hosts, Ipv4Addr::LOCALHOST.into());
            let status = refusal.as_deref().map(|text| &text["HTTP/1.1 ".len()..][..3]);
            assert_eq!(status, expected, "{fields}");
        }
    }
}
