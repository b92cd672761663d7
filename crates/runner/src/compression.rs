//! What the record says of a transport's compression beside the scenario's settings. Pure.

use std::collections::BTreeMap;

use pushbench_model::Compressed;
use pushbench_scenario::Transport;

/// The transport's options for the record: those of the scenario, and how hard and from which size
/// on a server of ours compresses, which no scenario can change.
pub(crate) fn recorded_options(transport: &Transport, is_ours: bool) -> BTreeMap<String, String> {
    let mut options = transport.options();
    let compressed = Compressed::of(transport.settings);
    if let Some(level) = compressed.coding().level().filter(|_| is_ours) {
        options.insert("compression_level".to_owned(), level.to_string());
        let threshold = compressed.threshold().to_string();
        options.insert("compression_threshold".to_owned(), threshold);
    }
    options
}
