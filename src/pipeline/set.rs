//! Parameters set from words, as the command line has them.

use super::{Edit, Pipeline, PipelineError, Registry};

pub(super) fn set_param_from_text(
    _pipeline: &Pipeline,
    _registry: &Registry,
    target: &str,
    _text: &str,
) -> Result<Edit, PipelineError> {
    Err(PipelineError(format!("{target} cannot be set yet")))
}
