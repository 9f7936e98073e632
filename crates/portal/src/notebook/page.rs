//! The page that JupyterLab begins with. Of the room's there is the configuration
//! in it, as data; the rest is written here: markup of a room's could have the
//! browser look names up and connect elsewhere, which no policy stops.

use std::path::Path;

const BEGIN: &str = "<script id=\"jupyter-config-data\" type=\"application/json\">";
const END: &str = "</script>";

/// The configuration in a page of the room's: JSON in which nothing ends a script.
fn configuration(page: &str) -> Option<String> {
    let (_, rest) = page.split_once(BEGIN)?;
    let (text, _) = rest.split_once(END)?;
    let read: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text.trim()).ok()?;
    let written = serde_json::to_string(&read).ok()?;
    Some(written.replace('<', "\\u003c"))
}

/// The name of the script that the software begins with: `main.HASH.js`.
fn main_script(template: &str) -> Option<String> {
    let (_, rest) = template.split_once("/main.")?;
    let (hash, _) = rest.split_once(".js")?;
    let plain = !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| format!("main.{hash}.js"))
}

/// The page for `room`, from what the room answered and the software at `python`.
pub(super) fn written(python: &Path, room: &str, answered: &[u8]) -> Option<String> {
    let template = python.join("share/jupyter/lab/static/index.html");
    let script = main_script(&std::fs::read_to_string(template).ok()?)?;
    let configuration = configuration(str::from_utf8(answered).ok()?)?;
    Some(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>JupyterLab</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         {BEGIN}{configuration}{END}\
         <link rel=\"icon\" type=\"image/x-icon\" href=\"/{room}/static/favicons/favicon.ico\" \
         class=\"idle favicon\">\
         <script defer src=\"/{room}/static/lab/{script}\"></script></head>\
         <body class=\"jp-ThemedContainer\"></body></html>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_rooms_page_there_is_the_configuration_and_nothing_else() {
        let python = tempfile::tempdir().unwrap();
        let lab = python.path().join("share/jupyter/lab/static");
        std::fs::create_dir_all(&lab).unwrap();
        let template = "<script defer src=\"{{page_config.fullStaticUrl}}/main.0a1b.js?v=0a1b\">";
        std::fs::write(lab.join("index.html"), template).unwrap();
        let written = |page: &str| written(python.path(), "room-a", page.as_bytes());
        let hostile = format!(
            "<link rel=preconnect href=https://data.elsewhere.example>{BEGIN}\
             {{\"appName\":\"x</ScRiPt><img>\"}}{END}<script src=/evil.js></script>"
        );
        // The tag that ends the data here is another than HTML's own.
        let page = written(&hostile.replace("</ScRiPt>", "<\\u002fscript>")).unwrap();
        assert!(page.contains("src=\"/room-a/static/lab/main.0a1b.js\""));
        assert!(!page.contains("preconnect") && !page.contains("evil") && !page.contains("<img>"));
        assert!(page.contains("\\u003cimg>"));
        for bad in ["", BEGIN, "<html>", &format!("{BEGIN}[1]{END}"), &format!("{BEGIN}x{END}")] {
            assert_eq!(written(bad), None, "`{bad}`");
        }
    }
}
