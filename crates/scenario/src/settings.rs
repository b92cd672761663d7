//! A scenario's settings as names and texts, for the record.

use std::collections::BTreeMap;

use pushbench_protocol::{LinkShape, PathShape, unsaid_option, unsaid_setting};

use crate::bit_rate::format_bit_rate;
use crate::network_file::format_loss;
use crate::quantity::{format_duration, format_rate};
use crate::tokens::TokenShape;
use crate::transport_server::is_of_ours;
use crate::{
    Carriage, Content, Faults, Find, LinkProfile, NamedServer, Network, Payload, Quantity,
    Scenario, SearchRange, Start, Transport, Trust,
};

impl Scenario {
    /// Every setting with its default resolved, by dotted name, as a scenario file spells it.
    ///
    /// `load.workers` is absent if the machine decides. `workload.payload.file` names a file's
    /// content and not its path. Where nothing is published, nothing is said of that.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let Self { question, workload, headers, network, server, load, pin, transports, .. } = self;
        let publish = workload.publish;
        let (rate_key, rate) = match publish.rate.count.get() {
            1 => ("workload.publish.every", format_duration(publish.rate.per)),
            _ => ("workload.publish.rate", format_rate(publish.rate)),
        };
        let (content_key, content) = content(&workload.payload);
        let mut settings: BTreeMap<String, String> = [
            ("question", question.clone()),
            ("workload.clients", workload.clients.to_string()),
            ("workload.topics", workload.topics.to_string()),
            (rate_key, rate),
            ("workload.publish.arrivals", publish.arrivals.label().to_owned()),
            ("workload.payload.bytes", workload.payload.bytes.to_string()),
            (content_key, content),
            ("workload.deliver", workload.deliver.to_string()),
            ("workload.warm_up", format_duration(workload.warm_up)),
            ("workload.measure", format_duration(workload.measure)),
            ("workload.drain", format_duration(workload.drain)),
            ("workload.seed", workload.seed.to_string()),
            ("headers.request", headers.request.name().to_owned()),
            ("headers.response", headers.response.name().to_owned()),
            ("headers.cookie_bytes", headers.cookie_bytes.to_string()),
            ("network.mss", network.mss.to_string()),
            ("workload.time_scale", workload.time_scale.to_string()),
            ("floor", self.floor.to_string()),
            ("load.shards", load.shards.to_string()),
            ("load.connects_per_second", load.connects_per_second.to_string()),
            ("pin", pin.to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        settings.extend(rounds(self));
        settings.extend(link(network));
        let of_server = server.named().into_iter();
        settings.extend(of_server.map(|(key, value)| (format!("server.{key}"), value)));
        if let Some(Find { quantity, written, range, .. }) = &self.find {
            let SearchRange { from, to, .. } = range;
            let of_find = [
                ("find.max", quantity.label().to_owned()),
                ("find.while", written.clone()),
                ("find.from", from.to_string()),
                ("find.to", to.to_string()),
                ("find.precision", format!("{}%", range.precision_percent())),
            ];
            settings.extend(of_find.map(|(key, value)| (key.to_owned(), value)));
            // What a step has of it is with the step.
            settings.retain(|key, _| match quantity {
                Quantity::Clients => key != quantity.setting(),
                Quantity::Rate => {
                    !["workload.publish.rate", "workload.publish.every"].contains(&key.as_str())
                }
            });
        }
        if !self.is_published() {
            let is_of_messages = |key: &str| {
                ["workload.publish.", "workload.payload."].iter().any(|of| key.starts_with(of))
            };
            settings.retain(|key, _| !is_of_messages(key));
        }
        if let Some(Faults { disconnect_at }) = self.faults {
            settings.insert("fault.disconnect_at".to_owned(), format_duration(disconnect_at));
        }
        if let Some(workers) = load.workers {
            settings.insert("load.workers".to_owned(), workers.to_string());
        }
        // Those that are not asked change nothing.
        for server in transports.iter().filter_map(|transport| transport.server.as_ref()) {
            let key = |option: String| format!("server.{}.{option}", server.name);
            settings.extend(server.options().map(|(option, value)| (key(option), value)));
        }
        for proxy in transports.iter().filter_map(|transport| transport.proxy.as_ref()) {
            let mut put = |key: &str, value: String| {
                settings.insert(format!("proxy.{}.{key}", proxy.name), value);
            };
            put("kind", proxy.kind.label().to_owned());
            put("config", file(proxy.config.as_bytes()));
        }
        settings.retain(|key, value| unsaid_setting(key) != Some(value));
        for transport in transports {
            let key = |option: &str| format!("transport.{}.{option}", transport.label);
            settings.insert(key("kind"), transport.settings.kind().to_string());
            let options = transport.options().into_iter();
            settings.extend(options.map(|(option, value)| (key(&option), value)));
        }
        settings
    }
}

impl Transport {
    /// Every option of its kind with its default resolved, as a scenario file spells it; `none` for
    /// what is absent.
    pub fn options(&self) -> BTreeMap<String, String> {
        let Carriage { http, tls, clients_per_connection, client, reconnect } = self.carriage;
        let mut options = vec![
            ("http", http.to_string()),
            ("tls", tls.to_string()),
            ("clients_per_connection", clients_per_connection.to_string()),
            ("client", client.to_string()),
        ];
        options.retain(|(option, value)| unsaid_option(option) != Some(value));
        options.extend(reconnect.map(|reconnect| ("reconnect", reconnect.to_string())));
        if let Some(proxy) = &self.proxy {
            options.push(("proxy", proxy.name.clone()));
        }
        let settings = self.settings.options().into_iter();
        match &self.server {
            None => options.extend(settings),
            Some(server) => {
                options.push(("server", server.name.clone()));
                options.extend(settings.filter(|(option, _)| !is_of_ours(option)));
            }
        }
        options.into_iter().map(|(option, value)| (option.to_owned(), value)).collect()
    }
}

impl NamedServer {
    /// What the scenario says of it, as it spells it: holes and names of the environment are not
    /// filled. Files by their names; what is in them a record has among the scenario's files.
    fn options(&self) -> impl Iterator<Item = (String, String)> {
        let Self { adapter_name, url, trust, start, ready, process, settings, .. } = self;
        let mut options = vec![("adapter", adapter_name.clone()), ("url", url.to_string())];
        if url.tls {
            let trust = match trust {
                Trust::System => "system".to_owned(),
                Trust::Insecure => "insecure".to_owned(),
                Trust::Certificate(pem) => file(pem),
            };
            options.push(("trust", trust));
        }
        if let Some(Start { command, files, .. }) = start {
            options.push(("start", command.join(" ")));
            let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
            options
                .push(("files", if names.is_empty() { NONE.to_owned() } else { names.join(", ") }));
        }
        options.push(("ready", ready.to_string()));
        options.push(("process", process.as_ref().map_or(NONE.to_owned(), ToString::to_string)));
        let options = options.into_iter().map(|(option, value)| (option.to_owned(), value));
        let environment = start.iter().flat_map(|start| &start.environment);
        let environment = environment.map(|(name, value)| (format!("env.{name}"), value.clone()));
        let options = options.chain(environment);
        let settings = settings.iter();
        options.chain(settings.map(|(name, value)| (format!("settings.{name}"), value.clone())))
    }
}

/// What a link does, said once where both directions do the same; nothing without one.
fn link(network: &Network) -> Vec<(String, String)> {
    let Some(LinkShape { up, down, mtu }) = network.link else { return Vec::new() };
    let mut settings = vec![("network.mtu".to_owned(), mtu.to_string())];
    if let Some(LinkProfile { name, source, date, .. }) = network.profile {
        settings.push(("network.profile".to_owned(), format!("{name} ({source}, {date})")));
    }
    let mut path = |prefix: &str, path: PathShape| {
        let PathShape { delay, jitter, rate, queue, loss_ppm } = path;
        let mut put = |key: &str, value: String| settings.push((format!("{prefix}.{key}"), value));
        put("delay", format_duration(delay));
        if !jitter.is_zero() {
            put("jitter", format_duration(jitter));
        }
        if let Some(rate) = rate {
            put("rate", format_bit_rate(rate));
            put("queue", queue.to_string());
        }
        if loss_ppm > 0 {
            put("loss", format_loss(loss_ppm));
        }
    };
    if up == down {
        path("network", up);
    } else {
        path("network.up", up);
        path("network.down", down);
    }
    settings
}

/// How many rounds there are, or when they end.
fn rounds(scenario: &Scenario) -> Vec<(String, String)> {
    let most = scenario.workload.rounds.to_string();
    match &scenario.until {
        None => vec![("workload.rounds".to_owned(), most)],
        Some(until) => vec![
            ("workload.rounds.until".to_owned(), until.written.clone()),
            ("workload.rounds.at_most".to_owned(), most),
        ],
    }
}

const NONE: &str = "none";

fn content(payload: &Payload) -> (&'static str, String) {
    const CONTENT: &str = "workload.payload.content";
    match &payload.content {
        Content::Text => (CONTENT, "text".to_owned()),
        Content::Random => (CONTENT, "random".to_owned()),
        Content::Json => (CONTENT, "json".to_owned()),
        Content::Tokens(TokenShape::OpenAi) => (CONTENT, "tokens".to_owned()),
        Content::Tokens(TokenShape::Anthropic) => (CONTENT, "tokens-anthropic".to_owned()),
        Content::File(bytes) => ("workload.payload.file", file(bytes)),
    }
}

/// A file by its content and not by its path.
fn file(bytes: &[u8]) -> String {
    format!("{} bytes, FNV-1a {:016x}", bytes.len(), fnv_1a(bytes))
}

/// A short name of some bytes, so that two records can be told to have used another file.
///
/// Source: Fowler, Noll and Vo, as RFC 9923 gives it for 64 bits.
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_foobar_is_the_published_one() {
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
    }
}
