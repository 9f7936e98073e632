//! The desktop of a room: a display without a screen (Xvnc) with windows, a terminal
//! and the room's programs on it, reached by one socket.

use std::path::Path;

use crate::session;
use crate::walls::Setting;

/// The display's number. Each room has its own `/tmp`, and a network of its own for
/// sockets without a file: all rooms have this one.
const DISPLAY: &str = ":1";

const START: &str = include_str!("../desktop/start.sh");
const WINDOWS: &str = include_str!("../desktop/jwm.xml");
const RESOURCES: &str = include_str!("../desktop/resources");

/// The machine's programs that it is made of. Rooms see the machine's `/usr`.
const PROGRAMS: [&str; 3] = ["/usr/bin/Xtigervnc", "/usr/bin/jwm", "/usr/bin/xterm"];

/// Whether this machine has them.
pub(crate) fn is_there() -> bool {
    PROGRAMS.iter().all(|program| Path::new(program).exists())
}

/// The command that starts it.
pub(crate) fn words() -> Vec<String> {
    ["/bin/sh", "/run/desktop/start.sh"].map(str::to_owned).to_vec()
}

/// What it finds in the room besides its programs.
pub(crate) fn setting() -> Setting {
    let text = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    Setting {
        texts: vec![
            text("/run/desktop/start.sh", START),
            text("/run/desktop/jwm.xml", WINDOWS),
            text("/run/desktop/resources", RESOURCES),
        ],
        variables: vec![
            ("DISPLAY", DISPLAY.to_owned()),
            // Read by every program of the X Toolkit (X(7)).
            ("XENVIRONMENT", "/run/desktop/resources".to_owned()),
            ("DESKTOP_SOCKET", format!("{}/{}", session::FOLDER, session::SOCKET)),
        ],
        session: true,
        ..Setting::default()
    }
}
