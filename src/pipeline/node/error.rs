//! Why a node could not do its work.

use crate::{
    data::{Notice, RecordingError, Remedy, SourceError},
    engine::EngineError,
    io,
    pipeline::StoreError,
};

/// Why a node could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// It was told to stop.
    #[error("cancelled")]
    Cancelled,
    /// Wrong input or parameter: says what is wrong and what to do.
    #[error("{0}")]
    Input(String),
    /// The same, where what to do is known as a value.
    #[error("{0}")]
    Mendable(Notice),
    /// A file could not be read or written.
    #[error(transparent)]
    Files(io::Error),
    /// The store of results could not be read or written.
    #[error("the store of results: {0}")]
    Store(io::Error),
    /// The work itself failed.
    #[error("{0}")]
    Failed(String),
}

impl NodeError {
    /// True where a disk is full or a quota used up: what follows would fail for the same reason.
    pub fn is_full_disk(&self) -> bool {
        match self {
            NodeError::Files(error) | NodeError::Store(error) => error.is_full_disk(),
            _ => false,
        }
    }
}

impl From<NodeError> for Notice {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Mendable(notice) => notice,
            NodeError::Files(io::Error::Untold { .. }) => {
                Notice::from(error.to_string()).mended_by(Remedy::FindLayout)
            }
            other => other.to_string().into(),
        }
    }
}

impl From<io::Error> for NodeError {
    fn from(error: io::Error) -> Self {
        match error {
            io::Error::Cancelled => NodeError::Cancelled,
            other => NodeError::Files(other),
        }
    }
}

impl From<StoreError> for NodeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::File(error) => NodeError::Store(error),
            other => NodeError::Failed(other.to_string()),
        }
    }
}

impl From<EngineError> for NodeError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Cancelled => NodeError::Cancelled,
            EngineError::Mendable(notice) => NodeError::Mendable(notice),
            other => NodeError::Failed(other.to_string()),
        }
    }
}

impl From<SourceError> for NodeError {
    fn from(error: SourceError) -> Self {
        NodeError::Failed(error.to_string())
    }
}

impl From<RecordingError> for NodeError {
    fn from(error: RecordingError) -> Self {
        NodeError::Input(error.to_string())
    }
}
