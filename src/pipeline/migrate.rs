//! Format versions of documents.
//!
//! A step from one version to the next is a function `v1_to_v2` over the raw fields, called in order here.

/// The version that is written, and the newest one that is read.
pub const VERSION: u32 = 1;

/// Whether a version can be read.
pub(super) fn is_known(version: u32) -> bool {
    (1..=VERSION).contains(&version)
}
