//! `GET /api/v1/outputs/{output}`

use crate::api::problem::Problems;
use crate::api::schema::ReviewBody;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One output with its findings; with its bytes and the mend that is offered for
/// those who may see them.
#[utoipa::path(
    get,
    path = "/outputs/{output}",
    operation_id = "output_show",
    tag = "outputs",
    params(("output" = String, Path, description = "The output")),
    responses((status = 200, description = "The output.", body = ReviewBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(output): Path<String>,
) -> Result<Json<ReviewBody>, Failure> {
    let reviewed = app.centre.review(visitor.caller(), &seen::id(&output)?).await?;
    let lang = visitor.words().lang();
    Ok(Json(ReviewBody {
        output: super::json(&reviewed.output)?,
        content: reviewed.bytes.as_ref().map(|bytes| STANDARD.encode(bytes.as_slice())),
        mend: reviewed.mended.as_ref().map(|mend| mend.note.get(lang).to_owned()),
        mended: reviewed.mended.map(|mend| STANDARD.encode(&mend.bytes)),
    }))
}
