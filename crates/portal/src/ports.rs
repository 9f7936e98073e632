//! What the portal needs besides the centre, as traits: the program wires the
//! store and the machine behind them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ledger::chain::Report;
use ledger::{Growth, SignedNote, SignedProof, VerifierKey};
use model::{AccountId, Clock, Timestamp};

/// SHA-256 of a session's token. The token itself is nowhere but in the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// A session: somebody signed in and has not signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub account: AccountId,
    /// When they signed in.
    pub opened_at: Timestamp,
    /// When it ends unless something is done in it.
    pub expires_at: Timestamp,
}

/// Something below the portal did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// Where sessions are kept.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps a session.
    async fn open(&self, token: TokenHash, session: Session) -> Result<(), Broken>;

    /// The session of a token, if it has not expired.
    async fn find(&self, token: TokenHash) -> Result<Option<Session>, Broken>;

    /// Lets a session last until another instant.
    async fn extend(&self, token: TokenHash, expires_at: Timestamp) -> Result<(), Broken>;

    /// Ends a session.
    async fn close(&self, token: TokenHash) -> Result<(), Broken>;

    /// Ends every session of an account.
    async fn close_all(&self, account: &AccountId) -> Result<(), Broken>;
}

/// The ledger's proofs.
#[async_trait]
pub trait Proofs: Send + Sync {
    /// What checkpoints are verified with.
    fn key(&self) -> VerifierKey;

    /// That an entry is in the ledger, under the newest checkpoint that covers it.
    /// `None`: no checkpoint covers it yet.
    async fn prove(&self, seq: u64) -> Result<Option<SignedProof>, Broken>;

    /// The newest checkpoint, signed now if anything was written since.
    async fn checkpoint(&self) -> Result<SignedNote, Broken>;

    /// That the ledger of the newest checkpoint begins with what it was at so many
    /// entries. `None`: no checkpoint covers so many.
    async fn growth(&self, old: u64) -> Result<Option<Growth>, Broken>;

    /// Holds every entry against chain, tree and checkpoints.
    async fn verify(&self) -> Result<Report, Broken>;

    /// The whole ledger, for the verifier that needs nothing else but the key.
    async fn export(&self) -> Result<Vec<u8>, Broken>;
}

/// One line of the centre's page: what it is, how it is, and whether that is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The group it stands in: `storage`, `keys`, `versions`, `settings`, ….
    pub group: &'static str,
    /// What it is.
    pub name: String,
    /// How it is.
    pub value: String,
    /// Whether that is well; `None` where there is nothing to judge.
    pub well: Option<bool>,
}

/// How the machine and what stands on it are.
#[async_trait]
pub trait Health: Send + Sync {
    /// Whether requests can be answered now: `Err` says what is missing.
    async fn ready(&self) -> Result<(), Broken>;

    /// What the operator wants to see.
    async fn readings(&self) -> Vec<Reading>;

    /// How much there is of what: names and values for `/metrics`.
    async fn gauges(&self) -> Vec<(&'static str, f64)>;
}

/// Sessions in memory, for tests.
pub struct MemorySessions {
    clock: Arc<dyn Clock>,
    sessions: Mutex<HashMap<TokenHash, Session>>,
}

impl std::fmt::Debug for MemorySessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemorySessions({})", self.held().len())
    }
}

impl MemorySessions {
    /// No sessions yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, sessions: Mutex::default() }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<TokenHash, Session>> {
        self.sessions.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl Sessions for MemorySessions {
    async fn open(&self, token: TokenHash, session: Session) -> Result<(), Broken> {
        self.held().insert(token, session);
        Ok(())
    }

    async fn find(&self, token: TokenHash) -> Result<Option<Session>, Broken> {
        let now = self.clock.now();
        Ok(self.held().get(&token).filter(|session| session.expires_at > now).cloned())
    }

    async fn extend(&self, token: TokenHash, expires_at: Timestamp) -> Result<(), Broken> {
        if let Some(session) = self.held().get_mut(&token) {
            session.expires_at = expires_at;
        }
        Ok(())
    }

    async fn close(&self, token: TokenHash) -> Result<(), Broken> {
        self.held().remove(&token);
        Ok(())
    }

    async fn close_all(&self, account: &AccountId) -> Result<(), Broken> {
        self.held().retain(|_, session| session.account != *account);
        Ok(())
    }
}
