//! `GET /api/v1/ledger/{seq}`

use crate::api::problem::Problems;
use crate::api::schema::EntryBody;
use crate::failure::Failure;
use crate::pages::ledger_entry::entry;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use ledger::Entry;

/// One entry.
#[utoipa::path(
    get,
    path = "/ledger/{seq}",
    operation_id = "ledger_entry",
    tag = "ledger",
    params(("seq" = u64, Path, description = "The place of the entry: the first is 0")),
    responses((status = 200, description = "The entry.", body = EntryBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(seq): Path<String>,
) -> Result<Json<Entry>, Failure> {
    Ok(Json(entry(&app, &visitor, seen::id(&seq)?).await?))
}
