//! What is brought into rooms, through the program, its sandbox, the vault and a
//! real scanner.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::people;
use crate::place::{Place, Running, text, until};
use crate::web::with_permit;

/// A centre with an open room and a checker.
struct Gate {
    place: Place,
    room: String,
}

impl Gate {
    fn new(people: usize) -> Self {
        let (place, permit) = with_permit(people);
        let add = ["account", "add", "checker", "--name", "checker", "--organisation"];
        place.does(&[&add[..], &["access-body", "--role", "checker"]].concat());
        place.does(&["--as", "researcher", "extract", "build", &permit]);
        let room = place.does(&["--as", "researcher", "room", "open", &permit]);
        Self { place, room: room.trim().to_owned() }
    }

    fn words<'a>(&'a self, file: &'a Path, kind: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let bring = ["--json", "--as", "researcher", "room", "bring", &self.room, text(file)];
        [&bring[..], &["--kind", kind, "--from", "ours", "--why", "the analysis"], more].concat()
    }

    /// Asks to bring a file in, and says what became of it.
    #[track_caller]
    fn bring(&self, file: &Path, kind: &str, more: &[&str]) -> Value {
        let said = self.place.says(&self.words(file, kind, more));
        serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"))
    }

    #[track_caller]
    fn admit(&self, ingress: &Value) {
        let id = ingress["id"].as_str().unwrap();
        self.place.does(&["--as", "checker", "room", "admit", id, "--why", "I read it"]);
    }

    /// What a command prints in the room.
    #[track_caller]
    fn sh(&self, command: &str) -> String {
        let exec = ["--as", "researcher", "room", "exec", &self.room, "--", "sh", "-c", command];
        self.place.does(&exec)
    }
}

fn rules(ingress: &Value) -> Vec<&str> {
    let findings = ingress["inspection"]["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// A git bundle of a repository with one file.
fn bundle(place: &Place, name: &str, file: &str, bytes: &[u8]) -> PathBuf {
    let repository = place.path().join(name);
    fs::create_dir(&repository).unwrap();
    fs::write(repository.join(file), bytes).unwrap();
    let git = |words: &[&str]| {
        let user = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
        let mut git = Command::new("git");
        git.current_dir(&repository).args(user).args(words).stderr(Stdio::null());
        assert!(git.status().unwrap().success(), "{words:?}");
    };
    let bundle = place.path().join(format!("{name}.bundle"));
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "x"]);
    git(&["bundle", "create", "--quiet", bundle.to_str().unwrap(), "--all"]);
    bundle
}

#[test]
fn code_comes_in_unpacked_and_is_not_changed_there() {
    let gate = Gate::new(20);
    let script = b"print('hello from code')\n";
    let bundle = bundle(&gate.place, "code", "analysis.py", script);
    let asked = gate.bring(&bundle, "code", &[]);
    assert_eq!(asked["state"], "inspected", "{asked}");
    assert_eq!(asked["inspection"]["content"], "git-bundle");
    gate.admit(&asked);
    assert_eq!(gate.sh("/usr/bin/python3 /in/code/analysis.py"), "hello from code\n");
    assert_eq!(gate.sh("git clone -q /in/code.bundle mine 2>/dev/null; ls mine"), "analysis.py\n");
    // Neither changed, nor added to, nor taken away.
    let spoil = "for c in 'echo x > /in/code/analysis.py' 'touch /in/new' 'rm /in/code.bundle' \
                 'chmod 777 /in/code' 'mv /in/code /in/x'; do \
                 sh -c \"$c\" 2>/dev/null && echo \"$c\"; done; true";
    assert_eq!(gate.sh(spoil), "");
    gate.place.entries();
    // The room's end is the end of it.
    gate.place.does(&["--as", "researcher", "room", "close", &gate.room]);
    gate.place.does(&["--as", "researcher", "room", "remove", &gate.room]);
    assert!(!gate.place.data().join("rooms").join(&gate.room).exists());
}

#[test]
fn own_data_are_linked_to_the_permits_people_and_their_numbers_are_kept_nowhere() {
    let gate = Gate::new(60);
    // 40 people of the laboratory, 10 others, and what is no number.
    let rows: Vec<String> = (20..70).rev().map(|n| format!("x;{};{n}", people::id(n))).collect();
    let own = format!("born;id;score\n{}\nx;12345678901;0\n", rows.join("\n"));
    let file = gate.place.file("own.csv", &own);
    let unlinked = gate.bring(&file, "people", &[]);
    assert_eq!(
        (&unlinked["state"], rules(&unlinked)),
        (&"refused".into(), vec!["identity-numbers"])
    );
    let asked = gate.bring(&file, "people", &["--link", "id"]);
    assert_eq!(asked["state"], "inspected", "{asked}");
    assert_eq!(asked["linked"], Value::Null, "not told before it is decided on");
    gate.admit(&asked);
    let listed = gate.place.json(&["--as", "researcher", "room", "brought", &gate.room]);
    let own = listed.as_array().unwrap().iter().find(|one| one["id"] == asked["id"]).unwrap();
    let linked = &own["linked"];
    let counts = ["rows", "kept", "people", "unreadable"].map(|key| linked[key].as_u64().unwrap());
    assert_eq!(counts, [51, 40, 40, 1]);
    // The value of everybody in the laboratory is their place in the list: so is
    // the score of their own.
    let joined = gate.sh(
        "/usr/bin/python3 -c \"\nimport csv\n\
         own = {r['person']: r['score'] for r in csv.DictReader(open('/in/own.csv'))}\n\
         lab = {r['person']: float(r['value']) for r in csv.DictReader(open('/data/laboratory.csv'))}\n\
         print(len(own), sum(float(s) == lab[p] for p, s in own.items()))\n\
         order = [int(p) for p in own]\nprint(order == sorted(order))\"",
    );
    assert_eq!(joined, "40 40\nTrue\n");
    let numbers: Vec<String> = (20..70).map(people::id).collect();
    search(&gate.place.data(), &numbers);
}

/// No file below `folder` has one of the numbers in it, but for the vault, where
/// they are encrypted and would not be found either.
fn search(folder: &Path, numbers: &[String]) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            search(&path, numbers);
        } else if kind.is_file() && !path.ends_with("work.img") {
            // What is in that file system is in the folder beside it.
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(numbers.iter().all(|id| !text.contains(id)), "{}", path.display());
        }
    }
}

#[test]
fn what_is_made_to_do_harm_is_looked_into_apart_and_stays_out() {
    let gate = Gate::new(20);
    let zeros = vec![0_u8; 64 << 20];
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..11 {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = gate.place.file("bomb.gz", bomb.finish().unwrap());
    assert!(rules(&gate.bring(&bomb, "reference", &[])).contains(&"too-large"));
    let program = gate.place.file("tool.R", b"\x7fELF\x02\x01\x01\0");
    assert_eq!(rules(&gate.bring(&program, "code", &[])), ["program", "name-says-else"]);
    let said = gate.place.says(&gate.words(&program, "code", &[]));
    assert_eq!(said.code, Some(1), "{said:?}");
    // Nothing is left of the rooms they were looked at in, nor of the files.
    let rooms: Vec<_> = fs::read_dir(gate.place.data().join("rooms"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with(".lock"))
        .collect();
    assert_eq!(rooms, std::slice::from_ref(&gate.room));
    let kept: Vec<_> =
        gate.place.files().into_iter().filter(|f| f.starts_with("outputs/")).collect();
    assert_eq!(kept, Vec::<String>::new());
}

/// clamd, which knows one thing: the test file of EICAR (eicar.org, "Intended use").
fn clamd(folder: &Path) -> (Running, PathBuf) {
    let signatures = folder.join("signatures");
    fs::create_dir(&signatures).unwrap();
    let hex = hex::encode(eicar());
    fs::write(signatures.join("test.ndb"), format!("Eicar-Test:0:*:{hex}\n")).unwrap();
    let socket = folder.join("clamd.ctl");
    let config = folder.join("clamd.conf");
    let lines = format!(
        "LocalSocket {}\nDatabaseDirectory {}\nForeground yes\nStreamMaxLength 100M\n",
        socket.display(),
        signatures.display()
    );
    fs::write(&config, lines).unwrap();
    let clamd = Command::new("/usr/sbin/clamd")
        .arg("--config-file")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("clamd is installed by `cargo xtask setup`");
    let running = Running(clamd);
    until("the scanner", || std::os::unix::net::UnixStream::connect(&socket).ok());
    (running, socket)
}

/// In two halves: or a scanner on the machine finds it here.
fn eicar() -> Vec<u8> {
    [br"X5O!P%@AP[4\PZX54(P^)7CC)7}$".as_slice(), b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"]
        .concat()
}

#[test]
fn what_the_scanner_knows_stays_out_and_nothing_comes_in_while_it_is_silent() {
    let gate = Gate::new(20);
    let (scanner, socket) = clamd(gate.place.path());
    let bring = |file: &Path| -> Value {
        let mut command = gate.place.command(&gate.words(file, "code", &[]));
        command.env("HELSEROM_ROOMS_MALWARE_SCANNER", &socket);
        let said = crate::place::Said::from(command.output().unwrap());
        serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"))
    };
    let bad = gate.place.file("eicar.R", eicar());
    let found = bring(&bad);
    assert_eq!((&found["state"], rules(&found)), (&"refused".into(), vec!["malware"]), "{found}");
    assert!(found["inspection"]["findings"][0]["name"].as_str().unwrap().contains("Eicar"));
    let mut zip = Vec::new();
    {
        let mut writer = flate2::write::GzEncoder::new(&mut zip, flate2::Compression::fast());
        writer.write_all(&eicar()).unwrap();
    }
    let packed = gate.place.file("packed.R.gz", zip);
    assert!(rules(&bring(&packed)).contains(&"malware"));
    // No scanner looks into these: what comes out of them is looked at by itself.
    let repository = bundle(&gate.place, "bad", "helper.py", &eicar());
    assert!(rules(&bring(&repository)).contains(&"malware"));
    let good = gate.place.file("good.R", "x <- 1\n");
    let clean = bring(&good);
    assert_eq!((&clean["state"], &clean["scanned"]), (&"inspected".into(), &true.into()));
    drop(scanner);
    let other = gate.place.file("other.R", "x <- 2\n");
    let unseen = bring(&other);
    assert_eq!((&unseen["state"], &unseen["inspection"]), (&"asked".into(), &Value::Null));
    let id = unseen["id"].as_str().unwrap();
    let mut admit = gate.place.command(&["--as", "checker", "room", "admit", id, "--why", "now"]);
    admit.env("HELSEROM_ROOMS_MALWARE_SCANNER", &socket);
    let said = crate::place::Said::from(admit.output().unwrap());
    assert!(said.refusal(1).contains("is asked, and is not decided on now"), "{said:?}");
}
