//! Packages: what rooms have, what they may fetch, and who asks for more.

use std::sync::Arc;

use model::{PackageRequestId, RoomId};
use permit::Permit;
use permit::policy::{Action, Thing};
use room::packages::{Allowed, Fetched, Installed, PackageEvent, PackageState, Packages};
use room::{PackageRequest, Room, RoomEvent};
use serde::Serialize;

use crate::statements::OfRun;
use crate::{Caller, Centre, Refused, reasoned};

/// The longest reason, characters.
const LONGEST_WHY: usize = 2000;

/// What there is for rooms, as one person may see it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shelf {
    /// Whether rooms have a mirror to fetch from.
    pub mirror: bool,
    /// What every room has.
    pub installed: Vec<Installed>,
    /// What the mirror gives out: the operator's list, and what was approved.
    pub allowed: Vec<Allowed>,
    /// The requests that the caller may see, newest first.
    pub requests: Vec<Arc<PackageRequest>>,
}

impl Centre {
    /// What rooms have, what they may fetch, and what was asked for.
    pub async fn packages(&self, caller: &Caller) -> Result<Shelf, Refused> {
        self.require(caller, Action::SeePackages, &Thing::centre())?;
        let mut requests = Vec::new();
        for request in self.every::<PackageRequest>(&[], None).await? {
            let thing = self.package_thing(&request).await?;
            if self.ruling(caller, Action::SeePackage, &thing).allowed {
                requests.push(request);
            }
        }
        requests.sort_by_key(|request| std::cmp::Reverse(request.asked_at));
        let mut allowed = self.allowed_packages().await?;
        allowed.sort();
        Ok(Shelf {
            mirror: self.parts.runtime.has_mirror(),
            installed: self.parts.runtime.installed(),
            allowed,
            requests,
        })
    }

    /// One request, for those who may see it.
    pub async fn package_request(
        &self,
        caller: &Caller,
        id: &PackageRequestId,
    ) -> Result<Arc<PackageRequest>, Refused> {
        let (request, _) = self.load::<PackageRequest>(id.as_str()).await?;
        self.require(caller, Action::SeePackage, &self.package_thing(&request).await?)?;
        Ok(request)
    }

    /// Asks that rooms may fetch a package.
    pub async fn request_package(
        &self,
        caller: &Caller,
        id: &RoomId,
        package: Allowed,
        why: String,
    ) -> Result<PackageRequestId, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let actor = self.require(caller, Action::RequestPackage, &self.room_thing(&room).await?)?;
        self.activate(self.permit_of(&room).await?.as_ref())?;
        explained(&why)?;
        let covers = |known: &Allowed| {
            known.language == package.language
                && known.name == package.name
                && (known.version.is_none() || known.version == package.version)
        };
        if self.allowed_packages().await?.iter().any(covers) {
            return Err(Refused::Conflict(format!("rooms may fetch `{}` already", package.name)));
        }
        let waiting = self.every::<PackageRequest>(&["asked"], Some(room.permit.to_string()));
        if let Some(same) = waiting.await?.iter().find(|request| request.package == package) {
            return Err(Refused::Conflict(format!(
                "`{}` was asked for already: see `{}`",
                package.name, same.id
            )));
        }
        let request = PackageRequestId::mint(self.parts.entropy.as_ref());
        let Allowed { language, name, version } = package;
        let (room, permit) = (room.id.clone(), room.permit.clone());
        let by = actor.clone();
        let event = PackageEvent::Asked { room, permit, language, name, version, why, by };
        self.write(&actor, request.as_str(), &event, None).await?;
        Ok(request)
    }

    /// Decides whether rooms may fetch a package. What was decided before may be
    /// decided otherwise: it counts from now on, and takes nothing out of a room.
    pub async fn decide_package(
        &self,
        caller: &Caller,
        id: &PackageRequestId,
        approve: bool,
        why: String,
    ) -> Result<(), Refused> {
        let (request, seq) = self.load::<PackageRequest>(id.as_str()).await?;
        let thing = self.package_thing(&request).await?;
        let actor = self.require(caller, Action::DecidePackage, &thing)?;
        explained(&why)?;
        let by = actor.clone();
        let (event, state) = if approve {
            (PackageEvent::Approved { by, why }, PackageState::Approved)
        } else {
            (PackageEvent::Refused { by, why }, PackageState::Refused)
        };
        if request.state == state {
            return Err(Refused::Conflict(format!("`{id}` is {} already", state.as_str())));
        }
        self.write(&actor, id.as_str(), &event, Some(seq)).await?;
        Ok(())
    }

    /// What rooms may fetch now.
    pub(crate) async fn allowed_packages(&self) -> Result<Vec<Allowed>, Refused> {
        let approved = self.every::<PackageRequest>(&["approved"], None).await?;
        let approved = approved.into_iter().map(|request| request.package.clone());
        let mut allowed: Vec<Allowed> =
            self.parts.allowed_packages.iter().cloned().chain(approved).collect();
        allowed.dedup();
        Ok(allowed)
    }

    /// A request as the policy sees it now.
    pub async fn package_thing(&self, request: &PackageRequest) -> Result<Thing, Refused> {
        let (permit, _) = self.load::<Permit>(request.permit.as_str()).await?;
        Ok(Thing::package(&request.id, request.state.as_str(), &request.asked_by, &permit))
    }
}

/// Whoever asks or decides says why, in a few lines.
fn explained(why: &str) -> Result<(), Refused> {
    reasoned(why)?;
    if why.chars().count() > LONGEST_WHY {
        let why = format!("is longer than {LONGEST_WHY} characters");
        return Err(Refused::Field { field: "why", why });
    }
    Ok(())
}

impl Packages for OfRun {
    fn allowed(&self) -> Result<Vec<Allowed>, String> {
        self.executor.block_on(self.centre.allowed_packages()).map_err(|refused| {
            tracing::error!(room = %self.room, %refused, "what a room may fetch is not known");
            refused.to_string()
        })
    }

    fn fetched(&self, fetched: Fetched) -> Result<(), String> {
        let event = RoomEvent::PackageFetched { run: self.run.clone(), fetched };
        let of_run = self.run.clone();
        let goes_on = move |room: &Room| room.is_running(&of_run);
        let by = self.centre.at_work(&self.run).unwrap_or_else(|| self.by.clone());
        let write = self.centre.write_on(&by, &self.room, &event, goes_on);
        match self.executor.block_on(write) {
            Ok(true) => Ok(()),
            Ok(false) => Err("what asked for this has ended".to_owned()),
            Err(refused) => {
                tracing::error!(room = %self.room, %refused, "a package that was fetched could not be written down");
                Err(refused.to_string())
            }
        }
    }
}
