//! As much of HTTP/1.1 as it takes to ask our own portal for a page, over and
//! over on one connection (RFC 9112).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::run::{Failed, about, failed};

/// A page as it came.
pub(super) struct Page {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Page {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A page of this text.
    #[cfg(test)]
    pub(super) fn sample(body: &str) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.to_owned() }
    }

    pub(super) fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
    }
}

/// A browser without a face: keeps its connection and its cookies.
pub(super) struct Browser {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, connection: None, cookies: BTreeMap::new() }
    }

    /// Another one with the same cookies.
    pub(super) fn like(other: &Self) -> Self {
        Self { address: other.address, connection: None, cookies: other.cookies.clone() }
    }

    pub(super) fn get(&mut self, path: &str) -> Result<Page, Failed> {
        self.ask("GET", path, None)
    }

    /// Sends a form, its fields percent-encoded already.
    pub(super) fn post(&mut self, path: &str, form: &str) -> Result<Page, Failed> {
        self.ask("POST", path, Some(form))
    }

    fn ask(&mut self, method: &str, path: &str, form: Option<&str>) -> Result<Page, Failed> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut head = vec![
            format!("{method} {path} HTTP/1.1"),
            format!("Host: {}", self.address),
            "Accept: text/html".to_owned(),
        ];
        if !cookies.is_empty() {
            head.push(format!("Cookie: {}", cookies.join("; ")));
        }
        if let Some(form) = form {
            head.push(format!("Origin: http://{}", self.address));
            head.push("Content-Type: application/x-www-form-urlencoded".to_owned());
            head.push(format!("Content-Length: {}", form.len()));
        }
        let request = format!("{}\r\n\r\n{}", head.join("\r\n"), form.unwrap_or_default());
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        connection.get_mut().write_all(request.as_bytes()).map_err(about(path))?;
        let page = read(&mut connection).map_err(about(path))?;
        if page.header("connection") != Some("close") {
            self.connection = Some(connection);
        }
        for (name, value) in &page.headers {
            let pair = value.split(';').next().and_then(|pair| pair.split_once('='));
            if let (true, Some((cookie, value))) = (name.eq_ignore_ascii_case("set-cookie"), pair) {
                self.cookies.insert(cookie.trim().to_owned(), value.trim().to_owned());
            }
        }
        Ok(page)
    }

    fn connect(&self) -> Result<BufReader<TcpStream>, Failed> {
        let stream = TcpStream::connect(self.address).map_err(about(self.address))?;
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).map_err(about(self.address))?;
        stream.set_nodelay(true).map_err(about(self.address))?;
        Ok(BufReader::new(stream))
    }

    /// The page that a redirect leads to, or the page itself.
    pub(super) fn follow(&mut self, page: Page) -> Result<Page, Failed> {
        match page.header("location").map(str::to_owned) {
            Some(path) if path.starts_with('/') => self.get(&path),
            Some(path) => failed(format!("a redirect to `{path}`, which is not ours")),
            None => Ok(page),
        }
    }
}

fn wrong(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned())
}

fn line(from: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(wrong("the answer ends early"));
    }
    Ok(line.trim_end().to_owned())
}

fn read(from: &mut impl BufRead) -> std::io::Result<Page> {
    let status = line(from)?;
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| wrong("no status line"))?;
    let mut headers = Vec::new();
    loop {
        let line = line(from)?;
        if line.is_empty() {
            break;
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| wrong("a header without a colon"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut page = Page { status, headers, body: String::new() };
    let mut body = Vec::new();
    if page.header("transfer-encoding") == Some("chunked") {
        loop {
            let length = line(from)?;
            let length = usize::from_str_radix(length.split(';').next().unwrap_or_default(), 16);
            let length = length.map_err(|_| wrong("a chunk without a length"))?;
            let mut chunk = vec![0; length];
            from.read_exact(&mut chunk)?;
            body.extend(chunk);
            line(from)?;
            if length == 0 {
                break;
            }
        }
    } else if let Some(length) = page.header("content-length") {
        body.resize(length.parse().map_err(|_| wrong("a length that is no number"))?, 0);
        from.read_exact(&mut body)?;
    }
    page.body = String::from_utf8_lossy(&body).into_owned();
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_with_a_length_or_in_chunks() {
        let whole = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello";
        let page = read(&mut whole.as_bytes()).unwrap();
        assert_eq!((page.status, page.body.as_str(), page.is_html()), (200, "hello", true));
        let chunks =
            "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
        let page = read(&mut chunks.as_bytes()).unwrap();
        assert_eq!((page.status, page.body.as_str(), page.is_html()), (404, "hello", false));
        assert!(read(&mut &whole.as_bytes()[..20]).is_err());
    }
}
