//! Serves every page with its sample, to look at them without a centre:
//!
//! ```text
//! cargo run -p portal --example gallery -- 127.0.0.1:8430
//! ```
//!
//! `/nb/permit`, `/en/output`, …; `/` lists them.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use model::Lang;

async fn list() -> Html<String> {
    let mut page = String::from("<!doctype html><meta charset=utf-8><title>gallery</title><ul>");
    for lang in Lang::ALL {
        for (name, _) in portal::pages::samples(lang) {
            let _ = write!(page, "<li><a href=\"/{lang}/{name}\">{lang}/{name}</a>");
        }
    }
    Html(page)
}

async fn show(Path((lang, name)): Path<(String, String)>) -> Response {
    let Ok(lang) = lang.parse() else { return StatusCode::NOT_FOUND.into_response() };
    match portal::pages::samples(lang).into_iter().find(|(sample, _)| *sample == name) {
        Some((_, Ok(html))) => Html(html).into_response(),
        Some((_, Err(error))) => {
            (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn asset(Path((_, name)): Path<(String, String)>) -> Response {
    match portal::shared_file(&name) {
        Some((kind, bytes)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8430".to_owned());
    let router = Router::new()
        .route("/", get(list))
        .route("/assets/{version}/{*name}", get(asset))
        .route("/{lang}/{name}", get(show));
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await
}
