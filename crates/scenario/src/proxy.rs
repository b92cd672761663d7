//! `[proxy.NAME]`: a proxy that a trial starts between its clients and the server.

use std::net::SocketAddr;
use std::path::Path;

/// A program that proxies HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProxyKind {
    /// nginx.
    Nginx,
    /// HAProxy.
    Haproxy,
    /// Caddy.
    Caddy,
}

impl ProxyKind {
    /// All, in the order in which problems list them.
    pub const ALL: &'static [Self] = &[Self::Nginx, Self::Haproxy, Self::Caddy];

    /// The name used in scenario files and records, which is the program's too.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Caddy => "caddy",
        }
    }

    /// What its configuration is called in its folder.
    pub const fn config_name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx.conf",
            Self::Haproxy => "haproxy.cfg",
            Self::Caddy => "Caddyfile",
        }
    }

    /// The program and its arguments that run it in the foreground, from its folder.
    pub const fn command(self) -> &'static [&'static str] {
        match self {
            // Its messages go to stderr from the start, and not to a file of the system's.
            Self::Nginx => &["nginx", "-p", "./", "-c", "nginx.conf", "-e", "stderr"],
            Self::Haproxy => &["haproxy", "-db", "-f", "haproxy.cfg"],
            Self::Caddy => &["caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile"],
        }
    }

    /// The program and its arguments that make it say its version.
    pub const fn asks_version(self) -> &'static [&'static str] {
        match self {
            Self::Nginx => &["nginx", "-v"],
            Self::Haproxy => &["haproxy", "-v"],
            Self::Caddy => &["caddy", "version"],
        }
    }
}

/// A proxy that clients of a transport connect to, which asks the server in their place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proxy {
    /// Its name in the scenario.
    pub name: String,
    /// The program.
    pub kind: ProxyKind,
    /// Its configuration as written, with holes.
    pub config: String,
    /// The path of that, as the scenario writes it.
    pub config_path: String,
}

impl Proxy {
    /// The configuration for a proxy that listens on `port`, asks the server at `upstream`, and has the
    /// folder `dir` to itself. Whatever else begins with `${` stays as it is.
    pub fn filled(&self, port: u16, upstream: SocketAddr, dir: &Path) -> String {
        // The folder last: its name is not looked into for holes.
        self.config
            .replace(Hole::Port.text(), &port.to_string())
            .replace(Hole::Upstream.text(), &upstream.to_string())
            .replace(Hole::Dir.text(), &dir.display().to_string())
    }
}

/// What is known of a proxy only when a trial starts it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Hole {
    Port,
    Upstream,
    Dir,
}

impl Hole {
    /// Those that a configuration cannot do without.
    pub(crate) const NEEDED: [Self; 2] = [Self::Port, Self::Upstream];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Port => "${port}",
            Self::Upstream => "${upstream}",
            Self::Dir => "${dir}",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_filled_and_the_variables_of_its_own_language_stay() {
        let proxy = Proxy {
            name: "a".to_owned(),
            kind: ProxyKind::Nginx,
            config: "listen ${port}; to ${upstream} in ${dir}/x; $http_host ${uri}".to_owned(),
            config_path: "a.conf".to_owned(),
        };
        let upstream = SocketAddr::from(([127, 0, 0, 1], 81));
        assert_eq!(
            proxy.filled(80, upstream, Path::new("/tmp/${port}")),
            "listen 80; to 127.0.0.1:81 in /tmp/${port}/x; $http_host ${uri}"
        );
    }
}
