//! The data of a permit are made ready, and rooms opened on them.

use std::sync::Arc;

use axum::extract::{Path, State};
use permit::policy::Action;
use permit::{Permit, Strictness};
use serde::Deserialize;
use utoipa::IntoParams;

use super::again;
use crate::answer::{Answered, see};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::pages::seen;
use crate::query::Query;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;

/// `POST /permits/{permit}/extracts`: begins to make the data ready. The page
/// shows how far it has come.
pub(crate) async fn build(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
    _: Signed,
) -> Answered {
    let permit = app.centre.permit(visitor.caller(), &seen::id(&permit)?).await?;
    begin_extract(&app, &visitor, &permit).await?;
    Ok(see(&format!("/permits/{}", permit.id), ""))
}

/// Begins to make the data of a permit ready, if that is allowed and does not
/// go on already.
pub(crate) async fn begin_extract(
    app: &App,
    visitor: &Visitor,
    permit: &Permit,
) -> Result<(), Failure> {
    let thing = app.centre.permit_thing(permit).await?;
    seen::require(app, visitor, Action::BuildExtract, &thing)?;
    let thing = permit.id.to_string();
    let Some(job) = app.jobs.begin(&thing) else { return Ok(()) };
    let (caller, id) = (visitor.caller().clone(), permit.id.clone());
    let building = Arc::clone(app);
    drop(app.underway.begin(async move {
        let built = building.centre.build_extracts(&caller, &id, job).await;
        if let Err(refused) = &built {
            tracing::error!(permit = %id, %refused, "an extract was not built");
        }
        building.jobs.end(&thing, built.err().map(|refused| refused.to_string()));
    }));
    Ok(())
}

/// On which of a permit's extracts a room is opened.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OnWhich {
    /// `generous`: the second extract of a permit that has two. Not said: `strict`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub(crate) strictness: Strictness,
}

/// `POST /permits/{permit}/rooms`: opens a room.
pub(crate) async fn open_room(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
    Query(which): Query<OnWhich>,
    _: Signed,
) -> Answered {
    let caller = visitor.caller();
    let permit = app.centre.permit(caller, &seen::id(&permit)?).await?;
    let failure = match app.centre.open_room(caller, &permit.id, which.strictness).await {
        Ok(room) => return Ok(see(&format!("/rooms/{room}"), "room-opened")),
        Err(refused @ centre::Refused::Conflict(_)) => {
            let extracts = app.centre.extracts_of(caller, &permit.id).await?;
            let none = extracts.iter().all(|extract| extract.destroyed_at.is_some());
            let key = if none { "conflict-no-extract" } else { "problem-unfit-says" };
            Failure::unfit(refused, key)
        }
        Err(refused) => refused.into(),
    };
    again(&app, &visitor, &permit, "", Fields::default(), failure).await
}
