//! `POST /api/v1/rooms/{room}/packages`

use super::Made;
use crate::api::problem::{Body, Problems};
use crate::failure::Failure;
use crate::pages::{packages, seen};
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// A package that rooms are to have, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PackageAsk {
    /// `python` or `r`.
    language: String,
    /// What it is called.
    name: String,
    /// Only this version.
    version: Option<String>,
    /// What it is for.
    why: String,
}

/// Asks that rooms may fetch a package.
#[utoipa::path(
    post,
    path = "/rooms/{room}/packages",
    operation_id = "package_ask",
    tag = "packages",
    params(("room" = String, Path, description = "The room it is wanted in")),
    request_body = PackageAsk,
    responses((status = 201, description = "Asked.", body = Made), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Body(body): Body<PackageAsk>,
) -> Result<(StatusCode, Json<Made>), Failure> {
    let PackageAsk { language, name, version, why } = body;
    let language = language.parse().map_err(|_| Failure::Choice(language))?;
    let package = packages::package(language, &name, version.as_deref())?;
    let id = app.centre.request_package(visitor.caller(), &seen::id(&room)?, package, why).await?;
    Ok((StatusCode::CREATED, Json(Made { id: id.to_string() })))
}
