//! The notebook server runs sealed as everything else does, and is reached by one
//! socket.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::RunId;
use permit::RoomTerms;
use room::{LogSink, Outcome, Running, Runtime as _, StartError, Stay};

use crate::analysis::{python, usual};
use crate::bench::{Bench, Lines};

/// Large enough for the server and a kernel of each language.
fn roomy() -> RoomTerms {
    RoomTerms { disk_mib: 64, ..usual() }
}

fn start(bench: &Bench) -> Arc<dyn Running> {
    let sink: Arc<dyn LogSink> = Arc::new(Lines::default());
    let wall = Duration::from_mins(5);
    bench
        .runtime
        .start_notebook(&bench.room, &bench.run_id(), Stay { wall, person: None }, sink)
        .unwrap()
}

/// What the server answers; waits until it does.
fn ask(bench: &Bench, run: &RunId, method: &str, path: &str, body: &str) -> String {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let asked = bench.runtime.reach(&bench.room, run).and_then(|mut socket| {
            socket.set_read_timeout(Some(Duration::from_secs(30)))?;
            write!(
                socket,
                "{method} /{}/{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                bench.room,
                body.len()
            )?;
            let mut answer = String::new();
            socket.read_to_string(&mut answer)?;
            Ok(answer)
        });
        match asked {
            Ok(answer) => return answer,
            Err(error) => assert!(Instant::now() < until, "it does not answer: {error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_notebook_server_answers_and_ends() {
    let bench = Bench::with(roomy(), |config| config.python = Some(python()));
    assert!(bench.runtime.has_notebooks());
    let running = start(&bench);
    let run = running.run().clone();
    let ask = |method, path, body: &str| ask(&bench, &run, method, path, body);
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
    for off in ["docmanager-extension:download", "notebook-extension:export", "terminal-extension"]
    {
        assert!(page.contains(off), "`{off}` is not switched off: {page}");
    }
    running.stop();
    assert_eq!(running.wait().outcome, Outcome::Stopped);
    assert!(bench.runtime.reach(&bench.room, &run).is_err(), "it is gone");
}

#[test]
fn a_room_without_jupyter_has_no_notebook() {
    let bench = Bench::new();
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
