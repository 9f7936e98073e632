//! `GET /api/v1/sources/{source}/deliveries`

use crate::api::problem::Problems;
use crate::api::schema::DeliveryBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use permit::policy::{Action, Thing};

/// How the deliveries of a source went, for those who may see that.
#[utoipa::path(
    get,
    path = "/sources/{source}/deliveries",
    operation_id = "delivery_list",
    tag = "catalogue",
    params(("source" = String, Path, description = "The source")),
    responses((status = 200, description = "Oldest first.", body = Vec<DeliveryBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Path(source): Path<String>,
) -> Result<Json<Vec<DeliveryBody>>, Failure> {
    let record = app.centre.source(visitor.caller(), &seen::id(&source)?).await?;
    let thing = Thing::source(&record.source, &record.contract.holder);
    seen::require(&app, &visitor, Action::SeeImports, &thing)?;
    let taken_in = record.imports.iter().map(|imported| {
        let manifest = &imported.manifest;
        DeliveryBody {
            import: manifest.import.to_string(),
            at: imported.at.to_string(),
            rows_read: Some(manifest.rows_read),
            rows_kept: Some(manifest.rows_kept),
            rows_aside: Some(manifest.rows_quarantined),
            reasons: manifest
                .reasons
                .iter()
                .map(|(reason, rows)| (reason.word().to_owned(), *rows))
                .collect(),
            refused: None,
        }
    });
    let refused = record.refused.iter().map(|refused| DeliveryBody {
        import: refused.import.to_string(),
        at: refused.at.to_string(),
        rows_read: None,
        rows_kept: None,
        rows_aside: None,
        reasons: [].into(),
        refused: Some(visitor.words().text(&refused.why).to_owned()),
    });
    let mut deliveries: Vec<_> = taken_in.chain(refused).collect();
    deliveries.sort_by(|a, b| a.at.cmp(&b.at));
    Ok(Json(deliveries))
}
