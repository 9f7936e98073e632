//! The notebook server of a room: how it is started.

use model::{AccountId, RoomId};
use room::PRIVATE;

use crate::session;
use crate::walls::{Setting, WORK};

/// The folder that the server keeps its own things in: what was open, and how it is
/// set. It lies in the private folder of whoever is alone in it, else in the work folder.
const FOLDER: &str = ".jupyter";

const SERVER: &str = include_str!("../notebook/server.py");
const KERNEL: &str = include_str!("../notebook/kernel.py");
const KERNEL_SPEC: &str = include_str!("../notebook/kernel.json");
const R_SPEC: &str = include_str!("../notebook/r.json");
const PAGE: &str = include_str!("../notebook/page_config.json");
const OVERRIDES: &str = include_str!("../notebook/overrides.json");

/// The command that starts it. `exec`: it is the process that is minded. `-P`:
/// nothing is imported from the work folder, where files have any name.
pub(crate) fn words() -> Vec<String> {
    let line = "mkdir -p \"$NOTEBOOK_FOLDER\" && \
                exec python3 -P -m jupyterlab --config /run/notebook/server.py";
    ["/bin/sh", "-c", line].map(str::to_owned).to_vec()
}

/// What it finds in the room besides its program.
pub(crate) fn setting(room: &RoomId, person: Option<&AccountId>) -> Setting {
    let text = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let variable = |name, value: &str| (name, value.to_owned());
    let folder = match person {
        Some(_) => format!("{WORK}/{PRIVATE}/{FOLDER}"),
        None => format!("{WORK}/{FOLDER}"),
    };
    Setting {
        texts: vec![
            text("/run/notebook/server.py", SERVER),
            text("/run/notebook/kernel.py", KERNEL),
            text("/run/notebook/data/kernels/python3/kernel.json", KERNEL_SPEC),
            text("/run/notebook/data/kernels/ir/kernel.json", R_SPEC),
            text("/run/notebook/settings/page_config.json", PAGE),
            text("/run/notebook/settings/overrides.json", OVERRIDES),
        ],
        variables: vec![
            variable("NOTEBOOK_FOLDER", &folder),
            variable("NOTEBOOK_SOCKET", &format!("{}/{}", session::FOLDER, session::SOCKET)),
            variable("NOTEBOOK_BASE", &format!("/{room}/")),
            variable("JUPYTER_CONFIG_DIR", "/run/notebook"),
            variable("JUPYTER_PATH", "/run/notebook/data"),
            variable("JUPYTER_DATA_DIR", "/tmp/jupyter-data"),
            variable("JUPYTER_RUNTIME_DIR", "/tmp/jupyter"),
            variable("IPYTHONDIR", "/tmp/ipython"),
        ],
        session: true,
        ..Setting::default()
    }
}
