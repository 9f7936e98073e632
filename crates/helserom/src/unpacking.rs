//! What this program does in a process of its own: it reads a Parquet file that may have
//! been made to harm whoever reads it. It is started by itself, with nothing to lose and
//! with so much memory and no more; what it reads comes back as rows.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};

use rustix::process::{Resource, Rlimit, Signal};
use source::ParquetReader;

/// The word that starts this instead of the command line.
const WORD: &str = "unpack-parquet";

/// Memory that it may use, MiB: some thousands of rows at a time are in it.
const MEMORY_MIB: u64 = 1024;
/// As much as is told of what is wrong with a file.
const LONGEST_WHY: usize = 4 << 10;

/// Unpacks what is on standard input, if that is what the words say.
pub(crate) fn called(mut words: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if words.nth(1)? != WORD {
        return None;
    }
    Some(match unpack() {
        Ok(()) => ExitCode::SUCCESS,
        Err(mut why) => {
            why.truncate(why.floor_char_boundary(LONGEST_WHY));
            let _ = io::stderr().write_all(why.as_bytes());
            ExitCode::FAILURE
        }
    })
}

fn unpack() -> Result<(), String> {
    crate::memory::keep_private();
    confine().map_err(|error| format!("its reader could not be confined: {error}"))?;
    // What it would say is what stands in the file.
    std::panic::set_hook(Box::new(|_| {}));
    let file = io::stdin().as_fd().try_clone_to_owned().map_err(|error| error.to_string())?;
    source::stream_parquet(File::from(file), io::stdout().lock())
}

/// So much memory, no file written, and no life without who started it.
fn confine() -> rustix::io::Result<()> {
    let most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    rustix::process::setrlimit(Resource::Data, most(MEMORY_MIB << 20))?;
    rustix::process::setrlimit(Resource::Fsize, most(0))?;
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
}

/// Reads Parquet in a process of its own.
pub(crate) struct Unpacking;

impl ParquetReader for Unpacking {
    fn open(&self, file: File) -> io::Result<Box<dyn Read>> {
        let mut process = Command::new("/proc/self/exe")
            .arg(WORD)
            .env_clear()
            // The allocator takes what it needs, and not a gigabyte in advance.
            .envs([("MIMALLOC_ARENA_EAGER_COMMIT", "0"), ("MIMALLOC_ARENA_RESERVE", "65536")])
            .stdin(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let rows = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Box::new(Unpacked { process, rows, ended: false }))
    }
}

/// What comes from there.
struct Unpacked {
    process: Child,
    rows: ChildStdout,
    ended: bool,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.rows.read(buffer)?;
        if count == 0 && !self.ended {
            self.ended = true;
            self.end()?;
        }
        Ok(count)
    }
}

impl Unpacked {
    /// Waits for its end, which fails with its reason.
    fn end(&mut self) -> io::Result<()> {
        let mut why = String::new();
        if let Some(said) = self.process.stderr.take() {
            said.take(LONGEST_WHY as u64).read_to_string(&mut why)?;
        }
        let ended = self.process.wait()?;
        match ended.code() {
            Some(0) => Ok(()),
            Some(_) if !why.is_empty() => Err(io::Error::other(why)),
            _ => Err(io::Error::other(format!(
                "its reader was ended: it is damaged, or unpacks to more than {MEMORY_MIB} MiB at \
                 a time"
            ))),
        }
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // It may be in the middle of a file that nobody wants any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
