//! What a connection begins with (RFC 9113, section 3.4).

use pushbench_protocol::ByteKind;
use pushbench_wire::http2::{FRAME_HEADER_LEN, PREFACE};

use crate::exchange::Exchange;
use crate::flow::Figures;
use crate::link::Link;
use crate::situation::Situation;

/// Bytes of a setting (RFC 9113, section 6.5.1).
const SETTING_LEN: u64 = 6;
/// Bytes of a WINDOW_UPDATE with its header (RFC 9113, section 6.9).
const WINDOW_UPDATE_LEN: u64 = FRAME_HEADER_LEN + 4;

/// How one side begins a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Opening {
    /// Settings that it tells.
    pub settings: u64,
    /// Whether it opens the connection's window beyond the 65,535 bytes that it begins with.
    pub opens_window: bool,
}

impl Exchange {
    /// The preface, both sides' settings and acknowledgements, and their windows; on a connection
    /// that has just opened.
    ///
    /// The client writes preface, settings and window, then its acknowledgement; the server its
    /// settings, then its acknowledgement and window. Early on a connection the kernel acknowledges
    /// each at once; the last together with the first request if that `follows` directly.
    pub fn http2_open(client: Opening, server: Opening, follows: bool, link: Link) -> Self {
        let settings = |side: Opening| FRAME_HEADER_LEN + side.settings * SETTING_LEN;
        let window = |side: Opening| if side.opens_window { WINDOW_UPDATE_LEN } else { 0 };
        let up = [PREFACE.len() as u64 + settings(client) + window(client), FRAME_HEADER_LEN];
        let down = [settings(server), FRAME_HEADER_LEN + window(server)];
        let mut exchange = Self::default();
        exchange.up[ByteKind::Control] = up.iter().sum();
        exchange.down[ByteKind::Control] = down.iter().sum();
        up.iter().for_each(|&write| exchange.carry(link, write, 0));
        down.iter().for_each(|&write| exchange.carry(link, 0, write));
        exchange.up[ByteKind::TcpIp] += 2 * link.headers.len();
        exchange.down[ByteKind::TcpIp] += if follows { 1 } else { 2 } * link.headers.len();
        exchange
    }
}

impl Situation {
    /// The figures of connecting, as the mean over these connections.
    pub fn http2_connect(&self, figures: &mut Figures, connections: &[Vec<Exchange>]) {
        let mut sums = Figures::new();
        for exchanges in connections {
            let mut one = Figures::new();
            self.connect_figures(&mut one, exchanges);
            for (name, bytes) in one {
                *sums.entry(name).or_default() += bytes / connections.len() as f64;
            }
        }
        figures.extend(sums);
    }
}
