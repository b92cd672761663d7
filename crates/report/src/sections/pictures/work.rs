//! What the server spent, and what an hour without news costs.

use pushbench_store::RunV1;

use super::{bars_of, is_plain, note, section};
use crate::layout::Section;
use crate::sections::legend;

/// CPU time and memory of the server, where no setting was swept.
pub(crate) fn work(run: &RunV1) -> Option<Section> {
    if !is_plain(run) {
        return None;
    }
    let mut cpu = bars_of(
        run,
        "server-cpu",
        "CPU time of the server for each delivery",
        "CPU time for each delivery",
        "server_cpu_per_delivery",
    );
    cpu.notes.push(note("User and system time of the measure phase, by the messages delivered."));
    cpu.notes.extend(legend::about_cpu(run));
    let mut memory = bars_of(
        run,
        "server-memory",
        "Memory of the server per connection, under load",
        "resident memory per connection",
        "server_working_memory_per_connection",
    );
    memory.notes.push(note(
        "How much the server's resident memory grew from before the clients connected to its highest \
         while they were served; the kernel's buffers are not in it.",
    ));
    section("Server resources", vec![cpu, memory])
}

/// What a client moves in an hour in which nothing is published; only a run without news has it.
pub(crate) fn idle(run: &RunV1) -> Option<Section> {
    if !is_plain(run) {
        return None;
    }
    let mut bytes = bars_of(
        run,
        "idle-bytes",
        "Bytes of an hour without messages, on the wire (layer 3)",
        "bytes on the wire for each client and hour",
        "idle_wire_bytes_per_client_hour",
    );
    bytes.notes.push(note("The grey bar behind each is what the model predicts."));
    section("An hour without messages", vec![bytes])
}
