//! `GET /api/v1/sources/{source}/deliveries/{import}/quarantine`

use crate::api::problem::Problems;
use crate::api::schema::AsideBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};

/// The rows of a delivery that were kept aside, whole, for their holder alone.
#[utoipa::path(
    get,
    path = "/sources/{source}/deliveries/{import}/quarantine",
    operation_id = "quarantine",
    tag = "catalogue",
    params(
        ("source" = String, Path, description = "The source"),
        ("import" = String, Path, description = "The delivery"),
    ),
    responses((status = 200, description = "The rows.", body = Vec<AsideBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn quarantine(
    State(app): State<App>,
    visitor: Visitor,
    Path((source, import)): Path<(String, String)>,
) -> Result<Json<Vec<AsideBody>>, Failure> {
    let (source, import) = (seen::id(&source)?, seen::id(&import)?);
    let rows = app.centre.quarantine(visitor.caller(), &source, &import).await?;
    let aside = rows.into_iter().map(|row| AsideBody {
        reasons: row
            .faults
            .iter()
            .map(|fault| (fault.column.clone(), fault.reason.word().to_owned()))
            .collect(),
        file: row.file,
        row: row.row,
        text: row.text,
    });
    Ok(Json(aside.collect()))
}
