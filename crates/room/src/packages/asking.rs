//! How a room asks the mirror: a strict reading of an HTTP request. Everything in
//! it is hostile. What is not exactly one of the few things that can be asked is
//! refused, so that a request cannot be read in two ways and carries nothing but
//! the name of a package.

use super::name::{Language, PackageName, of_file};

/// The longest request, bytes: pip says much about itself.
pub const LONGEST_HEAD: usize = 8 << 10;
/// The longest line of it.
const LONGEST_LINE: usize = 4 << 10;
/// The most lines of it.
const MOST_LINES: usize = 64;

/// How something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// With what is in it.
    Get,
    /// Without.
    Head,
}

/// A request that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// How.
    pub method: Method,
    /// For what.
    pub asked: Asked,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Which files of a Python package there are (PEP 503).
    PythonIndex(PackageName),
    /// Which R packages there are.
    RIndex,
    /// A file.
    File {
        /// In which language.
        language: Language,
        /// Of which package.
        name: PackageName,
        /// Its name.
        file: String,
    },
    /// Nothing that there could be.
    Absent,
}

/// Why a request was refused unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Another method than the two.
    Method,
    /// It brings something along.
    Body,
    /// It is too long.
    Long,
    /// Anything else.
    Malformed,
}

impl Unfit {
    /// The status of the answer.
    pub const fn status(self) -> (u16, &'static str) {
        match self {
            Self::Method => (405, "Method Not Allowed"),
            Self::Body => (413, "Content Too Large"),
            Self::Long => (431, "Request Header Fields Too Large"),
            Self::Malformed => (400, "Bad Request"),
        }
    }
}

/// Reads a request. `head` is all that was sent: what follows the empty line is a
/// body, or a second request, and both are refused.
pub fn read_head(head: &[u8]) -> Result<Question, Unfit> {
    if head.len() > LONGEST_HEAD {
        return Err(Unfit::Long);
    }
    let text = std::str::from_utf8(head).map_err(|_| Unfit::Malformed)?;
    let (lines, after) = text.split_once("\r\n\r\n").ok_or(Unfit::Malformed)?;
    if !after.is_empty() {
        return Err(Unfit::Body);
    }
    let printable = |c: char| (' '..='~').contains(&c);
    let mut lines = lines.split("\r\n");
    let first = lines.next().unwrap_or_default();
    if first.len() > LONGEST_LINE {
        return Err(Unfit::Long);
    }
    for (number, line) in (1..).zip(lines) {
        if number > MOST_LINES || line.len() > LONGEST_LINE {
            return Err(Unfit::Long);
        }
        // A line that begins with a space would be read as part of the one above
        // by some, and as a header by others.
        let (name, _) = line.split_once(':').ok_or(Unfit::Malformed)?;
        let token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(token) || !line.chars().all(printable) {
            return Err(Unfit::Malformed);
        }
        let brings = ["content-length", "transfer-encoding", "expect", "upgrade", "trailer"];
        if brings.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(Unfit::Body);
        }
    }
    let mut words = first.split(' ');
    let (Some(method), Some(path), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Unfit::Malformed);
    };
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        _ => return Err(Unfit::Method),
    };
    Ok(Question { method, asked: asked(path)? })
}

fn asked(path: &str) -> Result<Asked, Unfit> {
    // pip writes the plus of a local version so. Nothing else is ever encoded.
    let path = path.replace("%2B", "+").replace("%2b", "+");
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | '!' | '~');
    if !path.starts_with('/') || !path.chars().all(plain) {
        return Err(Unfit::Malformed);
    }
    if path.split('/').any(|step| step.starts_with('.')) {
        return Err(Unfit::Malformed);
    }
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    Ok(match steps.as_slice() {
        ["simple", name, ""] => match PackageName::of(Language::Python, name) {
            // Only the one way of writing it, as pip does.
            Ok(known) if known.as_str() == *name => Asked::PythonIndex(known),
            _ => Asked::Absent,
        },
        ["simple", folder, file] => of(Language::Python, file)
            .filter(|(name, _)| name.as_str() == *folder)
            .map_or(Asked::Absent, |(_, asked)| asked),
        ["cran", "src", "contrib", "PACKAGES"] => Asked::RIndex,
        ["cran", "src", "contrib", file] => {
            of(Language::R, file).map_or(Asked::Absent, |(_, asked)| asked)
        }
        // Where CRAN keeps what is no longer the newest.
        ["cran", "src", "contrib", "Archive", folder, file] => of(Language::R, file)
            .filter(|(name, _)| name.as_str() == *folder)
            .map_or(Asked::Absent, |(_, asked)| asked),
        _ => Asked::Absent,
    })
}

fn of(language: Language, file: &str) -> Option<(PackageName, Asked)> {
    let (name, _) = of_file(language, file)?;
    Some((name.clone(), Asked::File { language, name, file: file.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Result<Asked, Unfit> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        read_head(head.as_bytes()).map(|question| question.asked)
    }

    #[test]
    fn the_few_things_that_can_be_asked_are_read() {
        let Asked::PythonIndex(name) = read("/simple/life-lines/").unwrap() else { panic!() };
        assert_eq!(name.as_str(), "life-lines");
        assert_eq!(read("/cran/src/contrib/PACKAGES"), Ok(Asked::RIndex));
        for (path, file) in [
            (
                "/simple/torch/torch-2.0%2Bcpu-cp311-cp311-any.whl",
                "torch-2.0+cpu-cp311-cp311-any.whl",
            ),
            ("/simple/a/a-1.tar.gz", "a-1.tar.gz"),
            ("/cran/src/contrib/data.table_1.0.tar.gz", "data.table_1.0.tar.gz"),
            ("/cran/src/contrib/Archive/data.table/data.table_0.9.tar.gz", "data.table_0.9.tar.gz"),
        ] {
            let Ok(Asked::File { file: read, .. }) = read(path) else { panic!("{path}") };
            assert_eq!(read, file);
        }
        let head = read_head(b"HEAD /simple/a/ HTTP/1.0\r\n\r\n").unwrap();
        assert_eq!(head.method, Method::Head);
    }

    #[test]
    fn folders_and_what_is_not_a_packages_file_are_not_there() {
        for path in [
            "/",
            "/simple/",
            "/simple",
            "/simple/a",
            "/simple/a/index.html",
            "/cran/",
            "/simple/b/a-1.tar.gz",
            "/simple/A/",
            "/cran/src/contrib/",
            "/simple/a/b/a-1.tar.gz",
            "/cran/src/contrib/PACKAGES.gz",
            "/cran/src/contrib/Archive/",
            "/cran/src/contrib/Archive/data.table/",
            "/cran/src/contrib/Archive/other/data.table_0.9.tar.gz",
            "/cran/src/contrib/Archive/data.table/x/data.table_0.9.tar.gz",
            "//simple/a/",
            "/simple//",
        ] {
            assert_eq!(read(path), Ok(Asked::Absent), "{path}");
        }
    }

    #[test]
    fn no_way_of_writing_a_path_leads_elsewhere() {
        for path in [
            "/simple/../a/",
            "/simple/a/..",
            "/simple/%2e%2e/",
            "/simple/%252e%252e/",
            "/simple/a%2f..",
            "/simple/a/%00",
            "/simple/a\\b/",
            "/simple/a/?x=1",
            "/simple/a/#x",
            "simple/a/",
            "*",
            "http://elsewhere/simple/a/",
            "/simple/./a/",
            "/.hidden",
            "/simple/a;x/",
            "/simple/\u{e6}/",
            "/simple/a%25/",
            "/simple/%2B%2e/",
        ] {
            assert_eq!(read(path), Err(Unfit::Malformed), "{path}");
        }
    }

    #[test]
    fn nothing_is_brought_along_and_no_request_is_two() {
        let line = "GET /simple/a/ HTTP/1.1\r\n";
        let second = format!("{line}Host: a\r\n\r\nGET /simple/secret/ HTTP/1.1\r\n\r\n");
        for (head, why) in [
            (second.as_str(), Unfit::Body),
            (&format!("{line}Content-Length: 0\r\n\r\n"), Unfit::Body),
            (&format!("{line}Content-Length: 5\r\n\r\nhello"), Unfit::Body),
            (&format!("{line}tRansfer-encoding: chunked\r\n\r\n"), Unfit::Body),
            (&format!("{line}Expect: 100-continue\r\n\r\n"), Unfit::Body),
            (&format!("{line}Upgrade: h2c\r\n\r\n"), Unfit::Body),
            (&format!("{line} Content-Length: 5\r\n\r\n"), Unfit::Malformed),
            (&format!("{line}Content-Length : 5\r\n\r\n"), Unfit::Malformed),
            (&format!("{line}X: a\nContent-Length: 5\r\n\r\n"), Unfit::Malformed),
            (&format!("{line}X: a\rY: b\r\n\r\n"), Unfit::Malformed),
            (&format!("{line}no colon\r\n\r\n"), Unfit::Malformed),
            ("GET /simple/a/ HTTP/1.1\n\n", Unfit::Malformed),
            ("GET  /simple/a/ HTTP/1.1\r\n\r\n", Unfit::Malformed),
            ("GET /simple/a/ HTTP/1.1 \r\n\r\n", Unfit::Malformed),
            ("GET /simple/a/ HTTP/2.0\r\n\r\n", Unfit::Malformed),
            ("GET /simple/a/\r\n\r\n", Unfit::Malformed),
            ("POST /simple/a/ HTTP/1.1\r\n\r\n", Unfit::Method),
            ("PUT /simple/a/ HTTP/1.1\r\n\r\n", Unfit::Method),
            ("CONNECT elsewhere:80 HTTP/1.1\r\n\r\n", Unfit::Method),
            ("get /simple/a/ HTTP/1.1\r\n\r\n", Unfit::Method),
            ("", Unfit::Malformed),
        ] {
            assert_eq!(read_head(head.as_bytes()), Err(why), "{head:?}");
        }
        assert_eq!(read_head(b"GET /\xff HTTP/1.1\r\n\r\n"), Err(Unfit::Malformed));
    }

    #[test]
    fn lengths_are_bounded() {
        let line = "GET /simple/a/ HTTP/1.1\r\n";
        let long = "x".repeat(LONGEST_LINE);
        let many = "a: b\r\n".repeat(MOST_LINES + 1);
        for head in [
            format!("{line}X: {long}\r\n\r\n"),
            format!("GET /{long} HTTP/1.1\r\n\r\n"),
            format!("{line}{many}\r\n"),
            format!("{line}{}", "x".repeat(LONGEST_HEAD)),
        ] {
            assert_eq!(read_head(head.as_bytes()), Err(Unfit::Long));
        }
    }
}
