//! What can be asked of the policy.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal on $thing:literal;)*) => {
        /// Something somebody may or may not do. Each is also an action of
        /// `policies/schema.cedarschema`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(into = "&'static str", try_from = "String")]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in the policies and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The kind of thing it is done to, as the policies name it.
            pub const fn on(self) -> &'static str {
                match self { $(Self::$name => $thing,)* }
            }
        }
    };
}

actions! {
    /// Look into the catalogue.
    SeeCatalogue = "see-catalogue" on "Centre";
    /// Look into the public register of uses.
    SeeRegister = "see-register" on "Centre";
    /// Read, verify and export the ledger.
    ReadLedger = "read-ledger" on "Centre";
    /// See the centre's health.
    SeeCentre = "see-centre" on "Centre";
    /// See which packages rooms have and may fetch.
    SeePackages = "see-packages" on "Centre";
    /// Make accounts, rotate keys, take backups.
    RunCentre = "run-centre" on "Centre";
    /// Register a source under a contract.
    RegisterSource = "register-source" on "Centre";
    /// Begin an application.
    BeginApplication = "begin-application" on "Centre";
    /// Deliver files to a source.
    ImportSource = "import-source" on "Source";
    /// See how deliveries went.
    SeeImports = "see-imports" on "Source";
    /// Read the rows that were kept aside.
    ReadQuarantine = "read-quarantine" on "Source";
    /// See an application.
    SeeApplication = "see-application" on "Application";
    /// Write on it.
    EditApplication = "edit-application" on "Application";
    /// Take it back.
    WithdrawApplication = "withdraw-application" on "Application";
    /// Remark something on it.
    CommentApplication = "comment-application" on "Application";
    /// Answer it as a holder.
    ReviewApplication = "review-application" on "Application";
    /// Decide it for the access body.
    DecideApplication = "decide-application" on "Application";
    /// See a whole permit.
    SeePermit = "see-permit" on "Permit";
    /// Have its data made ready.
    BuildExtract = "build-extract" on "Permit";
    /// Open a room on it.
    OpenRoom = "open-room" on "Permit";
    /// Take it back.
    RevokePermit = "revoke-permit" on "Permit";
    /// See that a room is there and what was run.
    SeeRoom = "see-room" on "Room";
    /// Run something in it, see its files and logs.
    EnterRoom = "enter-room" on "Room";
    /// Read what was done in it, with every script.
    ReadJournal = "read-journal" on "Room";
    /// Close it.
    CloseRoom = "close-room" on "Room";
    /// Ask to bring a file into it.
    BringIn = "bring-in" on "Room";
    /// See such a file and what was found in it.
    SeeIngress = "see-ingress" on "Ingress";
    /// Decide whether it comes in.
    DecideIngress = "decide-ingress" on "Ingress";
    /// See which pairs of records wait for clerks.
    SeePairs = "see-pairs" on "Centre";
    /// See what such a pair says.
    LookAtPair = "look-at-pair" on "Pair";
    /// Say whether it is one person.
    AnswerPair = "answer-pair" on "Pair";
    /// Ask that person numbers lead back to people.
    AskReversal = "ask-reversal" on "Permit";
    /// See that this was asked, and what was decided.
    SeeReversal = "see-reversal" on "Reversal";
    /// Agree for the access body that it is done.
    AgreeReversal = "agree-reversal" on "Reversal";
    /// Be told whom the numbers lead to.
    DoReversal = "do-reversal" on "Reversal";
    /// Ask that a package can be fetched in it.
    RequestPackage = "request-package" on "Room";
    /// See such a request.
    SeePackage = "see-package" on "Package";
    /// Decide whether rooms may fetch it.
    DecidePackage = "decide-package" on "Package";
    /// Ask to take a file out of it.
    RequestOutput = "request-output" on "Room";
    /// See such a file and its findings.
    SeeOutput = "see-output" on "Output";
    /// Have it checked and mended.
    CheckOutput = "check-output" on "Output";
    /// Decide whether it leaves.
    DecideOutput = "decide-output" on "Output";
    /// See what left.
    SeeRelease = "see-release" on "Release";
    /// Fetch the package.
    DownloadRelease = "download-release" on "Release";
}

/// A word that is no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no action: use one of {}", all())]
pub struct UnknownAction {
    word: String,
}

fn all() -> String {
    Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(word: &str) -> Result<Self, UnknownAction> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.as_str() == word)
            .ok_or_else(|| UnknownAction { word: word.to_owned() })
    }
}

impl TryFrom<String> for Action {
    type Error = UnknownAction;

    fn try_from(word: String) -> Result<Self, UnknownAction> {
        word.parse()
    }
}

impl From<Action> for &'static str {
    fn from(action: Action) -> Self {
        action.as_str()
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
