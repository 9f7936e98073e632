//! The API: for programs, everything the portal does for people.
//!
//! One endpoint is one file of [`v1`]. The description (OpenAPI 3.1) is made
//! from the handlers and is served at `/api/v1/openapi.json`; `/api/v1/docs`
//! shows it to people.

mod docs;
pub(crate) mod problem;
mod schema;
mod v1;

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;

use self::problem::Problem;
use crate::failure::Failure;
use crate::state::App;

/// Where the API is.
pub(crate) const BASE: &str = "/api/v1";

/// The API with its description.
pub(crate) fn router() -> Router<App> {
    let (router, description) = described();
    let json = Bytes::from(description.to_json().unwrap_or_default());
    let endpoints: Arc<str> = docs::endpoints(&description).into();
    Router::new()
        .nest(BASE, router)
        .route(
            "/api/v1/openapi.json",
            get(move || {
                let json = json.clone();
                let kind = HeaderValue::from_static("application/json");
                async move { ([(header::CONTENT_TYPE, kind)], json).into_response() }
            }),
        )
        .route("/api/v1/docs", get(move |app, visitor| ready(docs::show(app, visitor, &endpoints))))
        .route("/api/{*rest}", axum::routing::any(|| async { Failure::Absent }))
}

/// Every endpoint, and the description of them all.
fn described() -> (Router<App>, OpenApi) {
    let about = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Helserom")
                .version("1")
                .description(Some(
                    "What the portal does, for programs. Sign in with `POST /sessions` and send \
                     the token as `Authorization: Bearer …`; or use the browser's session and send \
                     its form token as `X-CSRF-Token`. Problems are RFC 9457 documents. Texts are \
                     in the language of `Accept-Language` (nb, da, en).",
                ))
                .build(),
        )
        .build();
    let (router, mut description) =
        OpenApiRouter::with_openapi(about).merge(v1::endpoints()).split_for_parts();
    description.servers = Some(vec![utoipa::openapi::Server::new(BASE)]);
    let components = description.components.get_or_insert_with(Default::default);
    // Named by the answers of every endpoint, and collected from none of them.
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components
        .add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme(
        "browser",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-CSRF-Token"))),
    );
    (router, description)
}

#[cfg(test)]
mod tests;
