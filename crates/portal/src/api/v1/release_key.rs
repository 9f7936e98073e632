//! `GET /api/v1/releases/key`

use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::release;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

/// A public key.
#[derive(Serialize, ToSchema)]
pub(super) struct Key {
    /// 32 bytes (RFC 8032), base64.
    ed25519: String,
    /// The same in hexadecimal digits, as `helserom release verify --key` reads it.
    hex: String,
}

/// What packages are verified with: Ed25519, base64.
#[utoipa::path(
    get,
    path = "/releases/key",
    operation_id = "release_key",
    tag = "releases",
    responses((status = 200, description = "The key.", body = Key), Problems),
)]
pub(super) async fn key(State(app): State<App>, _: Visitor) -> Result<Json<Key>, Failure> {
    let ed25519 = STANDARD.encode(app.centre.release_key().as_bytes());
    Ok(Json(Key { ed25519, hex: release::key(&app) }))
}
