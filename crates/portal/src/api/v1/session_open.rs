//! `POST /api/v1/sessions`

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

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// The account.
    account: String,
    /// Its password.
    password: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(super) struct Opened {
    /// For `Authorization: Bearer`.
    token: String,
    /// Whose it is.
    account: String,
}

/// Signs in with a local account: gives the token for `Authorization: Bearer`.
#[utoipa::path(
    post,
    path = "/sessions",
    operation_id = "session_open",
    tag = "sessions",
    request_body = Credentials,
    responses((status = 200, description = "Signed in.", body = Opened), Problems),
)]
pub(super) async fn open(
    State(app): State<App>,
    visitor: Visitor,
    FromWhere(address): FromWhere,
    Body(mut credentials): Body<Credentials>,
) -> Result<Json<Opened>, Failure> {
    let password = Secret::new(std::mem::take(&mut credentials.password));
    let typed = credentials.account.to_ascii_lowercase();
    let account = try_password(&app, address, &typed, password).await?;
    let token = open_session(&app, &visitor, account.clone()).await?;
    Ok(Json(Opened { token: token.as_str().to_owned(), account: account.to_string() }))
}
