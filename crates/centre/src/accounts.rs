//! Accounts, and how people prove who they are.

use std::collections::BTreeSet;
use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, PasswordHash};
use ledger::{Draft, RecordFilter, Subject};
use model::{AccountId, OrganisationId, Secret, Text};
use permit::policy::{Action, Thing};
use permit::{Account, AccountEvent, Organisation, OrganisationEvent, Role};
use serde_json::json;

use crate::{Caller, Centre, Refused, blocking, draft};

/// Shorter passwords are refused (NIST SP 800-63B section 3.1.1.2 asks for at
/// least 15 where a password is all there is).
pub const SHORTEST_PASSWORD: usize = 15;

/// Longer ones too: the hash would be an easy way to keep the machine busy.
pub const LONGEST_PASSWORD: usize = 1024;

impl Centre {
    /// The first account, made when the centre is new: an operator of the
    /// centre's own organisation. Refused once there is any account.
    pub async fn found(
        &self,
        organisation: &OrganisationId,
        organisation_name: Text,
        operator: &AccountId,
    ) -> Result<(), Refused> {
        let filter = RecordFilter { limit: 1, ..RecordFilter::default() };
        let there = self.list::<Account>(&filter).await?;
        if there.total > 0 {
            return Err(Refused::Conflict("the centre has been founded already".to_owned()));
        }
        let founded = OrganisationEvent::Registered { name: organisation_name };
        let registered = AccountEvent::Registered {
            name: Text::of("Driftsansvarlig", "Driftsansvarlig", "Operator"),
            organisation: organisation.clone(),
            roles: BTreeSet::from([Role::Operator]),
        };
        let drafts = vec![
            draft(operator, organisation.as_str(), &founded)?,
            draft(operator, operator.as_str(), &registered)?,
        ];
        self.append(drafts, vec![]).await?;
        Ok(())
    }

    /// Makes an account.
    pub async fn register_account(
        &self,
        caller: &Caller,
        id: &AccountId,
        name: Text,
        organisation: OrganisationId,
        roles: BTreeSet<Role>,
    ) -> Result<(), Refused> {
        let actor = self.require(caller, Action::RunCentre, &Thing::centre())?;
        self.load::<Organisation>(organisation.as_str()).await?;
        let registered = AccountEvent::Registered { name, organisation, roles };
        self.write(&actor, id.as_str(), &registered, None).await?;
        Ok(())
    }

    /// Gives an account a new password: one's own, or anybody's for an operator.
    pub async fn set_password(
        &self,
        caller: &Caller,
        id: &AccountId,
        password: Secret<String>,
    ) -> Result<(), Refused> {
        let own = caller.account().filter(|account| account.id == *id).map(|a| a.id.clone());
        let actor = match own {
            Some(own) => own,
            None => self.require(caller, Action::RunCentre, &Thing::centre())?,
        };
        self.load::<Account>(id.as_str()).await?;
        let characters = password.reveal().chars().count();
        if characters < SHORTEST_PASSWORD || password.reveal().len() > LONGEST_PASSWORD {
            return Err(Refused::Field {
                field: "password",
                why: format!(
                    "must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters: \
                     a sentence is easy to remember"
                ),
            });
        }
        let mut salt = [0_u8; 16];
        self.parts.entropy.fill(&mut salt);
        let phc = blocking("hashing the password", move || {
            Argon2::default()
                .hash_password_with_salt(password.reveal().as_bytes(), &salt)
                .map(|hash| Secret::new(hash.to_string()))
                .map_err(|error| Refused::failed("hashing the password", error))
        })
        .await??;
        let draft = draft(&actor, id.as_str(), &AccountEvent::PasswordSet)?;
        self.parts.credentials.set_password(id, phc, vec![draft]).await?;
        Ok(())
    }

    /// The account, if the password is right. Takes as long for an account
    /// that does not exist as for a wrong password.
    pub async fn check_password(
        &self,
        id: &AccountId,
        password: Secret<String>,
    ) -> Result<Option<Arc<Account>>, Refused> {
        let stored = self.parts.credentials.password(id).await?;
        let account = self.find::<Account>(id.as_str()).await?;
        let right = blocking("checking the password", move || {
            if password.reveal().len() > LONGEST_PASSWORD {
                return false;
            }
            if let Some(Ok(hash)) = stored.as_ref().map(|phc| PasswordHash::new(phc.reveal())) {
                Argon2::default().verify_password(password.reveal().as_bytes(), &hash).is_ok()
            } else {
                // The same work for nobody, so that time tells nothing.
                let _ = Argon2::default()
                    .hash_password_with_salt(password.reveal().as_bytes(), &[0; 16]);
                false
            }
        })
        .await?;
        Ok(account.map(|(account, _)| account).filter(|account| right && account.open))
    }

    /// Writes down that somebody signed in (`signed-in`), out (`signed-out`),
    /// or tried in vain (`refused`).
    pub async fn note_session(&self, account: &AccountId, act: &str) -> Result<(), Refused> {
        let draft = Draft {
            actor: account.clone(),
            act: format!("session.{act}"),
            subject: Subject::new("session", account.as_str()),
            body: json!({ "act": act }),
        };
        self.append(vec![draft], vec![]).await?;
        Ok(())
    }

    /// The caller behind an account, as it is now. Asked on every request: an
    /// account that was closed is nobody at once.
    pub async fn caller(&self, id: &AccountId) -> Result<Caller, Refused> {
        let found = self.find::<Account>(id.as_str()).await?;
        match found {
            Some((account, _)) if account.open => Ok(Arc::unwrap_or_clone(account).into()),
            _ => Err(Refused::absent("account", id)),
        }
    }

    /// Every account, by id. Who may apply may name colleagues, so every
    /// signed-in person sees who has an account.
    pub async fn accounts(&self, caller: &Caller) -> Result<Vec<Arc<Account>>, Refused> {
        if caller.account().is_none() {
            self.require_open(caller, Action::SeeCentre, &Thing::centre())?;
        }
        let filter =
            RecordFilter { order: ledger::Order::ById, limit: u32::MAX, ..RecordFilter::default() };
        Ok(self.list(&filter).await?.items)
    }
}
