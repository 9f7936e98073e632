//! Attempts to get out of a room through the doors that the program itself opens in it:
//! for statements, for packages, and what stands behind them. What a room without doors
//! stops is tried in the sandbox's own tests.

use std::cell::OnceCell;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use permit::Way;

use crate::demo::made;
use crate::desktop;
use crate::notebook::{Kernel, enter};
use crate::place::{Place, Said, text};
use crate::web::{with_permit, with_permit_that};

const ATTEMPTS: &str = include_str!("escapes.py");

/// Stands in the server's environment and in files beside the mirror, and nowhere else.
const SECRET: &str = "a-secret-of-the-centre";

/// What the attempts are made against, outside of the room.
struct Outside {
    cran: String,
    data: String,
    port: String,
    /// How often somebody came.
    came: Arc<AtomicUsize>,
}

impl Outside {
    fn of(place: &Place) -> Self {
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
        Self { cran: text(&cran).to_owned(), data: text(&place.data()).to_owned(), port, came }
    }

    /// What a server knows that must not be known in the room.
    fn environment(&self) -> [(&'static str, String); 2] {
        [("HELSEROM_PACKAGES_CRAN", self.cran.clone()), ("A_SECRET", SECRET.to_owned())]
    }

    /// The words that the attempts are called with, where a way of working has `others`
    /// of its own to speak to.
    fn words(&self, others: &[&str]) -> String {
        let Self { data, port, .. } = self;
        let mut words = vec![port.clone(), format!("'{data}'"), SECRET.to_owned()];
        words.extend(others.iter().map(|other| format!("'{other}'")));
        words.join(" ")
    }

    #[track_caller]
    fn nobody_came(&self, place: &Place, said: &str) {
        assert!(said.lines().any(|line| line == "DONE"), "{said}");
        assert!(!said.contains("CAME THROUGH"), "{said}");
        assert_eq!(self.came.load(Ordering::Relaxed), 0, "somebody came out of the room");
        assert!(!place.data().join("x.csv").exists());
        place.entries();
    }
}

#[test]
fn no_door_of_a_room_is_a_way_out() {
    let (place, permit) = with_permit(30);
    let outside = Outside::of(&place);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let room = place.does(&["--as", "researcher", "room", "open", &permit]);
    let script = format!(
        "cat > attempts.py <<'END'\n{ATTEMPTS}\nEND\n\
         exec /opt/room-python/bin/python attempts.py {}",
        outside.words(&[])
    );
    let exec = ["--as", "researcher", "room", "exec", room.trim(), "--", "sh", "-c", &script];
    let mut command = place.command(&exec);
    command.envs(outside.environment()).env("HELSEROM_ROOMS_PYTHON", made("room-python"));
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    outside.nobody_came(&place, &said.out);
}

#[test]
fn nor_is_one_from_a_cell_of_a_notebook() {
    let (place, permit) = with_permit_that(30, |terms| terms.room.way = Way::Notebook);
    let outside = Outside::of(&place);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let room = place.does(&["--as", "researcher", "room", "open", &permit]);
    let environment = outside.environment();
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (server, mut inside) = enter(&place, room.trim(), &environment);
    let mut kernel = Kernel::begin(&mut inside, room.trim());
    let words = outside.words(&["/run/session/room.sock", "/tmp/jupyter/kernel-*-ipc-*"]);
    // In the kernel itself, which holds what Jupyter gave it.
    let said = kernel.run(&format!("%%writefile attempts.py\n{ATTEMPTS}"));
    assert!(said.contains("attempts.py"), "{said}");
    let said = kernel.run(&format!("%run -G attempts.py {words}"));
    assert_eq!(server.ask("GET", "/readyz", "", &serde_json::json!(null)).0, 200);
    assert_eq!(server.running.stop().1, Some(0));
    outside.nobody_came(&place, &said);
}

#[test]
fn nor_is_one_from_a_desktop() {
    let outside = OnceCell::new();
    let open = desktop::open_with(&|place| {
        outside.get_or_init(|| Outside::of(place)).environment().to_vec()
    });
    let outside = outside.get().unwrap();
    let mut viewer = open.ready();
    fs::write(open.work().join("attempts.py"), ATTEMPTS).unwrap();
    let words = outside.words(&["/run/session/room.sock", "/tmp/.X11-unix/X*"]);
    let said = open.types(&mut viewer, &format!("python3 attempts.py {words}"));
    outside.nobody_came(&open.place, &said);
}
