//! What can be mended without a person: offered to the checker, and done.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use disclosure::{Mended, Rules, finding};
use model::OutputId;
use permit::Permit;
use permit::policy::Action;
use release::{Output, OutputEvent, OutputState};

use super::examine::rules_of;
use crate::{Caller, Centre, Refused, blocking};

/// How many offers are kept.
const KEPT: usize = 64;

/// Everything an offer depends on that can differ from one look to the next.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    output: OutputId,
    rules: Rules,
    released: Vec<OutputId>,
}

/// What was offered: a mend, or none.
#[derive(Debug, Clone)]
struct Offer(Option<Mended>);

/// Mends that were offered lately. To find one takes seconds for a large table,
/// and a checker looks at a page more than once.
#[derive(Debug, Default)]
pub(crate) struct Mends(Mutex<VecDeque<(Asked, Offer)>>);

impl Mends {
    fn kept(&self, asked: &Asked) -> Option<Offer> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(before, _)| before == asked).map(|(_, offer)| offer.clone())
    }

    fn keep(&self, asked: Asked, offer: Offer) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(before, _)| before.output != asked.output);
        kept.push_back((asked, offer));
        while kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

/// `out/table.csv` is mended as `out/table.mended.csv`.
pub(super) fn mended_name(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !ending.contains('/') => format!("{stem}.mended.{ending}"),
        _ => format!("{name}.mended"),
    }
}

impl Centre {
    /// The mend that is offered for an output that waits for a person.
    pub(super) async fn offered_mend(&self, output: &Output) -> Result<Option<Mended>, Refused> {
        let waits = matches!(output.state, OutputState::Checked | OutputState::Held);
        let is_unsafe = output
            .checked
            .as_ref()
            .is_some_and(|checked| checked.verdict != finding::Verdict::Pass);
        if !waits || !is_unsafe || self.extract_behind(output).await?.destroyed_at.is_some() {
            return Ok(None);
        }
        let (permit, _) = self.load::<Permit>(output.permit.as_str()).await?;
        let mut released: Vec<OutputId> =
            self.released_under(&permit.id).await?.iter().map(|other| other.id.clone()).collect();
        released.sort();
        let asked = Asked { output: output.id.clone(), rules: rules_of(&permit), released };
        if let Some(Offer(kept)) = self.mends.kept(&asked) {
            return Ok(kept);
        }
        let examined = self.for_disclosure(output).await?;
        let mended = blocking("the mend", move || examined.mend()).await?.ok();
        self.mends.keep(asked, Offer(mended.clone()));
        Ok(mended)
    }

    /// Makes an output from another so that it can leave: the cells that must
    /// not leave are withheld. The new one is checked and decided like any other.
    pub async fn mend(&self, caller: &Caller, id: &OutputId) -> Result<OutputId, Refused> {
        let (output, _) = self.load::<Output>(id.as_str()).await?;
        let actor =
            self.require(caller, Action::CheckOutput, &self.output_thing(&output).await?)?;
        if self.extract_behind(&output).await?.destroyed_at.is_some() {
            return Err(Refused::Conflict(format!(
                "the extract behind output `{id}` was destroyed: nothing new can be held against it"
            )));
        }
        let name = mended_name(&output.name);
        release::packable(&name).map_err(|error| Refused::Conflict(error.to_string()))?;
        let examined = self.for_disclosure(&output).await?;
        let mended = blocking("the mend", move || examined.mend())
            .await?
            .map_err(|error| Refused::Conflict(error.to_string()))?;
        let size = u64::try_from(mended.bytes.len()).unwrap_or(u64::MAX);
        let kept = release::sealed::seal(&mended.bytes, self.parts.entropy.as_ref());
        let blobs = self.parts.blobs.clone();
        let sealed = blocking("keeping the file", move || blobs.put(&kept))
            .await?
            .map_err(|why| Refused::failed("keeping the file", why))?;
        let new = OutputId::mint(self.parts.entropy.as_ref());
        let event = OutputEvent::Mended {
            of: id.clone(),
            room: output.room.clone(),
            permit: output.permit.clone(),
            name,
            declared: output.declared.clone(),
            table: output.table.clone(),
            sealed,
            bytes: size,
            changes: mended.changes,
            note: mended.note.get(model::Lang::En).to_owned(),
            requested_by: output.requested_by.clone(),
        };
        self.write(&actor, new.as_str(), &event, None).await?;
        self.check(&new).await?;
        Ok(new)
    }
}
