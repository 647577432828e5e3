//! The protocol's revisions, which are named by their day.

/// A revision that is spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revision {
    /// The first with streamable HTTP, and the only one with batches.
    V20250326,
    /// Structured results; the header.
    V20250618,
    /// The last with a handshake.
    V20251125,
    /// Each request stands alone.
    V20260728,
}

/// How a revision's requests say what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// By a handshake before them.
    Handshake,
    /// By themselves.
    Stateless,
}

impl Revision {
    /// All of them, the newest first.
    pub const ALL: [Self; 4] = [Self::V20260728, Self::V20251125, Self::V20250618, Self::V20250326];

    /// What a request without the header speaks: the header came later.
    pub const UNNAMED: Self = Self::V20250326;

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V20250326 => "2025-03-26",
            Self::V20250618 => "2025-06-18",
            Self::V20251125 => "2025-11-25",
            Self::V20260728 => "2026-07-28",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|revision| revision.as_str() == name)
    }

    /// Its era.
    pub const fn era(self) -> Era {
        match self {
            Self::V20250326 | Self::V20250618 | Self::V20251125 => Era::Handshake,
            Self::V20260728 => Era::Stateless,
        }
    }

    /// What a handshake that asks for `name` agrees on: that, or the newest that has a handshake.
    pub fn agreed(name: &str) -> Self {
        Self::parse(name).filter(|revision| revision.era() == Era::Handshake).unwrap_or(Self::V20251125)
    }
}
