//! Who asks. Every verb that serves a request takes a [`Caller`]; none takes a bare team id.

use refract_domain::ids::{ApiKeyId, TeamId};

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Read and write.
    Write,
}

impl Access {
    /// The word in stores and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Read, Self::Write].into_iter().find(|access| access.name() == name)
    }
}

/// An authenticated caller: made where a key is checked, or from the lease of a job that such a caller admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The team that everything it does is confined to.
    pub team_id: TeamId,
    /// The key it came with; idempotency keys are scoped by it.
    pub key_id: ApiKeyId,
    /// What it may do.
    pub access: Access,
}
