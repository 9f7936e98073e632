//! `helserom reversal`.

use clap::Subcommand;
use model::{ExtractId, PermitId, ReversalId, SourceId};

#[derive(Debug, Subcommand)]
pub(crate) enum ReversalCommand {
    /// List the findings that were reported, as far as you see them
    List {
        /// Only those of a permit
        permit: Option<PermitId>,
    },
    /// Report a finding that matters for some people of an extract
    Ask {
        /// The permit
        permit: PermitId,
        /// The extract whose numbers they are; the newest when not said, where the permit has one
        /// kind of extract alone
        #[arg(long, value_name = "EXTRACT")]
        extract: Option<ExtractId>,
        /// The register that is to be told
        #[arg(long, value_name = "SOURCE")]
        source: SourceId,
        /// A person number; may be given up to ten times
        #[arg(long = "person", value_name = "NUMBER", required = true)]
        persons: Vec<i32>,
        /// What was found, in a few words, without anybody's number
        #[arg(long, value_name = "TEXT")]
        finding: String,
    },
    /// Agree, for the access body, that the register is told
    Agree {
        /// Which request
        id: ReversalId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Refuse it
    Refuse {
        /// Which request
        id: ReversalId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Be told, once and as somebody of the register's holder, whom it is about
    Do {
        /// Which request
        id: ReversalId,
    },
}
