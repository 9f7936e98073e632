//! Who can sign in, and for which organisation.

use std::collections::BTreeSet;

use ledger::{Entry, Event, Record};
use model::{AccountId, OrganisationId, Text};
use serde::{Deserialize, Serialize};

/// What somebody does here. One account may have several roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Applies, works in rooms, asks to take outputs out.
    Researcher,
    /// Speaks for a data holder: delivers data, answers applications.
    Holder,
    /// Decides applications for the access body.
    Caseworker,
    /// Checks outputs.
    Checker,
    /// Runs the centre.
    Operator,
    /// Reads the ledger.
    Auditor,
    /// Says of two records that linkage leaves in doubt whether they are one person.
    Clerk,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Researcher,
        Self::Holder,
        Self::Caseworker,
        Self::Checker,
        Self::Operator,
        Self::Auditor,
        Self::Clerk,
    ];

    /// The same word as in JSON and in the policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Researcher => "researcher",
            Self::Holder => "holder",
            Self::Caseworker => "caseworker",
            Self::Checker => "checker",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Clerk => "clerk",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no role: use researcher, holder, caseworker, checker, operator, auditor or clerk"
)]
pub struct UnknownRole(String);

/// Somebody who can sign in. Holds no secret: how they prove who they are is
/// kept beside the ledger, where it can be erased.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Account {
    /// The name they sign in with.
    pub id: AccountId,
    /// What others see.
    pub name: Text,
    /// Whom they work for.
    pub organisation: OrganisationId,
    /// What they do here.
    pub roles: BTreeSet<Role>,
    /// Whether they can still sign in.
    pub open: bool,
}

impl Account {
    /// Whether they have the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// What can happen to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum AccountEvent {
    /// It was made.
    Registered {
        /// What others see.
        name: Text,
        /// Whom they work for.
        organisation: OrganisationId,
        /// What they do here.
        roles: BTreeSet<Role>,
    },
    /// Their roles changed.
    RolesSet {
        /// What they do from now on.
        roles: BTreeSet<Role>,
    },
    /// They have a new password. It is not here.
    PasswordSet,
    /// They cannot sign in any more.
    Closed,
}

impl Event for AccountEvent {
    const KIND: &'static str = "account";

    fn act(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "registered",
            Self::RolesSet { .. } => "roles-set",
            Self::PasswordSet => "password-set",
            Self::Closed => "closed",
        }
    }
}

impl Record for Account {
    type Event = AccountEvent;

    fn begin(id: &str, event: AccountEvent, _entry: &Entry) -> Result<Self, String> {
        let AccountEvent::Registered { name, organisation, roles } = event else {
            return Err("an account is registered first".into());
        };
        let id = id.parse().map_err(|error: model::IdError| error.to_string())?;
        Ok(Self { id, name, organisation, roles, open: true })
    }

    fn apply(&mut self, event: AccountEvent, _entry: &Entry) -> Result<(), String> {
        if !self.open {
            return Err("the account is closed".into());
        }
        match event {
            AccountEvent::Registered { .. } => return Err("the account exists already".into()),
            AccountEvent::RolesSet { roles } => self.roles = roles,
            AccountEvent::PasswordSet => {}
            AccountEvent::Closed => self.open = false,
        }
        Ok(())
    }

    fn state(&self) -> &'static str {
        if self.open { "open" } else { "closed" }
    }

    fn parent(&self) -> Option<String> {
        Some(self.organisation.to_string())
    }
}

/// A data holder, a data user's institution, or the access body itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// What it is called.
    pub name: Text,
}

/// What can happen to an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum OrganisationEvent {
    /// It was made known to the centre.
    Registered {
        /// What it is called.
        name: Text,
    },
    /// It is called something else now.
    Renamed {
        /// What it is called.
        name: Text,
    },
}

impl Event for OrganisationEvent {
    const KIND: &'static str = "organisation";

    fn act(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "registered",
            Self::Renamed { .. } => "renamed",
        }
    }
}

impl Record for Organisation {
    type Event = OrganisationEvent;

    fn begin(id: &str, event: OrganisationEvent, _entry: &Entry) -> Result<Self, String> {
        let OrganisationEvent::Registered { name } = event else {
            return Err("an organisation is registered first".into());
        };
        Ok(Self { id: id.parse().map_err(|error: model::IdError| error.to_string())?, name })
    }

    fn apply(&mut self, event: OrganisationEvent, _entry: &Entry) -> Result<(), String> {
        match event {
            OrganisationEvent::Registered { .. } => Err("the organisation exists already".into()),
            OrganisationEvent::Renamed { name } => {
                self.name = name;
                Ok(())
            }
        }
    }

    fn state(&self) -> &'static str {
        "registered"
    }
}
