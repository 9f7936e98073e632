//! Extracts: the data of a permit, made ready.

use std::sync::Arc;
use std::time::Instant;

use ledger::{BookError, Event as _, Guard, RecordFilter, Subject};
use linkage::{Changed, Extract, ExtractEvent};
use model::{AccountId, ExtractId, PairId, PermitId, SourceId};
use permit::policy::{Action, Thing};
use permit::{Permit, PermitEvent, Standing, Strictness};

use crate::moment::owned;
use crate::ports::{Before, Built, ExtractTurn, NotBuilt, Progress, Wanted};
use crate::sources::is_surely_unwritten;
use crate::{Caller, Centre, Refused, blocking, draft};

/// How often an entry is tried again when somebody else wrote about the permit.
const TRIES: usize = 50;

fn not_built(why: NotBuilt) -> Refused {
    match why {
        NotBuilt::Unfitting(why) => Refused::Conflict(why),
        NotBuilt::Machine(why) => Refused::failed("building the extract", why),
    }
}

impl Centre {
    /// Builds the extracts of a permit, the strict one first. Nothing of one counts before
    /// its entry is written; one that is written stays when the other fails.
    pub async fn build_extracts(
        &self,
        caller: &Caller,
        id: &PermitId,
        progress: Arc<dyn Progress>,
    ) -> Result<Vec<Arc<Extract>>, Refused> {
        let (permit, _) = self.load::<Permit>(id.as_str()).await?;
        let actor =
            self.require(caller, Action::BuildExtract, &self.permit_thing(&permit).await?)?;
        self.activate(&permit)?;
        let (extracts, of) = (self.parts.extracts.clone(), id.clone());
        let mut turn = blocking("taking the permit's turn", move || extracts.turn(&of))
            .await?
            .map_err(not_built)?;
        let mut built = Vec::new();
        for strictness in permit.grant.terms.linkage.extracts() {
            let extract;
            (extract, turn) =
                self.build_in_turn(&actor, id, strictness, turn, Arc::clone(&progress)).await?;
            built.push(extract);
        }
        Ok(built)
    }

    /// Builds one of a permit's extracts, and gives the turn back.
    async fn build_in_turn(
        &self,
        actor: &AccountId,
        id: &PermitId,
        strictness: Strictness,
        turn: ExtractTurn,
        progress: Arc<dyn Progress>,
    ) -> Result<(Arc<Extract>, ExtractTurn), Refused> {
        let (permit, _) = self.load::<Permit>(id.as_str()).await?;
        let active = self.activate(&permit)?;
        let sources = owned(self.every_source().await?);
        let earlier = owned(self.every_extract_of(id).await?);
        let pairs = self.known_pairs(id).await?;
        let extract = ExtractId::mint(self.parts.entropy.as_ref());
        let (extracts, minted) = (self.parts.extracts.clone(), extract.clone());
        let before = earlier.clone();
        let began = Instant::now();
        let built = blocking("building the extract", move || {
            let before = Before { extracts: &before, pairs: &pairs };
            let wanted = Wanted { extract: &minted, strictness };
            let built = extracts.build(&turn, &active, &sources, before, wanted, progress.as_ref());
            // The turn is held until it is written down.
            built.map(|built| (built, turn))
        })
        .await
        .and_then(|built| built.map_err(not_built));
        let (built, turn) = match built {
            Ok(built) => built,
            Err(refused) => {
                // Its key is made before its first row: that goes too.
                self.discard(id, &extract).await;
                return Err(refused);
            }
        };
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let put_up = built.put_up.clone();
        let written = self.write_built(actor, &earlier, built, milliseconds).await;
        if let Err(refused) = written {
            if is_surely_unwritten(&refused) {
                self.discard(id, &extract).await;
                self.forget_pairs(put_up).await;
            }
            return Err(refused);
        }
        let (built, _) = self.load::<Extract>(extract.as_str()).await?;
        // It is written: that others were not told does not take it back.
        if let Err(refused) = self.tell_others(&built).await {
            tracing::warn!(%refused, "other permits were not told of people who turned out otherwise");
        }
        Ok((built, turn))
    }

    /// Tells every other open permit that people turned out to be one, or several, where
    /// its newest extract is of the same sources and of other deliveries. Of which people,
    /// and how many, its own next extract tells.
    async fn tell_others(&self, built: &Extract) -> Result<(), Refused> {
        let manifest = &built.manifest;
        let other = match &manifest.compared_with {
            Some(other) => Some(self.load::<Extract>(other.as_str()).await?.0),
            None => None,
        };
        if !built.has_news(other.as_deref()) {
            return Ok(());
        }
        for permit in self.every_permit().await? {
            if permit.id == manifest.permit || permit.standing(self.now()) != Standing::Active {
                continue;
            }
            let Some(own) = self.newest_extract(&permit.id, Strictness::Strict).await? else {
                continue;
            };
            let sources: Vec<SourceId> = own
                .manifest
                .tables
                .keys()
                .filter(|source| manifest.tables.contains_key(*source))
                .cloned()
                .collect();
            let knows = sources.iter().all(|source| {
                let version = |of: &Extract| of.manifest.tables.get(source).map(|t| t.lake_version);
                version(&own) >= version(built)
            });
            let is_told = permit.turned_out_at.is_some_and(|at| at > own.built_at);
            if sources.is_empty() || knows || is_told {
                continue;
            }
            let (_, seq) = self.load::<Permit>(permit.id.as_str()).await?;
            // On the word of whoever issued it: who works on another permit is not told.
            let event = PermitEvent::PeopleTurnedOut { sources };
            let written =
                self.write(&permit.issued_by, permit.id.as_str(), &event, Some(seq)).await;
            match written {
                // Something else happened to it meanwhile: the next extract tells it again.
                Err(Refused::Conflict(_)) | Ok(_) => {}
                Err(refused) => return Err(refused),
            }
        }
        Ok(())
    }

    /// Writes that an extract was built. People keep their numbers, so the permit is moved
    /// on with it: of two that were built at once only one counts, since the other did not
    /// know of the numbers that the first gave.
    async fn write_built(
        &self,
        actor: &AccountId,
        earlier: &[Extract],
        built: Built,
        milliseconds: u64,
    ) -> Result<(), Refused> {
        let Built { manifest, put_up, stale } = built;
        let (extract, permit) = (manifest.extract.clone(), manifest.permit.clone());
        let changed = manifest.changed;
        let first = Changed { new: manifest.persons, ..Changed::default() };
        let event = ExtractEvent::Built { manifest, milliseconds };
        let Changed { kept, new, merged, split } = changed.unwrap_or(first);
        let numbered =
            PermitEvent::PeopleNumbered { extract: extract.clone(), kept, new, merged, split };
        for _ in 0..TRIES {
            let (_, seq) = self.load::<Permit>(permit.as_str()).await?;
            let now = self.every_extract_of(&permit).await?;
            if !now.iter().map(|extract| &extract.id).eq(earlier.iter().map(|before| &before.id)) {
                break;
            }
            let mut drafts = vec![
                draft(actor, extract.as_str(), &event)?,
                draft(actor, permit.as_str(), &numbered)?,
            ];
            let pairs = (put_up.as_slice(), stale.as_slice());
            drafts.extend(self.pair_drafts(actor, (&permit, &extract), pairs).await?);
            let guards = vec![
                Guard::Absent(Subject::new(ExtractEvent::KIND, extract.as_str())),
                Guard::Unchanged(Subject::new(PermitEvent::KIND, permit.as_str()), seq),
            ];
            match self.append(drafts, guards).await {
                Err(BookError::Changed(_)) => {}
                written => return Ok(written.map(|_| ())?),
            }
        }
        Err(Refused::Conflict(format!(
            "another extract of permit `{permit}` was built meanwhile and its people have numbers \
             that this one does not know: build it again"
        )))
    }

    /// A stand-in for the data of a permit, to write code against: a zip archive of
    /// files like an extract's, made from what the catalogue shows of the sources.
    pub async fn stand_in(&self, caller: &Caller, id: &PermitId) -> Result<Vec<u8>, Refused> {
        let (permit, _) = self.load::<Permit>(id.as_str()).await?;
        self.require(caller, Action::OpenRoom, &self.permit_thing(&permit).await?)?;
        let active = self.activate(&permit)?;
        let sources = owned(self.every_source().await?);
        let extracts = self.parts.extracts.clone();
        blocking("making the stand-in", move || extracts.stand_in(&active, &sources))
            .await?
            .map_err(not_built)
    }

    async fn discard(&self, permit: &PermitId, extract: &ExtractId) {
        let extracts = self.parts.extracts.clone();
        let (permit, extract) = (permit.clone(), extract.clone());
        let gone = blocking("removing an extract", move || extracts.destroy(&permit, &extract));
        if let Ok(Err(why)) = gone.await {
            tracing::warn!(%why, "an extract that was never written down stays until the next start");
        }
    }

    async fn forget_pairs(&self, pairs: Vec<PairId>) {
        let extracts = self.parts.extracts.clone();
        // What is left goes at the next start.
        let _ = blocking("forgetting pairs", move || extracts.forget_pairs(&pairs)).await;
    }

    /// The extracts of a permit, newest first, for those who see the permit.
    pub async fn extracts_of(
        &self,
        caller: &Caller,
        id: &PermitId,
    ) -> Result<Vec<Arc<Extract>>, Refused> {
        self.permit(caller, id).await?;
        self.every_extract_of(id).await
    }

    /// One extract, for those who see its permit.
    pub async fn extract(&self, caller: &Caller, id: &ExtractId) -> Result<Arc<Extract>, Refused> {
        let (extract, _) = self.load::<Extract>(id.as_str()).await?;
        self.permit(caller, &extract.manifest.permit).await?;
        Ok(extract)
    }

    pub(crate) async fn every_extract_of(
        &self,
        id: &PermitId,
    ) -> Result<Vec<Arc<Extract>>, Refused> {
        let filter = RecordFilter {
            parent: Some(id.to_string()),
            limit: u32::MAX,
            ..RecordFilter::default()
        };
        Ok(self.list(&filter).await?.items)
    }

    /// The newest of a permit's extracts that are as strict.
    pub(crate) async fn newest_extract(
        &self,
        id: &PermitId,
        strictness: Strictness,
    ) -> Result<Option<Arc<Extract>>, Refused> {
        let extracts = self.every_extract_of(id).await?;
        Ok(extracts.into_iter().find(|extract| {
            extract.destroyed_at.is_none() && extract.manifest.strictness == strictness
        }))
    }

    /// Removes an extract's data and the key by which its numbers lead back to
    /// people. Its rooms must be closed.
    pub async fn destroy_extract(
        &self,
        caller: &Caller,
        id: &ExtractId,
        why: String,
    ) -> Result<(), Refused> {
        let actor = self.require(caller, Action::RunCentre, &Thing::centre())?;
        let (extract, seq) = self.load::<Extract>(id.as_str()).await?;
        let rooms = self.every_room(&["open", "waiting", "running", "frozen"]).await?;
        if let Some(room) = rooms.iter().find(|room| room.extract == *id) {
            return Err(Refused::Conflict(format!(
                "room `{}` is there on it: close and remove it first",
                room.id
            )));
        }
        self.write(&actor, id.as_str(), &ExtractEvent::Destroyed { why }, Some(seq)).await?;
        let (extracts, permit, id) =
            (self.parts.extracts.clone(), extract.manifest.permit.clone(), id.clone());
        blocking("removing the extract", move || extracts.destroy(&permit, &id))
            .await?
            .map_err(|why| Refused::failed("removing the extract", why))
    }

    pub(crate) async fn recover_extracts(&self) -> Result<(), Refused> {
        let filter = RecordFilter {
            states: vec!["built".to_owned()],
            limit: u32::MAX,
            ..RecordFilter::default()
        };
        let known: Vec<_> = self
            .list::<Extract>(&filter)
            .await?
            .items
            .into_iter()
            .map(|extract| extract.id.clone())
            .collect();
        let (sources, pairs) = (owned(self.every_source().await?), self.every_pair().await?);
        let extracts = self.parts.extracts.clone();
        blocking("recovery of extracts", move || extracts.recover(&sources, &known, &pairs))
            .await?
            .map_err(|why| Refused::failed("recovery of extracts", why))
    }
}
