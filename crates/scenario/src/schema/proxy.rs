//! `[proxy.NAME]`.

use pushbench_toml::schema::{Schema, choice, open_table, required, table, text};

use crate::proxy::ProxyKind;

/// Proxies by their names.
pub(super) fn proxies() -> Schema {
    let named = table([
        required("kind", "The program.", choice(ProxyKind::ALL, ProxyKind::label)),
        required(
            "config",
            "Its configuration, a file beside the scenario, with `${port}` (a free one for each trial, \
            where it listens on 127.0.0.1), `${upstream}` (address and port of the server) and `${dir}` \
            (its folder) filled in.",
            text(),
        ),
    ]);
    open_table([], named)
}
