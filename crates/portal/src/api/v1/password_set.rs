//! `PUT /api/v1/me/password`

use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::sign_in::{FromWhere, open_session, try_password};
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use model::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The password one has, and the one one wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordWanted {
    /// The password one has.
    present: String,
    /// The new one: 15 to 1024 characters.
    password: String,
}

/// The only session that is left.
#[derive(Serialize, ToSchema)]
pub(super) struct Reopened {
    /// For `Authorization: Bearer`.
    token: String,
}

/// Changes one's own password. Every session ends; the answer opens a new one.
#[utoipa::path(
    put,
    path = "/me/password",
    operation_id = "password_set",
    tag = "sessions",
    request_body = PasswordWanted,
    responses((status = 200, description = "Changed.", body = Reopened), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn set(
    State(app): State<App>,
    visitor: Visitor,
    FromWhere(address): FromWhere,
    Body(wanted): Body<PasswordWanted>,
) -> Result<Json<Reopened>, Failure> {
    let account = visitor.account()?.id.clone();
    let present = Secret::new(wanted.present);
    match try_password(&app, address, account.as_str(), present).await {
        Ok(_) => {}
        Err(Failure::SignIn) => return Err(Failure::Field("present", String::new())),
        Err(failure) => return Err(failure),
    }
    let password = Secret::new(wanted.password);
    app.centre.set_password(visitor.caller(), &account, password).await?;
    app.sessions.close_all(&account).await?;
    let token = open_session(&app, &visitor, account).await?;
    Ok(Json(Reopened { token: token.as_str().to_owned() }))
}
