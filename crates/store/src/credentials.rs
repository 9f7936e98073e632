//! What local accounts sign in with: Argon2 strings (PHC format). They are not in
//! the ledger, because the ledger is exported; they change only together with an
//! entry that says so.

use ledger::BookError;
use model::{AccountId, Secret};

use crate::Store;
use crate::database::{Arg, DbError, Session};

/// A change to what an account signs in with.
#[derive(Debug, Clone)]
pub enum CredentialChange {
    /// From now on this Argon2 string.
    Set(AccountId, Secret<String>),
    /// From now on nothing.
    Remove(AccountId),
}

pub(crate) async fn write(
    session: &mut Session,
    changes: &[CredentialChange],
    seq: u64,
) -> Result<(), DbError> {
    for change in changes {
        match change {
            CredentialChange::Set(account, phc) => {
                session
                    .run(
                        "INSERT INTO credentials (account, phc, seq) VALUES ($1, $2, $3) \
                         ON CONFLICT (account) DO UPDATE SET phc = excluded.phc, \
                         seq = excluded.seq",
                        &[account.as_str().into(), phc.reveal().as_str().into(), Arg::count(seq)],
                    )
                    .await?;
            }
            CredentialChange::Remove(account) => {
                let sql = "DELETE FROM credentials WHERE account = $1";
                session.run(sql, &[account.as_str().into()]).await?;
            }
        }
    }
    Ok(())
}

impl Store {
    /// The Argon2 string that the account signs in with.
    pub async fn credential(
        &self,
        account: &AccountId,
    ) -> Result<Option<Secret<String>>, BookError> {
        let mut session = self.database.read().await?;
        let found = session
            .first(
                "SELECT phc FROM credentials WHERE account = $1",
                &[account.as_str().into()],
                |row| Ok(Secret::new(row.text(0)?.to_owned())),
            )
            .await?;
        Ok(found)
    }
}
