//! Releases: what may leave is packed and signed.

use ledger::RecordFilter;
use model::{OutputId, PermitId, ReleaseId, RoomId};
use permit::Permit;
use permit::policy::{Action, Thing};
use release::{CheckedOutput, Output, OutputState, Release, ReleaseEvent};

use crate::{Caller, Centre, Refused, blocking};

impl Centre {
    /// Packs and signs every output of a room that may leave and has not left
    /// yet.
    pub async fn package(&self, caller: &Caller, room: &RoomId) -> Result<ReleaseId, Refused> {
        let outputs = self.ready_to_leave(room).await?;
        let Some(first) = outputs.first() else {
            return Err(Refused::Conflict(format!("room `{room}` has nothing that may leave")));
        };
        let (permit, _) = self.load::<Permit>(first.permit.as_str()).await?;
        let actor = self.require(caller, Action::DecideOutput, &self.output_thing(first).await?)?;
        let id = ReleaseId::mint(self.parts.entropy.as_ref());
        let ids: Vec<OutputId> = outputs.iter().map(|output| output.id.clone()).collect();
        let (blobs, key) = (self.parts.blobs.clone(), self.parts.keys.release.clone());
        let head = release::Heading {
            release: id.clone(),
            room: room.clone(),
            permit: permit.id.clone(),
            title: permit.grant.terms.title.clone(),
            data_user: permit.grant.data_user.clone(),
            rules: permit.grant.terms.outputs,
            packaged_at: self.now(),
        };
        let (sha256, bytes) = blocking("packing the release", move || {
            let checked = outputs
                .into_iter()
                .map(|output| {
                    let bytes = blobs.get(&output.sha256)?;
                    CheckedOutput::new(output, bytes).map_err(|error| error.to_string())
                })
                .collect::<Result<Vec<_>, String>>()?;
            let package =
                release::package(&head, &checked, &key).map_err(|error| error.to_string())?;
            let sha256 = blobs.put(&package)?;
            Ok::<_, String>((sha256, package.len()))
        })
        .await?
        .map_err(|why| Refused::failed("packing the release", why))?;
        let event = ReleaseEvent::Packaged {
            room: room.clone(),
            permit: permit.id,
            outputs: ids,
            sha256,
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        };
        self.write(&actor, id.as_str(), &event, None).await?;
        Ok(id)
    }

    /// The outputs of a room that may leave and are in no package yet.
    pub async fn ready_to_leave(&self, room: &RoomId) -> Result<Vec<Output>, Refused> {
        let mut outputs = self.every_output(&["released"], Some(room)).await?;
        let packed: Vec<OutputId> =
            self.every_release().await?.into_iter().flat_map(|release| release.outputs).collect();
        outputs
            .retain(|output| output.state == OutputState::Released && !packed.contains(&output.id));
        outputs.sort_by(|a, b| a.requested_at.cmp(&b.requested_at).then(a.name.cmp(&b.name)));
        Ok(outputs)
    }

    /// The package, for those who may fetch it. That it was fetched is written
    /// down first.
    pub async fn fetch_release(&self, caller: &Caller, id: &ReleaseId) -> Result<Vec<u8>, Refused> {
        let (release, seq) = self.load::<Release>(id.as_str()).await?;
        let thing = self.release_thing(&release).await?;
        let actor = self.require(caller, Action::DownloadRelease, &thing)?;
        let (blobs, sha256) = (self.parts.blobs.clone(), release.sha256);
        let bytes = blocking("reading the package", move || blobs.get(&sha256))
            .await?
            .map_err(|why| Refused::failed("reading the package", why))?;
        self.write(&actor, id.as_str(), &ReleaseEvent::Fetched, Some(seq)).await?;
        Ok(bytes)
    }

    /// Where the package lies on this machine, for those who may see the release.
    pub async fn package_path(
        &self,
        caller: &Caller,
        id: &ReleaseId,
    ) -> Result<std::path::PathBuf, Refused> {
        let release = self.release(caller, id).await?;
        Ok(self.parts.blobs.path(&release.sha256))
    }

    /// One release, for those who may see it.
    pub async fn release(&self, caller: &Caller, id: &ReleaseId) -> Result<Release, Refused> {
        let (release, _) = self.load::<Release>(id.as_str()).await?;
        self.require(caller, Action::SeeRelease, &self.release_thing(&release).await?)?;
        Ok(release)
    }

    /// The releases the caller may see, newest first.
    pub async fn releases(&self, caller: &Caller) -> Result<Vec<Release>, Refused> {
        let mut seen = Vec::new();
        for release in self.every_release().await? {
            let thing = self.release_thing(&release).await?;
            if self.ruling(caller, Action::SeeRelease, &thing).allowed {
                seen.push(release);
            }
        }
        Ok(seen)
    }

    /// How many packages left under a permit: stands in the register of uses.
    pub async fn releases_under(&self, permit: &PermitId) -> Result<u64, Refused> {
        let filter =
            RecordFilter { parent: Some(permit.to_string()), limit: 1, ..RecordFilter::default() };
        Ok(ledger::list::<Release>(self.parts.book.as_ref(), &filter).await?.total)
    }

    /// The release as the policy sees it now.
    pub async fn release_thing(&self, release: &Release) -> Result<Thing, Refused> {
        let (permit, _) = self.load::<Permit>(release.permit.as_str()).await?;
        Ok(Thing::release(&release.id, &permit))
    }

    pub(crate) async fn every_release(&self) -> Result<Vec<Release>, Refused> {
        let filter = RecordFilter { limit: u32::MAX, ..RecordFilter::default() };
        Ok(ledger::list(self.parts.book.as_ref(), &filter).await?.items)
    }
}
