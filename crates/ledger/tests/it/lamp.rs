//! A record with a lifecycle small enough to hold in the head: a lamp that is
//! hung, lit and put out. It has a room (`parent`) and counts how often it was lit.

use ledger::{Draft, Entry, Event, Record};
use model::AccountId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub(crate) enum LampEvent {
    Hung { room: String },
    Lit { watts: f64 },
    PutOut,
}

impl Event for LampEvent {
    const KIND: &'static str = "lamp";

    fn act(&self) -> &'static str {
        match self {
            Self::Hung { .. } => "hung",
            Self::Lit { .. } => "lit",
            Self::PutOut => "put-out",
        }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lamp {
    pub(crate) room: String,
    pub(crate) lit: bool,
    pub(crate) times: u32,
    pub(crate) watts: f64,
}

impl Record for Lamp {
    type Event = LampEvent;

    fn begin(_: &str, event: LampEvent, _: &Entry) -> Result<Self, String> {
        match event {
            LampEvent::Hung { room } => Ok(Self { room, lit: false, times: 0, watts: 0.0 }),
            _ => Err("it was never hung".to_owned()),
        }
    }

    fn apply(&mut self, event: LampEvent, _: &Entry) -> Result<(), String> {
        match event {
            LampEvent::Hung { .. } => Err("it hangs already".to_owned()),
            LampEvent::Lit { .. } if self.lit => Err("it is lit already".to_owned()),
            LampEvent::Lit { watts } => {
                (self.lit, self.watts) = (true, self.watts + watts);
                self.times += 1;
                Ok(())
            }
            LampEvent::PutOut => {
                self.lit = false;
                Ok(())
            }
        }
    }

    fn state(&self) -> &'static str {
        if self.lit { "lit" } else { "dark" }
    }

    fn parent(&self) -> Option<String> {
        Some(self.room.clone())
    }
}

pub(crate) fn actor() -> AccountId {
    "caseworker".parse().unwrap()
}

pub(crate) fn hung(id: &str, room: &str) -> Draft {
    Draft::new(&actor(), id, &LampEvent::Hung { room: room.to_owned() }).unwrap()
}

pub(crate) fn lit(id: &str) -> Draft {
    Draft::new(&actor(), id, &LampEvent::Lit { watts: 0.1 }).unwrap()
}

pub(crate) fn put_out(id: &str) -> Draft {
    Draft::new(&actor(), id, &LampEvent::PutOut).unwrap()
}
