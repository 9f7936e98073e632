//! One request, one answer, and the connection is closed.

use std::io::{self, BufWriter, Read as _, Seek as _, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use room::packages::{
    Allowed, Asked, Fetched, LONGEST_HEAD, Language, Method, PackageName, Question, measure,
    of_file, pass_on, read_head,
};

use super::Answering;
use super::mirror::LARGEST;

/// How long somebody may take to say what they ask for.
const TIME_TO_ASK: Duration = Duration::from_secs(10);

pub(super) fn answer(stream: &UnixStream, answering: &Answering) -> io::Result<()> {
    let mut to = BufWriter::new(stream);
    let question = match hear(stream).and_then(|head| Ok(read_head(&head?))) {
        Ok(Ok(question)) => question,
        Ok(Err(unfit)) => {
            let (status, reason) = unfit.status();
            let words = "this is no request that the mirror of a room answers\n";
            return say(&mut to, Method::Get, (status, reason), "text/plain", words);
        }
        Err(error) => return Err(error),
    };
    match find(&question, answering) {
        Ok(Found::Text(kind, text)) => say(&mut to, question.method, OK, kind, &text),
        Ok(Found::File(language, name, file)) => {
            send(&mut to, question.method, answering, (language, &name, &file))
        }
        Err(status) => refuse(&mut to, question.method, status),
    }
}

type Status = (u16, &'static str);
const OK: Status = (200, "OK");
const ABSENT: Status = (404, "Not Found");
const TOO_MANY: Status = (429, "Too Many Requests");
const FAILED: Status = (500, "Internal Server Error");

enum Found {
    Text(&'static str, String),
    File(Language, PackageName, String),
}

/// Everything up to the end of the request, or of what may be said; an error when
/// it takes too long.
fn hear(mut stream: &UnixStream) -> io::Result<io::Result<Vec<u8>>> {
    let until = Instant::now() + TIME_TO_ASK;
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() <= LONGEST_HEAD {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let read = stream.read(&mut part)?;
        head.extend_from_slice(part.get(..read).unwrap_or_default());
        if read == 0 {
            break;
        }
    }
    Ok(Ok(head))
}

fn find(question: &Question, answering: &Answering) -> Result<Found, Status> {
    let allowed = answering.packages.allowed().map_err(|_| FAILED)?;
    let mirror = &answering.mirror;
    match &question.asked {
        Asked::Absent => Err(ABSENT),
        Asked::PythonIndex(name) => {
            // Not looked for when it is not allowed: the answer is the same then,
            // whether the mirror has it or not.
            if !is_named(&allowed, Language::Python, name) {
                return Err(ABSENT);
            }
            let files = mirror.python_files(name, &allowed).map_err(absent)?;
            let mut page = format!(
                "<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" \
                 content=\"1.0\"><title>{name}</title></head><body>\n"
            );
            for file in files {
                let address = file.replace('+', "%2B");
                page.extend(["<a href=\"", &address, "\">", &file, "</a><br>\n"]);
            }
            page.push_str("</body></html>\n");
            Ok(Found::Text("text/html", page))
        }
        Asked::RIndex => {
            let list = mirror.r_list(&allowed).map_err(absent)?;
            Ok(Found::Text("text/plain", list))
        }
        Asked::File { language, name, file } => {
            let version = of_file(*language, file).map(|(_, version)| version).ok_or(ABSENT)?;
            if !allowed.iter().any(|a| a.covers(*language, name, &version)) {
                return Err(ABSENT);
            }
            Ok(Found::File(*language, name.clone(), file.clone()))
        }
    }
}

fn is_named(allowed: &[Allowed], language: Language, name: &PackageName) -> bool {
    allowed.iter().any(|allowed| allowed.language == language && allowed.name == *name)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_err` takes")]
fn absent(error: io::Error) -> Status {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ABSENT,
        // A link: as if it were not there.
        _ if error.raw_os_error() == Some(libc::ELOOP) => ABSENT,
        _ if error.raw_os_error() == Some(libc::EXDEV) => ABSENT,
        kind => {
            tracing::warn!(%kind, "the mirror of packages cannot be read");
            FAILED
        }
    }
}

/// Sends a file, once it is written down that it is.
fn send(
    to: &mut impl Write,
    method: Method,
    answering: &Answering,
    (language, name, file): (Language, &PackageName, &str),
) -> io::Result<()> {
    let (mut opened, bytes) = match answering.mirror.open(language, name, file) {
        Ok(opened) => opened,
        Err(error) => return refuse(to, method, absent(error)),
    };
    if method == Method::Head {
        return head(to, OK, "application/octet-stream", bytes);
    }
    if !answering.one_more() {
        return refuse(to, method, TOO_MANY);
    }
    let (sha256, bytes) = measure(&mut opened, LARGEST)?;
    opened.rewind()?;
    let Some((_, version)) = of_file(language, file) else {
        return refuse(to, method, ABSENT);
    };
    let fetched =
        Fetched { language, name: name.clone(), version, file: file.to_owned(), sha256, bytes };
    if answering.packages.fetched(fetched).is_err() {
        return refuse(to, method, FAILED);
    }
    head(to, OK, "application/octet-stream", bytes)?;
    pass_on(&mut opened, to, (sha256, bytes))?;
    to.flush()
}

fn refuse(to: &mut impl Write, method: Method, status: Status) -> io::Result<()> {
    let words = match status {
        ABSENT => {
            "this is not among the packages that rooms may fetch: ask for it on the page of the \
             room, or with `helserom package request`\n"
        }
        TOO_MANY => "this run has fetched as many files as one may\n",
        _ => "this could not be written down or read, and is not sent\n",
    };
    say(to, method, status, "text/plain", words)
}

fn say(
    to: &mut impl Write,
    method: Method,
    status: Status,
    kind: &str,
    text: &str,
) -> io::Result<()> {
    head(to, status, kind, text.len() as u64)?;
    if method == Method::Get {
        to.write_all(text.as_bytes())?;
    }
    to.flush()
}

fn head(to: &mut impl Write, (status, reason): Status, kind: &str, bytes: u64) -> io::Result<()> {
    write!(
        to,
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {bytes}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )?;
    to.flush()
}
