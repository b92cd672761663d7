//! The program as its users meet it: started, signalled, and judged by its exit code, its output
//! and its record.
//!
//! `runs` has a run and everything made of it, `model` holds the model against the sockets,
//! `journals` what is kept when a run does not end,
//! `exits` the exit codes, `environments` the caller's environment, `signals` what happens when
//! something is killed, `shards` runs that several processes play,
//! `conventions` completions and manual pages, `watched` a run while it plays, `first_minute` what can be done without a checkout, `find` searches for the largest amount of work, `placement` on which cores the processes run,
//! `payloads` servers that
//! deliver something else than was published, `phases` what the ends of phases do to figures,
//! `silent` servers that hang or leave something unanswered (`servant` plays them),
//! `publishes` what a server responds to the publisher,
//! `targets` servers that run already, `preflight` those that are refused before anything is played
//! (`turncoat` has those that are not, and turn bad for the trial), `foreign` servers of other hands,
//! `replayed` third-party servers that cannot be installed,
//! `service` one that publishes by itself, `proxies` what stands between clients and server, `stock_clients` libraries in place of the exact client,
//! `floor` bare programs beside trials, `over_link` a link between the two sides, `transports` every kind there is, `http2` the same over
//! HTTP/2, `http2_ends` servers that end its connections, `clocks` what moves bytes by itself, `closed_loop` polls that follow each other, `tls`
//! all of it in TLS, `at_rest` what a silent client costs, `compression` those that compress, `product` every combination of options
//! (over pipes in memory, which `piped` plays, and some of them over sockets),
//! `reference_bytes` the reference scenarios against their records, `comparing` runs against each other, `capture` a packet capture against the record, `witnesses` programs of other hands,
//! `anatomy` and `plan` the commands that teach, `adapters` other servers as data, `lab` the lab in a
//! real browser. `house` has the rules of the house, which need no program: all is one binary, so that
//! it is linked once and runs together.
//!
//! The machine may be busy: nothing here is judged by how long it took, and no test plays again what
//! it asserts. Most is played over pipes; a run over sockets may be late, since no byte depends on
//! that ([`support::Bench::valid_run`]); what does is looked at in a quiet moment (`quiet`).
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a test found and skipped")]

mod adapters;
mod anatomy;
mod at_rest;
mod capture;
mod clocks;
mod closed_loop;
mod coded_streams;
mod comparing;
mod compression;
mod conventions;
mod environments;
mod exits;
mod farewell;
mod find;
mod first_minute;
mod floor;
mod foreign;
mod house;
mod http2;
mod http2_ends;
mod journals;
mod lab;
mod mistakes;
mod model;
mod new;
mod over_link;
mod payloads;
mod pcap;
mod phases;
mod piped;
mod placement;
mod plan;
mod preflight;
mod proc;
mod product;
mod proxies;
mod publishes;
mod quiet;
mod reference_bytes;
mod replayed;
mod runs;
mod schema;
mod servant;
mod servers;
mod service;
mod shards;
mod signals;
mod silent;
mod stock_clients;
mod storm;
mod support;
mod targets;
mod third_party;
mod tls;
mod tokens;
mod transports;
mod turncoat;
mod unruly;
mod until;
mod watched;
mod witnesses;
