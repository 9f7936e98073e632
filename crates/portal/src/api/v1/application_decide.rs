//! `POST /api/v1/applications/{application}/decision`

use crate::api::problem::Body;
use crate::api::problem::Problems;
use crate::failure::Failure;
use crate::pages::seen;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What can be decided.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ApplicationVerdict {
    /// Yes: a permit is issued.
    Grant,
    /// Not yet: it is given back to be completed.
    Return,
    /// No.
    Refuse,
}

/// A decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApplicationDecision {
    /// What is decided.
    verdict: ApplicationVerdict,
    /// Why.
    why: String,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct ApplicationDecided {
    /// The permit, if one was issued.
    permit: Option<String>,
}

/// Decides for the access body. A grant gives the permit.
#[utoipa::path(
    post,
    path = "/applications/{application}/decision",
    operation_id = "application_decide",
    tag = "applications",
    params(("application" = String, Path, description = "The application")),
    request_body = ApplicationDecision,
    responses((status = 200, description = "Decided.", body = ApplicationDecided), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Body(ApplicationDecision { verdict, why }): Body<ApplicationDecision>,
) -> Result<Json<ApplicationDecided>, Failure> {
    let id = seen::id(&application)?;
    let caller = visitor.caller();
    let permit = match verdict {
        ApplicationVerdict::Grant => {
            Some(app.centre.grant_application(caller, &id, why).await?.to_string())
        }
        ApplicationVerdict::Return => {
            app.centre.return_application(caller, &id, why).await?;
            None
        }
        ApplicationVerdict::Refuse => {
            app.centre.refuse_application(caller, &id, why).await?;
            None
        }
    };
    Ok(Json(ApplicationDecided { permit }))
}
