//! Files as notebook pages ask for them (Jupyter's contents API): notebooks and
//! texts are opened and saved, folders listed, nothing else shown.

use serde::{Deserialize, Serialize};

use super::Denied;
use super::path::is_name;
use super::route::{is_id, is_open, value};

/// Endings of texts that people write. What has another is not shown: data are
/// looked at with code, which is recorded.
const TEXT: [&str; 16] = [
    "ipynb", "py", "r", "R", "Rmd", "qmd", "sql", "md", "sh", "toml", "yaml", "yml", "do", "sas",
    "jl", "stan",
];

/// A notebook or text that is saved is no longer.
const LONGEST_SAVED: usize = 8 << 20;

/// Settings and the layout of the page are no longer.
const LONGEST_SETTINGS: usize = 64 << 10;

/// What the body of a request must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// A JSON object that says how the page looks.
    Settings,
    /// A JSON object that names a kernel to be started.
    Kernel,
    /// A JSON object about the session of a page, with its kernel.
    Session,
    /// What is to be done with a file.
    Contents(Asked),
}

/// What is asked of the contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// To be told of a file or folder, or shown it.
    See,
    /// To save it.
    Save {
        /// Its name below the work folder.
        name: String,
    },
    /// To make a new file or folder in a folder, or copy one there.
    Make {
        /// The folder. Of a copy it may be the new name as well.
        at: String,
    },
    /// To give it another name.
    Rename {
        /// The name it has.
        name: String,
    },
    /// To remove it, or to keep or take back its last state.
    Other,
}

/// Whether it is hidden.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Whether a file of that name is shown in the browser.
pub(super) fn is_text(name: &str) -> bool {
    TEXT.contains(&ending(name))
}

impl Asked {
    pub(super) fn read(method: &str, below: &[&str], query: &str) -> Result<Self, Denied> {
        let name = below.join("/");
        match (method, below) {
            // The last state of a file: to be told of, kept, taken back or removed.
            ("GET" | "POST", [file @ .., "checkpoints"])
            | ("POST" | "DELETE", [file @ .., "checkpoints", "checkpoint"])
                if !file.is_empty() =>
            {
                is_open(file, true, false)?;
                Ok(Self::Other)
            }
            ("GET", _) => {
                let whole = value(query, "content") != Some("0");
                let folder = value(query, "type") == Some("directory");
                is_open(below, whole, folder)?;
                if value(query, "format") == Some("base64") {
                    return Err(Denied::NotText(name));
                }
                Ok(Self::See)
            }
            ("PUT", [_, ..]) => {
                is_open(below, true, false)?;
                Ok(Self::Save { name })
            }
            // What is trusted has its scripts run.
            ("POST", [.., "trust"]) => Err(Denied::NotHere),
            ("POST", _) => {
                is_open(below, false, true)?;
                Ok(Self::Make { at: name })
            }
            ("PATCH", [_, ..]) => {
                is_open(below, false, true)?;
                Ok(Self::Rename { name })
            }
            ("DELETE", [_, ..]) => {
                is_open(below, false, true)?;
                Ok(Self::Other)
            }
            _ => Err(Denied::NotHere),
        }
    }
}

/// What a page says of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Model {
    r#type: Option<String>,
    format: Option<String>,
    chunk: Option<serde_json::Value>,
    copy_from: Option<String>,
    ext: Option<String>,
    path: Option<String>,
}

impl Body {
    /// How long it may be, bytes.
    pub const fn longest(&self) -> usize {
        match self {
            Self::None => 1024,
            Self::Settings | Self::Kernel | Self::Session => LONGEST_SETTINGS,
            Self::Contents(_) => LONGEST_SAVED,
        }
    }

    /// The body as it is passed on: read, found to be what it must be, and
    /// written anew.
    pub fn checked(&self, body: &[u8]) -> Result<Vec<u8>, Denied> {
        if body.len() > self.longest() {
            return Err(Denied::TooLong { bytes: body.len(), most: self.longest() });
        }
        let takes_none = matches!(self, Self::None | Self::Contents(Asked::See | Asked::Other));
        let makes = matches!(self, Self::Contents(Asked::Make { .. }));
        if takes_none || (body.is_empty() && makes) {
            return Ok(Vec::new());
        }
        let read: serde_json::Value =
            serde_json::from_slice(body).map_err(|error| Denied::Form(error.to_string()))?;
        if !read.is_object() {
            return Err(Denied::Form("it is no JSON object".to_owned()));
        }
        let form = |error: serde_json::Error| Denied::Form(error.to_string());
        match self {
            Self::Contents(asked) => Model::deserialize(&read).map_err(form)?.fits(asked)?,
            Self::Kernel | Self::Session => {
                let session = Session::deserialize(&read).map_err(form)?;
                session.fits(*self == Self::Kernel)?;
                return serde_json::to_vec(&session).map_err(form);
            }
            Self::None | Self::Settings => {}
        }
        serde_json::to_vec(&read).map_err(|error| Denied::Form(error.to_string()))
    }
}

impl Model {
    fn fits(&self, asked: &Asked) -> Result<(), Denied> {
        let kind = self.r#type.as_deref();
        match asked {
            Asked::Save { .. } => {
                let text = matches!(
                    (kind, self.format.as_deref()),
                    (Some("notebook"), None | Some("json")) | (Some("file"), Some("text"))
                );
                if text && self.chunk.is_none() { Ok(()) } else { Err(Denied::Upload) }
            }
            Asked::Make { at } => match (&self.copy_from, kind) {
                (Some(from), _) => {
                    check_path(from)?;
                    same_kind(from, at)
                }
                (None, Some("directory" | "notebook") | None) => Ok(()),
                (None, Some("file")) => {
                    let ending = self.ext.as_deref().unwrap_or(".py");
                    if is_text(ending) {
                        Ok(())
                    } else {
                        Err(Denied::NotText(format!("untitled{ending}")))
                    }
                }
                (None, Some(other)) => Err(Denied::Form(format!("`{other}` is no kind of file"))),
            },
            Asked::Rename { name } => {
                let to = self.path.as_deref().unwrap_or_default();
                check_path(to)?;
                same_kind(name, to)
            }
            Asked::See | Asked::Other => Ok(()),
        }
    }
}

/// Whether a file may get that name: else data would be shown as text.
fn same_kind(from: &str, to: &str) -> Result<(), Denied> {
    if is_text(to) && ending(to) != ending(from) {
        return Err(Denied::Kind(from.to_owned(), to.to_owned()));
    }
    Ok(())
}

/// A kernel that is to be started, or the session of a page that has one.
#[derive(Debug, Deserialize, Serialize)]
struct Session {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<Kernel>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Kernel {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// The kernels that there are: what is started is one of these, whatever lies in
/// the work folder.
const KERNELS: [&str; 2] = ["python3", "ir"];

impl Session {
    /// `kernel`: its name is that of a kernel, not of a notebook.
    fn fits(&self, kernel: bool) -> Result<(), Denied> {
        let said = [&self.name, &self.path, &self.r#type];
        if said.into_iter().flatten().any(|text| text.len() > 1024) {
            return Err(Denied::Form("a name in it is too long".to_owned()));
        }
        if kernel {
            self.name.as_deref().map_or(Ok(()), is_kernel)?;
        }
        if let Some(kernel) = &self.kernel {
            kernel.id.as_deref().map_or(Ok(()), is_id)?;
            kernel.name.as_deref().map_or(Ok(()), is_kernel)?;
        }
        Ok(())
    }
}

fn is_kernel(name: &str) -> Result<(), Denied> {
    if KERNELS.contains(&name) {
        return Ok(());
    }
    Err(Denied::Form(format!("there is no kernel `{name}`")))
}

/// Whether a path in a body stays in the work folder.
fn check_path(path: &str) -> Result<(), Denied> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.split('/').all(|part| is_name(part) && !is_hidden(part)) {
        Ok(())
    } else {
        Err(Denied::Path)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Forward, Route, route};
    use super::*;

    fn body(method: &str, path: &str, query: &str) -> Result<Body, Denied> {
        match route(method, path, query)? {
            Route::Forward(Forward { body, .. }) => Ok(body),
            other => panic!("{other:?}"),
        }
    }

    fn sent(method: &str, path: &str, text: &str) -> Result<Vec<u8>, Denied> {
        body(method, path, "")?.checked(text.as_bytes())
    }

    #[test]
    fn data_files_are_told_of_and_not_shown() {
        for name in ["a.csv", "a.parquet", "a.rds", "a.png", "a", "a.txt", "a.json", "a.csv.gz"] {
            let path = format!("api/contents/{name}");
            assert!(body("GET", &path, "content=0").is_ok(), "{name}");
            for query in ["", "content=1", "content=1&type=file&format=text", "type=file"] {
                let denied = Err(Denied::NotText(name.to_owned()));
                assert_eq!(body("GET", &path, query), denied, "{name}?{query}");
            }
        }
        assert!(body("GET", "api/contents/a.ipynb", "type=notebook&content=1").is_ok());
        assert!(body("GET", "api/contents/a.py", "format=base64").is_err());
        assert!(body("GET", "api/contents/.jupyter/x.py", "").is_err());
    }

    #[test]
    fn only_notebooks_and_texts_are_saved() {
        let notebook = r#"{"type":"notebook","format":"json","content":{"cells":[]}}"#;
        let text = r#"{"type":"file","format":"text","content":"1 + 1"}"#;
        assert!(sent("PUT", "api/contents/a.ipynb", notebook).is_ok());
        assert!(sent("PUT", "api/contents/a.R", text).is_ok());
        for (name, bad) in [
            ("a.py", r#"{"type":"file","format":"base64","content":"AA=="}"#),
            ("a.py", r#"{"type":"file","format":"text","content":"x","chunk":1}"#),
            ("a.py", r#"{"type":"directory"}"#),
            ("a.py", "[]"),
            ("a.py", "{"),
            ("a.csv", text),
        ] {
            assert!(sent("PUT", &format!("api/contents/{name}"), bad).is_err(), "{name} {bad}");
        }
    }

    #[test]
    fn data_do_not_become_text_by_another_name() {
        let to = |to: &str| sent("PATCH", "api/contents/a.csv", &format!(r#"{{"path":"{to}"}}"#));
        assert!(to("b.csv").is_ok());
        assert_eq!(to("a.py"), Err(Denied::Kind("a.csv".into(), "a.py".into())));
        for bad in ["../a.csv", "/../a.csv", "", ".hidden", "x/../../a.csv"] {
            assert!(to(bad).is_err(), "`{bad}` was taken");
        }
    }

    #[test]
    fn copies_stay_in_the_work_folder() {
        let copy =
            |from: &str| sent("POST", "api/contents/out", &format!(r#"{{"copy_from":"{from}"}}"#));
        assert!(copy("a.csv").is_ok());
        assert!(copy("../data/laboratory.parquet").is_err());
        // Jupyter takes a folder that is not there for the new name.
        let named = sent("POST", "api/contents/a.py", r#"{"copy_from":"a.csv"}"#);
        assert_eq!(named, Err(Denied::Kind("a.csv".into(), "a.py".into())));
        assert!(sent("POST", "api/contents/b.py", r#"{"copy_from":"a.py"}"#).is_ok());
        assert!(sent("POST", "api/contents", r#"{"type":"file","ext":".csv"}"#).is_err());
        assert!(sent("POST", "api/contents", r#"{"type":"notebook"}"#).is_ok());
        assert!(sent("POST", "api/contents", "").is_ok());
    }

    #[test]
    fn a_folder_called_checkpoints_opens_nothing() {
        for (method, path) in [
            ("GET", "api/contents/checkpoints/data.csv"),
            ("GET", "api/contents/out/checkpoints/data.csv"),
            ("GET", "api/contents/a.py/checkpoints/checkpoint"),
            ("GET", "api/contents/a.csv/checkpoints"),
        ] {
            assert!(body(method, path, "format=text").is_err(), "{method} {path}");
        }
        let listed = body("GET", "api/contents/checkpoints", "type=directory");
        assert_eq!(listed, Ok(Body::Contents(Asked::See)));
        assert!(body("POST", "api/contents/a.ipynb/checkpoints", "").is_ok());
        assert!(body("POST", "api/contents/a.ipynb/checkpoints/checkpoint", "").is_ok());
    }

    #[test]
    fn the_kernels_that_there_are_are_started_and_nothing_else_is_said() {
        let passed = |path: &str, text: &str| sent("POST", path, text);
        assert_eq!(
            passed("api/kernels", r#"{"name":"ir","env":{"A":"b"},"path":"x"}"#).unwrap(),
            br#"{"name":"ir","path":"x"}"#
        );
        let session =
            r#"{"path":"a.ipynb","type":"notebook","name":"a.ipynb","kernel":{"name":"python3"}}"#;
        assert!(passed("api/sessions", session).is_ok());
        assert!(passed("api/kernels", r#"{"name":"mine"}"#).is_err());
        assert!(passed("api/kernels", r#"{"name":"mine","path":"x"}"#).is_err());
        let session_of = "api/sessions/ad1553f0-84cf-428b-9a04-6a08643024e2";
        assert!(sent("PATCH", session_of, r#"{"name":"b.ipynb"}"#).is_ok());
        assert!(sent("PATCH", session_of, r#"{"kernel":{"name":"mine"}}"#).is_err());
        assert!(passed("api/sessions", &session.replace("python3", "mine")).is_err());
        assert!(
            passed("api/sessions", &session.replace(r#""name":"python3""#, r#""id":"x""#)).is_err()
        );
        assert!(passed("api/sessions", &session.replace("a.ipynb", &"a".repeat(2000))).is_err());
    }

    #[test]
    fn settings_are_an_object_and_not_long() {
        let settings = |text: &str| sent("PUT", "lab/api/workspaces/default", text);
        assert!(settings(r#"{"data":{}}"#).is_ok());
        assert!(matches!(settings("[]"), Err(Denied::Form(_))));
        let long = format!(r#"{{"data":"{}"}}"#, "x".repeat(LONGEST_SETTINGS));
        assert!(matches!(settings(&long), Err(Denied::TooLong { .. })));
    }

    #[test]
    fn a_key_that_is_said_twice_is_passed_on_once() {
        let twice = r#"{"type":"file","format":"base64","format":"text","content":"x"}"#;
        let passed = sent("PUT", "api/contents/a.py", twice);
        assert!(passed.is_err() || !String::from_utf8(passed.unwrap()).unwrap().contains("base64"));
    }
}
