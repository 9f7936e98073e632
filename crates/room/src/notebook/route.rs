//! Which addresses of a notebook server are asked of a room: a list. What is not
//! on it, such as downloads (`files`), exports (`nbconvert`), terminals and
//! whatever a later version invents, does not exist.

use super::contents::{Asked, is_hidden, is_text};
use super::path::{parts, written};
use super::{Body, Denied};

/// What a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// For a file of the room's software, which is the same for everybody and
    /// is not asked of the room.
    Image(Image, String),
    /// To be passed on.
    Forward(Forward),
    /// A socket to the kernel of that id.
    Channels {
        /// The id.
        kernel: String,
        /// The session that the page gave itself, if it did.
        session: Option<String>,
    },
    /// The socket on which the server tells what happened, to be listened to.
    Events,
}

/// Where a file of the room's software lies, below the Python environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// `share/jupyter/lab/static`.
    Lab,
    /// `share/jupyter/lab/themes`.
    Themes,
    /// `share/jupyter/labextensions`.
    Extensions,
    /// `jupyter_server/static` of the packages.
    Server,
}

/// A request that is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// Path and query below the room's own, written anew.
    pub path: String,
    /// What its body must be.
    pub body: Body,
    /// What comes back.
    pub answer: Answer,
}

/// What comes back. The room's own word for it is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A page.
    Page,
    /// JSON.
    Json,
    /// A picture: a kernel's sign. Scripts in it do not run.
    Svg,
    /// A picture: a kernel's sign.
    Png,
}

impl Answer {
    /// How it is told to the browser.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Page => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }

    /// How long it may be, bytes: a notebook with its figures is the longest.
    pub const fn longest(self) -> u64 {
        match self {
            Self::Json => 8 << 20,
            Self::Page => 1 << 20,
            Self::Svg | Self::Png => 256 << 10,
        }
    }
}

/// What the request of that method, path below the room's own and query is.
pub fn route(method: &str, path: &str, query: &str) -> Result<Route, Denied> {
    let parts = parts(path)?;
    let words: Vec<&str> = parts.iter().map(String::as_str).collect();
    if let Some(route) = socket(method, &words, query)? {
        return Ok(route);
    }
    if method == "GET"
        && let Some((image, rest)) = image(&words)
    {
        return Ok(Route::Image(image, rest.join("/")));
    }
    let (body, answer, keeps) = match (method, words.as_slice()) {
        ("GET", ["lab"] | ["lab", "tree" | "workspaces", ..]) => {
            (Body::None, Answer::Page, &[][..])
        }
        ("GET", ["kernelspecs", _, file]) => (Body::None, sign(file)?, &[][..]),
        // A plugin's name has a slash in it.
        ("GET", ["lab", "api", kind, rest @ ..]) if KEPT.contains(kind) && rest.len() < 3 => {
            (Body::None, Answer::Json, &[][..])
        }
        ("PUT", ["lab", "api", "settings" | "workspaces", _, rest @ ..]) if rest.len() < 2 => {
            (Body::Settings, Answer::Json, &[][..])
        }
        ("DELETE", ["lab", "api", "workspaces", _]) => (Body::None, Answer::Json, &[][..]),
        ("GET", ["api"] | ["api", "status" | "me" | "kernelspecs" | "kernels" | "sessions"]) => {
            (Body::None, Answer::Json, &[][..])
        }
        ("POST", ["api", "kernels"]) => (Body::Kernel, Answer::Json, &[][..]),
        ("POST", ["api", "sessions"]) => (Body::Session, Answer::Json, &[][..]),
        ("GET" | "DELETE", ["api", "kernels" | "sessions", id]) => {
            is_id(id)?;
            (Body::None, Answer::Json, &[][..])
        }
        ("PATCH", ["api", "sessions", id]) => {
            is_id(id)?;
            (Body::Session, Answer::Json, &[][..])
        }
        ("POST", ["api", "kernels", id, "interrupt" | "restart"]) => {
            is_id(id)?;
            (Body::None, Answer::Json, &[][..])
        }
        (_, ["api", "contents", below @ ..]) => {
            let asked = Asked::read(method, below, query)?;
            let keeps = if asked == Asked::See { CONTENTS_QUERY } else { &[][..] };
            (Body::Contents(asked), Answer::Json, keeps)
        }
        _ => return Err(Denied::NotHere),
    };
    let mut path = written(&parts);
    let kept = kept(query, keeps)?;
    if !kept.is_empty() {
        path.push('?');
        path.push_str(&kept);
    }
    Ok(Route::Forward(Forward { path, body, answer }))
}

/// What the page keeps of itself in the room.
const KEPT: [&str; 3] = ["settings", "translations", "workspaces"];

const CONTENTS_QUERY: &[&str] = &["content", "type", "format", "hash"];

fn socket(method: &str, words: &[&str], query: &str) -> Result<Option<Route>, Denied> {
    match (method, words) {
        ("GET", ["api", "events", "subscribe"]) => Ok(Some(Route::Events)),
        ("GET", ["api", "kernels", id, "channels"]) => {
            is_id(id)?;
            let session = kept(query, &["session_id"])?;
            let session = session.split_once('=').map(|(_, value)| value.to_owned());
            Ok(Some(Route::Channels { kernel: (*id).to_owned(), session }))
        }
        _ => Ok(None),
    }
}

fn image<'a>(words: &'a [&'a str]) -> Option<(Image, &'a [&'a str])> {
    match words {
        ["static", "lab", rest @ ..] => Some((Image::Lab, rest)),
        ["lab", "api", "themes", rest @ ..] => Some((Image::Themes, rest)),
        ["lab", "extensions", rest @ ..] => Some((Image::Extensions, rest)),
        ["static", rest @ ..] => Some((Image::Server, rest)),
        _ => None,
    }
    .filter(|(_, rest)| !rest.is_empty())
}

/// What kind of picture a kernel's sign is.
fn sign(file: &str) -> Result<Answer, Denied> {
    match file.rsplit_once('.') {
        Some((_, "svg")) => Ok(Answer::Svg),
        Some((_, "png")) => Ok(Answer::Png),
        // `kernel.js` runs in the page.
        _ => Err(Denied::NotHere),
    }
}

/// Ids are UUIDs.
pub(super) fn is_id(text: &str) -> Result<(), Denied> {
    let plain = text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if plain && text.len() == 36 { Ok(()) } else { Err(Denied::Path) }
}

/// Of the query, what has one of these names, once each, and a plain value. The
/// page adds others, such as the time, to get past caches.
fn kept(query: &str, names: &[&str]) -> Result<String, Denied> {
    let mut kept: Vec<&str> = Vec::new();
    for pair in query.split('&') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        if !names.contains(&name) {
            continue;
        }
        let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let again = kept.iter().any(|other| other.split_once('=').is_some_and(|(n, _)| n == name));
        if !plain || value.len() > 64 || again {
            return Err(Denied::Path);
        }
        kept.push(pair);
    }
    Ok(kept.join("&"))
}

/// The value of a name in a query, as [`kept`] reads it.
pub(super) fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(n, _)| *n == name))
        .map(|(_, v)| v)
}

/// Whether a path of contents may be opened at all.
pub(super) fn is_open(below: &[&str], whole: bool, folder: bool) -> Result<(), Denied> {
    if below.iter().any(|part| is_hidden(part)) {
        return Err(Denied::NotHere);
    }
    match below.last() {
        Some(name) if whole && !folder && !is_text(name) => {
            Err(Denied::NotText((*name).to_owned()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ad1553f0-84cf-428b-9a04-6a08643024e2";

    #[test]
    fn what_would_carry_data_out_does_not_exist() {
        for (method, path) in [
            ("GET", "files/table.csv"),
            ("HEAD", "files/table.csv"),
            ("GET", "files/analysis.ipynb"),
            ("GET", "nbconvert/html/analysis.ipynb"),
            ("POST", "nbconvert/html"),
            ("GET", "api/nbconvert"),
            ("GET", "view/table.csv"),
            ("GET", "edit/table.csv"),
            ("GET", "notebooks/a.ipynb"),
            ("GET", "tree"),
            ("GET", "tree/out"),
            ("GET", "directories/out"),
            ("GET", "archive-download/out"),
            ("POST", "api/terminals"),
            ("GET", "terminals/websocket/1"),
            ("GET", "api/terminals"),
            ("GET", "api/metrics"),
            ("GET", "metrics"),
            ("POST", "api/shutdown"),
            ("GET", "api/config/notebook"),
            ("PATCH", "api/config/notebook"),
            ("GET", "lab/api/listings/x"),
            ("POST", "lab/api/plugins"),
            ("GET", "lab/api/licenses"),
            ("POST", "lab/api/extensions"),
            ("GET", "api/build"),
            ("POST", "api/build"),
            ("GET", "lsp/status"),
            ("GET", "lsp/ws/python"),
            ("POST", "api/events"),
            ("GET", "kernelspecs/ir/kernel.js"),
            ("GET", "api/spec.yaml"),
            ("GET", "login"),
            ("GET", "logout"),
            ("GET", "doc"),
            ("GET", "custom/custom.css"),
            ("POST", "api/contents/a.ipynb/trust"),
            ("POST", "api/contents/out/a.ipynb/trust"),
            ("GET", "api/resolvePath"),
            ("GET", "api/notebooks/a.ipynb"),
            ("GET", "api/kernelspecs/python3"),
            ("GET", "robots.txt"),
            ("POST", "api/security/csp-report"),
            ("CONNECT", "lab"),
            ("TRACE", "lab"),
            ("OPTIONS", "api/contents"),
        ] {
            assert_eq!(route(method, path, ""), Err(Denied::NotHere), "{method} {path}");
        }
    }

    #[test]
    fn what_a_notebook_needs_is_passed_on() {
        for (method, path, query, passed) in [
            ("GET", "lab", "", "lab"),
            ("GET", "lab/tree/a%20b.ipynb", "reset", "lab/tree/a%20b.ipynb"),
            ("GET", "api/kernels", "1732700000000", "api/kernels"),
            (
                "GET",
                "api/contents/",
                "content=1&hash=0&1732700000000",
                "api/contents?content=1&hash=0",
            ),
            (
                "GET",
                "api/contents/out",
                "type=directory&content=1",
                "api/contents/out?type=directory&content=1",
            ),
            ("GET", "lab/api/settings/@jupyterlab/a:b", "", "lab/api/settings/%40jupyterlab/a%3Ab"),
            ("PUT", "lab/api/workspaces/default", "", "lab/api/workspaces/default"),
        ] {
            match route(method, path, query) {
                Ok(Route::Forward(forward)) => assert_eq!(forward.path, passed),
                other => panic!("{method} {path}: {other:?}"),
            }
        }
    }

    #[test]
    fn sockets_and_files_of_the_image_are_told_from_the_rest() {
        let kernel = ID.to_owned();
        assert_eq!(
            route("GET", &format!("api/kernels/{ID}/channels"), "session_id=abc"),
            Ok(Route::Channels { kernel, session: Some("abc".into()) })
        );
        assert_eq!(route("GET", "api/events/subscribe", ""), Ok(Route::Events));
        assert_eq!(
            route("GET", "static/lab/main.js", "v=1"),
            Ok(Route::Image(Image::Lab, "main.js".into()))
        );
        assert!(route("GET", "api/kernels/../channels", "").is_err());
        assert!(route("GET", "api/kernels/x/channels", "").is_err());
        assert!(route("POST", "static/lab/main.js", "").is_err());
    }

    #[test]
    fn a_query_is_read_in_one_way_only() {
        for bad in ["content=0&content=1", "type=file%26content=1", "type=a b", "hash=<"] {
            assert_eq!(route("GET", "api/contents/a.py", bad), Err(Denied::Path), "`{bad}`");
        }
    }
}
