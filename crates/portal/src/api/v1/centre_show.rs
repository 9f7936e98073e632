//! `GET /api/v1/centre`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// How the centre is.
#[derive(Serialize, ToSchema)]
pub(super) struct CentreBody {
    /// Whether requests can be answered.
    ready: bool,
    /// What there is to read.
    readings: Vec<ReadingBody>,
}

/// One reading.
#[derive(Serialize, ToSchema)]
struct ReadingBody {
    /// The group it stands in.
    group: &'static str,
    /// What it is.
    name: String,
    /// How it is.
    value: String,
    /// Whether that is well.
    well: Option<bool>,
}

/// How the machine is, and what stands on it.
#[utoipa::path(
    get,
    path = "/centre",
    operation_id = "centre_show",
    tag = "centre",
    responses((status = 200, description = "The centre.", body = CentreBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<CentreBody>, Failure> {
    app.centre.may_see_centre(visitor.caller())?;
    let ready = app.health.ready().await.is_ok();
    let readings = app
        .health
        .readings()
        .await
        .into_iter()
        .map(|reading| ReadingBody {
            group: reading.group,
            name: reading.name,
            value: reading.value,
            well: reading.well,
        })
        .collect();
    Ok(Json(CentreBody { ready, readings }))
}
