//! The push server inside a program of one's own: a message goes in, a poll takes it out, and the
//! server says what it has counted.
//!
//! `cargo run -p pushbench-server --example embedded`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::net::SocketAddr;

use pushbench_protocol::ResponseProfile;
use pushbench_server::{Server, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let server =
            Server::bind(ServerConfig::new(loopback, ResponseProfile::built_in("minimal")?))
                .await?;
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = server.serve(async { stopped.await.unwrap_or(()) });
        let using = async {
            let publish = "POST /topics/prices/messages HTTP/1.1\r\nContent-Length: 5";
            println!("{}", ask(address, publish, "Hello").await?);
            println!("{}", ask(address, "GET /topics/prices/poll HTTP/1.1", "").await?);
            drop(stop);
            Ok::<_, Box<dyn Error>>(())
        };
        let (ended, used) = tokio::join!(serving, using);
        used?;
        for (class, books) in &ended.stats.connections {
            println!("{class:?}: {} accepted", books.accepted);
        }
        Ok(())
    })
}

/// Sends a request on a connection of its own; gives the whole response.
async fn ask(address: SocketAddr, head: &str, body: &str) -> Result<String, std::io::Error> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("{head}\r\nHost: {address}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    Ok(response)
}

#[test]
fn it_runs() -> Result<(), Box<dyn Error>> {
    main()
}
