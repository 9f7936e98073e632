//! What may leave, as a value: whoever packs a release needs these and cannot
//! make them otherwise.

use ledger::Hash;
use model::OutputId;
use sha2::{Digest as _, Sha256};

use crate::output::{Output, OutputState};

/// An output that was checked, decided and let out, with its very bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedOutput {
    output: Output,
    bytes: Vec<u8>,
}

/// Why an output may not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotChecked {
    /// Nobody let it out.
    #[error("output `{id}` is {state}, not released")]
    NotReleased {
        /// Which.
        id: OutputId,
        /// Where it stands.
        state: &'static str,
    },
    /// The bytes are not those that were checked.
    #[error("the bytes of output `{0}` are not those that were checked")]
    OtherBytes(OutputId),
}

impl CheckedOutput {
    /// The output with its bytes, if it was let out and the bytes are the ones
    /// that were checked.
    pub fn new(output: Output, bytes: Vec<u8>) -> Result<Self, NotChecked> {
        if output.state != OutputState::Released || output.checked.is_none() {
            return Err(NotChecked::NotReleased { id: output.id, state: output.state.as_str() });
        }
        if Some(Hash(Sha256::digest(&bytes).into())) != output.sha256 {
            return Err(NotChecked::OtherBytes(output.id));
        }
        Ok(Self { output, bytes })
    }

    /// The output.
    pub const fn output(&self) -> &Output {
        &self.output
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
