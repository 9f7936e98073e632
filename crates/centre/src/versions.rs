//! Earlier versions of the files of a room: which there are for whom, and one put back
//! (decision 0081).

use std::sync::Arc;
use std::time::Duration;

use model::{AccountId, RoomId};
use permit::policy::Action;
use room::{Room, RoomEvent, Running, Version, VersionNumber, WorkName};

use crate::rooms::blind;
use crate::telling::Tells;
use crate::{Caller, Centre, Refused, blocking};

/// How often versions are kept while something runs.
const OFTEN: Duration = Duration::from_mins(10);

impl Centre {
    /// The versions that are kept of the files of a room which the caller sees, of one
    /// file if it is named: newest first.
    pub async fn versions(
        &self,
        caller: &Caller,
        id: &RoomId,
        file: Option<&WorkName>,
    ) -> Result<Vec<Version>, Refused> {
        let person = self.who_sees_versions(caller, id).await?;
        let versions = self.versions_in(id).await?;
        let now = self.now();
        let shown = |version: &&Version| {
            version.is_shown(&person, now) && file.is_none_or(|file| version.name == *file)
        };
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let permit = self.permit_of(&room).await?;
        let told = |version: &&Version| {
            self.may_tell(&permit, caller, version.name.as_str().as_bytes()) == Tells::Yes
        };
        Ok(versions.iter().rev().filter(shown).filter(told).cloned().collect())
    }

    /// Every version of a file of a room.
    pub(crate) async fn versions_in(&self, id: &RoomId) -> Result<Arc<Vec<Version>>, Refused> {
        let (runtime, room) = (self.parts.runtime.clone(), id.clone());
        let read = async move {
            let read = blocking("reading the versions", move || runtime.versions(&room)).await?;
            read.map(Arc::new).map_err(|error| Refused::failed("reading the versions", error))
        };
        self.all_versions.ask(id.clone(), read).await
    }

    /// Makes a file again what it was. What it is now is kept first.
    pub async fn restore_version(
        &self,
        caller: &Caller,
        id: &RoomId,
        file: &WorkName,
        number: VersionNumber,
    ) -> Result<Version, Refused> {
        let actor = self.who_sees_versions(caller, id).await?;
        let versions = self.versions(caller, id, Some(file)).await?;
        let version = versions.into_iter().find(|version| version.number == number);
        let version = version.ok_or_else(|| {
            Refused::Conflict(format!("there is no version {number} of `{file}` in room `{id}`"))
        })?;
        let event = RoomEvent::Restored {
            by: actor.clone(),
            file: file.to_string(),
            version: number,
            kept_at: version.kept_at,
            bytes: version.bytes,
            sha256: version.sha256,
        };
        if !self.write_on(&actor, id, &event, Room::is_entered).await? {
            return Err(Refused::Conflict(format!("room `{id}` was closed meanwhile")));
        }
        let (runtime, room, now) = (self.parts.runtime.clone(), id.clone(), self.now());
        let restored = version.clone();
        blocking("restoring a file", move || runtime.restore(&room, &restored, now))
            .await?
            .map_err(|error| Refused::Conflict(error.to_string()))?;
        Ok(version)
    }

    /// Who asks, if they may see the files of the room: names, sizes and times of all
    /// of them are more than is told of a room whose data nobody sees.
    async fn who_sees_versions(&self, caller: &Caller, id: &RoomId) -> Result<AccountId, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let actor = self.require(caller, Action::EnterRoom, &self.room_thing(&room).await?)?;
        if blind::is_blind(self.permit_of(&room).await?.as_ref(), caller) {
            return Err(Refused::Conflict(format!(
                "nobody sees the data of room `{id}`: its permit says so, and earlier versions of \
                 files are not listed"
            )));
        }
        Ok(actor)
    }

    /// Keeps what has changed. Nothing else waits for it to succeed.
    pub(crate) async fn keep_versions(&self, id: &RoomId) {
        let (runtime, room, now) = (self.parts.runtime.clone(), id.clone(), self.now());
        let kept = blocking("keeping versions", move || runtime.keep_versions(&room, now)).await;
        match kept {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(room = %id, %error, "versions were not kept"),
            Err(refused) => tracing::warn!(room = %id, %refused, "versions were not kept"),
        }
    }

    /// Keeps versions again and again for as long as something runs.
    pub(crate) async fn keep_while_it_runs(self: &Arc<Self>, id: &RoomId, running: &dyn Running) {
        loop {
            tokio::time::sleep(OFTEN).await;
            if running.ended().is_some() {
                return;
            }
            self.keep_versions(id).await;
        }
    }
}
