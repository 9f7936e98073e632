//! Attempts to get out of a room through the doors that the program itself opens in it:
//! for statements, for packages, and what stands behind them. What a room without doors
//! stops is tried in the sandbox's own tests.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::demo::made;
use crate::place::{Said, text};
use crate::web::with_permit;

const ATTEMPTS: &str = include_str!("escapes.py");

/// Stands in the server's environment and in files beside the mirror, and nowhere else.
const SECRET: &str = "a-secret-of-the-centre";

#[test]
fn no_door_of_a_room_is_a_way_out() {
    let (place, permit) = with_permit(30);
    let cran = place.path().join("cran");
    let contrib = cran.join("src/contrib");
    fs::create_dir_all(&contrib).unwrap();
    fs::write(contrib.join("PACKAGES"), "").unwrap();
    fs::write(contrib.join("secret.txt"), SECRET).unwrap();
    let beside = place.file("master.key", SECRET);
    symlink(&beside, contrib.join("link_1.0.tar.gz")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let came = Arc::new(AtomicUsize::new(0));
    let guests = came.clone();
    std::thread::spawn(move || {
        for guest in listener.incoming() {
            guests.fetch_add(1, Ordering::Relaxed);
            drop(guest);
        }
    });

    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let room = place.does(&["--as", "researcher", "room", "open", &permit]);
    let script = format!(
        "cat > attempts.py <<'END'\n{ATTEMPTS}\nEND\n\
         exec /opt/room-python/bin/python attempts.py {port} '{}' {SECRET}",
        text(&place.data())
    );
    let exec = ["--as", "researcher", "room", "exec", room.trim(), "--", "sh", "-c", &script];
    let mut command = place.command(&exec);
    command.env("HELSEROM_PACKAGES_CRAN", &cran).env("A_SECRET", SECRET);
    command.env("HELSEROM_ROOMS_PYTHON", made("room-python"));
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.lines().any(|line| line == "DONE"), "{said:?}");
    assert!(!said.out.contains("CAME THROUGH"), "{}", said.out);
    assert_eq!(came.load(Ordering::Relaxed), 0, "somebody came out of the room");
    assert!(!place.data().join("x.csv").exists());
    place.entries();
}
