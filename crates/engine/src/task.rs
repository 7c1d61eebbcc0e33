//! Work that a caller who hangs up must not cut in half.

use std::future::Future;

use crate::EngineError;

/// Runs `work` to its end on a task of its own; dropping the returned future only stops the waiting.
pub(crate) async fn to_the_end<T, F>(work: F) -> Result<T, EngineError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, EngineError>> + Send + 'static,
{
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => Err(EngineError::Internal(format!("a use case ended before its time: {error}"))),
    }
}
