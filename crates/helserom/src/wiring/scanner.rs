//! The scanner for malware: clamd, spoken to on its socket (clamd(8), `INSTREAM`).

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// The longest answer that is read: a name of what was found.
const LONGEST: u64 = 4096;

/// Sent at once. clamd's own default for a piece is no less.
const PIECE: usize = 64 << 10;

/// What the scanner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// Nothing that it knows.
    Clean,
    /// Malware of this name.
    Found(String),
}

/// clamd, which listens on a socket of this machine.
#[derive(Debug, Clone)]
pub(crate) struct Scanner {
    socket: PathBuf,
}

impl Scanner {
    /// The scanner at `socket`.
    pub(crate) const fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Has the bytes looked at. An error says that nobody looked.
    pub(crate) fn scan(&self, bytes: &[u8]) -> Result<Said, String> {
        let said = self.ask(bytes).map_err(|error| {
            format!(
                "the scanner for malware at `{}` does not answer: {error}",
                self.socket.display()
            )
        })?;
        understand(&said).ok_or_else(|| {
            let shown: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
            format!("the scanner for malware could not look: it says `{shown}`")
        })
    }

    fn ask(&self, bytes: &[u8]) -> io::Result<String> {
        let mut clamd = UnixStream::connect(&self.socket)?;
        clamd.set_read_timeout(Some(PATIENCE))?;
        clamd.set_write_timeout(Some(PATIENCE))?;
        clamd.write_all(b"zINSTREAM\0")?;
        let mut sent = Ok(());
        for piece in bytes.chunks(PIECE) {
            let length = u32::try_from(piece.len()).unwrap_or_default();
            sent = clamd.write_all(&length.to_be_bytes()).and_then(|()| clamd.write_all(piece));
            // It says why it hears no more: a stream may be too long for it.
            if sent.is_err() {
                break;
            }
        }
        let ended = clamd.write_all(&0_u32.to_be_bytes());
        let mut answer = Vec::new();
        let read = (&clamd).take(LONGEST).read_to_end(&mut answer);
        if answer.is_empty() {
            sent.and(ended)?;
            read?;
        }
        Ok(String::from_utf8_lossy(&answer).trim_end_matches(['\0', '\n']).to_owned())
    }
}

/// `stream: OK` or `stream: NAME FOUND`.
fn understand(said: &str) -> Option<Said> {
    let said = said.strip_prefix("stream: ")?;
    if said == "OK" {
        return Some(Said::Clean);
    }
    let name = said.strip_suffix(" FOUND")?;
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-_./".contains(*c);
    Some(Said::Found(name.chars().filter(plain).take(80).collect()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A scanner that reads all it is sent and says `answer`.
    fn pretended(answer: &'static str) -> (tempfile::TempDir, Scanner) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("clamd.ctl");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            let (mut asked, _) = listener.accept().unwrap();
            let mut command = [0; 10];
            asked.read_exact(&mut command).unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            loop {
                let mut length = [0; 4];
                asked.read_exact(&mut length).unwrap();
                let length = u32::from_be_bytes(length);
                if length == 0 {
                    break;
                }
                io::copy(&mut (&asked).take(length.into()), &mut io::sink()).unwrap();
            }
            asked.write_all(answer.as_bytes()).unwrap();
        });
        (folder, Scanner::new(socket))
    }

    #[test]
    fn what_the_scanner_says_is_understood_or_nobody_looked() {
        let scanned = |answer| {
            let (_folder, scanner) = pretended(answer);
            scanner.scan(&vec![7; 200_000])
        };
        assert_eq!(scanned("stream: OK\0"), Ok(Said::Clean));
        assert_eq!(
            scanned("stream: Eicar-Test.UNOFFICIAL FOUND\0"),
            Ok(Said::Found("Eicar-Test.UNOFFICIAL".to_owned()))
        );
        for unclear in ["", "OK", "stream: ", "INSTREAM size limit exceeded. ERROR\0"] {
            assert!(scanned(unclear).is_err(), "{unclear}");
        }
    }

    #[test]
    fn a_scanner_that_is_not_there_is_an_error() {
        let scanner = Scanner::new("/nonexistent/clamd.ctl".into());
        assert!(scanner.scan(b"x").unwrap_err().contains("/nonexistent/clamd.ctl"));
    }
}
