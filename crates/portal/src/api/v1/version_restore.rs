//! `POST /api/v1/rooms/{room}/restorations`

use crate::api::problem::{Body, Problems};
use crate::api::schema::VersionBody;
use crate::failure::Failure;
use crate::pages::{seen, versions};
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use room::VersionNumber;
use serde::Deserialize;
use utoipa::ToSchema;

/// Which file, and what it is to be again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Restoration {
    /// Its name below the work folder.
    file: String,
    /// The number of the version.
    #[schema(value_type = u64)]
    version: VersionNumber,
}

/// Makes a file of a room again what it was. What it is now is kept first.
#[utoipa::path(
    post,
    path = "/rooms/{room}/restorations",
    operation_id = "version_restore",
    tag = "rooms",
    params(("room" = String, Path, description = "The room")),
    request_body = Restoration,
    responses((status = 200, description = "Restored.", body = VersionBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn restore(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Body(body): Body<Restoration>,
) -> Result<Json<VersionBody>, Failure> {
    let file = versions::file_name(&body.file)?;
    let id = seen::id(&room)?;
    let restored = app.centre.restore_version(visitor.caller(), &id, &file, body.version).await?;
    Ok(Json(VersionBody::of(&restored)))
}
