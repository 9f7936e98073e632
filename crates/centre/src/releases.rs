//! Releases: what may leave is packed and signed.

use std::collections::HashSet;
use std::sync::Arc;

use ledger::{Guard, RecordFilter, Subject};
use model::{OutputId, PermitId, ReleaseId, RoomId};
use permit::Permit;
use permit::policy::{Action, Thing};
use release::{CheckedOutput, Output, OutputEvent, PackageError, Release, ReleaseEvent};

use crate::moment::owned;
use crate::outputs::read_sealed;
use crate::{Caller, Centre, Refused, blocking, draft};

impl Centre {
    /// Packs and signs every output of a room that may leave and has not left
    /// yet. Each of them is marked in the same breath, so that two who pack at
    /// once do not pack the same output twice.
    pub async fn package(&self, caller: &Caller, room: &RoomId) -> Result<ReleaseId, Refused> {
        let mut outputs = Vec::new();
        let mut guards = Vec::new();
        let mut actor = None;
        for waiting in self.ready_to_leave(room).await? {
            let (output, seq) = self.load::<Output>(waiting.id.as_str()).await?;
            let thing = self.output_thing(&output).await?;
            actor = Some(self.require(caller, Action::DecideOutput, &thing)?);
            guards.push(Guard::Unchanged(Subject::new("output", output.id.as_str()), seq));
            outputs.push(output);
        }
        let (Some(first), Some(actor)) = (outputs.first(), actor) else {
            return Err(Refused::Conflict(format!("room `{room}` has nothing that may leave")));
        };
        let (permit, _) = self.load::<Permit>(first.permit.as_str()).await?;
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
        let outputs = owned(outputs);
        let (sha256, bytes) = blocking("packing the release", move || {
            let failed = |why: String| Refused::failed("packing the release", why);
            let checked = outputs
                .into_iter()
                .map(|output| {
                    let bytes = read_sealed(blobs.as_ref(), &output.sealed)?;
                    CheckedOutput::new(output, bytes).map_err(|error| error.to_string())
                })
                .collect::<Result<Vec<_>, String>>()
                .map_err(failed)?;
            let package = release::package(&head, &checked, &key).map_err(|error| match error {
                PackageError::Unwritten(_) => failed(error.to_string()),
                _ => Refused::Conflict(error.to_string()),
            })?;
            Ok::<_, Refused>((blobs.put(&package).map_err(failed)?, package.len()))
        })
        .await??;
        let event = ReleaseEvent::Packaged {
            room: room.clone(),
            permit: permit.id.clone(),
            outputs: ids.clone(),
            sha256,
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        };
        let mut drafts = vec![draft(&actor, id.as_str(), &event)?];
        for output in &ids {
            let packed = OutputEvent::Packed { release: id.clone() };
            drafts.push(draft(&actor, output.as_str(), &packed)?);
        }
        guards.push(Guard::Absent(Subject::new("release", id.as_str())));
        self.append(drafts, guards).await?;
        Ok(id)
    }

    /// The outputs of a room that may leave and are in no package yet.
    pub async fn ready_to_leave(&self, room: &RoomId) -> Result<Vec<Arc<Output>>, Refused> {
        Ok(packable(self.every_output(&["released"], Some(room)).await?))
    }

    /// The package, for those who may fetch it. That it was fetched is written
    /// down first.
    pub async fn fetch_release(&self, caller: &Caller, id: &ReleaseId) -> Result<Vec<u8>, Refused> {
        let (release, _) = self.load::<Release>(id.as_str()).await?;
        let thing = self.release_thing(&release).await?;
        let actor = self.require(caller, Action::DownloadRelease, &thing)?;
        let (blobs, sha256) = (self.parts.blobs.clone(), release.sha256);
        let bytes = blocking("reading the package", move || blobs.get(&sha256))
            .await?
            .map_err(|why| Refused::failed("reading the package", why))?;
        // Without a guard: nothing that happens to a release meanwhile makes it
        // untrue that it was fetched.
        let fetched = draft(&actor, id.as_str(), &ReleaseEvent::Fetched)?;
        self.append(vec![fetched], Vec::new()).await?;
        Ok(bytes)
    }

    /// Where the package lies on this machine, for those who run it: whoever has
    /// the path and may read it has the package, and no entry says so.
    pub async fn package_path(
        &self,
        caller: &Caller,
        id: &ReleaseId,
    ) -> Result<std::path::PathBuf, Refused> {
        self.may_run(caller)?;
        let (release, _) = self.load::<Release>(id.as_str()).await?;
        Ok(self.parts.blobs.path(&release.sha256))
    }

    /// One release, for those who may see it.
    pub async fn release(&self, caller: &Caller, id: &ReleaseId) -> Result<Arc<Release>, Refused> {
        let (release, _) = self.load::<Release>(id.as_str()).await?;
        self.require(caller, Action::SeeRelease, &self.release_thing(&release).await?)?;
        Ok(release)
    }

    /// The releases the caller may see, newest first.
    pub async fn releases(&self, caller: &Caller) -> Result<Vec<Arc<Release>>, Refused> {
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
        Ok(self.list::<Release>(&filter).await?.total)
    }

    /// The release as the policy sees it now.
    pub async fn release_thing(&self, release: &Release) -> Result<Thing, Refused> {
        let (permit, _) = self.load::<Permit>(release.permit.as_str()).await?;
        Ok(Thing::release(&release.id, &permit))
    }

    pub(crate) async fn every_release(&self) -> Result<Vec<Arc<Release>>, Refused> {
        let filter = RecordFilter { limit: u32::MAX, ..RecordFilter::default() };
        Ok(self.list(&filter).await?.items)
    }

    /// Removes the bytes of outputs, packages and files to be brought in that a
    /// stopped program kept and that no entry speaks of.
    pub(crate) async fn recover_blobs(&self) -> Result<(), Refused> {
        let mut named = HashSet::new();
        for output in self.every_output(&[], None).await? {
            named.insert(output.sealed);
            named.extend(output.contributions);
        }
        let ingresses = self.every_ingress(&[], None).await?.into_iter();
        named.extend(ingresses.filter(|ingress| ingress.is_kept()).map(|ingress| ingress.sealed));
        named.extend(self.every_release().await?.into_iter().map(|release| release.sha256));
        let blobs = self.parts.blobs.clone();
        blocking("recovery of outputs", move || blobs.keep_only(&named))
            .await?
            .map_err(|why| Refused::failed("recovery of outputs", why))
    }
}

/// Those of `released` that are in no package yet, asked for first comes first.
pub(crate) fn packable(mut released: Vec<Arc<Output>>) -> Vec<Arc<Output>> {
    released.retain(|output| output.packed.is_none());
    released.sort_by(|a, b| a.requested_at.cmp(&b.requested_at).then(a.name.cmp(&b.name)));
    released
}
