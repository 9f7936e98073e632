//! A pair that people decide on, folded from its entries.

use ledger::{Entry, Event, Record};
use model::{AccountId, ExtractId, PairId, PermitId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a clerk says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Both records are of one person.
    Same,
    /// They are of two.
    Different,
    /// What is known does not tell.
    CannotTell,
}

impl Answer {
    /// Every answer, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Same, Self::Different, Self::CannotTell];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::CannotTell => "cannot-tell",
        }
    }
}

/// A word that is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no answer: use same, different or cannot-tell")]
pub struct UnknownAnswer(String);

impl std::str::FromStr for Answer {
    type Err = UnknownAnswer;

    fn from_str(word: &str) -> Result<Self, UnknownAnswer> {
        Self::ALL
            .into_iter()
            .find(|answer| answer.as_str() == word)
            .ok_or_else(|| UnknownAnswer(word.chars().take(80).collect()))
    }
}

/// What the answers come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// One person.
    Same,
    /// Two.
    Different,
    /// People cannot tell either: the model's word stands.
    Undecided,
}

impl Outcome {
    /// Answers that settle a pair at the most.
    pub const MOST_ANSWERS: usize = 3;

    /// What some answers come to; `None`: another one is needed. Two that are equal
    /// decide. Where the first two are not, a third clerk is asked, who does not know
    /// of that; where no two of three are equal, nobody can tell.
    pub fn of(answers: &[Answer]) -> Option<Self> {
        let twice = |answer: &Answer| answers.iter().filter(|other| *other == answer).count() >= 2;
        match Answer::ALL.iter().find(|answer| twice(answer)) {
            Some(Answer::Same) => Some(Self::Same),
            Some(Answer::Different) => Some(Self::Different),
            Some(Answer::CannotTell) => Some(Self::Undecided),
            None => (answers.len() >= Self::MOST_ANSWERS).then_some(Self::Undecided),
        }
    }
}

/// What can happen to a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum PairEvent {
    /// It was put up for clerks with an extract that left it in doubt.
    PutUp {
        /// The permit.
        permit: PermitId,
        /// The extract.
        extract: ExtractId,
    },
    /// Somebody is shown what it says. Written before they are.
    Looked {
        /// Whether what differs was shown whole.
        whole: bool,
    },
    /// Somebody said what they think.
    Answered {
        /// What.
        answer: Answer,
    },
    /// The first two answers differ: a third clerk is asked.
    Disagreed,
    /// Enough was said.
    Settled {
        /// What it comes to.
        outcome: Outcome,
    },
    /// The registers say something else of the two now: what was said of them does not
    /// count any more.
    Staled,
}

impl Event for PairEvent {
    const KIND: &'static str = "pair";

    fn act(&self) -> &'static str {
        match self {
            Self::PutUp { .. } => "put-up",
            Self::Looked { .. } => "looked",
            Self::Answered { .. } => "answered",
            Self::Disagreed => "disagreed",
            Self::Settled { .. } => "settled",
            Self::Staled => "staled",
        }
    }
}

/// Where a pair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairState {
    /// It waits for answers.
    Open,
    /// It is decided, or people cannot tell.
    Settled,
    /// It was about what the registers said before.
    Stale,
}

impl PairState {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled => "settled",
            Self::Stale => "stale",
        }
    }
}

/// What one clerk answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Given {
    /// Who.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub answer: Answer,
}

/// A pair of records that people decide on. It holds nothing of what the records say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pair {
    /// Its id.
    pub id: PairId,
    /// Where it stands.
    pub state: PairState,
    /// On which permit it was put up.
    pub permit: PermitId,
    /// With which extract.
    pub extract: ExtractId,
    /// When.
    pub put_up_at: Timestamp,
    /// Who was shown what it says, each once.
    pub looked: Vec<AccountId>,
    /// What was answered, oldest first.
    pub answers: Vec<Given>,
    /// What that comes to, once it does.
    pub outcome: Option<Outcome>,
}

impl Pair {
    /// Whether somebody answered already.
    pub fn is_answered_by(&self, who: &AccountId) -> bool {
        self.answers.iter().any(|given| given.by == *who)
    }

    /// What another answer would come to.
    pub fn outcome_with(&self, answer: Answer) -> Option<Outcome> {
        let mut answers: Vec<Answer> = self.answers.iter().map(|given| given.answer).collect();
        answers.push(answer);
        Outcome::of(&answers)
    }
}

impl Record for Pair {
    type Event = PairEvent;

    fn begin(id: &str, event: PairEvent, entry: &Entry) -> Result<Self, String> {
        let PairEvent::PutUp { permit, extract } = event else {
            return Err("a pair is put up first".to_owned());
        };
        Ok(Self {
            id: id.parse().map_err(|error: model::IdError| error.to_string())?,
            state: PairState::Open,
            permit,
            extract,
            put_up_at: entry.at,
            looked: Vec::new(),
            answers: Vec::new(),
            outcome: None,
        })
    }

    fn apply(&mut self, event: PairEvent, entry: &Entry) -> Result<(), String> {
        let open = self.state == PairState::Open;
        match event {
            PairEvent::PutUp { .. } => return Err("the pair is put up already".to_owned()),
            PairEvent::Staled if self.state != PairState::Stale => self.state = PairState::Stale,
            _ if !open => return Err(format!("the pair is {}", self.state.as_str())),
            PairEvent::Looked { .. } => {
                if !self.looked.contains(&entry.actor) {
                    self.looked.push(entry.actor.clone());
                }
            }
            PairEvent::Answered { answer } => {
                if self.is_answered_by(&entry.actor) {
                    return Err("nobody answers twice".to_owned());
                }
                if !self.looked.contains(&entry.actor) {
                    return Err("nobody answers without having looked".to_owned());
                }
                let (by, at) = (entry.actor.clone(), entry.at);
                self.answers.push(Given { by, at, answer });
            }
            PairEvent::Disagreed => {}
            PairEvent::Settled { outcome } => {
                let answers: Vec<Answer> = self.answers.iter().map(|given| given.answer).collect();
                if Outcome::of(&answers) != Some(outcome) {
                    return Err("the answers come to something else".to_owned());
                }
                self.outcome = Some(outcome);
                self.state = PairState::Settled;
            }
            PairEvent::Staled => return Err("the pair is stale already".to_owned()),
        }
        Ok(())
    }

    fn state(&self) -> &'static str {
        self.state.as_str()
    }

    fn parent(&self) -> Option<String> {
        Some(self.permit.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Answer::{CannotTell, Different, Same};

    #[test]
    fn two_equal_answers_decide_and_a_third_is_asked_where_two_differ() {
        for (answers, outcome) in [
            (&[][..], None),
            (&[Same], None),
            (&[Same, Same], Some(Outcome::Same)),
            (&[Different, Different], Some(Outcome::Different)),
            (&[CannotTell, CannotTell], Some(Outcome::Undecided)),
            (&[Same, Different], None),
            (&[Same, CannotTell], None),
            (&[Same, Different, Same], Some(Outcome::Same)),
            (&[CannotTell, Different, Different], Some(Outcome::Different)),
            (&[CannotTell, Same, CannotTell], Some(Outcome::Undecided)),
            (&[Same, Different, CannotTell], Some(Outcome::Undecided)),
        ] {
            assert_eq!(Outcome::of(answers), outcome, "{answers:?}");
        }
    }

    fn entry(actor: &str, event: &PairEvent) -> Entry {
        let draft = ledger::Draft::new(&actor.parse().unwrap(), "pair-1", event).unwrap();
        Entry::seal(draft, 1, Timestamp::UNIX_EPOCH, ledger::Hash::default()).unwrap()
    }

    fn happens(pair: &mut Pair, actor: &str, event: PairEvent) -> Result<(), String> {
        let entry = entry(actor, &event);
        pair.apply(event, &entry)
    }

    #[test]
    fn nobody_answers_twice_or_unseen_and_an_outcome_is_what_the_answers_come_to() {
        let up = PairEvent::PutUp {
            permit: "permit-1".parse().unwrap(),
            extract: "extract-1".parse().unwrap(),
        };
        let mut pair = Pair::begin("pair-1", up.clone(), &entry("operator", &up)).unwrap();
        let answer = |answer| PairEvent::Answered { answer };
        assert!(happens(&mut pair, "a", answer(Same)).is_err(), "answered without looking");
        happens(&mut pair, "a", PairEvent::Looked { whole: false }).unwrap();
        happens(&mut pair, "a", answer(Same)).unwrap();
        assert!(happens(&mut pair, "a", answer(Same)).is_err(), "answered twice");
        let settled = |outcome| PairEvent::Settled { outcome };
        assert!(happens(&mut pair, "a", settled(Outcome::Same)).is_err(), "one is not two");
        happens(&mut pair, "b", PairEvent::Looked { whole: true }).unwrap();
        happens(&mut pair, "b", answer(Same)).unwrap();
        assert!(happens(&mut pair, "b", settled(Outcome::Different)).is_err());
        happens(&mut pair, "b", settled(Outcome::Same)).unwrap();
        assert_eq!((pair.state, pair.outcome), (PairState::Settled, Some(Outcome::Same)));
        assert!(happens(&mut pair, "c", PairEvent::Looked { whole: false }).is_err());
        happens(&mut pair, "operator", PairEvent::Staled).unwrap();
        assert!(happens(&mut pair, "operator", PairEvent::Staled).is_err());
    }
}
