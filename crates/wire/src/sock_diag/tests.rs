//! Against this host's kernel, and against messages that it would never send.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use super::*;

#[test]
fn both_ends_of_a_connection_are_found_and_what_is_not_read_is_charged() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let address = listener.local_addr().expect("bound");
    let mut client = TcpStream::connect(address).expect("listening");
    let (mut server, _) = listener.accept().expect("connected");
    let own = client.local_addr().expect("connected");
    let ours = |port| -> SocketEnd {
        let mut ends = sockets(port).expect("this kernel has sock_diag").into_iter();
        ends.find(|end| end.local == own || end.remote == own).expect("it is open")
    };
    let port = address.port();
    let (theirs, mine) = (ours(Port::Local(port)), ours(Port::Remote(port)));
    assert_eq!((theirs.local, theirs.remote), (address, own));
    assert_eq!((mine.local, mine.remote), (own, address));
    assert_ne!(theirs.cookie, mine.cookie);
    assert_eq!(theirs.info.map(|info| info.bytes_retransmitted), Some(0));
    let before = theirs.memory.expect("the kernel says");
    client.write_all(&[7; 30_000]).expect("there is room");
    while server.peek(&mut [0; 30_000]).expect("readable") < 30_000 {}
    let held = ours(Port::Local(port)).memory.expect("the kernel says");
    assert!(held >= before + 30_000, "{held} bytes, {before} before");
    server.read_exact(&mut [0; 30_000]).expect("readable");
}

#[test]
fn an_answer_that_is_cut_off_is_an_error_and_no_panic() {
    let mut message = 100_u32.to_ne_bytes().to_vec();
    message.extend(BY_FAMILY.to_ne_bytes());
    message.extend([0; 10]);
    assert!(read_answer(&message, &mut Vec::new()).is_err());
    message[0] = 0;
    assert!(read_answer(&message, &mut Vec::new()).is_err());
    assert_eq!(socket_end(&[INET; 20]), None);
}

#[test]
fn a_refusal_is_the_kernels_error() {
    let mut message = 36_u32.to_ne_bytes().to_vec();
    message.extend(ERROR.to_ne_bytes());
    message.extend([0; 10]);
    message.extend((-2_i32).to_ne_bytes());
    message.extend([0; 16]);
    let error = read_answer(&message, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

/// A connection over loopback, and where its server's end is.
fn connection(host: &str) -> (TcpStream, TcpStream, SocketAddr) {
    let listener = TcpListener::bind((host, 0)).expect("a loopback port");
    let address = listener.local_addr().expect("bound");
    let client = TcpStream::connect(address).expect("listening");
    let (server, _) = listener.accept().expect("connected");
    (client, server, address)
}

/// The server's end of a client's connection, if the kernel still has it.
fn other_end(client: &TcpStream, server: SocketAddr) -> Option<SocketEnd> {
    let own = client.local_addr().expect("connected");
    let ends = sockets(Port::Local(server.port())).expect("this kernel has sock_diag");
    ends.into_iter().find(|end| (end.local, end.remote) == (server, own))
}

#[test]
fn the_servers_end_has_counted_each_byte_in_both_families_and_no_fin() {
    for host in ["127.0.0.1", "::1"] {
        let (mut client, mut server, address) = connection(host);
        client.write_all(&[7; 70_001]).expect("written");
        server.read_exact(&mut [0; 70_001]).expect("read");
        server.write_all(&[8; 333]).expect("written");
        client.read_exact(&mut [0; 333]).expect("read");
        let counted = |client: &TcpStream| {
            let info = other_end(client, address).expect("it is open").info.expect("all of it");
            (info.data_received(), info.data_sent(), info.has_fin)
        };
        assert_eq!(counted(&client), (70_001, 333, false), "{host}");
        let info = other_end(&client, address).and_then(|end| end.info).expect("it is open");
        assert!(info.segments_in >= 3 && info.segments_out >= 2, "{host}: {info:?}");
        client.shutdown(Shutdown::Write).expect("open");
        assert_eq!(server.read(&mut [0; 1]).expect("the end"), 0);
        assert_eq!(counted(&client), (70_001, 333, true), "{host}: the FIN is no byte");
    }
}

#[test]
fn an_end_that_is_closed_says_nothing_any_more() {
    let (client, server, address) = connection("127.0.0.1");
    drop(server);
    // The server's FIN has gone out, so its end waits for the client's.
    let waits = other_end(&client, address).and_then(|end| end.info);
    assert!(waits.is_none_or(|info| !info.has_fin), "{waits:?}");
    let own = client.local_addr().expect("connected");
    drop(client);
    let left = sockets(Port::Local(address.port())).expect("this kernel has sock_diag");
    let left = left.into_iter().find(|end| end.remote == own);
    assert!(left.is_none_or(|end| end.info.is_none()), "{left:?}");
}

#[test]
fn a_client_in_ipv4_finds_the_end_of_a_server_that_listens_in_both_families() {
    let listener = TcpListener::bind("[::]:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("IPv4 too");
    client.write_all(&[7; 12]).expect("written");
    let (mut server, _) = listener.accept().expect("connected");
    server.read_exact(&mut [0; 12]).expect("read");
    let end = other_end(&client, SocketAddr::from(([127, 0, 0, 1], port))).expect("it is open");
    assert_eq!(end.info.map(|info| info.data_received()), Some(12));
}
