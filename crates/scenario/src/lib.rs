//! Scenarios: the file as written, the question checked, the list of trials.
//!
//! [`Scenario`] is checked and cannot be wrong; everything downstream takes it or a part of it.
//! The crate is pure: it is handed the file's text and a way to read the files it names, and
//! derives everything else (trials, due times, poll phases) from the seed.
//!
//! Start with [`Scenario`] (what a question is made of), then [`read()`] (how text becomes one).

mod checked;
mod expect;
mod find;
mod named_server;

mod adapter_file;
mod around;
mod around_file;
mod asked_servers;
mod beside;
mod bit_rate;
mod carriage_check;
mod check;
mod client_check;
mod conflation_check;
mod environment_file;
mod fault;
mod fault_check;
mod fault_file;
mod file;
mod find_check;
mod find_file;
mod find_steps;
mod floor;
mod head_check;
mod holes;
mod kind;
mod link_check;
mod link_profile;
mod named_server_file;
mod network_file;
mod overrides;
mod own_path_check;
mod pin;
mod proxy;
mod proxy_check;
mod proxy_file;
mod published;
mod quantity;
mod read;
mod reconnect;
mod reconnect_check;
mod reconnect_file;
mod rounds_file;
mod schema;
mod server_settings;
mod server_url;
mod settings;
mod start_file;
mod start_holes;
mod sweep;
mod transport_file;
mod transport_server;
mod transport_settings;

mod log_needs;
mod memory_needs;
mod modelled;
mod needs;
mod payload;
mod random;
mod schedule;
mod shard;
mod shards_check;
mod tokens;
mod trials;
mod until;

pub use around::Around;
pub use pushbench_protocol::{format_duration, parse_duration};

pub use check::{TOPIC_WITHOUT_A_CLIENT, each_topic_has_a_client};
pub use checked::{
    Arrivals, Carriage, Cell, Content, Headers, LoadSettings, Network, Payload, Publish, Rate,
    Scenario, ServerSettings, Shards, Transport, Workload,
};
pub use expect::{Base, Condition, Expectation, Judgement, Operand, Relation};
pub use fault::Faults;
pub use file::LEAST_BETWEEN_MESSAGES;
pub use find::{Ending, Find, Next, Quantity, Search, SearchRange};
pub use holes::Holes;
pub use link_profile::LinkProfile;
pub use log_needs::LogNeeds;
pub use memory_needs::MemoryNeeds;
pub use named_server::{MissingVariables, NamedServer, ProcessOf, Ready, ServerUrl, Start, Trust};
pub use needs::{
    Limit, Machine, Needs, PortRange, TimeWait, is_split, limit_beyond_loopback, limit_over_link,
    limits, most_shards, needs, ports_per_client, shards, source_address,
};
pub use payload::PayloadWriter;
pub use pin::Pin;
pub use proxy::{Proxy, ProxyKind};
pub use pushbench_toml::{Location, Problem, Refused};
pub use read::{Source, read};
pub use reconnect::Reconnect;
pub use schedule::{Due, due_times, due_times_until, poll_phase, round_seed};
pub use schema::schema;
pub use shard::{MOST_SHARDS, Shard, ShardError};
pub use tokens::TokenShape;
pub use transport_settings::{
    Deflate, LongPoll, Nudge, PollSchedule, ShortPoll, Sse, Stream, TransportSettings, WebSocket,
};
pub use trials::{FLOOR_WARM_UP, TrialPlan};
pub use until::{LEAST_ROUNDS, Until};
