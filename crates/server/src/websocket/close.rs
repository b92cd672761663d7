//! Why connections are closed.

/// Why a connection is closed (RFC 6455, section 7.4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CloseReason {
    /// The close code.
    pub(crate) code: u16,
    /// For people; at most 123 bytes.
    pub(crate) text: &'static str,
}

impl CloseReason {
    pub(crate) const fn new(code: u16, text: &'static str) -> Self {
        Self { code, text }
    }
}

/// The server goes away, or the connection was idle.
pub(crate) const GOING_AWAY: CloseReason = CloseReason::new(1001, "going away");
/// The subscriber lags too far; it may come back with its cursor.
pub(crate) const TRY_AGAIN_LATER: CloseReason = CloseReason::new(1013, "too slow");
/// Booked where the other side no longer answers, so that no close frame would reach it (RFC 6455,
/// section 7.1.5: abnormal closure).
pub(crate) const CLOSED_WITHOUT_A_WORD: u16 = 1006;
