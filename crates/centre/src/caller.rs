//! Who asks.

use permit::{Account, policy};

/// Somebody who asks the centre for something: known by their account, or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Somebody who has not signed in.
    Visitor,
    /// Somebody who has.
    Known(Box<Account>),
}

impl Caller {
    /// Their account, if they have signed in.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Visitor => None,
            Self::Known(account) => Some(account),
        }
    }

    pub(crate) fn as_policy(&self) -> policy::Caller<'_> {
        match self {
            Self::Visitor => policy::Caller::Visitor,
            Self::Known(account) => policy::Caller::Account(account),
        }
    }
}

impl From<Account> for Caller {
    fn from(account: Account) -> Self {
        Self::Known(Box::new(account))
    }
}
