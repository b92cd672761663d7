//! Third-party servers are looked at before a schedule is played against them.

mod mistakes;
mod server;
mod started;
mod support;
