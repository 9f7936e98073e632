//! `GET /api/v1/accounts`

use crate::api::problem::Problems;
use crate::api::schema::AccountBody;
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use permit::Account;

/// Everybody who has an account here, for those who have one: who applies names
/// colleagues.
#[utoipa::path(
    get,
    path = "/accounts",
    operation_id = "account_list",
    tag = "sessions",
    responses((status = 200, description = "The accounts.", body = Vec<AccountBody>), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Json<Vec<Account>>, Failure> {
    visitor.account()?;
    Ok(Json(centre::owned(app.centre.accounts(visitor.caller()).await?)))
}
