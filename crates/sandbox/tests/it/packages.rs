//! Packages: a mirror that the test makes, asked by real pip and real R from within a
//! room, and by a hostile program.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command as Program;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use room::packages::{Allowed, Fetched, Language, Packages, allow_list};
use room::{Command, Outcome, Runtime as _};
use sandbox::Mirror;

use crate::bench::{Bench, Lines, PYTHON, Report, small};

/// Allows what it is told, and keeps what it hears.
struct Desk {
    allowed: Vec<Allowed>,
    refuses: bool,
    heard: Mutex<Vec<Fetched>>,
}

impl Desk {
    fn of(list: &str) -> Arc<Self> {
        let allowed = allow_list(list).unwrap();
        Arc::new(Self { allowed, refuses: false, heard: Mutex::default() })
    }
}

impl Packages for Desk {
    fn allowed(&self) -> Result<Vec<Allowed>, String> {
        Ok(self.allowed.clone())
    }

    fn fetched(&self, fetched: Fetched) -> Result<(), String> {
        if self.refuses {
            return Err("not now".to_owned());
        }
        self.heard.lock().unwrap().push(fetched);
        Ok(())
    }
}

/// Builds a wheel and a source package of R, and puts both into a mirror.
fn mirror(top: &Path) -> Mirror {
    let (pypi, cran) = (top.join("pypi"), top.join("cran"));
    let contrib = cran.join("src/contrib");
    std::fs::create_dir_all(&contrib).unwrap();
    let script = r#"
import os, sys, zipfile
for name, version in (("tiny_thing", "1.0"), ("tiny_thing", "2.0"), ("secret", "1.0")):
    folder = os.path.join(sys.argv[1], name.replace("_", "-"))
    os.makedirs(folder, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(os.path.join(folder, f"{name}-{version}-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(f"{name}.py", f"SAYS = 'tiny {version}'\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
"#;
    let made = Program::new(PYTHON).args(["-c", script]).arg(&pypi).status().unwrap();
    assert!(made.success());
    let archive = contrib.join("Archive/tinyr");
    std::fs::create_dir_all(&archive).unwrap();
    for (name, version, says, folder) in [
        ("tinyr", "0.0.9", "tiny R of old", &archive),
        ("tinyr", "0.1", "tiny R", &contrib),
        ("secretr", "0.1", "tiny R", &contrib),
    ] {
        let package = top.join(name);
        std::fs::create_dir_all(package.join("R")).unwrap();
        let about = format!(
            "Package: {name}\nVersion: {version}\nTitle: Tiny\nDescription: Tiny.\nLicense: EUPL\n\
             Author: A\nMaintainer: A <a@example.org>\n"
        );
        std::fs::write(package.join("DESCRIPTION"), about).unwrap();
        std::fs::write(package.join("NAMESPACE"), "export(says)\n").unwrap();
        let says = format!("says <- function() '{says}'\n");
        std::fs::write(package.join("R/says.R"), says).unwrap();
        let built = Program::new("R")
            .args(["CMD", "build", "--no-manual"])
            .arg(&package)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(built.status.success(), "{built:?}");
    }
    let list = "tools::write_PACKAGES(commandArgs(TRUE)[1], type = 'source')";
    let listed = Program::new("Rscript").args(["-e", list]).arg(&contrib).status().unwrap();
    assert!(listed.success());
    Mirror { pypi: Some(pypi), cran: Some(cran) }
}

/// The rooms' Python environment, which set-up makes, where the test has it; else
/// one made here from the machine's.
fn python(top: &Path) -> std::path::PathBuf {
    let folder = top.join("python");
    let made = Program::new(PYTHON).args(["-m", "venv"]).arg(&folder).status().unwrap();
    assert!(made.success());
    folder
}

struct Shop {
    bench: Bench,
    desk: Arc<Desk>,
    _top: tempfile::TempDir,
}

impl Shop {
    fn new(desk: Arc<Desk>, change: impl FnOnce(&Mirror)) -> Self {
        let top = tempfile::tempdir().unwrap();
        let mirror = mirror(top.path());
        change(&mirror);
        let terms = permit::RoomTerms { disk_mib: 64, ..small() };
        let bench = Bench::with(terms, |config| {
            config.python = Some(python(top.path()));
            config.mirror = mirror;
        });
        Self { bench, desk, _top: top }
    }

    fn run(&self, words: &[&str]) -> Report {
        let run = self.bench.run_id();
        let desk: Arc<dyn Packages> = Arc::<Desk>::clone(&self.desk);
        self.bench.runtime.hear_packages(&run, desk);
        run_as(&self.bench, &run, words)
    }

    fn sh(&self, script: &str) -> Report {
        self.run(&["/bin/sh", "-c", script])
    }

    /// What comes back for these bytes.
    fn ask(&self, bytes: &str) -> String {
        let script = format!(
            "import socket\ns=socket.socket(socket.AF_UNIX)\ns.settimeout(20)\n\
             s.connect('/run/packages/mirror')\ns.sendall({bytes})\ngot=b''\n\
             try:\n  while part:=s.recv(65536): got+=part\nexcept OSError: pass\n\
             print(got.decode('latin1').replace('\\r\\n','|'))"
        );
        let report = self.run(&[PYTHON, "-c", &script]);
        assert_eq!(report.ended.outcome, Outcome::Finished, "{report:?}");
        report.out.join("\n")
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("b'GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'"))
    }

    fn heard(&self) -> Vec<Fetched> {
        std::mem::take(&mut *self.desk.heard.lock().unwrap())
    }
}

fn run_as(bench: &Bench, run: &model::RunId, words: &[&str]) -> Report {
    let lines = Arc::new(Lines::default());
    let words = words.iter().map(ToString::to_string).collect();
    let command = Command { words, script: None, wall: Duration::from_mins(1), person: None };
    let sink: Arc<dyn room::LogSink> = Arc::<Lines>::clone(&lines);
    let ended = bench.runtime.start(&bench.room, run, command, sink).unwrap().wait();
    let lines = std::mem::take(&mut *lines.0.lock().unwrap());
    let of =
        |stream| lines.iter().filter(|(s, _)| *s == stream).map(|(_, text)| text.clone()).collect();
    Report { ended, out: of(room::Stream::Output), err: of(room::Stream::Error) }
}

#[test]
fn pip_installs_what_is_allowed_and_says_what_is_not() {
    let shop = Shop::new(Desk::of("python tiny-thing 1.0\n"), |_| {});
    let report =
        shop.sh("pip install tiny_thing && python3 -c 'import tiny_thing; print(tiny_thing.SAYS)'");
    assert_eq!(report.ended.outcome, Outcome::Finished, "{report:?}");
    // The newer one is not allowed, and so is not there.
    assert_eq!(report.out.last().unwrap(), "tiny 1.0", "{report:?}");
    let heard = shop.heard();
    let [fetched] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((fetched.name.as_str(), fetched.version.as_str()), ("tiny-thing", "1.0"));
    assert_eq!(fetched.file, "tiny_thing-1.0-py3-none-any.whl");
    let wheel = shop.bench.runtime.installed();
    assert!(wheel.iter().any(|package| package.name == "pip"), "the environment is read");
    // It stays for the next command.
    let report = shop.sh("python3 -c 'import tiny_thing; print(tiny_thing.SAYS)'");
    assert_eq!(report.text(), "tiny 1.0");
    let report = shop.sh("pip install secret");
    assert_eq!(report.ended.outcome, Outcome::Failed);
    let said = report.err.join("\n");
    assert!(said.contains("No matching distribution") && said.contains("Packages"), "{said}");
    assert_eq!(shop.heard(), []);
}

#[test]
fn uv_installs_by_the_mirror_too_and_says_what_it_cannot_do() {
    let shop = Shop::new(Desk::of("python tiny-thing 1.0\n"), |_| {});
    let report = shop.sh(
        "uv pip install --system tiny_thing && python3 -c 'import tiny_thing; print(tiny_thing.SAYS)'",
    );
    assert_eq!(report.ended.outcome, Outcome::Finished, "{report:?}");
    assert_eq!(report.out.last().unwrap(), "tiny 1.0", "{report:?}");
    assert_eq!(shop.heard().len(), 1, "it was written down");
    let report = shop.sh("uv tool install tiny_thing");
    assert_eq!(report.ended.exit, Some(2), "{report:?}");
    assert!(report.err.join("\n").contains("uv pip install"), "{report:?}");
}

#[test]
fn r_installs_what_is_allowed() {
    let shop = Shop::new(Desk::of("r tinyr\n"), |_| {});
    let script = "Rscript -e 'install.packages(\"tinyr\")' && Rscript -e 'cat(tinyr::says())'";
    let report = shop.sh(script);
    assert_eq!(report.ended.outcome, Outcome::Finished, "{report:?}");
    assert_eq!(report.out.last().unwrap(), "tiny R", "{report:?}");
    let heard = shop.heard();
    let [fetched] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((fetched.language, fetched.file.as_str()), (Language::R, "tinyr_0.1.tar.gz"));
    let report = shop.sh(
        "Rscript -e 'install.packages(\"secretr\")' -e 'stopifnot(requireNamespace(\"secretr\"))'",
    );
    assert_eq!(report.ended.outcome, Outcome::Failed, "{report:?}");
    let said = report.err.join("\n");
    assert!(said.contains("not available") && said.contains("the page `Packages`"), "{said}");
    let quiet = shop.sh("Rscript -e 'warning(\"another\")'").err.join("\n");
    assert!(quiet.contains("another") && !quiet.contains("Packages"), "{quiet}");
    assert_eq!(shop.heard(), []);
}

#[test]
fn r_installs_an_earlier_version_as_cran_keeps_it() {
    let shop = Shop::new(Desk::of("r tinyr\n"), |_| {});
    let report = shop.sh("Rscript -e 'old <- \"src/contrib/Archive/tinyr/tinyr_0.0.9.tar.gz\"' \
         -e 'install.packages(file.path(getOption(\"repos\")[[1]], old), repos = NULL)' && \
         Rscript -e 'cat(tinyr::says())'");
    assert_eq!(report.ended.outcome, Outcome::Finished, "{report:?}");
    assert_eq!(report.out.last().unwrap(), "tiny R of old", "{report:?}");
    let heard = shop.heard();
    let [fetched] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(fetched.version.to_string(), "0.0.9");
    // One version that is allowed is not another.
    let shop = Shop::new(Desk::of("r tinyr 0.1\n"), |_| {});
    let answer = shop.get("/cran/src/contrib/Archive/tinyr/tinyr_0.0.9.tar.gz");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[test]
fn nothing_but_allowed_files_is_answered() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("tiny_thing-3.0.tar.gz"), "SECRET").unwrap();
    let shop = Shop::new(Desk::of("python tiny-thing\npython linked\nr tinyr\n"), |mirror| {
        let pypi = mirror.pypi.as_ref().unwrap();
        let file = outside.path().join("tiny_thing-3.0.tar.gz");
        symlink(&file, pypi.join("tiny-thing/tiny_thing-3.0.tar.gz")).unwrap();
        symlink(outside.path(), pypi.join("linked")).unwrap();
        std::fs::write(outside.path().join("linked-1.0.tar.gz"), "SECRET").unwrap();
        std::fs::write(pypi.join("tiny-thing/notes.txt"), "SECRET").unwrap();
    });
    let index = shop.get("/simple/tiny-thing/");
    assert!(index.starts_with("HTTP/1.1 200 OK|"), "{index}");
    assert!(index.contains("tiny_thing-2.0-py3-none-any.whl"), "{index}");
    assert!(!index.contains("notes") && !index.contains("3.0"), "{index}");
    let list = shop.get("/cran/src/contrib/PACKAGES");
    assert!(list.contains("Package: tinyr") && !list.contains("secretr"), "{list}");
    for path in [
        "/simple/secret/",
        "/simple/secret/secret-1.0-py3-none-any.whl",
        "/cran/src/contrib/secretr_0.1.tar.gz",
        "/simple/tiny-thing/tiny_thing-3.0.tar.gz",
        "/simple/linked/",
        "/simple/linked/linked-1.0.tar.gz",
        "/simple/tiny-thing/notes.txt",
        "/simple/tiny-thing/secret-1.0-py3-none-any.whl",
        "/simple/",
        "/simple/absent/",
        "/",
    ] {
        let answer = shop.get(path);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(answer.contains("helserom package request"), "{path}: {answer}");
        assert!(!answer.contains("SECRET"), "{path}");
    }
    for path in [
        "/simple/../secret/",
        "/simple/%2e%2e/secret/",
        "/simple/%252e%252e/",
        "/simple/tiny-thing/..",
        "/simple/tiny-thing/../secret/secret-1.0-py3-none-any.whl",
        "/simple/tiny-thing/%2e%2e%2fsecret/",
    ] {
        let answer = shop.get(path);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{path}: {answer}");
    }
    assert_eq!(shop.heard(), [], "nothing of this was sent");
}

#[test]
fn no_request_is_more_than_one() {
    let shop = Shop::new(Desk::of("python tiny-thing\n"), |_| {});
    let get = "GET /simple/tiny-thing/ HTTP/1.1\\r\\n";
    for (bytes, status) in [
        (format!("b'{get}\\r\\n{get}\\r\\n'"), "413"),
        (format!("b'{get}Content-Length: 5\\r\\n\\r\\nhello'"), "413"),
        (format!("b'{get}Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n'"), "413"),
        ("b'POST /simple/tiny-thing/ HTTP/1.1\\r\\n\\r\\n'".to_owned(), "405"),
        ("b'DELETE /simple/tiny-thing/ HTTP/1.1\\r\\n\\r\\n'".to_owned(), "405"),
        ("b'GET /simple/' + b'a'*20000".to_owned(), "431"),
        (format!("b'{get}X: ' + b'a'*5000 + b'\\r\\n\\r\\n'"), "431"),
        (format!("b'{get} folded\\r\\n\\r\\n'"), "400"),
    ] {
        let answer = shop.ask(&bytes);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{bytes}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{bytes}: {answer}");
    }
    let head =
        shop.ask("b'HEAD /simple/tiny-thing/tiny_thing-1.0-py3-none-any.whl HTTP/1.1\\r\\n\\r\\n'");
    assert!(head.starts_with("HTTP/1.1 200 OK|") && head.ends_with("close||"), "{head}");
    assert_eq!(shop.heard(), []);
}

#[test]
fn a_file_that_cannot_be_written_down_is_not_sent() {
    let allowed = allow_list("python tiny-thing\n").unwrap();
    let desk = Desk { allowed, refuses: true, heard: Mutex::default() };
    let shop = Shop::new(Arc::new(desk), |_| {});
    let answer = shop.get("/simple/tiny-thing/tiny_thing-1.0-py3-none-any.whl");
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(!answer.contains("tiny_thing.py"), "{answer}");
}

#[test]
fn the_room_cannot_take_the_sockets_place_and_has_no_tcp() {
    let shop = Shop::new(Desk::of("python tiny-thing\n"), |_| {});
    let report = shop.sh(
        "rm -f /run/packages/mirror; touch /run/packages/x; rm -f /run/mirror/profile.R; ls /run/packages",
    );
    assert_eq!(report.text(), "mirror", "{report:?}");
    let tcp = shop.run(&[PYTHON, "-c", "import socket\nsocket.socket(socket.AF_INET)"]);
    assert_eq!(tcp.ended.outcome, Outcome::Failed, "{tcp:?}");
}

#[test]
fn a_room_without_a_mirror_says_so_and_does_not_wait() {
    let top = tempfile::tempdir().unwrap();
    let bench = Bench::with(small(), |config| config.python = Some(python(top.path())));
    let began = std::time::Instant::now();
    let report = bench.sh("pip install tiny-thing");
    assert_eq!(report.ended.outcome, Outcome::Failed);
    assert!(report.err.join("\n").contains("no mirror of packages"), "{report:?}");
    let report = bench.sh("Rscript -e 'install.packages(\"tinyr\", lib = \"/work\")'");
    assert!(report.err.join("\n").contains("this-centre-has-no-mirror"), "{report:?}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}
