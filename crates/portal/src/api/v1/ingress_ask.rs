//! `POST /api/v1/rooms/{room}/ingresses`

use super::Made;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::{bringing, seen};
use crate::security::forms::Sent;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use utoipa::ToSchema;

/// A file to be brought in, and why.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; it is read part by part")]
struct IngressForm {
    /// The file.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
    /// The name it is to have in the room; not said: the file's own.
    name: Option<String>,
    /// `code`, `reference` or `people`.
    declared: String,
    /// Where it is from.
    origin: String,
    /// What it is for.
    why: String,
    /// The column of national identity numbers that becomes one of person numbers.
    link: Option<String>,
}

/// Asks to bring a file into a room.
#[utoipa::path(
    post,
    path = "/rooms/{room}/ingresses",
    operation_id = "ingress_ask",
    tag = "ingresses",
    params(("room" = String, Path, description = "The room")),
    request_body(content = IngressForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Asked, and looked into.", body = Made), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Sent(fields, file): Sent,
) -> Result<(StatusCode, Json<Made>), Failure> {
    let file = file.ok_or_else(|| Failure::Field("file", "is missing".to_owned()))?;
    let brought = bringing::brought(&fields, file)?;
    let id = app.centre.bring_in(visitor.caller(), &seen::id(&room)?, brought).await?;
    Ok((StatusCode::CREATED, Json(Made { id: id.to_string() })))
}
