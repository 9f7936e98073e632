//! `GET /api/v1/me`

use crate::api::problem::Problems;
use crate::api::schema::AccountBody;
use crate::failure::Failure;
use crate::visitor::Visitor;
use axum::Json;
use permit::Account;

/// Who is signed in.
#[utoipa::path(
    get,
    path = "/me",
    operation_id = "me",
    tag = "sessions",
    responses((status = 200, description = "The account.", body = AccountBody), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn me(visitor: Visitor) -> Result<Json<Account>, Failure> {
    Ok(Json(visitor.account()?.clone()))
}
