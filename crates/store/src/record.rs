//! The record: a file for each part of it. [`RunV2`] is the whole, [`TrialV2`] what is measured.
//!
//! The record's version is 2. A type's number is the version since which it has its shape, to which
//! fields are only added; what version 1 had in another shape is in `v1`, and nowhere else.

mod area;
mod books;
mod checks;
mod counts;
mod environment;
mod find;
mod floor;
mod link;
mod machine;
mod proxy;
mod reconnects;
mod run;
mod scenario;
mod shard;
mod trial;
mod until;
pub(crate) mod v1;
mod waiting;
mod work;

pub use area::AreaV2;
pub use books::{
    BooksV1, InFlightV2, KindsV1, PhaseBooksV1, ReconciliationV1, SideV2, TallyV2, WitnessV2,
};
pub use checks::{CheckV1, Verdict};
pub use counts::{CountsV1, FieldBlocksV2};
pub use environment::{EnvironmentV1, PlacementV2};
pub use find::{FindEnding, FindStepV2, FindV2};
pub use floor::{FloorPlayV2, FloorSideV2, FloorV2, FloorWorkV2};
pub use link::{LinkPathV2, LinkV2, PacketsV2};
pub use machine::{MachineTimeV2, MachineV2};
pub use proxy::{ProxyV2, UpstreamV2};
pub use reconnects::ReconnectsV2;
pub use run::{DisturbedV1, RunStatus, RunV2, ThirdPartyV1, ToolV1, TransportV1};
pub use scenario::{CellV1, ExpectationV1, FileV1, ScenarioV1};
pub use shard::ShardV2;
pub use trial::{HandshakesV2, ModelV1, SampleV1, ServerV1, TlsV1, TrialV2, UnexpectedV1};
pub use until::{KnownV2, UntilEnding, UntilV2};
pub use waiting::{HistogramV1, WaitingV2};
pub use work::{ProcessWorkV2, SocketMemoryV1, WorkV2};
