//! Everything again as an ordinary user: no user ids to give, no control
//! groups, nothing that can be mounted.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::bench::is_root;

const USER: &str = "64321";

#[test]
fn as_an_ordinary_user_the_same_holds() {
    if !is_root() {
        println!("skipped: the other tests run as an ordinary user already");
        return;
    }
    let dir = tempfile::Builder::new().prefix("ordinary").tempdir_in("/tmp").unwrap();
    std::os::unix::fs::chown(dir.path(), Some(64321), Some(64321)).unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let program = dir.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let done = Command::new("/usr/bin/setpriv")
        .args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"])
        .arg(&program)
        .args(["--skip", "as_an_ordinary_user", "--skip", "analysis::", "--test-threads", "2"])
        .env("TMPDIR", dir.path())
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("test result: ok"), "{said}");
}
