//! `GET /api/v1/permits/{permit}/stand-in`

use crate::answer::download;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::extract::{Path, State};
use axum::response::Response;

/// Tables like those of the permit about people who do not exist, made from what
/// the catalogue shows: to write code against.
#[utoipa::path(
    get,
    path = "/permits/{permit}/stand-in",
    operation_id = "permit_stand_in",
    tag = "permits",
    params(("permit" = String, Path, description = "The permit")),
    responses((status = 200, description = "The tables as Parquet and CSV, and a manifest.", content_type = "application/zip", body = Vec<u8>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn stand_in(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
) -> Result<Response, Failure> {
    let id = seen::id(&permit)?;
    let archive = app.centre.stand_in(visitor.caller(), &id).await?;
    Ok(download("application/zip", &format!("stand-in-{id}.zip"), archive))
}
