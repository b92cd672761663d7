//! What the server spent, and what an hour without news costs.

use pushbench_store::RunV2;

use super::{bars_of, is_plain, note, section};
use crate::layout::Section;
use crate::sections::legend;

/// CPU time and memory of the server, where no setting was swept.
pub(crate) fn work(run: &RunV2) -> Option<Section> {
    if !is_plain(run) {
        return None;
    }
    let mut cpu = bars_of(
        run,
        "server-cpu",
        "Server CPU time per delivery",
        "CPU time per delivery",
        "server_cpu_per_delivery",
    );
    cpu.notes.push(note(
        "User and system time of the measure phase, divided by the messages delivered.",
    ));
    cpu.notes.extend(legend::about_cpu(run));
    let mut memory = bars_of(
        run,
        "server-memory",
        "Server memory per connection, under load",
        "resident memory per connection",
        "server_working_memory_per_connection",
    );
    memory.notes.push(note(
        "Growth of the server's resident memory from before the clients connected to its maximum \
         under load, per connection; the kernel's buffers are not included.",
    ));
    section("Server resources", vec![cpu, memory])
}

/// What a client moves in an hour in which nothing is published; only a run without news has it.
pub(crate) fn idle(run: &RunV2) -> Option<Section> {
    if !is_plain(run) {
        return None;
    }
    let mut bytes = bars_of(
        run,
        "idle-bytes",
        "Bytes on the wire (layer 3) in an hour without messages",
        "bytes on the wire per client and hour",
        "idle_wire_bytes_per_client_hour",
    );
    bytes.notes.push(note("The grey bar behind each is what the model predicts."));
    section("An hour without messages", vec![bytes])
}
