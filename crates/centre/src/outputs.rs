//! Outputs: asked for, checked by the rules, decided by a person.

use disclosure::{Contributions, Kind, finding};
use ledger::{Guard, RecordFilter, Subject};
use model::{OutputId, RoomId};
use permit::Permit;
use permit::policy::{Action, Thing};
use release::{Output, OutputEvent, OutputState, Verdict};
use room::{Room, WorkName};

use crate::ports::Blobs;
use crate::{Caller, Centre, Refused, blocking, draft};

/// The largest file that can be asked for, bytes.
pub const LARGEST_OUTPUT: u64 = 8 << 20;

/// A file that somebody asks to take out.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Its name in the work folder.
    pub name: WorkName,
    /// What it is said to be.
    pub declared: Kind,
    /// What it is for.
    pub note: String,
}

/// An output with its bytes, for the one who reviews it.
#[derive(Debug, Clone)]
pub struct Reviewed {
    /// The output.
    pub output: Output,
    /// Every byte of it.
    pub bytes: Vec<u8>,
    /// What a mend would make of it, if there is one.
    pub mended: Option<disclosure::Mended>,
    /// Outputs of the same room, whatever became of them.
    pub others: Vec<Output>,
}

/// A file and everything it is held against.
struct Examined {
    name: String,
    bytes: Vec<u8>,
    kind: Kind,
    table: Option<Vec<u8>>,
    rules: disclosure::Rules,
    context: disclosure::Context,
}

impl Examined {
    fn file(&self) -> disclosure::File<'_> {
        disclosure::File {
            name: &self.name,
            bytes: &self.bytes,
            kind: &self.kind,
            table: self.table.as_deref(),
        }
    }

    fn check(&self) -> disclosure::Findings {
        disclosure::check(&self.file(), &self.rules, &self.context)
    }

    fn mend(&self) -> Result<disclosure::Mended, disclosure::NoMend> {
        disclosure::mend(&self.file(), &self.rules, &self.context)
    }
}

/// `out/table.csv` is mended as `out/table.mended.csv`.
fn mended_name(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !ending.contains('/') => format!("{stem}.mended.{ending}"),
        _ => format!("{name}.mended"),
    }
}

/// Keeps what was told of single people's contributions apart from the record,
/// which many read.
fn keep_contributions(
    blobs: &dyn Blobs,
    told: &[Contributions],
) -> Result<Option<ledger::Hash>, String> {
    if told.is_empty() {
        return Ok(None);
    }
    let bytes = serde_json::to_vec(told).map_err(|error| error.to_string())?;
    blobs.put(&bytes).map(Some)
}

fn read_contributions(
    blobs: &dyn Blobs,
    kept: Option<&ledger::Hash>,
) -> Result<Vec<Contributions>, String> {
    let Some(hash) = kept else { return Ok(Vec::new()) };
    serde_json::from_slice(&blobs.get(hash)?).map_err(|error| error.to_string())
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
        let (runtime, blobs, room_id) =
            (self.parts.runtime.clone(), self.parts.blobs.clone(), id.clone());
        let taken = blocking("taking the files", move || {
            let work = runtime.work(&room_id).map_err(|error| error.to_string())?;
            wishes
                .into_iter()
                .map(|wish| {
                    let taken =
                        work.take(&wish.name, LARGEST_OUTPUT).map_err(|error| error.to_string())?;
                    blobs.put(&taken.bytes)?;
                    let (declared, told) = wish.declared.clone().without_contributions();
                    let contributions = keep_contributions(blobs.as_ref(), &told)?;
                    Ok((Wish { declared, ..wish }, contributions, taken))
                })
                .collect::<Result<Vec<_>, String>>()
        })
        .await?
        .map_err(Refused::Conflict)?;
        let mut ids = Vec::with_capacity(taken.len());
        let mut drafts = Vec::with_capacity(taken.len());
        for (wish, contributions, taken) in taken {
            let output = OutputId::mint(self.parts.entropy.as_ref());
            let event = OutputEvent::Requested {
                room: id.clone(),
                permit: room.permit.clone(),
                run: room.runs.last().map(|run| run.id.clone()),
                name: wish.name.as_str().to_owned(),
                declared: wish.declared,
                contributions,
                sha256: taken.sha256,
                bytes: u64::try_from(taken.bytes.len()).unwrap_or(u64::MAX),
                note: wish.note,
            };
            drafts.push(draft(&actor, output.as_str(), &event)?);
            ids.push(output);
        }
        let guards =
            ids.iter().map(|id| Guard::Absent(Subject::new("output", id.as_str()))).collect();
        self.parts.book.append(drafts, guards).await?;
        for id in &ids {
            self.check(id).await?;
        }
        Ok(ids)
    }

    /// Applies the rules to an output that waits for it. The machine does this,
    /// on behalf of the one who asked.
    async fn check(&self, id: &OutputId) -> Result<(), Refused> {
        let (output, seq) = self.load::<Output>(id.as_str()).await?;
        if output.state != OutputState::Requested {
            return Ok(());
        }
        let examined = self.for_disclosure(&output).await?;
        let found = blocking("the check", move || examined.check()).await?;
        let event = OutputEvent::Checked {
            verdict: found.verdict,
            findings: found.findings,
            read_as: found.taken_for,
            tried: found.tried,
        };
        self.write(&output.requested_by, id.as_str(), &event, Some(seq)).await?;
        Ok(())
    }

    /// Checks whatever a stopped program left unchecked.
    pub async fn check_pending(&self) -> Result<(), Refused> {
        for output in self.every_output(&["requested"], None).await? {
            self.check(&output.id).await?;
        }
        Ok(())
    }

    /// What disclosure needs to know: the file, the rules of the permit, the
    /// people and values behind it, what left the permit's rooms before.
    async fn for_disclosure(&self, output: &Output) -> Result<Examined, Refused> {
        let (permit, _) = self.load::<Permit>(output.permit.as_str()).await?;
        let (room, _) = self.load::<Room>(output.room.as_str()).await?;
        let (extract, _) = self.load::<linkage::Extract>(room.extract.as_str()).await?;
        let terms = permit.grant.terms.outputs;
        let rules = disclosure::Rules {
            smallest_count: terms.smallest_count,
            dominance_n: terms.dominance_n,
            dominance_k: terms.dominance_k,
            p_percent: terms.p_percent,
            smallest_residual_df: terms.smallest_residual_df,
        };
        let mut earlier = Vec::new();
        for other in self.every_output(&["released"], None).await? {
            if other.permit == output.permit && other.id != output.id {
                earlier.push(other);
            }
        }
        let table = self.table_behind(output).await?;
        let contributions = self.contributions_of(output).await?;
        let (extracts, blobs, extract_id) =
            (self.parts.extracts.clone(), self.parts.blobs.clone(), extract.id.clone());
        let people = extract.manifest.persons;
        let rows = extract.manifest.tables.values().map(|table| table.rows).max();
        let output = output.clone();
        blocking("preparing the check", move || {
            let earlier = earlier
                .into_iter()
                .map(|other| {
                    Ok(disclosure::Earlier {
                        bytes: blobs.get(&other.sha256)?,
                        output: other.id,
                        name: other.name,
                        kind: other.declared,
                    })
                })
                .collect::<Result<Vec<_>, String>>()?;
            let context = disclosure::Context {
                people: Some(people),
                rows,
                sketches: extracts.sketches(&extract_id)?,
                earlier,
            };
            let told = read_contributions(blobs.as_ref(), contributions.as_ref())?;
            Ok::<_, String>(Examined {
                name: output.name,
                bytes: blobs.get(&output.sha256)?,
                kind: output.declared.with_contributions(told),
                table: table.map(|table| blobs.get(&table)).transpose()?,
                rules,
                context,
            })
        })
        .await?
        .map_err(|why| Refused::failed("preparing the check", why))
    }

    /// For a figure: the newest output of the same room that has the name of the
    /// table it is said to be drawn from.
    async fn table_behind(&self, output: &Output) -> Result<Option<ledger::Hash>, Refused> {
        let Kind::Figure { table: Some(name) } = &output.declared else { return Ok(None) };
        let others = self.every_output(&[], Some(&output.room)).await?;
        Ok(others.into_iter().find(|other| other.name == *name).map(|other| other.sha256))
    }

    /// What was told of single people's contributions when the output, or the
    /// one it was made from, was asked for.
    async fn contributions_of(&self, output: &Output) -> Result<Option<ledger::Hash>, Refused> {
        let mut told = output.contributions;
        let mut mends = output.mends.clone();
        while let (None, Some(of)) = (told, &mends) {
            let (first, _) = self.load::<Output>(of.as_str()).await?;
            told = first.contributions;
            mends = first.mends;
        }
        Ok(told)
    }

    /// An output with its bytes and findings, for those who may see it.
    pub async fn review(&self, caller: &Caller, id: &OutputId) -> Result<Reviewed, Refused> {
        let output = self.output(caller, id).await?;
        let examined = self.for_disclosure(&output).await?;
        let bytes = examined.bytes.clone();
        let unsafe_now = output
            .checked
            .as_ref()
            .is_some_and(|checked| checked.verdict != finding::Verdict::Pass);
        let mended = if unsafe_now {
            blocking("the mend", move || examined.mend()).await?.ok()
        } else {
            None
        };
        let others = self.every_output(&[], Some(&output.room)).await?;
        Ok(Reviewed {
            others: others.into_iter().filter(|other| other.id != *id).collect(),
            output,
            bytes,
            mended,
        })
    }

    /// Makes an output from another so that it can leave: the cells that must
    /// not leave are withheld. The new one is checked and decided like any other.
    pub async fn mend(&self, caller: &Caller, id: &OutputId) -> Result<OutputId, Refused> {
        let (output, _) = self.load::<Output>(id.as_str()).await?;
        let actor =
            self.require(caller, Action::CheckOutput, &self.output_thing(&output).await?)?;
        let examined = self.for_disclosure(&output).await?;
        let mended = blocking("the mend", move || examined.mend())
            .await?
            .map_err(|error| Refused::Conflict(error.to_string()))?;
        let (blobs, bytes) = (self.parts.blobs.clone(), mended.bytes.clone());
        let sha256 = blocking("keeping the file", move || blobs.put(&bytes))
            .await?
            .map_err(|why| Refused::failed("keeping the file", why))?;
        let new = OutputId::mint(self.parts.entropy.as_ref());
        let event = OutputEvent::Mended {
            of: id.clone(),
            room: output.room,
            permit: output.permit,
            name: mended_name(&output.name),
            declared: output.declared,
            sha256,
            bytes: u64::try_from(mended.bytes.len()).unwrap_or(u64::MAX),
            changes: mended.changes,
            note: mended.note.get(model::Lang::En).to_owned(),
            requested_by: output.requested_by,
        };
        self.write(&actor, new.as_str(), &event, None).await?;
        self.check(&new).await?;
        Ok(new)
    }

    /// A checker's decision.
    pub async fn decide_output(
        &self,
        caller: &Caller,
        id: &OutputId,
        verdict: Verdict,
        why: String,
    ) -> Result<(), Refused> {
        if why.trim().is_empty() {
            return Err(Refused::Field {
                field: "why",
                why: "is empty: a decision says its reason".to_owned(),
            });
        }
        let (output, seq) = self.load::<Output>(id.as_str()).await?;
        let actor =
            self.require(caller, Action::DecideOutput, &self.output_thing(&output).await?)?;
        if verdict == Verdict::Released
            && let Some(why_not) = output.why_not()
        {
            return Err(Refused::Conflict(format!("output `{id}` cannot be released: {why_not}")));
        }
        let event = match verdict {
            Verdict::Released => OutputEvent::Released { why },
            Verdict::Held => OutputEvent::Held { why },
            Verdict::Refused => OutputEvent::Refused { why },
        };
        self.write(&actor, id.as_str(), &event, Some(seq)).await?;
        Ok(())
    }

    /// One output, for those who may see it.
    pub async fn output(&self, caller: &Caller, id: &OutputId) -> Result<Output, Refused> {
        let (output, _) = self.load::<Output>(id.as_str()).await?;
        self.require(caller, Action::SeeOutput, &self.output_thing(&output).await?)?;
        Ok(output)
    }

    /// The outputs the caller may see, newest first; of one room if it is named.
    pub async fn outputs(
        &self,
        caller: &Caller,
        room: Option<&RoomId>,
    ) -> Result<Vec<Output>, Refused> {
        let mut seen = Vec::new();
        for output in self.every_output(&[], room).await? {
            let thing = self.output_thing(&output).await?;
            if self.ruling(caller, Action::SeeOutput, &thing).allowed {
                seen.push(output);
            }
        }
        Ok(seen)
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
    ) -> Result<Vec<Output>, Refused> {
        let filter = RecordFilter {
            states: states.iter().map(|state| (*state).to_owned()).collect(),
            parent: room.map(ToString::to_string),
            limit: u32::MAX,
            ..RecordFilter::default()
        };
        Ok(ledger::list(self.parts.book.as_ref(), &filter).await?.items)
    }
}
