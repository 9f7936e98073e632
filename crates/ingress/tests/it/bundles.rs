//! Git bundles.

use std::path::Path;
use std::process::Command;

use ingress::Content;
use tempfile::TempDir;

use crate::support::{ids, look};

/// A repository that `with` fills, and a bundle of it.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, words: &[&str]) {
        let done = Command::new("git")
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(["-c", "user.name=test", "-c", "user.email=test@example.org"])
            .args(["-c", "protocol.file.allow=always"])
            .args(words)
            .output()
            .unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "x"]);
    }

    fn bundle(&self, what: &[&str]) -> Vec<u8> {
        self.git(&[&["bundle", "create", "--quiet", "out.bundle"], what].concat());
        std::fs::read(self.path().join("out.bundle")).unwrap()
    }
}

#[test]
fn the_code_at_the_head_is_laid_out_beside_the_bundle() {
    let repository = Repository::new();
    repository.write("analysis.R", "x <- 1\n");
    repository.write("lib/a.py", "a = 1\n");
    repository.write(".gitignore", "*.csv\n");
    // What these say is not done.
    repository.write(".gitattributes", "*.py export-ignore\n*.R filter=evil\n");
    repository.commit();
    for what in [&["--all"][..], &["HEAD"], &["main"]] {
        let looked = look("work.bundle", &repository.bundle(what));
        assert_eq!(looked.found.content, Content::GitBundle);
        assert_eq!(looked.files(), ["work.bundle", "work/analysis.R", "work/lib/a.py"], "{what:?}");
        assert_eq!(looked.read("work/analysis.R"), "x <- 1\n");
        assert!(looked.rules().is_empty(), "{:?}", looked.rules());
    }
}

#[test]
fn what_is_anywhere_in_its_history_is_found() {
    let after = |change: &dyn Fn(&Repository)| {
        let repository = Repository::new();
        repository.write("a.R", "1\n");
        change(&repository);
        repository.commit();
        for gone in ["tool", "link", "archive.zip", ".hidden"] {
            let _ = std::fs::remove_file(repository.path().join(gone));
        }
        repository.write("a.R", "2\n");
        repository.commit();
        look("work.bundle", &repository.bundle(&["--all"])).rules()
    };
    assert_eq!(after(&|r| r.write("tool", "\x7fELF\x02\x01")), ["program"]);
    assert_eq!(after(&|r| r.write(".hidden", "MZ\x01\x02")), ["program"]);
    assert_eq!(after(&|r| r.write("archive.zip", "PK\x03\x04")), ["nested"]);
    let link = |r: &Repository| {
        std::os::unix::fs::symlink("/etc", r.path().join("link")).unwrap();
    };
    assert_eq!(after(&link), ["link"]);
    let named = after(&|r| r.git(&["commit", "--quiet", "--allow-empty", "-m", &ids(1)[0]]));
    assert_eq!(named, ["identity-numbers"]);
    assert!(after(&|_| ()).is_empty());
}

#[test]
fn links_and_submodules_keep_it_out() {
    let repository = Repository::new();
    std::os::unix::fs::symlink("/etc/passwd", repository.path().join("a.R")).unwrap();
    repository.commit();
    let looked = look("work.bundle", &repository.bundle(&["--all"]));
    assert_eq!(looked.rules(), ["link"]);
    looked.stayed_inside();

    let other = Repository::new();
    other.write("b.R", "1\n");
    other.commit();
    let repository = Repository::new();
    let address = other.path().display().to_string();
    repository.git(&["submodule", "--quiet", "add", &address, "sub"]);
    repository.commit();
    let looked = look("work.bundle", &repository.bundle(&["--all"]));
    assert!(looked.rules().contains(&"submodule"), "{:?}", looked.rules());
}

#[test]
fn people_in_its_history_are_found_though_its_head_has_none() {
    let repository = Repository::new();
    repository.write("people.csv", &ids(10).join("\n"));
    repository.commit();
    std::fs::remove_file(repository.path().join("people.csv")).unwrap();
    repository.write("a.R", "1\n");
    repository.commit();
    let looked = look("work.bundle", &repository.bundle(&["--all"]));
    assert_eq!(looked.rules(), ["identity-numbers"]);
}

#[test]
fn a_history_that_is_too_large_stays_out() {
    let repository = Repository::new();
    repository.write("zeros.txt", &"0".repeat(5 << 20));
    repository.commit();
    std::fs::remove_file(repository.path().join("zeros.txt")).unwrap();
    repository.write("a.R", "1\n");
    repository.commit();
    let looked = look("work.bundle", &repository.bundle(&["--all"]));
    assert_eq!(looked.rules(), ["too-large"]);
}

#[test]
fn a_bundle_that_is_not_whole_stays_out() {
    let repository = Repository::new();
    repository.write("a.R", "1\n");
    repository.commit();
    let whole = repository.bundle(&["--all"]);
    for bytes in [&whole[..whole.len() - 30], &whole[..40], b"# v2 git bundle\n"] {
        let looked = look("work.bundle", bytes);
        assert_eq!(looked.rules(), ["broken"], "{} bytes", bytes.len());
    }
    // One that needs what it does not hold.
    repository.write("a.R", "2\n");
    repository.commit();
    let later = repository.bundle(&["HEAD~1..HEAD", "main"]);
    assert_eq!(look("work.bundle", &later).rules(), ["broken"]);
}
