//! Who is signed in. Kept apart from the ledger, which records only that somebody
//! signed in and out; a restored database has no sessions.

use ledger::BookError;
use model::{AccountId, Timestamp};
use sha2::{Digest, Sha256};

use crate::Store;
use crate::database::{Arg, Cells};

/// The SHA-256 of a session token. The token itself is nowhere but in the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a token, which must hold at least 128 random bits: it is
    /// hashed without salt.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    fn arg(self) -> Arg {
        hex::encode(self.0).into()
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Who.
    pub account: AccountId,
    /// Since when.
    pub created: Timestamp,
    /// Until when, unless they sign out before.
    pub expires: Timestamp,
}

fn read(row: &dyn Cells) -> Result<SignIn, BookError> {
    let damaged = |why: &str| BookError::Damaged { what: "session".into(), why: why.into() };
    let time = |at| Timestamp::from_microsecond(at).map_err(|_| damaged("its time is no time"));
    Ok(SignIn {
        account: row.text(0)?.parse().map_err(|_| damaged("its account is no account"))?,
        created: time(row.int(1)?)?,
        expires: time(row.int(2)?)?,
    })
}

impl Store {
    /// Writes down that somebody is signed in.
    pub async fn open_session(&self, token: TokenHash, sign_in: &SignIn) -> Result<(), BookError> {
        let mut session = self.database.write().await?;
        session
            .run(
                "INSERT INTO sessions (token, account, created, expires) VALUES ($1, $2, $3, $4)",
                &[
                    token.arg(),
                    sign_in.account.as_str().into(),
                    Arg::Int(sign_in.created.as_microsecond()),
                    Arg::Int(sign_in.expires.as_microsecond()),
                ],
            )
            .await?;
        Ok(session.commit().await?)
    }

    /// Who is signed in under the token, if it has not expired.
    pub async fn session(&self, token: TokenHash) -> Result<Option<SignIn>, BookError> {
        let now = Arg::Int(self.clock.now().as_microsecond());
        let mut session = self.database.read().await?;
        let found = session
            .first(
                "SELECT account, created, expires FROM sessions \
                 WHERE token = $1 AND expires > $2",
                &[token.arg(), now],
                |row| Ok(read(row)),
            )
            .await?;
        found.transpose()
    }

    /// Lets a session last until another instant.
    pub async fn extend_session(
        &self,
        token: TokenHash,
        expires: Timestamp,
    ) -> Result<(), BookError> {
        let mut session = self.database.write().await?;
        let until = Arg::Int(expires.as_microsecond());
        session
            .run("UPDATE sessions SET expires = $1 WHERE token = $2", &[until, token.arg()])
            .await?;
        Ok(session.commit().await?)
    }

    /// Signs the token out.
    pub async fn close_session(&self, token: TokenHash) -> Result<(), BookError> {
        self.forget("DELETE FROM sessions WHERE token = $1", token.arg()).await.map(drop)
    }

    /// Signs the account out everywhere; gives how many sessions it had.
    pub async fn close_sessions_of(&self, account: &AccountId) -> Result<u64, BookError> {
        self.forget("DELETE FROM sessions WHERE account = $1", account.as_str().into()).await
    }

    /// Forgets sessions that have expired; gives how many.
    pub async fn sweep_sessions(&self) -> Result<u64, BookError> {
        let now = Arg::Int(self.clock.now().as_microsecond());
        self.forget("DELETE FROM sessions WHERE expires <= $1", now).await
    }

    async fn forget(&self, sql: &'static str, which: Arg) -> Result<u64, BookError> {
        let mut session = self.database.write().await?;
        let count = session.run(sql, &[which]).await?;
        session.commit().await?;
        Ok(count)
    }
}
