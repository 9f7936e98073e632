//! Password hashes, in the metadata database beside the ledger.

use async_trait::async_trait;
use centre::ports::Credentials;
use ledger::{BookError, Draft, Entry};
use model::{AccountId, Secret};
use store::{CredentialChange, Store};

/// Password hashes in the store.
pub(crate) struct Passwords(pub(crate) Store);

#[async_trait]
impl Credentials for Passwords {
    async fn password(&self, account: &AccountId) -> Result<Option<Secret<String>>, BookError> {
        self.0.credential(account).await
    }

    async fn set_password(
        &self,
        account: &AccountId,
        phc: Secret<String>,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Entry>, BookError> {
        let change = CredentialChange::Set(account.clone(), phc);
        self.0.append_with(drafts, Vec::new(), vec![change]).await
    }
}
