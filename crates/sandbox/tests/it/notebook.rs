//! The notebook server runs sealed as everything else does, and is reached by one
//! socket.

use std::sync::Arc;
use std::time::Duration;

use room::{LogSink, Outcome, Runtime as _, StartError, Stay};

use crate::bench::{Bench, Lines};
use crate::kernel::{Kernel, ask, roomy, start};

#[test]
fn a_notebook_server_answers_and_ends() {
    let bench = Bench::with(roomy(), |_| {});
    assert!(bench.runtime.has_notebooks());
    let running = start(&bench, &bench.room);
    let run = running.run().clone();
    let ask = |method, path, body: &str| ask(&bench, (&bench.room, &run), method, path, body);
    let kernels = ask("GET", "api/kernelspecs", "");
    assert!(kernels.contains("\"python3\"") && kernels.contains("\"ir\""), "{kernels}");
    for kernel in ["python3", "ir"] {
        let body = format!("{{\"name\":\"{kernel}\"}}");
        let begun = ask("POST", "api/kernels", &body);
        assert!(begun.starts_with("HTTP/1.1 201"), "{begun}");
    }
    // What would get around the journal is off in the server too.
    let terminals = ask("POST", "api/terminals", "{}");
    assert!(!terminals.starts_with("HTTP/1.1 2"), "{terminals}");
    let page = ask("GET", "lab", "");
    for off in [
        "apputils-extension:print",
        "debugger-extension",
        "docmanager-extension:download",
        "docmanager-extension:open-browser-tab",
        "filebrowser-extension:download",
        "filebrowser-extension:open-browser-tab",
        "filebrowser-extension:open-url",
        "filebrowser-extension:share-file",
        "htmlviewer-extension",
        "javascript-extension",
        "notebook-extension:export",
        "pdf-extension",
        "terminal-extension",
    ] {
        assert!(page.contains(off), "`{off}` is not switched off: {page}");
    }
    running.stop();
    assert_eq!(running.wait().outcome, Outcome::Stopped);
    assert!(bench.runtime.reach(&bench.room, &run).is_err(), "it is gone");
}

#[test]
fn a_cell_runs_in_the_room() {
    let bench = Bench::new();
    let mut kernel = Kernel::open(&bench);
    let said = kernel.python("import os\nprint(sorted(os.listdir('/data')), os.getuid())");
    assert_eq!(said, "['person.csv'] 1000\n");
    assert!(kernel.python("1/0").contains("division by zero"));
    bench.runtime.close(&kernel.room).unwrap();
}

#[test]
fn a_room_without_jupyter_has_no_notebook() {
    let bench = Bench::with(roomy(), |config| config.python = None);
    assert!(!bench.runtime.has_notebooks());
    let sink: Arc<dyn LogSink> = Arc::new(Lines::default());
    let wall = Duration::from_mins(1);
    let started = bench.runtime.start_notebook(
        &bench.room,
        &bench.run_id(),
        Stay { wall, person: None },
        sink,
    );
    assert!(matches!(started.err(), Some(StartError::NoNotebooks)));
}

#[test]
fn a_link_in_place_of_the_socket_leads_nowhere() {
    let bench = Bench::new();
    let outside = bench.dir.path().join("outside.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&outside).unwrap();
    std::os::unix::net::UnixStream::connect(&outside).unwrap();
    let run = bench.run_id();
    let room = bench.dir.path().join("rooms").join(bench.room.as_str());
    let folder = room.join("work/sessions").join(run.as_str());
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(&outside, folder.join("room.sock")).unwrap();
    assert!(bench.runtime.reach(&bench.room, &run).is_err(), "a socket of the machine was reached");
}
