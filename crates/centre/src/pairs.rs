//! Pairs of records that linkage leaves in doubt: which wait for clerks, what a clerk is
//! shown, and what they answer. What a pair says of anybody passes through here and is
//! kept nowhere.

use ledger::{BookError, Event as _, Guard, Subject};
use linkage::review::{Answer, MOST_OPEN, Outcome, Pair, PairEvent, PairState, Shown};
use model::{AccountId, ExtractId, PairId, PermitId, Timestamp};
use permit::policy::{Action, Thing};
use permit::{Permit, Standing};
use serde::Serialize;

use crate::ports::KnownPairs;
use crate::{Caller, Centre, Refused, blocking, draft};

/// How often an answer is tried again when somebody else wrote about the pair.
const TRIES: usize = 20;

/// What waits for a clerk, and what they answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pairs {
    /// Pairs that the caller may answer, those that wait longest first.
    pub waiting: Vec<WaitingPair>,
    /// Pairs that the caller answered, newest first.
    pub answered: Vec<AnsweredPair>,
}

/// A pair that waits for an answer. How many there are of it already is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WaitingPair {
    /// Which.
    pub id: PairId,
    /// Since when.
    pub since: Timestamp,
    /// Whether the caller looked at it before.
    pub looked: bool,
}

/// A pair that the caller answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AnsweredPair {
    /// Which.
    pub id: PairId,
    /// When.
    pub at: Timestamp,
    /// What the caller answered.
    pub answer: Answer,
    /// What all answers came to, once enough were given.
    pub outcome: Option<Outcome>,
}

impl Centre {
    /// What waits for the caller, and what they answered.
    pub async fn pairs(&self, caller: &Caller) -> Result<Pairs, Refused> {
        let actor = self.require(caller, Action::SeePairs, &Thing::centre())?;
        let mut pairs = Pairs { waiting: Vec::new(), answered: Vec::new() };
        for pair in self.every::<Pair>(&[], None).await? {
            if let Some(given) = pair.answers.iter().find(|given| given.by == actor) {
                let (at, answer) = (given.at, given.answer);
                pairs.answered.push(AnsweredPair {
                    id: pair.id.clone(),
                    at,
                    answer,
                    outcome: pair.outcome,
                });
            } else if pair.state == PairState::Open {
                let thing = self.pair_thing(&pair).await?;
                if self.ruling(caller, Action::AnswerPair, &thing).allowed {
                    let looked = pair.looked.contains(&actor);
                    let (id, since) = (pair.id.clone(), pair.put_up_at);
                    pairs.waiting.push(WaitingPair { id, since, looked });
                }
            }
        }
        pairs.waiting.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
        pairs.answered.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        Ok(pairs)
    }

    /// What a pair says, as little as tells; `whole`: what differs all of it. That
    /// somebody looks is written down before they see anything.
    pub async fn look_at_pair(
        &self,
        caller: &Caller,
        id: &PairId,
        whole: bool,
    ) -> Result<Shown, Refused> {
        for _ in 0..TRIES {
            let (pair, seq) = self.load::<Pair>(id.as_str()).await?;
            let thing = self.pair_thing(&pair).await?;
            let actor = self.require(caller, Action::LookAtPair, &thing)?;
            self.activate(&self.load::<Permit>(pair.permit.as_str()).await?.0)?;
            match self.write(&actor, id.as_str(), &PairEvent::Looked { whole }, Some(seq)).await {
                Err(Refused::Book(BookError::Changed(_))) => continue,
                written => written?,
            };
            let (extracts, id) = (self.parts.extracts.clone(), id.clone());
            return blocking("reading a pair", move || extracts.show_pair(&id, whole))
                .await?
                .map_err(|why| Refused::failed("reading a pair", why));
        }
        Err(busy(id))
    }

    /// Says of a pair what the caller thinks. Two answers that are equal settle it.
    pub async fn answer_pair(
        &self,
        caller: &Caller,
        id: &PairId,
        answer: Answer,
    ) -> Result<(), Refused> {
        for _ in 0..TRIES {
            let (pair, seq) = self.load::<Pair>(id.as_str()).await?;
            let thing = self.pair_thing(&pair).await?;
            let actor = self.require(caller, Action::AnswerPair, &thing)?;
            self.activate(&self.load::<Permit>(pair.permit.as_str()).await?.0)?;
            if !pair.looked.contains(&actor) {
                return Err(Refused::Conflict(format!("look at `{id}` before you answer")));
            }
            let mut events = vec![PairEvent::Answered { answer }];
            match pair.outcome_with(answer) {
                Some(outcome) => events.push(PairEvent::Settled { outcome }),
                None if pair.answers.len() == 1 => events.push(PairEvent::Disagreed),
                None => {}
            }
            let drafts = events
                .iter()
                .map(|event| draft(&actor, id.as_str(), event))
                .collect::<Result<Vec<_>, _>>()?;
            // Two clerks who answer at once: the second is counted behind the first.
            let guard = Guard::Unchanged(Subject::new(PairEvent::KIND, id.as_str()), seq);
            match self.append(drafts, vec![guard]).await {
                Err(BookError::Changed(_)) => {}
                written => return Ok(written.map(|_| ())?),
            }
        }
        Err(busy(id))
    }

    /// A pair as the policy sees it now.
    pub async fn pair_thing(&self, pair: &Pair) -> Result<Thing, Refused> {
        let (permit, _) = self.load::<Permit>(pair.permit.as_str()).await?;
        let answered = pair.answers.iter().map(|given| &given.by);
        Ok(Thing::pair(&pair.id, pair.state.as_str(), answered, &permit, self.now()))
    }

    /// What an extract of `permit` is to know of clerks: what was settled, what waits on
    /// permits that are good, and how many more may be put up on this one.
    pub(crate) async fn known_pairs(&self, permit: &PermitId) -> Result<KnownPairs, Refused> {
        let mut known = Vec::new();
        let mut open = 0;
        for pair in self.every::<Pair>(&["open", "settled"], None).await? {
            let waits = pair.state == PairState::Open;
            if waits {
                let (of, _) = self.load::<Permit>(pair.permit.as_str()).await?;
                if of.standing(self.now()) != Standing::Active {
                    continue;
                }
                open += usize::from(pair.permit == *permit);
            }
            known.push((pair.id.clone(), pair.outcome));
        }
        Ok(KnownPairs { known, most: MOST_OPEN.saturating_sub(open) })
    }

    /// What is written with an extract about the pairs that it puts up, and about those
    /// of whom the registers say something else now.
    pub(crate) async fn pair_drafts(
        &self,
        actor: &AccountId,
        (permit, extract): (&PermitId, &ExtractId),
        (put_up, stale): (&[PairId], &[PairId]),
    ) -> Result<Vec<ledger::Draft>, Refused> {
        let mut drafts = Vec::new();
        for id in put_up {
            let event = PairEvent::PutUp { permit: permit.clone(), extract: extract.clone() };
            drafts.push(draft(actor, id.as_str(), &event)?);
        }
        for id in stale {
            let (pair, _) = self.load::<Pair>(id.as_str()).await?;
            if pair.state != PairState::Stale {
                drafts.push(draft(actor, id.as_str(), &PairEvent::Staled)?);
            }
        }
        Ok(drafts)
    }

    pub(crate) async fn every_pair(&self) -> Result<Vec<PairId>, Refused> {
        Ok(self.every::<Pair>(&[], None).await?.iter().map(|pair| pair.id.clone()).collect())
    }
}

fn busy(id: &PairId) -> Refused {
    Refused::Conflict(format!("others write about `{id}` at this moment: try again"))
}
