//! `GET /api/v1/rooms/{room}/versions`

use crate::api::problem::Problems;
use crate::api::schema::VersionBody;
use crate::failure::Failure;
use crate::pages::{seen, versions};
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::IntoParams;

/// Of which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Its name below the work folder; all, when it is left out.
    file: Option<String>,
}

/// The versions that are kept of the files of a room which the caller sees, newest
/// first: what is shared, and their own private folder.
#[utoipa::path(
    get,
    path = "/rooms/{room}/versions",
    operation_id = "version_list",
    tag = "rooms",
    params(("room" = String, Path, description = "The room"), Wanted),
    responses((status = 200, description = "The versions.", body = [VersionBody]), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<VersionBody>>, Failure> {
    let file = wanted.file.as_deref().map(versions::file_name).transpose()?;
    let versions = app.centre.versions(visitor.caller(), &seen::id(&room)?, file.as_ref()).await?;
    Ok(Json(versions.iter().map(VersionBody::of).collect()))
}
