//! A browser without a face, for the portal's pages.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::place::PATIENCE;
use crate::web::{PASSWORD, Server};

/// A browser, as far as this needs one.
pub(crate) struct Browser {
    pub(crate) address: String,
    pub(crate) cookies: Vec<String>,
}

pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map_or("", |(_, v)| v)
    }

    pub(crate) fn field(&self, name: &str) -> String {
        let rest = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1);
        let value = rest.and_then(|rest| rest.split('"').next());
        value.unwrap_or_else(|| panic!("no `{name}`: {} {}", self.status, self.body)).to_owned()
    }
}

impl Browser {
    /// One in which somebody has signed in.
    #[track_caller]
    pub(crate) fn of(server: &Server, account: &str) -> Self {
        let mut browser = Self::new(&server.address);
        let token = browser.get("/sign-in").field("csrf");
        let fields = [("csrf", token.as_str()), ("account", account), ("password", PASSWORD)];
        let page = browser.send("POST", "/sign-in", &fields);
        assert_eq!(page.status, 303, "{}", page.body);
        browser
    }

    pub(crate) fn new(address: &str) -> Self {
        Self { address: address.to_owned(), cookies: Vec::new() }
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let body: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace(' ', "+")))
            .collect();
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        self.request(method, path, form, &body.join("&"))
    }

    /// Sends JSON as JupyterLab's page does.
    pub(crate) fn send_json(&mut self, method: &str, path: &str, body: &str) -> Page {
        let crossed = self.cookies.iter().find_map(|cookie| cookie.strip_prefix("_xsrf="));
        let headers = format!(
            "content-type: application/json\r\norigin: http://{}\r\nx-xsrftoken: {}\r\n",
            self.address,
            crossed.unwrap_or_default()
        );
        self.request(method, path, &headers, body)
    }

    fn request(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Page {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\nconnection: close\r\n\
             {headers}content-length: {}\r\n\r\n{body}",
            self.address,
            self.cookies.join("; "),
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let (head, body) = (head.to_owned(), body.to_owned());
        for line in head.lines() {
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("set-cookie")
            {
                let cookie = value.split(';').next().unwrap();
                let name = cookie.split('=').next().unwrap();
                self.cookies.retain(|kept| !kept.starts_with(&format!("{name}=")));
                self.cookies.push(cookie.to_owned());
            }
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Page { status, head, body }
    }

    /// A web socket (RFC 6455), which waits so long for what is read.
    #[track_caller]
    pub(crate) fn web_socket(&self, path: &str, patience: Duration) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(patience)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\ncookie: {1}\r\n\
             connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.address,
            self.cookies.join("; ")
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        stream
    }

    pub(crate) fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, &[])
    }
}
