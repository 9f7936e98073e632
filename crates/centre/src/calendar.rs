//! What ends when: permits, rooms, and earlier versions of files.

mod ics;

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::tz::TimeZone;
use model::{PermitId, RoomId, Timestamp};
use permit::policy::Action;
use permit::{Permit, Standing};
use room::{Room, State};
use serde::Serialize;

pub use ics::icalendar;

use crate::rooms::blind;
use crate::{Caller, Centre, Refused};

/// What happens at a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A permit begins to be good.
    PermitBegins,
    /// The last day of a permit.
    PermitEnds,
    /// A room is shut because its permit is over: it stands still.
    RoomShut,
    /// A room is removed with all that is in it.
    RoomRemoved,
    /// The first of the earlier versions of files in a room has had its time.
    VersionsEnd,
}

impl What {
    /// Everything that can be.
    pub const ALL: [Self; 5] = [
        Self::PermitBegins,
        Self::PermitEnds,
        Self::RoomShut,
        Self::RoomRemoved,
        Self::VersionsEnd,
    ];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PermitBegins => "permit-begins",
            Self::PermitEnds => "permit-ends",
            Self::RoomShut => "room-shut",
            Self::RoomRemoved => "room-removed",
            Self::VersionsEnd => "versions-end",
        }
    }

    /// Whether it is a whole day.
    pub const fn is_day(self) -> bool {
        matches!(self, Self::PermitBegins | Self::PermitEnds)
    }
}

/// Something that happens at a date. It names no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Due {
    /// What.
    pub what: What,
    /// When; of a day, its beginning in UTC.
    pub at: Timestamp,
    /// To what: the permit's id, or the room's.
    pub id: String,
    /// Under which permit.
    pub permit: PermitId,
}

impl Centre {
    /// What ends when for the caller: of the permits that name them and are not over,
    /// and of the rooms on these; of one permit, if it is named. The nearest first.
    pub async fn calendar(
        &self,
        caller: &Caller,
        of: Option<&PermitId>,
    ) -> Result<Vec<Due>, Refused> {
        let permits = if let Some(id) = of {
            vec![self.permit(caller, id).await?]
        } else {
            let me = caller.account().map(|account| account.id.clone());
            let mut permits = self.permits(caller).await?;
            permits.retain(|permit| {
                me.as_ref().is_some_and(|me| permit.grant.terms.people.contains(me))
            });
            permits
        };
        let mut dues = Vec::new();
        for permit in permits {
            let rooms = self.every_room_of(&permit.id).await?;
            self.permit_dues(caller, &permit, &rooms, &mut dues).await?;
        }
        Ok(self.in_order(dues))
    }

    /// The same of one room and its permit.
    pub async fn calendar_of_room(
        &self,
        caller: &Caller,
        room: &RoomId,
    ) -> Result<Vec<Due>, Refused> {
        let (room, _) = self.load::<Room>(room.as_str()).await?;
        let permit = self.permit(caller, &room.permit).await?;
        let mut dues = Vec::new();
        self.permit_dues(caller, &permit, &[room], &mut dues).await?;
        Ok(self.in_order(dues))
    }

    fn in_order(&self, mut dues: Vec<Due>) -> Vec<Due> {
        let now = self.now();
        // A day that has begun is not over.
        dues.retain(|due| due.what.is_day() || due.at >= now);
        dues.sort_by_key(|due| (due.at, due.what.as_str(), Reverse(due.id.clone())));
        dues
    }

    async fn permit_dues(
        &self,
        caller: &Caller,
        permit: &Permit,
        rooms: &[Arc<Room>],
        dues: &mut Vec<Due>,
    ) -> Result<(), Refused> {
        let standing = permit.standing(self.now());
        let valid = permit.grant.terms.valid;
        let mut add = |what, at: Option<Timestamp>, id: &str| {
            let due = |at| Due { what, at, id: id.to_owned(), permit: permit.id.clone() };
            dues.extend(at.map(due));
        };
        let id = permit.id.as_str();
        if standing == Standing::NotYet {
            add(What::PermitBegins, valid.from.and_then(begins), id);
        }
        let over = if matches!(standing, Standing::NotYet | Standing::Active) {
            add(What::PermitEnds, valid.until.and_then(begins), id);
            valid.until.and_then(|last| last.tomorrow().ok()).and_then(begins)
        } else {
            None
        };
        for room in rooms {
            let thing = self.room_thing(room).await?;
            if !self.ruling(caller, Action::SeeRoom, &thing).allowed {
                continue;
            }
            let id = room.id.as_str();
            if room.is_entered() {
                add(What::RoomShut, over, id);
                let removed = over.and_then(|over| over.saturating_add(self.parts.standstill).ok());
                add(What::RoomRemoved, removed, id);
                if self.ruling(caller, Action::EnterRoom, &thing).allowed {
                    add(
                        What::VersionsEnd,
                        self.first_version_to_go(caller, permit, room).await,
                        id,
                    );
                }
            } else if room.state == State::Frozen {
                add(What::RoomRemoved, room.frozen_until, id);
            }
        }
        Ok(())
    }

    /// When the first earlier version that the caller sees in a room is gone. A room
    /// that cannot be looked into now keeps nobody from the other dates.
    async fn first_version_to_go(
        &self,
        caller: &Caller,
        permit: &Permit,
        room: &Room,
    ) -> Option<Timestamp> {
        let me = caller.account()?.id.clone();
        if blind::is_blind(permit, caller) {
            return None;
        }
        let now = self.now();
        let versions = self.versions_in(&room.id).await.ok()?;
        let shown = versions.iter().filter(|version| version.is_shown(&me, now));
        shown.filter_map(room::Version::until).min()
    }
}

/// The beginning of a day, in UTC as permits count days.
fn begins(day: model::Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
