//! What a room is made from. A spec is made from a permit that is good now, and
//! from nothing else (invariant 4).

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use model::{ExtractId, PermitId, RoomId, Timestamp};
use permit::ActivePermit;

use crate::{Limits, LimitsError};

/// A room that may be opened: on which extract, how large, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    id: RoomId,
    permit: PermitId,
    extract: ExtractId,
    data: PathBuf,
    limits: Limits,
    ends: Option<Timestamp>,
}

impl Spec {
    /// The room `id` on the extract in folder `data`, as the permit allows.
    pub fn new(
        id: RoomId,
        permit: &ActivePermit,
        extract: ExtractId,
        data: &Path,
    ) -> Result<Self, LimitsError> {
        Ok(Self {
            id,
            permit: permit.id().clone(),
            extract,
            data: data.to_owned(),
            limits: Limits::of(&permit.terms().room)?,
            ends: permit
                .ends()
                .and_then(|last| last.checked_add(1.day()).ok())
                .and_then(|day| day.to_zoned(TimeZone::UTC).ok())
                .map(|midnight| midnight.timestamp()),
        })
    }

    /// Its id.
    pub const fn id(&self) -> &RoomId {
        &self.id
    }

    /// The permit it is opened on.
    pub const fn permit(&self) -> &PermitId {
        &self.permit
    }

    /// The extract it is opened on.
    pub const fn extract(&self) -> &ExtractId {
        &self.extract
    }

    /// The folder of the extract.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// How large it is.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// When the permit is over: midnight (UTC) after its last day, if it has one.
    pub const fn ends(&self) -> Option<Timestamp> {
        self.ends
    }

    /// How long a command started at `now` may run: no longer than the room's
    /// limit, and not past the end of the permit.
    pub fn wall(&self, now: Timestamp) -> Duration {
        self.left(now).min(self.limits.wall())
    }

    /// How long a notebook server started at `now` may run: till the permit ends.
    pub fn left(&self, now: Timestamp) -> Duration {
        self.ends.map_or(Duration::MAX, |ends| {
            Duration::try_from(ends.duration_since(now)).unwrap_or(Duration::ZERO)
        })
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use model::{ApplicationId, Date, SeededEntropy};
    use permit::permit::{Grant, Permit};
    use permit::{Period, Terms};

    use super::*;

    /// A permit that is good on 1 March 2026 and not after.
    fn permit() -> ActivePermit {
        let entropy = SeededEntropy::new(1);
        let key = SigningKey::from_bytes(&[7; 32]);
        let id = PermitId::mint(&entropy);
        let grant = Grant {
            permit: id.clone(),
            application: ApplicationId::mint(&entropy),
            data_user: "university".parse().unwrap(),
            terms: Terms {
                valid: Period { from: None, until: Some(Date::constant(2026, 3, 1)) },
                ..Terms::default()
            },
        };
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let signature = grant.sign(&key).unwrap();
        let issued_by = "caseworker".parse().unwrap();
        Permit {
            id,
            grant,
            signature,
            issued_at: now,
            issued_by,
            revoked: None,
            turned_out_at: None,
        }
        .activate(now, &key.verifying_key())
        .unwrap()
    }

    #[test]
    fn a_command_started_on_the_last_evening_ends_at_midnight() {
        let entropy = SeededEntropy::new(2);
        let spec = Spec::new(
            RoomId::mint(&entropy),
            &permit(),
            ExtractId::mint(&entropy),
            Path::new("/nowhere"),
        )
        .unwrap();
        let wall = |now: &str| spec.wall(now.parse().unwrap()).as_secs();
        assert_eq!(wall("2026-03-01T12:00:00Z"), 600);
        assert_eq!(wall("2026-03-01T23:59:00Z"), 60);
        assert_eq!(wall("2026-03-02T00:00:01Z"), 0);
    }
}
