//! Version 1 of the record: a file for each part of it. [`RunV1`] is the whole, [`TrialV1`] what is
//! measured.

mod books;
mod checks;
mod counts;
mod environment;
mod run;
mod scenario;
mod trial;
mod waiting;
mod work;

pub use books::{BooksV1, KindsV1, PhaseBooksV1, ReconciliationV1};
pub use checks::{CheckV1, Verdict};
pub use counts::CountsV1;
pub use environment::EnvironmentV1;
pub use run::{DisturbedV1, RunStatus, RunV1, ToolV1, TransportV1};
pub use scenario::{CellV1, ExpectationV1, FileV1, ScenarioV1};
pub use trial::{ModelV1, SampleV1, ServerV1, TlsV1, TrialV1, UnexpectedV1};
pub use waiting::{HistogramV1, WaitingV1};
pub use work::{KernelWorkV1, ProcessWorkV1, SocketMemoryV1, WorkV1};
