//! Distributions, what a handful of rounds says, and telling two handfuls apart.
//!
//! [`Histogram`] is one trial's samples, [`Rounds`] is one figure over a run's trials, and
//! [`mode_near`] looks for the bumps that TCP's timers leave. [`Welch`] is the interval for the
//! difference of one figure between two runs (of its logarithm: for their ratio), and [`holm()`] keeps
//! many such questions from raising alarms by their number alone. All of it is arithmetic: no
//! clock, no files, no random numbers.
//!
//! How often the interval of 95 % holds the truth, in per cent over 20,000 simulations
//! (`cargo run --release -p pushbench-stats --example coverage` prints them), and what a plain
//! percentile bootstrap would over 2,000:
//!
//! ```text
//! rounds                      Welch                  bootstrap
//!                        2     3     5    10       2     3     5    10
//! lognormal           97.6  96.4  95.7  95.1    67.8  80.7  87.9  92.2
//! unequal spread      95.7  94.5  94.7  94.9    58.9  75.6  85.5  90.6
//! heavy tail          98.2  97.3  96.5  95.7    64.2  77.1  86.6  91.1
//! disturbed rounds    97.1  98.2  98.3  97.4    68.8  79.1  85.4  88.6
//! round effect        97.5  96.3  95.8  95.2    68.3  83.0  86.2  92.0
//! skewed              97.7  96.6  95.7  95.3    66.6  79.1  88.5  92.1
//! ```
//!
//! Start with [`Histogram`], or run it: `cargo run -p pushbench-stats --example merged_histogram`.

pub mod histogram;
pub mod holm;
pub mod mode;
pub mod rounds;
pub mod welch;

pub use histogram::{DecodeError, Histogram};
pub use holm::holm;
pub use mode::{ModeShare, mode_near};
pub use rounds::Rounds;
pub use welch::{Welch, half_width_of_mean};
