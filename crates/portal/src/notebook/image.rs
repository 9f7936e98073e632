//! The notebook page's own files: of the rooms' software, the same for everyone.
//! They are read where the centre installed them and never asked of a room, so
//! they need not be counted as shown.

use std::path::{Path, PathBuf};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use room::notebook::Image;

/// The folder of a kind of file, below the Python environment.
fn folder(python: &Path, image: Image) -> Option<PathBuf> {
    Some(match image {
        Image::Lab => python.join("share/jupyter/lab/static"),
        Image::Themes => python.join("share/jupyter/lab/themes"),
        Image::Extensions => python.join("share/jupyter/labextensions"),
        Image::Server => {
            let versions = std::fs::read_dir(python.join("lib")).ok()?;
            let found = versions
                .flatten()
                .map(|version| version.path().join("site-packages/jupyter_server/static"));
            found.into_iter().find(|folder| folder.is_dir())?
        }
    })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("ttf") => "font/ttf",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The file of that name. `name` has no part that leads up (`room::notebook`);
/// links are followed only inside of the folder.
fn read(python: &Path, image: Image, name: &str) -> Option<Vec<u8>> {
    let folder = folder(python, image)?.canonicalize().ok()?;
    let path = folder.join(name).canonicalize().ok()?;
    if !path.starts_with(&folder) {
        return None;
    }
    std::fs::read(path).ok()
}

/// The answer with that file.
pub(super) async fn answer(python: &Path, image: Image, name: String) -> Response {
    let (python, file) = (python.to_owned(), name.clone());
    let read = tokio::task::spawn_blocking(move || read(&python, image, &file)).await;
    let Ok(Some(bytes)) = read else { return StatusCode::NOT_FOUND.into_response() };
    // The software changes under the same names only when it is installed anew.
    let age = HeaderValue::from_static("private, max-age=3600");
    let kind = HeaderValue::from_static(media_type(&name));
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, age)], bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_folder_are_read() {
        let python = tempfile::tempdir().unwrap();
        let lab = python.path().join("share/jupyter/lab/static");
        std::fs::create_dir_all(&lab).unwrap();
        std::fs::write(lab.join("main.js"), "1").unwrap();
        std::fs::write(python.path().join("secret"), "2").unwrap();
        std::os::unix::fs::symlink(python.path().join("secret"), lab.join("link.js")).unwrap();
        let found = |name| read(python.path(), Image::Lab, name);
        assert_eq!(found("main.js").unwrap(), b"1");
        for bad in ["link.js", "../../../../secret", "/etc/passwd", "none.js", ""] {
            assert_eq!(found(bad), None, "`{bad}`");
        }
    }
}
