//! Style sheet, script, font and icons, embedded in the program.
//!
//! `assets/src` is ours; `assets/dist` is what `cargo xtask assets` takes out
//! of npm packages. Without the latter a plain style sheet of our own stands in
//! for designsystemet, so that pages still look decent.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tower_http::compression::CompressionLayer;

#[derive(RustEmbed)]
#[folder = "assets/dist"]
#[exclude = ".gitkeep"]
#[exclude = "novnc/**"]
struct Packages;

const TOKENS: &str = include_str!("../assets/src/tokens.css");
const FALLBACK: &str = include_str!("../assets/src/fallback.css");
const FONT: &str = include_str!("../assets/src/font.css");
const PORTAL: &str = include_str!("../assets/src/portal.css");
const SCRIPT: &str = include_str!("../assets/src/portal.js");
const MARK: &str = include_str!("../assets/src/mark.svg");

/// Everything under `/assets/{version}/`.
struct Shelf {
    /// Names the whole of it: it changes when any of it does.
    version: String,
    files: BTreeMap<String, (&'static str, Vec<u8>)>,
}

fn shelf() -> &'static Shelf {
    static SHELF: LazyLock<Shelf> = LazyLock::new(fill);
    &SHELF
}

fn fill() -> Shelf {
    let mut files = BTreeMap::new();
    let mut style = String::from(TOKENS);
    match Packages::get("designsystemet.css") {
        Some(file) => style.push_str(&String::from_utf8_lossy(&file.data)),
        None => style.push_str(FALLBACK),
    }
    if Packages::get("inter-latin.woff2").is_some() {
        style.push_str(FONT);
    }
    style.push_str(PORTAL);
    files.insert("portal.css".to_owned(), ("text/css; charset=utf-8", style.into_bytes()));
    files.insert(
        "portal.js".to_owned(),
        ("text/javascript; charset=utf-8", SCRIPT.as_bytes().to_vec()),
    );
    files.insert("mark.svg".to_owned(), ("image/svg+xml", MARK.as_bytes().to_vec()));
    for name in Packages::iter().filter(|name| name.as_ref() != "designsystemet.css") {
        let Some(file) = Packages::get(&name) else { continue };
        let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("svg") => "image/svg+xml",
            Some("woff2") => "font/woff2",
            _ => "text/plain; charset=utf-8",
        };
        files.insert(name.into_owned(), (kind, file.data.into_owned()));
    }
    let mut hasher = Sha256::new();
    for (name, (_, bytes)) in &files {
        hasher.update(name.as_bytes());
        hasher.update(bytes);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    Shelf { version: hex::encode(digest.get(..6).unwrap_or_default()), files }
}

/// The address of an asset: `/assets/3f…/portal.css`.
pub(crate) fn href(name: &str) -> String {
    format!("/assets/{}/{name}", shelf().version)
}

/// The bytes of an asset, and what they are: for whoever shows pages without
/// this crate's router.
pub fn shared_file(name: &str) -> Option<(&'static str, &'static [u8])> {
    shelf().files.get(name).map(|(kind, bytes)| (*kind, bytes.as_slice()))
}

/// Whether designsystemet was there when the program was built.
pub fn has_packages() -> bool {
    Packages::get("designsystemet.css").is_some()
}

/// The routes of the assets. They are the same for everyone, so they are the
/// only answers that are compressed: a page that holds a secret and something
/// the visitor chose must not be (the BREACH attack).
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> axum::Router<S> {
    axum::Router::new()
        .route("/assets/{version}/{*name}", get(serve))
        .route("/favicon.ico", get(|| async { serve_file("mark.svg") }))
        .layer(CompressionLayer::new())
}

async fn serve(Path((version, name)): Path<(String, String)>) -> Response {
    if version == shelf().version {
        serve_file(&name)
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

fn serve_file(name: &str) -> Response {
    let Some((kind, bytes)) = shelf().files.get(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = bytes.as_slice().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_the_style_sheet_names_is_there() {
        let (_, style) = &shelf().files["portal.css"];
        let style = String::from_utf8(style.clone()).unwrap();
        for part in style.split("url(").skip(1) {
            let name: String = part.chars().take_while(|c| *c != ')').collect();
            let name = name.trim_matches('"');
            assert!(shelf().files.contains_key(name), "`{name}` is not there");
        }
    }

    #[test]
    fn the_style_sheet_holds_nothing_that_the_policy_would_keep_out() {
        let (_, style) = &shelf().files["portal.css"];
        let style = String::from_utf8_lossy(style);
        for word in ["data:", "http://", "https://", "@import"] {
            let named = style.match_indices(word).count();
            let in_comments = style.matches("(https://designsystemet.no)").count();
            assert!(named <= in_comments, "`{word}` in the style sheet");
        }
    }

    #[test]
    fn our_own_style_stands_for_every_component_the_templates_use() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut folders = vec![root];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for part in text.split("class=\"ds-").skip(1) {
                    let name: String =
                        part.chars().take_while(|c| *c != '"' && *c != ' ').collect();
                    let rule = format!(".ds-{name}");
                    assert!(FALLBACK.contains(&rule), "`{rule}` of {}", path.display());
                }
            }
        }
    }
}
