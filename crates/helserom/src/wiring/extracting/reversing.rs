//! Whom person numbers lead to, between the crosswalk and one register's identities.

use centre::ports::{Behind, NotReversed};
use linkage::reversal::Revealed;
use source::{Clue, SubjectKey};
use vault::{CrosswalkError, KeyringError, StreamError};

use super::Extracting;

fn machine(why: impl ToString) -> NotReversed {
    NotReversed::Machine(why.to_string())
}

/// A crosswalk whose key or file is gone leads nowhere.
fn lost(error: CrosswalkError) -> NotReversed {
    match error {
        CrosswalkError::Key(KeyringError::Destroyed(_))
        | CrosswalkError::Stream(StreamError::Missing(_)) => NotReversed::Destroyed,
        error => machine(error),
    }
}

impl Extracting {
    /// Whom the numbers lead to, by number.
    pub(super) fn whom(&self, behind: &Behind) -> Result<Vec<Revealed>, NotReversed> {
        let subjects = self.subjects(behind).map_err(lost)?;
        let segment = self.vault.segment(&behind.source, &behind.segment).map_err(machine)?;
        let mut revealed = Vec::new();
        for (person, subject) in subjects {
            let Some(identity) = segment.lookup(subject).map_err(machine)? else {
                return Err(machine("somebody of the extract is not among the identities"));
            };
            let national_id = identity.national_id.as_ref().map(|id| id.written().to_string());
            let own = identity.clues.reveal(Clue::LocalId).map(|own| own.trim().to_owned());
            let own_number = own.filter(|_| national_id.is_none());
            revealed.push(Revealed { person, national_id, own_number });
        }
        Ok(revealed)
    }

    /// The subjects of the register who have one of the numbers, by number.
    fn subjects(&self, behind: &Behind) -> Result<Vec<(i32, SubjectKey)>, CrosswalkError> {
        let mut found = Vec::new();
        let mut crosswalk = self.vault.crosswalk(&behind.permit, &behind.extract)?;
        while let Some((source, _)) = crosswalk.next_source()? {
            if source != behind.source {
                continue;
            }
            while let Some((subject, person)) = crosswalk.next_person()? {
                if behind.persons.contains(&person) {
                    found.push((person, subject));
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}
