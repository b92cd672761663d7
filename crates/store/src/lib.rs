//! Records on disk: one lossless, versioned `run.json` for each run.
//!
//! Types here are those of the file, apart from the types that the rest computes with, so that
//! each can change. Unknown is absent, never 0. Times are nanoseconds, sizes bytes, and names say
//! so; everything derived can be made again from what stands before it.

pub mod record;

pub use record::{
    BooksV1, CheckV1, CountsV1, EnvironmentV1, ExpectationV1, HistogramV1, KernelWorkV1, KindsV1,
    ModelV1, PhaseBooksV1, ProcessWorkV1, ReconciliationV1, RunStatus, RunV1, SampleV1, ScenarioV1,
    ToolV1, TransportV1, TrialV1, Verdict, WaitingV1, WorkV1,
};
