//! Records on disk: one lossless, versioned `run.json` for each run.
//!
//! Types here are those of the file, apart from the types that the rest computes with, so that
//! each can change. Unknown is absent, never 0. Times are nanoseconds, sizes bytes, and names say
//! so; everything derived can be made again from what stands before it.
//!
//! Start with [`record`] (what is in the file), then [`Sums`] (what of it adds up), [`Journal`] and [`read`];
//! [`rounds`] makes one value of a figure's rounds. [`environment()`]
//! asks the machine, [`wall_clock`] the time of day; both are for the record only and no measurement
//! uses them.

mod bounded;
mod digest;
pub mod environment;
mod error;
mod files;
mod journal;
mod read;
pub mod record;
pub mod rounds;
mod run;
pub mod schema;
mod sums;
pub mod wall_clock;

pub use bounded::{read_regular, read_up_to};
pub use environment::environment;
pub use error::StoreError;
pub use files::{DIGEST_FILE, RECORD_FILE, run_folder, write_beside, write_record};
pub use journal::{JOURNAL_FILE, Journal, read_journal};
#[doc(hidden)]
pub use read::fuzz_parse;
pub use read::read;
pub use record::{
    AreaV2, BooksV1, CellV1, CheckV1, CountsV1, DisturbedV1, EnvironmentV1, ExpectationV1,
    FieldBlocksV2, FileV1, FindEnding, FindStepV2, FindV2, FloorPlayV2, FloorSideV2, FloorV2,
    FloorWorkV2, HandshakesV2, HistogramV1, InFlightV2, KindsV1, KnownV2, LinkPathV2, LinkV2,
    MachineTimeV2, MachineV2, ModelV1, PacketsV2, PhaseBooksV1, PlacementV2, ProcessWorkV2,
    ProxyV2, ReconciliationV1, ReconnectsV2, RunStatus, RunV2, SampleV1, ScenarioV1, ServerV1,
    ShardV2, SideV2, SocketMemoryV1, TallyV2, ThirdPartyV1, TlsV1, ToolV1, TransportV1, TrialV2,
    UnexpectedV1, UntilEnding, UntilV2, UpstreamV2, Verdict, WaitingV2, WitnessV2, WorkV2,
};
pub use run::new_id;
pub use schema::run_v2_schema;
pub use sums::{ClientHandshakes, Sums, SumsError};
