//! The viewer's files: noVNC out of npm, and what of ours begins it. They are the
//! same for everyone, and none is asked of a room.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

/// What `cargo xtask assets` takes out of npm. Without it there is no viewer, and
/// desktops are not opened.
#[derive(RustEmbed)]
#[folder = "assets/dist"]
#[include = "novnc/**"]
struct Packages;

const SCRIPT: &str = include_str!("../../../assets/src/desktop.js");
const STYLE: &str = include_str!("../../../assets/src/desktop.css");
const BEGIN: &str = "novnc/core/rfb.js";

fn files() -> &'static BTreeMap<String, Vec<u8>> {
    static FILES: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
        let packages = Packages::iter()
            .filter_map(|name| Some((name.to_string(), Packages::get(&name)?.data.into_owned())));
        let ours = [("desktop.js", SCRIPT), ("desktop.css", STYLE)];
        packages.chain(ours.map(|(name, text)| (name.to_owned(), text.into()))).collect()
    });
    &FILES
}

/// Whether the viewer was there when the program was built.
pub(crate) fn is_there() -> bool {
    files().contains_key(BEGIN)
}

/// The file of that name, and none beside those that are embedded.
pub(super) fn answer(name: &str) -> Response {
    let Some(bytes) = files().get(name) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    // Other files under the same names come only with another program.
    let age = HeaderValue::from_static("private, max-age=3600");
    let kind = HeaderValue::from_static(kind);
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, age)], bytes.as_slice()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_embedded_is_answered() {
        assert_eq!(answer("desktop.js").status(), StatusCode::OK);
        for bad in ["", "../desktop.js", "novnc/../desktop.js", "designsystemet.css", "/etc/passwd"]
        {
            assert_eq!(answer(bad).status(), StatusCode::NOT_FOUND, "`{bad}`");
        }
    }

    fn ends_in_js(name: &str) -> bool {
        name.rsplit_once('.').is_some_and(|(_, ending)| ending == "js")
    }

    /// A module that is named and not there would be a page that stays white.
    #[test]
    fn every_module_that_another_takes_in_is_there() {
        for (name, bytes) in files().iter().filter(|(name, _)| ends_in_js(name)) {
            if name == "desktop.js" && !is_there() {
                continue;
            }
            let text = String::from_utf8_lossy(bytes);
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            for line in text
                .lines()
                .filter(|line| line.starts_with("import ") || line.starts_with("} from"))
            {
                let Some(from) = line.rsplit_once("from ") else { continue };
                let wanted = from.1.trim_matches(['"', '\'', ';', ' ']);
                let mut path: Vec<&str> =
                    folder.split('/').filter(|part| !part.is_empty()).collect();
                for part in wanted.split('/') {
                    match part {
                        "." => {}
                        ".." => drop(path.pop()),
                        part => path.push(part),
                    }
                }
                assert!(files().contains_key(&path.join("/")), "`{wanted}` of {name}");
            }
        }
    }

    #[test]
    fn our_part_of_the_viewer_speaks_to_its_own_address_alone() {
        for text in [SCRIPT, STYLE] {
            for word in ["http:", "https:", "data:", "eval", "innerHTML", "@import"] {
                assert!(!text.contains(word), "`{word}`");
            }
        }
    }
}
