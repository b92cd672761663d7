//! A third-party server in TLS: whom its clients trust, which version it must speak, and that its
//! kernel's counts agree with the clients' sockets below the encryption.

use std::fs;
use std::path::Path;
use std::process::Command;

use pushbench_store::{RunV2, Verdict};

use super::{Needs, measured_in, path};
use crate::support::{Bench, Running, trial};

const NEEDS: [Needs; 2] = [Needs::Program("nginx"), Needs::Program("openssl")];

/// Nchan by WebSocket and long polling over TLS of these versions, trusted so; `None` where something
/// is absent.
fn nchan(versions: &str, trust: &str) -> Option<Bench> {
    if !NEEDS.iter().all(|needs| needs.is_there()) {
        return None;
    }
    let bench = Bench::with(&format!(
        r#"question = "What does Nchan cost in TLS?"
[workload]
clients = 10
publish = {{ every = "1s" }}
payload = {{ bytes = 21 }}
rounds = 1

[server.nchan]
adapter = "nchan"
url = "https://localhost:${{port}}"
start = ["nginx", "-p", "${{dir}}", "-c", "nginx.conf", "-e", "stderr"]
files = ["nginx.conf", "cert.pem", "key.pem"]
trust = "{trust}"

[[transport]]
kind = "websocket"
server = "nchan"

[[transport]]
kind = "long-poll"
server = "nchan"
"#
    ));
    let conf = "../../scenarios/servers/nchan/nginx.conf";
    let conf = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(conf));
    let secured = format!(
        "listen 127.0.0.1:${{port}} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem; \
         ssl_protocols {versions};"
    );
    let conf = conf.expect("a file").replace("listen 127.0.0.1:${port};", &secured);
    assert!(conf.contains(&secured), "{conf}");
    fs::write(bench.path().join("nginx.conf"), conf).expect("a file");
    make_certificate(bench.path());
    Some(bench)
}

/// Makes `cert.pem` and `key.pem` of this host, as people do for a server of their own.
pub(super) fn make_certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(' '))
        .args("-keyout key.pem -out cert.pem -subj /CN=nchan".split(' '))
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .current_dir(folder)
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn check(record: &RunV2, trust: &str, verdict: Verdict) {
    for transport in ["nchan-websocket", "nchan-long-poll"] {
        let trial = trial(record, transport);
        let tls = trial.tls.as_ref().expect("it is in TLS");
        assert_eq!(tls.trust.as_deref(), Some(trust), "{transport}");
        for (name, verdict) in [("server-kernel", Verdict::Ok), ("trust", verdict)] {
            let check = trial.checks.iter().find(|check| check.check == name).expect(name);
            assert_eq!(check.verdict, verdict, "{transport}: {}", check.text);
        }
        let pairs = trial.books.reconciliations.iter();
        let kernels = pairs.filter(|pair| pair.pair == "client sockets = server kernel");
        let measured: Vec<_> = kernels.filter(|pair| pair.phases == "measure + drain").collect();
        assert_eq!(measured.len(), 2, "{transport}");
        assert!(measured.iter().any(|pair| pair.left > 0 && pair.left == pair.right));
    }
}

#[test]
fn a_servers_own_certificate_is_trusted_by_its_file_or_any_is_with_a_warning() {
    for (trust, recorded, verdict) in
        [("cert.pem", "certificate", Verdict::Ok), ("insecure", "insecure", Verdict::Warning)]
    {
        let Some(bench) = nchan("TLSv1.2 TLSv1.3", trust) else { return };
        let Some(record) = measured_in(&bench, "small.toml", &NEEDS) else { return };
        check(&record, recorded, verdict);
    }
}

#[test]
fn a_server_that_cannot_be_trusted_or_is_too_old_is_told_with_what_to_do() {
    for (versions, trust, expected) in [
        ("TLSv1.3", "system", "nobody who is trusted vouches for the server's certificate"),
        ("TLSv1.2", "cert.pem", "the server offers TLS 1.2 or older, expected TLS 1.3"),
    ] {
        let Some(bench) = nchan(versions, trust) else { return };
        let mut command = bench.program(&["run", "small.toml", "--quiet"]);
        command.env("PATH", std::env::join_paths(path()).expect("paths"));
        let ended = Running::start(&mut command).end();
        assert_eq!(ended.code, 1, "{ended}");
        let said = format!("the TLS handshake failed ({expected}");
        assert!(ended.stderr.contains(&said), "{ended}");
        assert!(ended.stderr.contains("check the server's `url` and its `trust`"), "{ended}");
        assert!(bench.records().is_empty(), "{ended}");
    }
}
