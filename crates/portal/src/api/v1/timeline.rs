//! `GET /api/v1/timelines/{kind}/{id}`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::parts::timeline::Happening;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};

/// What happened to something, newest first: for those who may see it, and for
/// those who may read the ledger. `kind` is `source`, `application`, `permit`,
/// `room`, `output` or `release`; other kinds are for readers of the ledger.
#[utoipa::path(
    get,
    path = "/timelines/{kind}/{id}",
    operation_id = "timeline",
    tag = "ledger",
    params(
        ("kind" = String, Path, description = "The kind of thing"),
        ("id" = String, Path, description = "Which"),
    ),
    responses((status = 200, description = "The entries.", body = Vec<Happening>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn timeline(
    State(app): State<App>,
    visitor: Visitor,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Json<Vec<Happening>>, Failure> {
    may_see(&app, &visitor, &kind, &id).await?;
    let names = app.names(visitor.caller()).await?;
    let acts = if kind == "room" { &seen::OF_A_ROOM[..] } else { &[] };
    let entries = app.centre.timeline_of(&kind, &id, acts).await?;
    Ok(Json(seen::told(&visitor, &names, entries.items.iter().rev())))
}

/// Whether the visitor may see the thing itself.
async fn may_see(app: &App, visitor: &Visitor, kind: &str, id: &str) -> Result<(), Failure> {
    visitor.account()?;
    let (centre, caller) = (&app.centre, visitor.caller());
    match kind {
        "source" => drop(centre.source(caller, &seen::id(id)?).await?),
        "application" => drop(centre.application(caller, &seen::id(id)?).await?),
        "permit" => drop(centre.permit(caller, &seen::id(id)?).await?),
        "room" => drop(centre.room(caller, &seen::id(id)?).await?),
        "ingress" => drop(centre.ingress(caller, &seen::id(id)?).await?),
        "package" => drop(centre.package_request(caller, &seen::id(id)?).await?),
        "reversal" => drop(centre.reversal(caller, &seen::id(id)?).await?),
        "output" => drop(centre.output(caller, &seen::id(id)?).await?),
        "release" => drop(centre.release(caller, &seen::id(id)?).await?),
        _ => centre.may_read_ledger(caller)?,
    }
    Ok(())
}
