//! The program as its users meet it: started, signalled, and judged by its exit code, its output
//! and its record.
//!
//! `runs` has a run and everything made of it, `model` holds the model against the sockets,
//! `exits` the exit codes and the environment, `signals` what happens when something is killed,
//! `targets` servers that run already, `transports` every kind there is, `compression` those that
//! compress, `python_websockets` another's client, `capture` a packet capture against the record.
//!
//! The machine may be busy: nothing here is judged by how long it took. A run that was told invalid
//! for its own lateness alone is played again ([`support::Bench::valid_run`]).
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a test found and skipped")]

mod capture;
mod compression;
mod exits;
mod model;
mod pcap;
mod proc;
mod python_websockets;
mod runs;
mod signals;
mod support;
mod targets;
mod transports;
