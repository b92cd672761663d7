//! A lab, and a browser that looks at it.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use fantoccini::key::Key;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use pushbench_protocol::{ServerStats, clock};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Bench, DEADLINE, Running, needs, stats_of, wait_until};

/// How often a driver is started. It takes a free port of IPv4 and gives up where another program
/// has the same of IPv6.
const ATTEMPTS: usize = 5;
/// Between two looks at something that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// `pushbench lab`; dropped, it is killed.
pub(crate) struct Lab {
    bench: Bench,
    running: Running,
    pub(crate) address: SocketAddr,
    /// Where it speaks TLS, with the scheme.
    pub(crate) secure: String,
}

impl Lab {
    pub(crate) fn start() -> Self {
        let bench = Bench::new();
        run(bench, "127.0.0.1:0")
    }

    /// Kills it with SIGKILL and starts it again on the same port.
    pub(crate) fn kill(self) -> Dead {
        let Self { bench, running, address, .. } = self;
        drop(running);
        Dead { bench, address }
    }

    /// The push server's own books.
    pub(crate) fn stats(&self) -> ServerStats {
        stats_of(self.address).expect("the server responds")
    }
}

/// A lab that was killed.
pub(crate) struct Dead {
    bench: Bench,
    address: SocketAddr,
}

impl Dead {
    /// Starts it again on the same port.
    pub(crate) fn revive(self) -> Lab {
        let Self { bench, address } = self;
        let lab = run(bench, &address.to_string());
        assert_eq!(lab.address, address);
        lab
    }
}

fn run(bench: Bench, listen: &str) -> Lab {
    let arguments = ["lab", "--listen", listen, "--tls-listen", "127.0.0.1:0"];
    let running = Running::start(&mut bench.program(&arguments));
    let address = running.wait_for_stdout("http://");
    let address = address.trim_end_matches('/').parse().expect("an address");
    let secure = running.wait_for_stdout("https://");
    let secure = secure.split('/').next().expect("there is a first");
    let secure = format!("https://{secure}");
    Lab { bench, running, address, secure }
}

/// Chromium at the lab's page.
pub(crate) struct Browser {
    client: Client,
    origin: String,
    /// Dropped after the session was closed, in this order.
    _driver: Running,
    _profile: TempDir,
}

impl Browser {
    /// Opens the page at `path`; `None` where there is no browser to do it with.
    pub(crate) async fn open(lab: &Lab, path: &str) -> Option<Self> {
        let origin = format!("http://{}", lab.address);
        Some(Self::start(origin, path, false).await?.ready().await)
    }

    /// Opens the lab over TLS in a browser that was told to go on.
    pub(crate) async fn open_over_tls(lab: &Lab) -> Option<Self> {
        Some(Self::start(lab.secure.clone(), "/", true).await?.ready().await)
    }

    /// Opens what any server has at `path`, which it trusts.
    pub(crate) async fn open_any(origin: String, path: &str) -> Option<Self> {
        Self::start(origin, path, true).await
    }

    async fn start(origin: String, path: &str, trusts_all: bool) -> Option<Self> {
        if !needs("chromedriver") || !needs("chromium") {
            return None;
        }
        let (driver, port) = driver();
        let profile = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&profile, trusts_all))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        client.goto(&format!("{origin}{path}")).await.expect("the page");
        Some(Self { client, origin, _driver: driver, _profile: profile })
    }

    async fn ready(self) -> Self {
        self.until("the page to be ready", "document.documentElement.dataset.ready").await;
        self
    }

    /// What an expression is in the page.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        self.client.execute(&script, Vec::new()).await.unwrap_or_else(|e| panic!("{script}: {e}"))
    }

    /// What an asynchronous function's body gives.
    pub(crate) async fn run(&self, body: &str) -> Value {
        let script = format!(
            "const done = arguments[0]; (async () => {{ {body} }})().then(done, (error) => \
             done(`failed: ${{error.stack}}`));"
        );
        self.client.execute_async(&script, Vec::new()).await.expect("a script")
    }

    /// Waits until an expression is true, and gives it.
    pub(crate) async fn until(&self, what: &str, expression: &str) -> Value {
        let begin = clock::now();
        loop {
            let value = self.value(expression).await;
            if !matches!(value, Value::Null | Value::Bool(false)) && value != 0 && value != "" {
                return value;
            }
            if clock::now().since(begin) > DEADLINE {
                let page = self.value("document.body.innerText").await;
                panic!("waited in vain for {what}: {expression}\n{page}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub(crate) async fn text(&self, id: &str) -> String {
        let text = self.value(&format!("document.getElementById('{id}').textContent")).await;
        text.as_str().unwrap_or_else(|| panic!("there is no {id}")).to_owned()
    }

    /// A count as the page shows it.
    pub(crate) async fn count(&self, id: &str) -> u64 {
        let text = self.text(id).await;
        text.replace(',', "").parse().unwrap_or_else(|_| panic!("{id} is `{text}`"))
    }

    /// Clicks as a user does: what is not there, disabled or covered is an error.
    pub(crate) async fn click(&self, css: &str) {
        let found = self.client.find(Locator::Css(css)).await;
        found.unwrap_or_else(|e| panic!("{css}: {e}")).click().await.unwrap_or_else(|e| {
            panic!("{css}: {e}");
        });
    }

    /// Presses keys with the focus on an element.
    pub(crate) async fn keys(&self, css: &str, keys: &str) {
        let found = self.client.find(Locator::Css(css)).await;
        found
            .unwrap_or_else(|e| panic!("{css}: {e}"))
            .send_keys(keys)
            .await
            .expect("it takes keys");
    }

    /// Writes into a field, in place of what stands there.
    pub(crate) async fn write(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.expect(css);
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("a field");
    }

    /// What the console was told since it was last asked, the least and the worst.
    pub(crate) async fn console(&self) -> Vec<String> {
        self.log("browser").await.iter().map(|entry| entry["message"].to_string()).collect()
    }

    /// Addresses of everything that was asked for since it was last asked.
    pub(crate) async fn requested(&self) -> Vec<String> {
        let mut requested = Vec::new();
        for entry in self.log("performance").await {
            let text = entry["message"].as_str().expect("a text");
            let message: Value = serde_json::from_str(text).expect("JSON");
            let message = &message["message"];
            let document = message["params"]["documentURL"].as_str();
            if document.is_some_and(|document| document.starts_with("chrome")) {
                // The browser's own first tab.
                continue;
            }
            let url = match message["method"].as_str() {
                Some("Network.requestWillBeSent") => &message["params"]["request"]["url"],
                Some("Network.webSocketCreated") => &message["params"]["url"],
                _ => continue,
            };
            requested.push(url.as_str().expect("an address").to_owned());
        }
        requested
    }

    async fn log(&self, kind: &'static str) -> Vec<Value> {
        match self.client.issue_cmd(Log(kind)).await.expect("a log") {
            Value::Array(entries) => entries,
            other => panic!("{other}"),
        }
    }

    /// Nothing was asked of another host, and the console has nothing to say.
    pub(crate) async fn expect_quiet(&self) {
        assert_eq!(self.console().await, [""; 0]);
        let (_, host) = self.origin.split_once("://").expect("an origin");
        let requested = self.requested().await;
        assert!(!requested.is_empty());
        for url in requested {
            let is_own = url.split_once("://").is_some_and(|(_, rest)| rest.starts_with(host));
            assert!(is_own, "the page asked for {url}");
        }
    }

    pub(crate) async fn close(self) {
        self.client.close().await.expect("it ends");
    }
}

/// A driver, and the port that it has found.
fn driver() -> (Running, u16) {
    const READY: &str = "started successfully on port ";
    for _ in 0..ATTEMPTS {
        let mut driver = Running::start(Command::new("chromedriver").arg("--port=0"));
        wait_until("the driver", || driver.on_stdout(READY).is_some() || driver.has_ended());
        if let Some(port) = driver.on_stdout(READY) {
            return (driver, port.trim_end_matches('.').parse().expect("a port"));
        }
    }
    panic!("the driver found no port in {ATTEMPTS} attempts")
}

/// The key that moves a slider to its least value, and one to its greatest.
pub(crate) const HOME: Key = Key::Home;
pub(crate) const END: Key = Key::End;

fn capabilities(profile: &TempDir, trusts_all: bool) -> Capabilities {
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // A picture a second: drawing without a GPU would take the machine from what is tested.
        "--force-prefers-reduced-motion",
        "--lang=en-US",
        "--window-size=1280,900",
        &format!("--user-data-dir={}", profile.path().display()),
    ];
    let Value::Object(capabilities) = json!({
        "browserName": "chrome",
        "acceptInsecureCerts": trusts_all,
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    }) else {
        unreachable!("it is an object")
    };
    capabilities
}

/// Chromium's own command that fetches a log, and empties it.
#[derive(Debug)]
struct Log(&'static str);

impl WebDriverCompatibleCommand for Log {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": self.0 }).to_string()))
    }
}

/// Waits until a look says that it is so; what else it says is shown if it never is.
pub(crate) async fn settle(what: &str, mut look: impl AsyncFnMut() -> (bool, String)) {
    let begin = clock::now();
    loop {
        let (is_so, seen) = look().await;
        if is_so {
            return;
        }
        assert!(clock::now().since(begin) < DEADLINE, "waited in vain for {what}: {seen}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
