//! `GET /api/v1/permits/{permit}/extracts`

use crate::api::problem::Problems;
use crate::api::schema::ExtractBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use linkage::Extract;
use serde::Serialize;
use utoipa::ToSchema;

/// The data made for a permit.
#[derive(Serialize, ToSchema)]
pub(super) struct Extracts {
    /// What there is.
    #[schema(value_type = Vec<ExtractBody>)]
    extracts: Vec<Extract>,
    /// What is being made, or failed.
    making: Option<Making>,
}

/// How far the making has come.
#[derive(Serialize, ToSchema)]
struct Making {
    /// What is being done.
    phase: String,
    /// How much of it is done.
    done: u64,
    /// Of how much; 0 when that is not known.
    total: u64,
    /// Why it failed, if it did.
    failed: Option<String>,
}

/// The data made for a permit, newest first, and whether more are being made.
#[utoipa::path(
    get,
    path = "/permits/{permit}/extracts",
    operation_id = "extract_list",
    tag = "permits",
    params(("permit" = String, Path, description = "The permit")),
    responses((status = 200, description = "The data.", body = Extracts), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
) -> Result<Json<Extracts>, Failure> {
    let id = seen::id(&permit)?;
    let extracts = centre::owned(app.centre.extracts_of(visitor.caller(), &id).await?);
    let making = app.jobs.on(id.as_str()).map(|job| {
        let step = job.step();
        Making { phase: step.phase, done: step.done, total: step.total, failed: job.failed() }
    });
    Ok(Json(Extracts { extracts, making }))
}
