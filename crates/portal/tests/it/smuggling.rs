//! Requests and frames that no browser writes: sent byte by byte to the rooms' address, so
//! that one thing might be read by the portal and another by the room behind it.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::notebooks::{KERNEL, Open, message, open};

/// What must never be heard in a room.
const SECRET: &str = "files/secret.csv";

/// A connection to the rooms' address, with the pass of who is in the room.
struct Wire {
    address: std::net::SocketAddr,
    cookie: String,
    room: String,
}

impl Wire {
    async fn new(open: &Open) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = open.site.notebooks.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let cookie = open.frame.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        Self { address, cookie: cookie.collect::<Vec<_>>().join("; "), room: open.room.clone() }
    }

    /// The head of a request, as a browser that is in the room writes it.
    fn head(&self, method: &str, below: &str, more: &str) -> String {
        let Self { cookie, room, .. } = self;
        format!(
            "{method} /{room}/{below} HTTP/1.1\r\nhost: rooms.test\r\ncookie: {cookie}\r\n{more}"
        )
    }

    /// The request that is to slip through.
    fn hidden(&self) -> String {
        self.head("GET", SECRET, "\r\n")
    }

    /// Everything that is answered until the connection is closed, or nothing more comes.
    async fn answers(&self, said: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let _ = stream.write_all(said).await;
        let mut answered = Vec::new();
        let mut part = [0; 4096];
        while let Ok(Ok(read @ 1..)) =
            tokio::time::timeout(Duration::from_millis(500), stream.read(&mut part)).await
        {
            answered.extend(&part[..read]);
        }
        String::from_utf8_lossy(&answered).into_owned()
    }
}

#[tokio::test]
async fn a_request_within_a_request_reaches_no_room() {
    let open = open().await;
    let wire = Wire::new(&open).await;
    let hidden = wire.hidden();
    let body = format!("0\r\n\r\n{hidden}");
    let length = body.len();
    let put = |more: &str| wire.head("PUT", "api/contents/a.ipynb", more);
    let attempts = [
        // Both lengths, either way round (RFC 9112 section 6.1).
        put(&format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n{body}")),
        put(&format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n\r\n{body}")),
        put(&format!("content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n{body}")),
        // A coding that only one of two readers knows.
        put(&format!("transfer-encoding: xchunked\r\ncontent-length: 5\r\n\r\n{body}")),
        put(&format!("transfer-encoding: chunked, identity\r\ncontent-length: 5\r\n\r\n{body}")),
        put(&format!("transfer-encoding : chunked\r\ncontent-length: {length}\r\n\r\n{body}")),
        put(&format!("transfer-encoding:\x0bchunked\r\ncontent-length: {length}\r\n\r\n{body}")),
        put(&format!("x: y\r\n transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n{body}")),
        put(&format!("x: y\ntransfer-encoding: chunked\r\ncontent-length: {length}\r\n\r\n{body}")),
        // Two lengths, and lengths that are none.
        put(&format!("content-length: 5\r\ncontent-length: {length}\r\n\r\n{body}")),
        put(&format!("content-length: 5, {length}\r\n\r\n{body}")),
        put(&format!("content-length: +5\r\n\r\n{body}")),
        put(&format!("content-length: 0x5\r\n\r\n{body}")),
        put(&format!("content-length: -1\r\n\r\n{body}")),
        // Chunks whose ends are not where they are said to be.
        put(&format!("transfer-encoding: chunked\r\n\r\n0\n\n{hidden}")),
        put(&format!("transfer-encoding: chunked\r\n\r\n0;\n\r\n{hidden}")),
        put(&format!("transfer-encoding: chunked\r\n\r\n0x0\r\n\r\n{hidden}")),
        put(&format!("transfer-encoding: chunked\r\n\r\n2\r\n{{}}0\r\n\r\n{hidden}")),
        put(&format!("transfer-encoding: chunked\r\n\r\nffffffffffffffff1\r\n{hidden}")),
        // A body where none belongs, which a careless reader takes for the next.
        wire.head(
            "GET",
            "api/kernels",
            &format!("content-length: {}\r\n\r\n{hidden}", hidden.len()),
        ),
        // Line ends in the middle of a name, which a careless writer writes out.
        wire.head(
            "GET",
            &format!("api/kernels?x=%0d%0a%0d%0a{}", hidden.replace(' ', "+")),
            "\r\n",
        ),
        wire.head(
            "GET",
            "api/kernels%20HTTP/1.1%0d%0ahost:%20x%0d%0a%0d%0aGET%20/files/secret.csv",
            "\r\n",
        ),
        // The whole address, another host's, and none.
        format!(
            "GET http://localhost/{}/{SECRET} HTTP/1.1\r\ncookie: {}\r\n\r\n",
            wire.room, wire.cookie
        ),
        wire.hidden().replace("HTTP/1.1", "HTTP/1.0"),
        wire.hidden().replace("GET ", "GET\t"),
        wire.hidden().replace("host: rooms.test\r\n", "host: rooms.test\r\nhost: localhost\r\n"),
    ];
    for attempt in &attempts {
        wire.answers(attempt.as_bytes()).await;
        let heard = open.heard();
        assert!(!heard.contains("secret"), "{attempt:?} was heard as {heard}");
    }
    // The control: two requests that follow one another do both come through.
    let two = wire.head("GET", "api/kernels", "\r\n") + &wire.head("GET", "api/sessions", "\r\n");
    let answered = wire.answers(two.as_bytes()).await;
    assert_eq!(answered.matches("HTTP/1.1 200").count(), 2, "{answered}");
    assert!(open.heard().contains("/api/sessions"));
}

#[tokio::test]
async fn who_asks_for_a_socket_where_there_is_none_gets_no_tunnel() {
    let open = open().await;
    let wire = Wire::new(&open).await;
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let hidden = wire.hidden();
    let channels = format!("api/kernels/{KERNEL}/channels?session_id=s");
    for attempt in [
        wire.head("GET", "api/kernels", upgrade) + &hidden,
        wire.head("GET", "lab", upgrade) + &hidden,
        // A version that nobody speaks: refused, and what follows is a request of its own.
        wire.head("GET", &channels, &upgrade.replace(": 13", ": 777")) + &hidden,
        wire.head("GET", &channels, &upgrade.replace("websocket\r\n", "h2c\r\n")) + &hidden,
        wire.head("CONNECT", &channels, upgrade) + &hidden,
    ] {
        let answered = wire.answers(attempt.as_bytes()).await;
        assert!(!answered.contains("HTTP/1.1 101"), "{attempt:?}: {answered}");
        assert!(!open.heard().contains("secret"), "{attempt:?}");
    }
    // From no page of ours, there is no socket either.
    let foreign =
        upgrade.replacen("connection", "origin: http://elsewhere.example\r\nconnection", 1);
    let answered = wire.answers(wire.head("GET", &channels, &foreign).as_bytes()).await;
    assert!(answered.starts_with("HTTP/1.1 403"), "{answered}");
}

/// A frame as RFC 6455 section 5.2 has it, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        Ok(length) => {
            frame.push(0x80 | 0x7e);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 0x7f);
            frame.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

#[tokio::test]
async fn code_in_frames_that_no_browser_writes_is_in_the_journal_or_in_no_kernel() {
    const FINAL: u8 = 0x80;
    const COMPRESSED: u8 = 0x40;
    const MORE: u8 = 0;
    const TEXT: u8 = 1;
    const BYTES: u8 = 2;
    const PING: u8 = 9;
    let mut open = open().await;
    let wire = Wire::new(&open).await;
    let head = wire.head(
        "GET",
        &format!("api/kernels/{KERNEL}/channels?session_id=s"),
        "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-extensions: permessage-deflate\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let code = |mark: &str| {
        message("execute_request", &serde_json::json!({ "code": mark }))
            .into_text()
            .unwrap()
            .to_string()
    };
    let in_parts = |mark: &str| {
        let text = code(mark);
        let (one, other) = text.as_bytes().split_at(text.find(mark).unwrap() + 3);
        [frame(TEXT, one), frame(FINAL | PING, b"between"), frame(FINAL | MORE, other)].concat()
    };
    let unmasked = |mark: &str| {
        let mut frame = frame(FINAL | TEXT, code(mark).as_bytes());
        frame[1] &= 0x7f;
        frame.drain(4..8);
        frame
    };
    // Each on a connection of its own; whether the kernel may get it.
    let attempts = [
        ("in-two-parts", in_parts("in-two-parts"), true),
        ("as-bytes", frame(FINAL | BYTES, code("as-bytes").as_bytes()), false),
        ("compressed", frame(FINAL | TEXT | COMPRESSED, code("compressed").as_bytes()), false),
        ("unmasked", unmasked("unmasked"), false),
        ("going-on", frame(FINAL | MORE, code("going-on").as_bytes()), false),
        ("kept-open", frame(TEXT, code("kept-open").as_bytes()), false),
        ("no-such-kind", frame(FINAL | 5, code("no-such-kind").as_bytes()), false),
        ("two-in-one", frame(FINAL | TEXT, code("two-in-one").repeat(2).as_bytes()), false),
    ];
    for (mark, said, may_pass) in attempts {
        let answered = wire.answers(&[head.as_bytes(), &said].concat()).await;
        assert!(answered.starts_with("HTTP/1.1 101"), "{mark}: {answered}");
        assert!(!answered.contains("permessage-deflate"), "{answered}");
        assert_eq!(open.heard().contains(mark), may_pass, "{mark}");
        assert_eq!(open.journal("cell").await.contains(mark), may_pass, "{mark}");
    }
    // A key said twice, for two readers of JSON of whom one takes the first.
    let twice = code("said-openly").replacen(
        "\"code\":\"said-openly\"",
        "\"code\":\"said-secretly\",\"code\":\"said-openly\"",
        1,
    );
    assert!(twice.contains("said-secretly"));
    wire.answers(&[head.as_bytes(), &frame(FINAL | TEXT, twice.as_bytes())].concat()).await;
    let (heard, journal) = (open.heard(), open.journal("cell").await);
    for mark in ["said-secretly", "said-openly"] {
        assert_eq!(heard.contains(mark), journal.contains(mark), "{mark}: {heard}\n{journal}");
    }
}
