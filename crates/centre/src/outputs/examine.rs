//! The rules applied to an output.

use std::sync::Arc;

use disclosure::Contributions;
use ledger::Hash;
use linkage::Extract;
use model::PermitId;
use permit::Permit;
use release::{Output, OutputEvent, OutputState};
use room::Room;

use super::lately::Stamp;
use crate::ports::Blobs;
use crate::{Centre, Refused, blocking};

/// A file and everything it is held against.
pub(super) struct Examined {
    name: String,
    pub(super) bytes: Vec<u8>,
    kind: disclosure::Kind,
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

    pub(super) fn check(&self) -> disclosure::Findings {
        disclosure::check(&self.file(), &self.rules, &self.context)
    }

    pub(super) fn mend(&self) -> Result<disclosure::Mended, disclosure::NoMend> {
        disclosure::mend(&self.file(), &self.rules, &self.context)
    }
}

/// Bytes that were sealed, as they were before.
pub(crate) fn read_sealed(blobs: &dyn Blobs, hash: &Hash) -> Result<Vec<u8>, String> {
    release::sealed::unseal(blobs.get(hash)?)
        .ok_or_else(|| format!("the file kept as `{hash}` was never sealed"))
}

/// What the check found, as an event.
pub(super) fn as_event(found: disclosure::Findings) -> OutputEvent {
    OutputEvent::Checked {
        verdict: found.verdict,
        findings: found.findings,
        read_as: found.taken_for,
        tried: found.tried,
    }
}

/// The rules of a permit as disclosure takes them.
pub(super) fn rules_of(permit: &Permit) -> disclosure::Rules {
    let terms = permit.grant.terms.outputs;
    disclosure::Rules {
        smallest_count: terms.smallest_count,
        dominance_n: terms.dominance_n,
        dominance_k: terms.dominance_k,
        p_percent: terms.p_percent,
        smallest_residual_df: terms.smallest_residual_df,
    }
}

impl Centre {
    /// Applies the rules to an output that waits for it. The machine does this,
    /// on behalf of the one who asked.
    pub(super) async fn check(&self, id: &model::OutputId) -> Result<(), Refused> {
        let (output, seq) = self.load::<Output>(id.as_str()).await?;
        if output.state != OutputState::Requested {
            return Ok(());
        }
        let examined = self.for_disclosure(&output).await?;
        let found = blocking("the check", move || examined.check()).await?;
        self.write(&output.requested_by, id.as_str(), &as_event(found), Some(seq)).await?;
        Ok(())
    }

    /// Checks whatever a stopped program left unchecked. One that cannot be
    /// checked stays unchecked, and so inside; it does not keep the centre shut.
    pub async fn check_pending(&self) -> Result<(), Refused> {
        for output in self.every_output(&["requested"], None).await? {
            if let Err(refused) = self.check(&output.id).await {
                tracing::error!(output = %output.id, %refused, "an output stays unchecked");
            }
        }
        Ok(())
    }

    /// The file itself.
    pub(super) async fn bytes_of(&self, output: &Output) -> Result<Arc<Vec<u8>>, Refused> {
        let (blobs, sealed) = (self.parts.blobs.clone(), output.sealed);
        let stamp = Stamp::of(&blobs.path(&sealed));
        if let Some(known) = stamp.and_then(|stamp| self.lately.get(&sealed, stamp)) {
            return Ok(known);
        }
        let bytes = self
            .briefly("reading the file", move || read_sealed(blobs.as_ref(), &sealed))
            .await?
            .map_err(|why| Refused::failed("reading the file", why))?;
        let bytes = Arc::new(bytes);
        if let Some(stamp) = stamp {
            self.lately.put(sealed, stamp, Arc::clone(&bytes));
        }
        Ok(bytes)
    }

    /// What left under a permit, from whichever of its rooms.
    pub(super) async fn released_under(&self, id: &PermitId) -> Result<Vec<Arc<Output>>, Refused> {
        let mut released = Vec::new();
        for room in self.every_room_of(id).await? {
            released.extend(self.every_output(&[], Some(&room.id)).await?);
        }
        released.retain(|output| output.state == OutputState::Released);
        Ok(released)
    }

    /// The extract that an output's room was opened on.
    pub(super) async fn extract_behind(&self, output: &Output) -> Result<Arc<Extract>, Refused> {
        let (room, _) = self.load::<Room>(output.room.as_str()).await?;
        Ok(self.load::<Extract>(room.extract.as_str()).await?.0)
    }

    /// What disclosure needs to know: the file, the rules of the permit, the
    /// people and values behind it, what left the permit's rooms before.
    ///
    /// Once the extract was destroyed nothing can be recognised as a copy of it.
    /// What was held against it before can still be held against what left
    /// since; what never was cannot be checked any more.
    pub(super) async fn for_disclosure(&self, output: &Output) -> Result<Examined, Refused> {
        let (permit, _) = self.load::<Permit>(output.permit.as_str()).await?;
        let extract = self.extract_behind(output).await?;
        let is_there = extract.destroyed_at.is_none();
        if !is_there && output.checked.is_none() {
            return Err(Refused::Conflict(format!(
                "the extract behind output `{}` was destroyed: nothing new can be held against it",
                output.id
            )));
        }
        let rules = rules_of(&permit);
        let mut earlier = self.released_under(&output.permit).await?;
        earlier.retain(|other| other.id != output.id);
        let table = match &output.table {
            Some(table) => Some(self.load::<Output>(table.as_str()).await?.0.sealed),
            None => None,
        };
        let contributions = self.contributions_of(output).await?;
        let (extracts, blobs, extract_id) =
            (self.parts.extracts.clone(), self.parts.blobs.clone(), extract.id.clone());
        let people = extract.manifest.persons;
        let rows = extract.manifest.tables.values().map(|table| table.rows).max();
        let output = output.clone();
        blocking("preparing the check", move || {
            let read = |hash: &Hash| read_sealed(blobs.as_ref(), hash);
            let earlier = earlier
                .into_iter()
                .map(|other| {
                    Ok(disclosure::Earlier {
                        bytes: read(&other.sealed)?,
                        output: other.id.clone(),
                        name: other.name.clone(),
                        kind: other.declared.clone(),
                    })
                })
                .collect::<Result<Vec<_>, String>>()?;
            let context = disclosure::Context {
                people: Some(people),
                rows,
                sketches: if is_there { extracts.sketches(&extract_id)? } else { Vec::new() },
                earlier,
            };
            let told: Vec<Contributions> = match &contributions {
                Some(kept) => {
                    serde_json::from_slice(&read(kept)?).map_err(|error| error.to_string())?
                }
                None => Vec::new(),
            };
            Ok::<_, String>(Examined {
                name: output.name,
                bytes: read(&output.sealed)?,
                kind: output.declared.with_contributions(told),
                table: table.map(|table| read(&table)).transpose()?,
                rules,
                context,
            })
        })
        .await?
        .map_err(|why| Refused::failed("preparing the check", why))
    }

    /// What was told of single people's contributions when the output, or the
    /// one it was made from, was asked for.
    async fn contributions_of(&self, output: &Output) -> Result<Option<Hash>, Refused> {
        let mut told = output.contributions;
        let mut mends = output.mends.clone();
        while let (None, Some(of)) = (told, &mends) {
            let (first, _) = self.load::<Output>(of.as_str()).await?;
            told = first.contributions;
            mends.clone_from(&first.mends);
        }
        Ok(told)
    }
}
