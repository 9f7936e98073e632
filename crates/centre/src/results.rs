//! What came of it, for everyone (EHDS article 61(4)): every package that left,
//! without the names of people.

use ledger::Hash;
use model::{OrganisationId, PermitId, ReleaseId, Timestamp};
use permit::policy::{Action, Thing};
use serde::Serialize;

use crate::{Caller, Centre, Refused};

/// A package that left, as everyone may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResultOfUse {
    /// The release.
    pub release: ReleaseId,
    /// The permit it left under.
    pub permit: PermitId,
    /// What the work is called.
    pub title: String,
    /// What was to be found out.
    pub summary: String,
    /// Who used the data.
    pub data_user: OrganisationId,
    /// When the package was written.
    pub packaged_at: Timestamp,
    /// How many files are in it.
    pub files: usize,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of it, so that anyone who has it knows it for what it is.
    pub sha256: Hash,
}

impl Centre {
    /// Every package that left, newest first.
    pub async fn results(&self, caller: &Caller) -> Result<Vec<ResultOfUse>, Refused> {
        self.require_open(caller, Action::SeeRegister, &Thing::centre())?;
        let permits = self.every_permit().await?;
        Ok(self
            .every_release()
            .await?
            .into_iter()
            .filter_map(|release| {
                let grant = &permits.iter().find(|permit| permit.id == release.permit)?.grant;
                Some(ResultOfUse {
                    title: grant.terms.title.clone(),
                    summary: grant.terms.summary.clone(),
                    data_user: grant.data_user.clone(),
                    permit: release.permit.clone(),
                    packaged_at: release.packaged_at,
                    files: release.outputs.len(),
                    bytes: release.bytes,
                    sha256: release.sha256,
                    release: release.id.clone(),
                })
            })
            .collect())
    }
}
