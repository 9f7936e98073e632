//! Git bundles: the code at their head is laid out, and all of their history is
//! looked at. `git` reads them, with nothing of anybody's configuration.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::content::{self, Content};
use crate::finding::Fault;
use crate::identity::IdentityNumbers;
use crate::inspect::{Go, Taking};

/// `git`, cut off from hooks, configuration and everything but files.
fn git(repository: Option<&Path>) -> Command {
    let mut git = Command::new("git");
    git.env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ALLOW_PROTOCOL", "file")
        .args(["-c", "core.hooksPath=/dev/null"])
        .args(["-c", "core.fsmonitor=false"])
        .args(["-c", "transfer.fsckObjects=true"])
        .args(["-c", "fetch.fsckObjects=true"])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    if let Some(repository) = repository {
        git.arg("--git-dir").arg(repository);
    }
    git
}

/// What git says, as text; nothing when it fails.
fn said(command: &mut Command) -> io::Result<Option<String>> {
    let output = command.output()?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// One file at the head of a bundle.
struct Leaf {
    mode: String,
    object: String,
    name: String,
}

/// Lays out the code at the head of the bundle `file` below the folder `stem`.
pub(crate) fn take(taking: &mut Taking, file: &Path, stem: &str) -> io::Result<()> {
    let scratch = tempfile::tempdir()?;
    let repository = scratch.path().join("history");
    // One that fails leaves nothing, and nothing has no head.
    git(None)
        .args(["clone", "--quiet", "--mirror", "--no-hardlinks", "--"])
        .arg(file)
        .arg(&repository)
        .stdout(Stdio::null())
        .status()?;
    let Some(head) = head(&repository)? else {
        taking.findings.add(None, Fault::Broken);
        return Ok(());
    };
    look_at_history(taking, &repository)?;
    let listed = said(git(Some(&repository)).args(["ls-tree", "-r", "-z", "--full-tree", &head]))?;
    let Some(listed) = listed else {
        taking.findings.add(None, Fault::Broken);
        return Ok(());
    };
    let leaves = listed.split('\0').filter_map(leaf);
    let mut wanted = Vec::new();
    for leaf in leaves {
        match leaf.mode.as_str() {
            "120000" => taking.findings.add(Some(&leaf.name), Fault::Link),
            "160000" => taking.findings.add(Some(&leaf.name), Fault::Submodule),
            "100644" | "100755" => wanted.push(leaf),
            _ => taking.findings.add(Some(&leaf.name), Fault::Device),
        }
    }
    lay_out(taking, &repository, &wanted, stem)
}

/// One line of `git ls-tree`: mode, type and object, a tabulator, the name.
fn leaf(line: &str) -> Option<Leaf> {
    let (about, name) = line.split_once('\t')?;
    let mut about = about.split(' ');
    let (mode, _, object) = (about.next()?, about.next()?, about.next()?);
    Some(Leaf { mode: mode.to_owned(), object: object.to_owned(), name: name.to_owned() })
}

/// The commit that is laid out: what the bundle calls its head, else its one
/// branch, else `main` or `master`.
fn head(repository: &Path) -> io::Result<Option<String>> {
    let commit = |name: &str| {
        let name = format!("{name}^{{commit}}");
        said(git(Some(repository)).args([
            "rev-parse",
            "--quiet",
            "--verify",
            "--end-of-options",
            &name,
        ]))
    };
    if let Some(head) = commit("HEAD")? {
        return Ok(Some(head.trim().to_owned()));
    }
    let refs = said(git(Some(repository)).args(["for-each-ref", "--format=%(refname)"]))?;
    let refs = refs.unwrap_or_default();
    let branches: Vec<&str> = refs.lines().filter(|name| name.starts_with("refs/heads/")).collect();
    let chosen = match branches.as_slice() {
        [one] => Some(*one),
        many => {
            ["refs/heads/main", "refs/heads/master"].into_iter().find(|name| many.contains(name))
        }
    };
    match chosen {
        Some(name) => Ok(commit(name)?.map(|head| head.trim().to_owned())),
        None => Ok(None),
    }
}

/// Looks at everything that the bundle holds, and at how large all of it is:
/// whoever clones it has every version of every file.
fn look_at_history(taking: &mut Taking, repository: &Path) -> io::Result<()> {
    let mut listing = git(Some(repository))
        .args(["cat-file", "--batch-all-objects", "--unordered", "--batch"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut numbers = IdentityNumbers::default();
    let most = taking.bounds().bytes;
    let mut left = most;
    let mut whole = true;
    if let Some(output) = listing.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = String::new();
        while output.by_ref().take(4096).read_line(&mut line)? > 0 {
            let size = line.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
            let Some(size) = size.filter(|size| *size <= left) else {
                taking.findings.add(None, Fault::TooLarge { most });
                whole = false;
                break;
            };
            left -= size;
            let mut object = Object::of(&line);
            let mut content = output.by_ref().take(size);
            crate::inspect::each_piece(&mut content, u64::MAX, |piece| {
                numbers.feed(piece);
                object.feed(piece);
            })?;
            numbers.feed(b"\n");
            for fault in object.faults() {
                taking.findings.add(Some(HISTORY), fault);
            }
            output.read_line(&mut String::new())?;
            line.clear();
        }
    }
    if !whole {
        let _ = listing.kill();
    }
    if !listing.wait()?.success() && whole {
        taking.findings.add(None, Fault::Broken);
    }
    taking.count(numbers, None);
    Ok(())
}

/// What is found in a version that is not at the head is found here.
const HISTORY: &str = "history";

/// One object of the history, as far as it is kept to be looked at.
enum Object {
    /// A version of a file: its first bytes.
    Blob(Vec<u8>),
    /// A folder: all of it.
    Tree(Vec<u8>),
    /// A commit or a tag.
    Other,
}

impl Object {
    /// Of that line: the name of the object, its kind and its size.
    fn of(line: &str) -> Self {
        match line.split(' ').nth(1) {
            Some("blob") => Self::Blob(Vec::new()),
            Some("tree") => Self::Tree(Vec::new()),
            _ => Self::Other,
        }
    }

    fn feed(&mut self, piece: &[u8]) {
        match self {
            Self::Blob(head) => {
                head.extend(piece.iter().take(content::HEAD.saturating_sub(head.len())));
            }
            Self::Tree(all) => all.extend_from_slice(piece),
            Self::Other => {}
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Blob(head) => match content::by_magic(head) {
                Some(Content::Program) => vec![Fault::Program],
                Some(Content::OldOffice) => vec![Fault::Macros],
                Some(Content::Sealed) => vec![Fault::Sealed],
                Some(Content::Archive | Content::Compressed | Content::GitBundle) => {
                    vec![Fault::Nested]
                }
                Some(Content::Pickle) => vec![Fault::Pickle],
                _ => Vec::new(),
            },
            Self::Tree(all) => tree_faults(all),
            Self::Other => Vec::new(),
        }
    }
}

/// What a folder has in it that is no file: each entry is a mode, a name, and an
/// object of twenty bytes (git's "tree objects").
fn tree_faults(mut tree: &[u8]) -> Vec<Fault> {
    let mut faults = Vec::new();
    while let Some(end) = tree.iter().position(|byte| *byte == 0) {
        let entry = tree.get(..end).unwrap_or_default();
        if entry.starts_with(b"120000 ") {
            faults.push(Fault::Link);
        } else if entry.starts_with(b"160000 ") {
            faults.push(Fault::Submodule);
        }
        tree = tree.get(end + 21..).unwrap_or_default();
    }
    faults
}

/// Keeps the files of the head.
fn lay_out(taking: &mut Taking, repository: &Path, wanted: &[Leaf], stem: &str) -> io::Result<()> {
    let mut reading = git(Some(repository))
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(mut ask), Some(answers)) = (reading.stdin.take(), reading.stdout.take()) else {
        return Err(io::Error::other("git has no input or output"));
    };
    let mut answers = BufReader::new(answers);
    for leaf in wanted {
        if Taking::is_hidden(&leaf.name) {
            // It is in the bundle, and was looked at with its history.
            continue;
        }
        writeln!(ask, "{}", leaf.object)?;
        ask.flush()?;
        let mut header = String::new();
        answers.by_ref().take(4096).read_line(&mut header)?;
        let size = header.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let Some(size) = size else {
            taking.findings.add(Some(&leaf.name), Fault::Broken);
            break;
        };
        let name = format!("{stem}/{}", leaf.name);
        let mut content = answers.by_ref().take(size);
        let go = taking.keep(&name, Some(&leaf.name), &mut content)?;
        if go == Go::Stop {
            break;
        }
        // What was not read of it, and the end of the line after it.
        io::copy(&mut content, &mut io::sink())?;
        answers.read_line(&mut String::new())?;
    }
    drop(ask);
    let _ = reading.kill();
    let _ = reading.wait();
    Ok(())
}
