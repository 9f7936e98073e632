//! Outputs: asked for, checked by the rules, decided by a person.

use disclosure::Kind;
use std::sync::Arc;

use ledger::{Guard, Subject};
use model::{Entropy, OutputId, RoomId};
use permit::Permit;
use permit::policy::{Action, Thing};
use release::{Output, OutputEvent, OutputState};
use room::{Room, WorkName};

use crate::ports::Blobs;
use crate::rooms::blind;
use crate::{Caller, Centre, Refused, blocking, draft};

mod decide;
mod examine;
mod lately;
mod mend;

pub(crate) use examine::read_sealed;
pub(crate) use lately::Lately;
pub(crate) use mend::Mends;

/// The largest file that can be asked for, bytes.
pub const LARGEST_OUTPUT: u64 = 8 << 20;

/// A file that somebody asks to take out.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Its name in the work folder.
    pub name: WorkName,
    /// What it is said to be. A figure names its table as a file of the same
    /// request, else as an output of the room that was asked for before, by
    /// name or id.
    pub declared: Kind,
    /// What it is for.
    pub note: String,
}

/// The file of the work folder in which programs in a room hand files over, to be
/// asked out: written by `helserom::hand_over` in R and Python.
pub const HANDED_OVER: &str = "handed-over.json";

/// The longest such file, bytes.
pub(crate) const LONGEST_HANDED_OVER: u64 = 1 << 20;

/// At most so many files are handed over at once.
const MOST_HANDED_OVER: usize = 200;

/// What programs in a room handed over. The room wrote it: it is read strictly,
/// and says no more than a form that somebody fills in.
pub(crate) fn handed_over(bytes: &[u8]) -> Result<Vec<Wish>, String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        files: Vec<File>,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        name: WorkName,
        #[serde(default)]
        declared: Kind,
        note: String,
    }
    let list: List = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if list.files.len() > MOST_HANDED_OVER {
        return Err(format!("names more than {MOST_HANDED_OVER} files"));
    }
    let files = list.files.into_iter();
    Ok(files
        .map(|file| Wish { name: file.name, declared: file.declared, note: file.note })
        .collect())
}

/// An output as one person may see it.
#[derive(Debug, Clone)]
pub struct Reviewed {
    /// The output.
    pub output: Arc<Output>,
    /// Every byte of it: for those who may check it, and once it was released.
    /// Until then the others see what was found, and none of the content
    /// (invariant 5).
    pub bytes: Option<Arc<Vec<u8>>>,
    /// What a mend would make of it, if one is offered to the reader.
    pub mended: Option<disclosure::Mended>,
    /// Outputs of the same room, whatever became of them.
    pub others: Vec<Arc<Output>>,
    /// What left under the same permit, from whichever room.
    pub released: Vec<Arc<Output>>,
}

/// What is kept while files are taken, so that it goes again if one of them
/// cannot be.
struct Keeping {
    blobs: Arc<dyn Blobs>,
    entropy: Arc<dyn Entropy>,
    hashes: Vec<ledger::Hash>,
}

impl Keeping {
    fn keep(&mut self, bytes: &[u8]) -> Result<ledger::Hash, Refused> {
        let sealed = release::sealed::seal(bytes, self.entropy.as_ref());
        let hash =
            self.blobs.put(&sealed).map_err(|why| Refused::failed("keeping the files", why))?;
        self.hashes.push(hash);
        Ok(hash)
    }

    /// Sealed bytes are like no others: nobody else has kept the same.
    fn undo(&self) {
        for hash in &self.hashes {
            if let Err(why) = self.blobs.remove(hash) {
                tracing::warn!(%why, "what was kept for nothing goes at the next start");
            }
        }
    }
}

impl Centre {
    /// Asks to take files out of a room. The bytes are copied now: what happens
    /// in the room later changes nothing. All are taken, or none; each is
    /// checked at once.
    pub async fn request_outputs(
        &self,
        caller: &Caller,
        id: &RoomId,
        wishes: Vec<Wish>,
    ) -> Result<Vec<OutputId>, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let actor = self.require(caller, Action::RequestOutput, &self.room_thing(&room).await?)?;
        if wishes.is_empty() {
            return Err(Refused::Field { field: "files", why: "is empty: name a file".to_owned() });
        }
        let ids: Vec<OutputId> =
            wishes.iter().map(|_| OutputId::mint(self.parts.entropy.as_ref())).collect();
        let before = self.every_output(&[], Some(id)).await?;
        let mut wanted = Vec::with_capacity(wishes.len());
        for (output, wish) in ids.iter().zip(&wishes) {
            fits_a_package(&wish.name)?;
            let table = table_of(wish, &wishes, &ids, &before)?;
            wanted.push((output.clone(), wish.clone(), table));
        }
        let (runtime, blobs, room_id, person) =
            (self.parts.runtime.clone(), self.parts.blobs.clone(), id.clone(), actor.clone());
        let entropy = self.parts.entropy.clone();
        let permit = room.permit.clone();
        let run = room.runs.last().map(|run| run.id.clone());
        let taking = move |kept: &mut Keeping| {
            let work = runtime
                .work_of(&room_id, &person)
                .map_err(|error| Refused::Conflict(error.to_string()))?;
            wanted
                .into_iter()
                .map(|(output, wish, table)| {
                    let taken = work
                        .take(&wish.name, LARGEST_OUTPUT)
                        .map_err(|error| Refused::Conflict(error.to_string()))?;
                    let (declared, told) = wish.declared.without_contributions();
                    // What was told of single people is kept apart from the
                    // record, which many read.
                    let contributions = if told.is_empty() {
                        None
                    } else {
                        let told = serde_json::to_vec(&told)
                            .map_err(|error| Refused::failed("taking the files", error))?;
                        Some(kept.keep(&told)?)
                    };
                    let event = OutputEvent::Requested {
                        room: room_id.clone(),
                        permit: permit.clone(),
                        run: run.clone(),
                        name: wish.name.as_str().to_owned(),
                        declared,
                        table,
                        contributions,
                        sealed: kept.keep(&taken.bytes)?,
                        bytes: u64::try_from(taken.bytes.len()).unwrap_or(u64::MAX),
                        note: wish.note,
                    };
                    Ok((output, event))
                })
                .collect::<Result<Vec<_>, Refused>>()
        };
        let events = blocking("taking the files", move || {
            let mut kept = Keeping { blobs, entropy, hashes: Vec::new() };
            taking(&mut kept).inspect_err(|_| kept.undo())
        })
        .await??;
        let drafts = events
            .iter()
            .map(|(output, event)| draft(&actor, output.as_str(), event))
            .collect::<Result<Vec<_>, Refused>>()?;
        let guards =
            ids.iter().map(|id| Guard::Absent(Subject::new("output", id.as_str()))).collect();
        self.append(drafts, guards).await?;
        for id in &ids {
            self.check(id).await?;
        }
        Ok(ids)
    }

    /// An output with its findings for those who may see it, and with its bytes
    /// and the mend for those who may see those.
    pub async fn review(&self, caller: &Caller, id: &OutputId) -> Result<Reviewed, Refused> {
        let output = self.output(caller, id).await?;
        let thing = self.output_thing(&output).await?;
        let may_check = self.ruling(caller, Action::CheckOutput, &thing).allowed;
        let bytes = if may_check || output.state == OutputState::Released {
            Some(self.bytes_of(&output).await?)
        } else {
            None
        };
        let mended = if may_check { self.offered_mend(&output).await? } else { None };
        let mut others = self.every_output(&[], Some(&output.room)).await?;
        let mut released = self.released_under(&output.permit).await?;
        let (permit, _) = self.load::<Permit>(output.permit.as_str()).await?;
        if blind::is_blind(&permit, caller) {
            others.iter_mut().map(Arc::make_mut).for_each(blind::dim_output);
        }
        for beside in [&mut others, &mut released] {
            beside.retain(|other| other.id != *id);
        }
        Ok(Reviewed { output, bytes, mended, others, released })
    }

    /// One output, for those who may see it.
    pub async fn output(&self, caller: &Caller, id: &OutputId) -> Result<Arc<Output>, Refused> {
        let (output, _) = self.load::<Output>(id.as_str()).await?;
        self.require(caller, Action::SeeOutput, &self.output_thing(&output).await?)?;
        self.as_told(caller, output).await
    }

    /// The outputs the caller may see, newest first; of one room if it is named.
    pub async fn outputs(
        &self,
        caller: &Caller,
        room: Option<&RoomId>,
    ) -> Result<Vec<Arc<Output>>, Refused> {
        let mut seen = Vec::new();
        for output in self.every_output(&[], room).await? {
            let thing = self.output_thing(&output).await?;
            if self.ruling(caller, Action::SeeOutput, &thing).allowed {
                seen.push(self.as_told(caller, output).await?);
            }
        }
        Ok(seen)
    }

    /// The output as the caller may have it.
    async fn as_told(
        &self,
        caller: &Caller,
        mut output: Arc<Output>,
    ) -> Result<Arc<Output>, Refused> {
        let (permit, _) = self.load::<Permit>(output.permit.as_str()).await?;
        if blind::is_blind(&permit, caller) {
            blind::dim_output(Arc::make_mut(&mut output));
        }
        Ok(output)
    }

    /// The output as the policy sees it now.
    pub async fn output_thing(&self, output: &Output) -> Result<Thing, Refused> {
        let (permit, _) = self.load::<Permit>(output.permit.as_str()).await?;
        Ok(Thing::output(&output.id, output.state.as_str(), &output.requested_by, &permit))
    }

    pub(crate) async fn every_output(
        &self,
        states: &[&str],
        room: Option<&RoomId>,
    ) -> Result<Vec<Arc<Output>>, Refused> {
        self.every(states, room.map(ToString::to_string)).await
    }
}

/// A name that cannot be packed, mended or not, is refused before the file is
/// taken: once released it would keep the room's other outputs from leaving.
fn fits_a_package(name: &WorkName) -> Result<(), Refused> {
    [name.as_str(), &mend::mended_name(name.as_str())]
        .into_iter()
        .try_for_each(release::packable)
        .map_err(|error| Refused::Field {
            field: "files",
            why: format!("has `{name}` in it, which cannot be packed: {error}"),
        })
}

/// For a figure that says so: the output that holds the table it is drawn from.
/// Found once and kept, so that no other file of the same name takes its place.
fn table_of(
    wish: &Wish,
    wishes: &[Wish],
    ids: &[OutputId],
    before: &[Arc<Output>],
) -> Result<Option<OutputId>, Refused> {
    let Kind::Figure { table: Some(table) } = &wish.declared else { return Ok(None) };
    let beside = wishes
        .iter()
        .zip(ids)
        .find(|(other, _)| other.name.as_str() == table && other.name != wish.name)
        .map(|(_, id)| id.clone());
    let earlier = || {
        let named = |other: &&Arc<Output>| other.id.as_str() == table || other.name == *table;
        let newest = before.iter().rev().filter(named).max_by_key(|other| other.requested_at);
        newest.map(|other| other.id.clone())
    };
    beside.or_else(earlier).map(Some).ok_or_else(|| Refused::Field {
        field: "files",
        why: format!(
            "has the figure `{}` of the table `{table}`, which is asked for neither here nor before: \
             ask for both",
            wish.name
        ),
    })
}
