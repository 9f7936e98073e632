//! A checker's decision on an output.

use disclosure::finding::{Finding, Weight};
use ledger::{BookError, Guard, Hash, Subject};
use model::{AccountId, OutputId};
use permit::policy::Action;
use permit::{Permit, PermitEvent};
use release::output::Checked;
use release::{Output, OutputEvent, OutputState, Verdict};
use sha2::{Digest as _, Sha256};

use super::examine::as_event;
use crate::{Caller, Centre, Refused, blocking, draft, reasoned};

/// How often a release is tried anew because another under the same permit was
/// faster.
const ATTEMPTS: u32 = 5;

impl Centre {
    /// A checker's decision. What is let out is first held against everything
    /// that left under the permit until this moment.
    pub async fn decide_output(
        &self,
        caller: &Caller,
        id: &OutputId,
        verdict: Verdict,
        why: String,
    ) -> Result<(), Refused> {
        reasoned(&why)?;
        let (output, seq) = self.load::<Output>(id.as_str()).await?;
        let actor =
            self.require(caller, Action::DecideOutput, &self.output_thing(&output).await?)?;
        let event = match verdict {
            Verdict::Released => return self.let_out(&actor, id, why).await,
            Verdict::Held => OutputEvent::Held { why },
            Verdict::Refused => OutputEvent::Refused { why },
        };
        self.write(&actor, id.as_str(), &event, Some(seq)).await?;
        Ok(())
    }

    async fn let_out(&self, actor: &AccountId, id: &OutputId, why: String) -> Result<(), Refused> {
        for _ in 1..ATTEMPTS {
            match self.let_out_once(actor, id, why.clone()).await {
                Err(Refused::Book(BookError::Changed(subject))) if subject.kind() == "permit" => {}
                done => return done,
            }
        }
        self.let_out_once(actor, id, why).await
    }

    /// Lets an output out if nothing else leaves under the permit meanwhile: the
    /// permit's sequence number is read before what left is, and every release
    /// moves it on.
    async fn let_out_once(
        &self,
        actor: &AccountId,
        id: &OutputId,
        why: String,
    ) -> Result<(), Refused> {
        let (output, seq) = self.load::<Output>(id.as_str()).await?;
        let (permit, permit_seq) = self.load::<Permit>(output.permit.as_str()).await?;
        let cannot =
            |why: String| Refused::Conflict(format!("output `{id}` cannot be released: {why}"));
        let checked = output.checked.as_ref().filter(|_| output.state == OutputState::Checked);
        let Some(checked) = checked else {
            return Err(cannot(format!("it is {}, not checked", output.state.as_str())));
        };
        if let Some(why_not) = output.why_not() {
            return Err(cannot(why_not));
        }
        let waiting = self.ready_to_leave(&output.room).await?;
        if let Some(other) = waiting.iter().find(|other| other.name == output.name) {
            return Err(cannot(format!(
                "output `{}` is called `{}` too and is not packed yet: pack it first",
                other.id, other.name
            )));
        }
        let examined = self.for_disclosure(&output).await?;
        let (found, sha256) = blocking("the check", move || {
            (examined.check(), Hash(Sha256::digest(&examined.bytes).into()))
        })
        .await?;
        let worse = worsened(checked, &found.findings);
        if !worse.is_empty() {
            let event = as_event(found);
            self.write(&output.requested_by, id.as_str(), &event, Some(seq)).await?;
            return Err(cannot(format!(
                "held against what left since it was checked, more was found: {worse}"
            )));
        }
        let released = OutputEvent::Released { why, sha256 };
        let moved_on = PermitEvent::OutputReleased { output: id.clone() };
        let drafts = vec![
            draft(actor, id.as_str(), &released)?,
            draft(actor, permit.id.as_str(), &moved_on)?,
        ];
        let guards = vec![
            Guard::Unchanged(Subject::new("output", id.as_str()), seq),
            Guard::Unchanged(Subject::new("permit", permit.id.as_str()), permit_seq),
        ];
        self.append(drafts, guards).await?;
        Ok(())
    }
}

/// What a person would have to look at that was not found the last time, in
/// words. Empty: nothing.
fn worsened(before: &Checked, now: &[Finding]) -> String {
    now.iter()
        .filter(|finding| finding.weight > Weight::Note && !before.findings.contains(finding))
        .map(|finding| {
            let why = finding.why.get(model::Lang::En);
            format!("`{}` at {}: {why}", finding.rule, finding.whereabouts())
        })
        .collect::<Vec<_>>()
        .join(" ")
}
