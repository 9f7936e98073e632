//! What people bring into their rooms: asked for, looked into, decided, placed.

use std::sync::Arc;

use ingress::{
    By, Declared, Fault, Finding, Ingress, IngressEvent, IngressState, LinkError, Linked,
};
use ledger::{BookError, Event as _, Guard, Subject};
use model::{AccountId, IngressId, RoomId};
use permit::policy::{Action, Thing};
use permit::{Bring, Permit};
use room::{Room, WorkName};

use crate::outputs::read_sealed;
use crate::ports::{Looked, NotLinked, NotPlaced};
use crate::{Caller, Centre, Refused, blocking, draft, reasoned};

/// A table that is linked is about at least so many people of the permit, however
/// few its outputs may be about.
const LEAST: u64 = 5;

/// A file that somebody wants to bring in.
#[derive(Clone)]
pub struct Brought {
    /// The name it is to have in the room.
    pub name: String,
    /// What it is said to be.
    pub declared: Declared,
    /// Where it is from.
    pub origin: String,
    /// What it is for.
    pub why: String,
    /// The column of national identity numbers that is to become one of person
    /// numbers.
    pub link: Option<String>,
    /// The file.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Brought {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It may hold identity numbers.
        f.debug_struct("Brought").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What is asked to be brought in, as one person may see it.
#[derive(Debug, Clone)]
pub struct Considered {
    /// The record.
    pub ingress: Arc<Ingress>,
    /// The beginning of each text in it, by name, for those who decide on it.
    pub texts: Vec<(String, String)>,
}

impl Centre {
    /// Asks to bring a file into a room. Identity numbers in it are replaced
    /// before anything of it is kept. It is looked into at once, and is in the
    /// room afterwards where the permit's rule admits it.
    pub async fn bring_in(
        &self,
        caller: &Caller,
        id: &RoomId,
        brought: Brought,
    ) -> Result<IngressId, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let actor = self.require(caller, Action::BringIn, &self.room_thing(&room).await?)?;
        let permit = self.permit_of(&room).await?;
        self.activate(&permit)?;
        if permit.grant.terms.room.bring == Bring::Nothing {
            return Err(Refused::Conflict(
                "nothing is brought into rooms of this permit: it says so".to_owned(),
            ));
        }
        // One at a time: two of one name would not know of each other, and a large
        // table takes its place in memory.
        let _turn = self.gate_turn.lock().await;
        let name = self.fits(&room, &brought).await?;
        let Brought { declared, origin, why, link, bytes, .. } = brought;
        let ingress = IngressId::mint(self.parts.entropy.as_ref());
        let asked = |sealed, bytes: &[u8], linked| IngressEvent::Asked {
            room: id.clone(),
            permit: room.permit.clone(),
            name: name.to_string(),
            declared,
            origin,
            why,
            sealed,
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            linked,
        };
        let (bytes, linked) = match link {
            None => (bytes, None),
            Some(column) => {
                let least = u64::from(permit.grant.terms.outputs.smallest_count).max(LEAST);
                match self.link(&room, bytes, column, least).await? {
                    Ok((table, linked)) => (table, Some(linked)),
                    Err(too_few) => {
                        // Written down: whoever asks of one person after another is seen.
                        let asked = asked(ledger::Hash::default(), &[], None);
                        let refused = IngressEvent::Refused { by: By::Rule, why: too_few };
                        self.write_first(&actor, &ingress, &[asked, refused]).await?;
                        return Ok(ingress);
                    }
                }
            }
        };
        let sealed = release::sealed::seal(&bytes, self.parts.entropy.as_ref());
        let blobs = self.parts.blobs.clone();
        let sealed = blocking("keeping the file", move || blobs.put(&sealed))
            .await?
            .map_err(|why| Refused::failed("keeping the file", why))?;
        let asked = asked(sealed, &bytes, linked);
        drop(bytes);
        if let Err(refused) = self.write_first(&actor, &ingress, &[asked]).await {
            self.forget_bytes(sealed).await;
            return Err(refused);
        }
        if let Err(refused) = self.look_into(&ingress).await {
            // It stays outside, and is looked into again in a minute.
            tracing::error!(%ingress, %refused, "a file that was to be brought in was not looked into");
        }
        Ok(ingress)
    }

    /// The table with person numbers, or that it is about too few people.
    async fn link(
        &self,
        room: &Room,
        table: Vec<u8>,
        column: String,
        least: u64,
    ) -> Result<Result<(Vec<u8>, Linked), String>, Refused> {
        let (extracts, extract) = (self.parts.extracts.clone(), room.extract.clone());
        let permit = room.permit.clone();
        let linked = blocking("linking the file", move || {
            extracts.link_table(&permit, &extract, &table, &column, least)
        });
        match linked.await? {
            Ok(linked) => Ok(Ok(linked)),
            Err(NotLinked::Table(why @ LinkError::TooFew { .. })) => Ok(Err(why.to_string())),
            Err(error) => Err(not_linked(error)),
        }
    }

    /// Writes the first entries of an ingress.
    async fn write_first(
        &self,
        actor: &AccountId,
        id: &IngressId,
        events: &[IngressEvent],
    ) -> Result<(), Refused> {
        let drafts = events.iter().map(|event| draft(actor, id.as_str(), event));
        let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
        let absent = Guard::Absent(Subject::new(IngressEvent::KIND, id.as_str()));
        self.append(drafts, vec![absent]).await?;
        Ok(())
    }

    /// The most bytes that may be brought in at once.
    pub fn most_brought_in(&self) -> u64 {
        self.parts.gate.most()
    }

    /// Whether what is asked can be asked: the name it is to have.
    async fn fits(&self, room: &Room, brought: &Brought) -> Result<WorkName, Refused> {
        let field = |field, why: String| Refused::Field { field, why };
        let name: WorkName = brought
            .name
            .parse()
            .map_err(|error: room::NameError| field("name", error.to_string()))?;
        if ingress::names_a_person(name.as_str()) {
            return Err(field("name", "is somebody's number: give the file another".to_owned()));
        }
        if name.as_str().contains('/') {
            return Err(field(
                "name",
                "is in a folder: a file is brought in by its own name".to_owned(),
            ));
        }
        for (key, text) in [("origin", &brought.origin), ("why", &brought.why)] {
            if text.trim().is_empty() {
                return Err(field(key, "is empty".to_owned()));
            }
        }
        if brought.bytes.is_empty() {
            return Err(field("file", "is empty".to_owned()));
        }
        let most = self.parts.gate.most();
        if u64::try_from(brought.bytes.len()).is_ok_and(|bytes| bytes > most) {
            let why =
                format!("is larger than the {} MiB that may be brought in at once", most >> 20);
            return Err(field("file", why));
        }
        let there = self.every_ingress(&[], Some(&room.id)).await?;
        let same = |other: &&Ingress| {
            other.state != IngressState::Refused
                && ingress::share_a_place(&other.name, name.as_str())
        };
        if let Some(other) = there.iter().map(Arc::as_ref).find(same) {
            let why =
                format!("is the name of `{}`, which is or will be there: choose another", other.id);
            return Err(field("name", why));
        }
        Ok(name)
    }

    /// Looks into what was asked for and not looked into yet. The machine does
    /// this, on behalf of who asked.
    async fn look_into(&self, id: &IngressId) -> Result<(), Refused> {
        let (ingress, seq) = self.load::<Ingress>(id.as_str()).await?;
        if ingress.state != IngressState::Asked {
            return Ok(());
        }
        let permit: Arc<Permit> = self.load::<Permit>(ingress.permit.as_str()).await?.0;
        let bytes = self.brought_bytes(&ingress).await?;
        let (gate, name) = (self.parts.gate.clone(), named(&ingress)?);
        let Looked { mut inspection, scanned } =
            blocking("looking into the file", move || gate.look(&bytes, &name))
                .await?
                .map_err(|why| Refused::failed("looking into the file", why))?;
        if let Some(linked) = ingress.linked.as_ref().filter(|linked| linked.unique > 0) {
            let fault = Fault::UniqueRows { unique: linked.unique, rows: linked.kept };
            inspection.findings.push(Finding { place: None, fault });
        }
        let by_rule = permit.grant.terms.room.bring == Bring::Rule
            && ingress.declared == Declared::Code
            && ingress.linked.is_none()
            && inspection.is_plain_code();
        let then = if inspection.refuses() {
            Some(IngressEvent::Refused { by: By::Rule, why: String::new() })
        } else if by_rule {
            Some(IngressEvent::Admitted { by: By::Rule, why: String::new() })
        } else {
            None
        };
        let inspected = IngressEvent::Inspected { inspection, scanned };
        let drafts = std::iter::once(&inspected)
            .chain(&then)
            .map(|event| draft(&ingress.asked_by, id.as_str(), event))
            .collect::<Result<Vec<_>, _>>()?;
        let unchanged = Guard::Unchanged(Subject::new(IngressEvent::KIND, id.as_str()), seq);
        let appended = self.append(drafts, vec![unchanged]).await.map_err(Refused::Book);
        if !gone_on(appended)? {
            return Ok(());
        }
        match then {
            Some(IngressEvent::Admitted { .. }) => self.place(id).await,
            Some(_) => {
                self.forget_bytes(ingress.sealed).await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Decides on what somebody asked to bring in.
    pub async fn decide_ingress(
        &self,
        caller: &Caller,
        id: &IngressId,
        admit: bool,
        why: String,
    ) -> Result<(), Refused> {
        reasoned(&why)?;
        let (ingress, seq) = self.load::<Ingress>(id.as_str()).await?;
        let actor =
            self.require(caller, Action::DecideIngress, &self.ingress_thing(&ingress).await?)?;
        if ingress.state != IngressState::Inspected {
            let state = ingress.state.as_str();
            return Err(Refused::Conflict(format!("`{id}` is {state}, and is not decided on now")));
        }
        let by = By::Person;
        let event = if admit {
            IngressEvent::Admitted { by, why }
        } else {
            IngressEvent::Refused { by, why }
        };
        self.write(&actor, id.as_str(), &event, Some(seq)).await?;
        if admit {
            let _turn = self.gate_turn.lock().await;
            return self.place(id).await;
        }
        self.forget_bytes(ingress.sealed).await;
        Ok(())
    }

    /// Puts what was admitted into its room.
    async fn place(&self, id: &IngressId) -> Result<(), Refused> {
        let (ingress, seq) = self.load::<Ingress>(id.as_str()).await?;
        if ingress.state != IngressState::Admitted {
            return Ok(());
        }
        let bytes = self.brought_bytes(&ingress).await?;
        let (gate, name, room) = (self.parts.gate.clone(), named(&ingress)?, ingress.room.clone());
        let placed =
            blocking("bringing the file in", move || gate.place(&room, &bytes, &name)).await?;
        let event = match placed {
            Ok(placed) => IngressEvent::Placed { files: placed.files, sha256: placed.sha256 },
            Err(NotPlaced::Unfit(why)) => IngressEvent::Refused { by: By::Rule, why },
            Err(NotPlaced::Machine(why)) => {
                return Err(Refused::failed("bringing the file in", why));
            }
        };
        if gone_on(self.write(&ingress.asked_by, id.as_str(), &event, Some(seq)).await)? {
            self.forget_bytes(ingress.sealed).await;
        }
        Ok(())
    }

    /// Looks into and places whatever a stopped program, or a scanner that did not
    /// answer, left waiting. What waits at the gate of a room that is closed stays
    /// out.
    pub async fn see_to_ingresses(&self) -> Result<(), Refused> {
        for ingress in self.every_ingress(&["asked", "inspected", "admitted"], None).await? {
            let (room, _) = self.load::<Room>(ingress.room.as_str()).await?;
            if !room.is_entered() {
                self.shut_gate(&ingress.asked_by, &ingress.room).await?;
            }
        }
        let _turn = self.gate_turn.lock().await;
        for ingress in self.every_ingress(&["asked", "admitted"], None).await? {
            let seen_to = match ingress.state {
                IngressState::Asked => self.look_into(&ingress.id).await,
                _ => self.place(&ingress.id).await,
            };
            if let Err(refused) = seen_to {
                tracing::error!(ingress = %ingress.id, %refused, "a file that was to be brought in waits");
            }
        }
        Ok(())
    }

    /// What waits at the gate of a room that closes stays out.
    pub(crate) async fn shut_gate(&self, actor: &AccountId, room: &RoomId) -> Result<(), Refused> {
        for ingress in self.every_ingress(&["asked", "inspected", "admitted"], Some(room)).await? {
            let (_, seq) = self.load::<Ingress>(ingress.id.as_str()).await?;
            let why = "the room was closed".to_owned();
            let event = IngressEvent::Refused { by: By::Rule, why };
            // Whoever was faster is seen to in a minute.
            if gone_on(self.write(actor, ingress.id.as_str(), &event, Some(seq)).await)? {
                self.forget_bytes(ingress.sealed).await;
            }
        }
        Ok(())
    }

    /// What is asked to be brought in, for those who may see it, and its text for
    /// those who decide on it.
    pub async fn considered(&self, caller: &Caller, id: &IngressId) -> Result<Considered, Refused> {
        let ingress = self.ingress(caller, id).await?;
        let thing = self.ingress_thing(&ingress).await?;
        let decides = self.ruling(caller, Action::DecideIngress, &thing).allowed;
        let reads = decides && ingress.is_kept() && ingress.inspection.is_some();
        if !reads {
            return Ok(Considered { ingress, texts: Vec::new() });
        }
        let bytes = self.brought_bytes(&ingress).await?;
        let (gate, name) = (self.parts.gate.clone(), named(&ingress)?);
        let _turn = self.gate_turn.lock().await;
        let texts = blocking("reading the file", move || gate.texts(&bytes, &name))
            .await?
            .map_err(|why| Refused::failed("reading the file", why))?;
        Ok(Considered { ingress, texts })
    }

    /// One file that is asked to be brought in, for those who may see it.
    pub async fn ingress(&self, caller: &Caller, id: &IngressId) -> Result<Arc<Ingress>, Refused> {
        let (ingress, _) = self.load::<Ingress>(id.as_str()).await?;
        let thing = self.ingress_thing(&ingress).await?;
        self.require(caller, Action::SeeIngress, &thing)?;
        Ok(self.as_seen(caller, ingress, &thing))
    }

    /// Without how many of its people the permit has, before it is decided on, for
    /// those who do not decide: who asks again and again learns of each.
    fn as_seen(&self, caller: &Caller, mut shown: Arc<Ingress>, thing: &Thing) -> Arc<Ingress> {
        let told = shown.state == IngressState::Placed
            || self.ruling(caller, Action::DecideIngress, thing).allowed;
        if shown.linked.is_some() && !told {
            let ingress = Arc::make_mut(&mut shown);
            ingress.linked = None;
            ingress.bytes = 0;
            if let Some(inspection) = &mut ingress.inspection {
                inspection.bytes = 0;
                let counts = |found: &Finding| matches!(found.fault, Fault::UniqueRows { .. });
                inspection.findings.retain(|found| !counts(found));
            }
        }
        shown
    }

    /// Those the caller may see, newest first; of one room if it is named.
    pub async fn ingresses(
        &self,
        caller: &Caller,
        room: Option<&RoomId>,
    ) -> Result<Vec<Arc<Ingress>>, Refused> {
        let mut seen = Vec::new();
        for ingress in self.every_ingress(&[], room).await? {
            let thing = self.ingress_thing(&ingress).await?;
            if self.ruling(caller, Action::SeeIngress, &thing).allowed {
                seen.push(self.as_seen(caller, ingress, &thing));
            }
        }
        Ok(seen)
    }

    /// It as the policy sees it now.
    pub async fn ingress_thing(&self, ingress: &Ingress) -> Result<Thing, Refused> {
        let (permit, _) = self.load::<Permit>(ingress.permit.as_str()).await?;
        let state = ingress.state.as_str();
        Ok(Thing::ingress(&ingress.id, state, &ingress.asked_by, &permit, self.now()))
    }

    pub(crate) async fn every_ingress(
        &self,
        states: &[&str],
        room: Option<&RoomId>,
    ) -> Result<Vec<Arc<Ingress>>, Refused> {
        self.every(states, room.map(ToString::to_string)).await
    }

    async fn brought_bytes(&self, ingress: &Ingress) -> Result<Vec<u8>, Refused> {
        let (blobs, sealed) = (self.parts.blobs.clone(), ingress.sealed);
        blocking("reading the file", move || read_sealed(blobs.as_ref(), &sealed))
            .await?
            .map_err(|why| Refused::failed("reading the file", why))
    }

    /// Nobody needs them any more. What cannot be removed goes at the next start.
    async fn forget_bytes(&self, sealed: ledger::Hash) {
        let blobs = self.parts.blobs.clone();
        let removed = blocking("removing the file", move || blobs.remove(&sealed)).await;
        if let Err(why) | Ok(Err(why)) = removed.map_err(|refused| refused.to_string()) {
            tracing::warn!(%why, "a file that nobody needs goes at the next start");
        }
    }
}

/// Whether it was written down. When somebody else was faster, they did.
fn gone_on<T>(written: Result<T, Refused>) -> Result<bool, Refused> {
    match written {
        Ok(_) => Ok(true),
        Err(Refused::Book(BookError::Changed(_))) => Ok(false),
        Err(refused) => Err(refused),
    }
}

fn named(ingress: &Ingress) -> Result<WorkName, Refused> {
    let name = ingress.name.parse();
    name.map_err(|error: room::NameError| Refused::failed("reading the name", error))
}

fn not_linked(error: NotLinked) -> Refused {
    match error {
        NotLinked::Table(why @ LinkError::NoColumn { .. }) => {
            Refused::Field { field: "link", why: why.to_string() }
        }
        NotLinked::Table(why) => Refused::Field { field: "file", why: why.to_string() },
        NotLinked::Machine(why) => Refused::failed("linking the file", why),
    }
}
