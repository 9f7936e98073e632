//! Reversal: a finding that matters for somebody's health reaches the register that
//! knows them. A researcher asks, the access body agrees, the register's holder is told;
//! three people, of whom none is told anything but the last, and that once.

use std::sync::Arc;

use ledger::Entry;
use linkage::Extract;
use linkage::reversal::{MOST_PERSONS, Revealed, Reversal, ReversalEvent, ReversalState};
use model::{ExtractId, PermitId, ReversalId, SourceId};
use permit::policy::{Action, Thing};
use permit::{Permit, Strictness};
use source::SourceRecord;

use crate::ports::{Behind, NotReversed};
use crate::{Caller, Centre, Refused, blocking};

/// The longest reason, characters: what was found, not what is known of somebody.
const LONGEST_WHY: usize = 500;
/// So many digits in a row may be a number of somebody.
const DIGITS: usize = 6;

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversalWish {
    /// The extract whose numbers they are; the permit's newest when not said, where it has
    /// one kind of extract alone.
    pub extract: Option<ExtractId>,
    /// The register whose holder is to be told.
    pub source: SourceId,
    /// The numbers.
    pub persons: Vec<i32>,
    /// What was found.
    pub finding: String,
}

impl Centre {
    /// The newest extract of a permit that has one alone; of two, somebody has to say which.
    async fn only_extract(&self, id: &PermitId) -> Result<Arc<Extract>, Refused> {
        let strict = self.newest_extract(id, Strictness::Strict).await?;
        let generous = self.newest_extract(id, Strictness::Generous).await?;
        match (strict, generous) {
            (Some(strict), Some(generous)) => Err(Refused::Field {
                field: "extract",
                why: format!(
                    "permit `{id}` has two, in which a number may be two people's: say whether \
                     they are of the strict one, `{}`, or the generous one, `{}`",
                    strict.id, generous.id
                ),
            }),
            (Some(only), None) | (None, Some(only)) => Ok(only),
            (None, None) => Err(Refused::Conflict(format!(
                "permit `{id}` has no extract whose numbers could be"
            ))),
        }
    }

    /// Asks that person numbers lead back to people of a register.
    pub async fn ask_reversal(
        &self,
        caller: &Caller,
        id: &PermitId,
        wish: ReversalWish,
    ) -> Result<ReversalId, Refused> {
        let (permit, _) = self.load::<Permit>(id.as_str()).await?;
        let thing = self.permit_thing(&permit).await?;
        let actor = self.require(caller, Action::AskReversal, &thing)?;
        self.activate(&permit)?;
        explained("finding", &wish.finding)?;
        let extract = match wish.extract {
            Some(named) => self.load::<Extract>(named.as_str()).await?.0,
            None => self.only_extract(id).await?,
        };
        if extract.manifest.permit != *id {
            return Err(Refused::absent("extract", &extract.id));
        }
        still_there(&extract)?;
        if !extract.manifest.tables.contains_key(&wish.source) {
            let why = format!("`{}` is no table of extract `{}`", wish.source, extract.id);
            return Err(Refused::Field { field: "source", why });
        }
        let persons = numbers(wish.persons, &extract)?;
        let reversal = ReversalId::mint(self.parts.entropy.as_ref());
        let event = ReversalEvent::Asked {
            permit: id.clone(),
            extract: extract.id.clone(),
            source: wish.source,
            persons,
            why: wish.finding,
        };
        self.write(&actor, reversal.as_str(), &event, None).await?;
        Ok(reversal)
    }

    /// The access body's word on a request.
    pub async fn decide_reversal(
        &self,
        caller: &Caller,
        id: &ReversalId,
        agree: bool,
        why: String,
    ) -> Result<(), Refused> {
        let (reversal, seq) = self.load::<Reversal>(id.as_str()).await?;
        let thing = self.reversal_thing(&reversal).await?;
        let actor = self.require(caller, Action::AgreeReversal, &thing)?;
        explained("why", &why)?;
        if reversal.state != ReversalState::Asked {
            return Err(Refused::Conflict(format!("`{id}` is {}", reversal.state.as_str())));
        }
        if agree {
            still_there(&self.load::<Extract>(reversal.extract.as_str()).await?.0)?;
        }
        let event =
            if agree { ReversalEvent::Agreed { why } } else { ReversalEvent::Refused { why } };
        self.write(&actor, id.as_str(), &event, Some(seq)).await?;
        Ok(())
    }

    /// Tells the register's holder whom the numbers lead to: once. That it was told is
    /// written down before anything of it leaves the vault's side.
    pub async fn do_reversal(
        &self,
        caller: &Caller,
        id: &ReversalId,
    ) -> Result<Vec<Revealed>, Refused> {
        let (reversal, seq) = self.load::<Reversal>(id.as_str()).await?;
        let thing = self.reversal_thing(&reversal).await?;
        let actor = self.require(caller, Action::DoReversal, &thing)?;
        if reversal.state != ReversalState::Agreed {
            return Err(Refused::Conflict(format!("`{id}` is {}", reversal.state.as_str())));
        }
        let (extract, _) = self.load::<Extract>(reversal.extract.as_str()).await?;
        still_there(&extract)?;
        let (source, _) = self.load::<SourceRecord>(reversal.source.as_str()).await?;
        let behind = Behind {
            permit: reversal.permit.clone(),
            extract: reversal.extract.clone(),
            segment: segment(&extract, &source)?,
            source: reversal.source.clone(),
            persons: reversal.persons.clone(),
        };
        let extracts = self.parts.extracts.clone();
        let revealed = blocking("reversing person numbers", move || extracts.reveal(&behind))
            .await?
            .map_err(|why| match why {
                NotReversed::Destroyed => gone(&extract.id),
                NotReversed::Machine(why) => Refused::failed("reversing person numbers", why),
            })?;
        let mut found: Vec<i32> = revealed.iter().map(|one| one.person).collect();
        found.dedup();
        let event = ReversalEvent::Done { found: found.len() as u64 };
        // Whoever else tries at this moment finds it changed, and is shown nothing.
        let _: Entry = self.write(&actor, id.as_str(), &event, Some(seq)).await?;
        Ok(revealed)
    }

    /// One request, for those who see it.
    pub async fn reversal(
        &self,
        caller: &Caller,
        id: &ReversalId,
    ) -> Result<Arc<Reversal>, Refused> {
        let (reversal, _) = self.load::<Reversal>(id.as_str()).await?;
        let thing = self.reversal_thing(&reversal).await?;
        self.require(caller, Action::SeeReversal, &thing)?;
        Ok(reversal)
    }

    /// The requests that the caller sees, newest first; of one permit, where it is named.
    pub async fn reversals(
        &self,
        caller: &Caller,
        permit: Option<&PermitId>,
    ) -> Result<Vec<Arc<Reversal>>, Refused> {
        let mut seen = Vec::new();
        for reversal in self.every::<Reversal>(&[], permit.map(ToString::to_string)).await? {
            let thing = self.reversal_thing(&reversal).await?;
            if self.ruling(caller, Action::SeeReversal, &thing).allowed {
                seen.push(reversal);
            }
        }
        seen.sort_by(|a, b| (b.asked_at, &b.id).cmp(&(a.asked_at, &a.id)));
        Ok(seen)
    }

    /// A request as the policy sees it now.
    pub async fn reversal_thing(&self, reversal: &Reversal) -> Result<Thing, Refused> {
        let (permit, _) = self.load::<Permit>(reversal.permit.as_str()).await?;
        let (source, _) = self.load::<SourceRecord>(reversal.source.as_str()).await?;
        Ok(Thing::reversal(
            &reversal.id,
            reversal.state.as_str(),
            (&reversal.asked_by, reversal.decision.as_ref().map(|decision| &decision.by)),
            &source.contract.holder,
            &permit,
        ))
    }
}

/// The segment of the vault that the extract's table was made from.
fn segment(extract: &Extract, source: &SourceRecord) -> Result<String, Refused> {
    let table = extract.manifest.tables.get(&source.source);
    let import = table.and_then(|table| {
        let of = |import: &&source::Imported| import.manifest.lake_version == table.lake_version;
        source.imports.iter().find(of)
    });
    let import = import.ok_or_else(|| {
        Refused::failed(
            "reversing person numbers",
            format!(
                "the delivery of `{}` that the extract was made from is not known",
                source.source
            ),
        )
    })?;
    Ok(import.manifest.vault_segment.clone())
}

fn gone(extract: &ExtractId) -> Refused {
    Refused::Conflict(format!(
        "extract `{extract}` is gone, and the key of its numbers with it: nothing leads from them \
         to people any more"
    ))
}

fn still_there(extract: &Extract) -> Result<(), Refused> {
    if extract.destroyed_at.is_some() { Err(gone(&extract.id)) } else { Ok(()) }
}

/// The numbers in order, if there are some, not too many, and all are numbers of the
/// extract.
fn numbers(mut persons: Vec<i32>, extract: &Extract) -> Result<Vec<i32>, Refused> {
    persons.sort_unstable();
    persons.dedup();
    let highest = extract.manifest.highest.unwrap_or(extract.manifest.persons);
    let field = |why: String| Refused::Field { field: "persons", why };
    if persons.is_empty() || persons.len() > MOST_PERSONS {
        return Err(field(format!("must be 1 to {MOST_PERSONS} person numbers")));
    }
    let unknown = |person: &&i32| u64::try_from(**person).map_or(true, |n| n == 0 || n > highest);
    match persons.iter().find(unknown) {
        Some(person) => Err(field(format!("`{person}` is no person number of the extract"))),
        None => Ok(persons),
    }
}

/// Whoever asks or decides says why, in a few words and without anybody's number.
fn explained(field: &'static str, why: &str) -> Result<(), Refused> {
    let field = |why: String| Refused::Field { field, why };
    if why.trim().is_empty() {
        return Err(field("is empty: say what was found, or why".to_owned()));
    }
    if why.chars().count() > LONGEST_WHY {
        return Err(field(format!("is longer than {LONGEST_WHY} characters")));
    }
    let plain: String = why.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '+')).collect();
    let longest = plain.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    if longest >= DIGITS {
        return Err(field(format!(
            "has {longest} digits in a row, which could be somebody's number: say what was found \
             without it"
        )));
    }
    Ok(())
}
