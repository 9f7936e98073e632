//! The notebooks' address, with a room behind it that does what hostile code in a
//! room could do: it has taken the notebook server's place.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use centre::notebooks::Company;
use futures_util::{SinkExt as _, StreamExt as _};
use portal::{Config, Notebooks};
use tokio::net::UnixListener;
use tokio_tungstenite::tungstenite::Message as Sent;

use crate::browser::{Browser, Page};
use crate::gate::PATIENCE;
use crate::site::Site;
use crate::sockets::{Socket, socket};
use crate::story::room;

pub(crate) const KERNEL: &str = "ad1553f0-84cf-428b-9a04-6a08643024e2";

/// What the room was asked and told.
type Heard = Arc<Mutex<Vec<String>>>;

/// A room's side: notes what it gets, and answers with what it should not.
async fn hostile(State(heard): State<Heard>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    let line = format!("{} {} {}", parts.method, parts.uri, String::from_utf8_lossy(&body));
    let said: Vec<String> =
        parts.headers.iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
    heard.lock().unwrap().push(format!("{line}\n{}", said.join("\n")));
    let path = parts.uri.path();
    if path.ends_with("/lab/tree/away") {
        return (StatusCode::FOUND, [(header::LOCATION, "https://elsewhere.example/")])
            .into_response();
    }
    if path.ends_with("/lab") {
        let page = "<link rel=preconnect href=//elsewhere.example><script id=\"jupyter-config-data\" \
                    type=\"application/json\">{\"a\":1}</script><script src=evil.js></script>";
        return ([("link", "<https://elsewhere.example>; rel=preconnect")], page).into_response();
    }
    if path.ends_with("large.ipynb") {
        return "x".repeat(9 << 20).into_response();
    }
    if path.ends_with("some.ipynb") {
        return "x".repeat(40 << 10).into_response();
    }
    let headers = [
        ("set-cookie", "helserom=stolen; Path=/"),
        ("content-type", "text/html"),
        ("content-security-policy", "default-src *"),
        ("content-disposition", "attachment; filename=data.csv"),
        ("access-control-allow-origin", "*"),
        ("service-worker-allowed", "/"),
        ("refresh", "0; url=https://elsewhere.example/"),
    ];
    (headers, format!("{{\"id\":\"{KERNEL}\",\"name\":\"python3<script>\"}}")).into_response()
}

/// What a kernel shows of so many sevens: printed, or as a picture whose pixels they
/// are, or in a table of a page, by the word before the number.
fn showing(code: &str) -> Option<serde_json::Value> {
    let (how, count) = code.split_once(' ').unwrap_or(("print", code));
    let sevens = "7".repeat(count.parse().ok()?);
    let data = |data: serde_json::Value| {
        serde_json::json!({
            "header": { "msg_type": "display_data" },
            "content": { "data": data, "metadata": {} },
        })
    };
    Some(match how {
        "picture" => data(serde_json::json!({ "image/png": sevens })),
        "table" => data(serde_json::json!({ "text/html": format!("<table>{sevens}</table>") })),
        _ => serde_json::json!({
            "header": { "msg_type": "stream" }, "content": { "name": "stdout", "text": sevens },
        }),
    })
}

/// A kernel's side: answers code, and shows as much as the code says.
async fn kernel(State(heard): State<Heard>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        while let Some(Ok(Message::Text(text))) = socket.recv().await {
            heard.lock().unwrap().push(text.to_string());
            let asked: serde_json::Value = serde_json::from_str(&text).unwrap();
            let header = &asked["header"];
            let code = asked["content"]["code"].as_str().unwrap_or_default();
            if let Some(mut shown) = showing(code) {
                shown["parent_header"] = header.clone();
                socket.send(Message::Text(shown.to_string().into())).await.unwrap();
            }
            let reply = serde_json::json!({
                "channel": "shell", "header": { "msg_type": "execute_reply" },
                "parent_header": header, "content": { "status": "ok" },
            });
            socket.send(Message::Text(reply.to_string().into())).await.unwrap();
        }
    })
}

pub(crate) fn config(image: PathBuf) -> Config {
    let demo = ["researcher", "statistician", "holder", "caseworker", "checker", "auditor"];
    let notebooks = Notebooks {
        url: Some("http://rooms.test".to_owned()),
        port: 0,
        portal_url: Some("http://portal.test".to_owned()),
        portal_port: 0,
        image,
        at_once: 100_000,
        per_minute: 1_000,
        desktop_at_once: 100_000,
        desktop_per_minute: 60_000,
        idle: Duration::from_mins(30),
    };
    Config {
        demo: demo.map(|id| id.parse().unwrap()).to_vec(),
        hosts: vec!["portal.test".to_owned(), "rooms.test".to_owned()],
        notebooks: Some(notebooks),
        ..Config::default()
    }
}

/// A notebook that is open in somebody's browser.
pub(crate) struct Open {
    pub(crate) site: Site,
    researcher: Browser,
    /// The frame on the notebooks' address.
    pub(crate) frame: Browser,
    pub(crate) room: String,
    permit: String,
    heard: Heard,
    image: tempfile::TempDir,
}

pub(crate) fn ticket(page: &Page) -> String {
    let rest = page.body.split("name=\"ticket\" value=\"").nth(1).expect("a ticket");
    rest.split('"').next().unwrap().to_owned()
}

pub(crate) fn frame(site: &Site) -> Browser {
    let mut frame = Browser::new(&site.notebooks);
    frame.headers = vec![("host", "rooms.test".to_owned())];
    frame
}

pub(crate) async fn open() -> Open {
    let image = tempfile::tempdir().unwrap();
    let lab = image.path().join("share/jupyter/lab/static");
    std::fs::create_dir_all(&lab).unwrap();
    std::fs::write(lab.join("main.js"), "let a = 1;").unwrap();
    std::fs::write(lab.join("index.html"), "src=\"{{url}}/main.0a1b.js\"").unwrap();
    let site = Site::with(config(image.path().to_owned())).await;
    site.ends.shut();
    let heard = Heard::default();
    let server = Router::new()
        .route("/{room}/api/kernels/{kernel}/channels", any(kernel))
        .fallback(hostile)
        .with_state(heard.clone());
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (permit, room) = room(&site, &mut researcher).await;
    let listener = UnixListener::bind(site.notebook_socket()).unwrap();
    tokio::spawn(async move { axum::serve(listener, server).await });
    let here = format!("/rooms/{room}");
    let notebook = format!("{here}/notebook");
    let page = researcher.submit(&here, &notebook, &[]).await;
    assert_eq!(page.location(), notebook, "{}", page.body);
    let page = researcher.get(&notebook).await;
    let mut frame = frame(&site);
    let entered = frame.post("/enter", &[("ticket", &ticket(&page))]).await;
    assert_eq!(entered.location(), format!("/{room}/lab"));
    Open { site, researcher, frame, room, permit, heard, image }
}

impl Open {
    async fn get(&mut self, below: &str) -> Page {
        self.frame.get(&format!("/{}/{below}", self.room)).await
    }

    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap().join("\n")
    }

    pub(crate) async fn journal(&mut self, only: &str) -> String {
        let path = format!("/rooms/{}/journal?format=csv&only={only}", self.room);
        self.researcher.get(&path).await.body
    }

    /// A socket to the kernel.
    async fn channels(&self, origin: &str) -> Result<Socket, StatusCode> {
        let path = format!("/{}/api/kernels/{KERNEL}/channels?session_id=s", self.room);
        socket(&self.site, &self.frame, &path, origin).await
    }
}

pub(crate) fn message(kind: &str, content: &serde_json::Value) -> Sent {
    let said = serde_json::json!({
        "channel": "shell",
        "header": { "msg_id": "m1", "msg_type": kind, "session": "s", "username": "x", "version": "5.4" },
        "parent_header": {}, "metadata": {}, "content": content, "buffers": [],
    });
    Sent::text(said.to_string())
}

async fn told(socket: &mut Socket) -> Sent {
    tokio::time::timeout(PATIENCE, socket.next()).await.expect("nothing came").unwrap().unwrap()
}

#[tokio::test]
async fn nothing_of_what_a_room_says_but_its_bytes_reaches_the_browser() {
    let mut open = open().await;
    let page = open.get("api/kernels").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), "application/json");
    for name in [
        "set-cookie",
        "content-disposition",
        "access-control-allow-origin",
        "service-worker-allowed",
        "refresh",
    ] {
        assert_eq!(page.header(name), "", "{name}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("sandbox allow-scripts allow-same-origin") && !policy.contains('*'));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("cache-control"), "no-store");
    let page = open.get("lab/tree/away").await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::BAD_GATEWAY, ""),
        "no way leads elsewhere"
    );
    let page = open.get("lab").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.body.contains("{\"a\":1}") && page.body.contains("main.0a1b.js"), "{}", page.body);
    assert!(!page.body.contains("elsewhere") && !page.body.contains("evil"), "{}", page.body);
    assert_eq!(page.header("link"), "");
}

#[tokio::test]
async fn nothing_of_the_browser_but_the_request_reaches_the_room() {
    let mut open = open().await;
    open.frame.headers.push(("authorization", "Bearer secret-of-the-portal".to_owned()));
    open.frame.headers.push(("x-forwarded-for", "10.0.0.1".to_owned()));
    open.frame.headers.push(("transfer-encoding", "chunked".to_owned()));
    open.get("api/kernels?token=secret-in-the-address&1732").await;
    let (room, cookie) = (open.room.clone(), open.frame.cookies.values().next().unwrap().clone());
    let heard = open.heard();
    assert!(heard.contains(&format!("GET /{room}/api/kernels \n")), "{heard}");
    for secret in ["secret", "cookie", cookie.as_str(), "10.0.0.1", "chunked", "rooms.test"] {
        assert!(!heard.contains(secret), "`{secret}` is in {heard}");
    }
}

#[tokio::test]
async fn only_the_list_is_asked_of_a_room_however_it_is_written() {
    let mut open = open().await;
    for below in [
        "files/a.csv",
        "nbconvert/html/a.ipynb",
        "api/terminals",
        "api/contents/a.csv",
        "lsp/status",
        "api/contents/../../files/a.csv",
        "api/contents/%2e%2e/%2e%2e/files/a.csv",
        "api/contents/%252e%252e%252ffiles%252fa.csv",
        "%2e%2e/other-room/lab",
        "lab/../files/a.csv",
        "/lab",
        "api/contents/a.py%00.csv",
        "api/contents/a.csv?content=1&content=0",
        "view/a.csv",
    ] {
        let page = open.get(below).await;
        assert!(page.status.is_client_error(), "{below} gives {}", page.status);
    }
    let kept = open.heard();
    assert!(!kept.contains("files") && !kept.contains("csv"), "{kept}");
}

#[tokio::test]
async fn the_pages_own_files_are_not_asked_of_the_room() {
    let mut open = open().await;
    let page = open.get("static/lab/main.js").await;
    assert_eq!(
        (page.body.as_str(), page.header("content-type")),
        ("let a = 1;", "text/javascript; charset=utf-8")
    );
    assert_eq!(open.get("static/lab/none.js").await.status, StatusCode::NOT_FOUND);
    assert!(!open.heard().contains("main.js"));
    drop(open.image);
}

#[tokio::test]
async fn nobody_comes_in_without_a_ticket_or_with_one_that_was_used() {
    let mut open = open().await;
    let lab = format!("/{}/lab", open.room);
    let mut stranger = frame(&open.site);
    assert_eq!(stranger.get(&lab).await.status, StatusCode::FORBIDDEN);
    let page = open.researcher.get(&format!("/rooms/{}/notebook", open.room)).await;
    let ticket = ticket(&page);
    stranger.headers.push(("origin", "https://elsewhere.example".to_owned()));
    let answer = stranger.post("/enter", &[("ticket", &ticket)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "from another site");
    stranger.headers.pop();
    assert_eq!(stranger.post("/enter", &[("ticket", "x")]).await.status, StatusCode::FORBIDDEN);
    assert!(stranger.post("/enter", &[("ticket", &ticket)]).await.location().ends_with("/lab"));
    let mut second = frame(&open.site);
    assert_eq!(second.post("/enter", &[("ticket", &ticket)]).await.status, StatusCode::FORBIDDEN);
    // A pass is for one room.
    assert_eq!(open.frame.get("/room-other/lab").await.status, StatusCode::FORBIDDEN);
    // The portal's own cookie opens nothing here, and the pass nothing there.
    second.cookies = open.researcher.cookies.clone();
    assert_eq!(second.get(&lab).await.status, StatusCode::FORBIDDEN);
    let mut portal = Browser::new(&open.site.router);
    portal.cookies = open.frame.cookies.clone();
    assert!(portal.get("/work").await.location().starts_with("/sign-in"));
    // Those whom the permit does not name get no ticket.
    let mut statistician = Browser::as_role(&open.site.router, "statistician").await;
    let page = statistician.get(&format!("/rooms/{}/notebook", open.room)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_signs_out_or_whose_permit_ends_is_out_at_once() {
    let mut open = open().await;
    let mut socket = open.channels("http://rooms.test").await.unwrap();
    assert_eq!(open.get("api/kernels").await.status, StatusCode::OK);
    let here = format!("/permits/{}", open.permit);
    let mut caseworker = Browser::as_role(&open.site.router, "caseworker").await;
    let why = [("why", "the purpose has ended")];
    open.site.ends.open();
    let page = caseworker.submit(&here, &format!("{here}/revocation"), &why).await;
    assert!(page.status.is_redirection(), "{}", page.body);
    let page = open.get("api/kernels").await;
    assert!(page.status.is_client_error(), "{}", page.body);
    // Code that comes after it reaches no kernel, and the socket goes.
    let _ = socket.send(message("execute_request", &serde_json::json!({ "code": "after" }))).await;
    while !matches!(told(&mut socket).await, Sent::Close(_)) {}
    assert!(!open.heard().contains("after"));
}

#[tokio::test]
async fn a_pass_ends_with_the_session_that_it_came_from() {
    let mut open = open().await;
    assert_eq!(open.get("api/kernels").await.status, StatusCode::OK);
    open.researcher.submit("/work", "/sign-out", &[]).await;
    assert_eq!(open.get("api/kernels").await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn code_is_in_the_journal_with_who_sent_it_and_comes_to_the_kernel() {
    let mut open = open().await;
    let mut socket = open.channels("http://rooms.test").await.unwrap();
    let code =
        serde_json::json!({ "code": "fit <- coxph(Surv(time, died) ~ age)", "allow_stdin": true });
    socket.send(message("execute_request", &code)).await.unwrap();
    let reply = told(&mut socket).await.into_text().unwrap();
    assert!(reply.contains("execute_reply"), "{reply}");
    let heard = open.heard();
    assert!(heard.contains("coxph") && heard.contains("\"username\":\"researcher\""), "{heard}");
    assert!(heard.contains("\"allow_stdin\":false"));
    for _ in 0..200 {
        if open.journal("cell").await.contains("Finished") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let journal = open.journal("cell").await;
    assert!(journal.contains("fit <- coxph") && journal.contains("Finished"), "{journal}");
    // The word for the kernel is the room's own, and nothing else comes with it.
    let page = open.researcher.get(&format!("/rooms/{}/journal", open.room)).await;
    let cell = page.body.split("/journal/cell-").nth(1).unwrap().split('"').next().unwrap();
    let page = open.researcher.get(&format!("/rooms/{}/journal/cell-{cell}", open.room)).await;
    assert!(page.body.contains("python3script") && page.body.contains("coxph"), "{}", page.body);
}

#[tokio::test]
async fn what_is_not_written_down_is_not_run() {
    let open = open().await;
    let mut socket = open.channels("http://rooms.test").await.unwrap();
    for (kind, content) in [
        ("comm_msg", serde_json::json!({ "data": "evil" })),
        ("debug_request", serde_json::json!({ "command": "evil" })),
        (
            "execute_request",
            serde_json::json!({ "code": "1", "user_expressions": { "a": "evil" } }),
        ),
        ("input_reply", serde_json::json!({ "value": "evil" })),
    ] {
        socket.send(message(kind, &content)).await.unwrap();
    }
    socket.send(Sent::text("{\"evil\":")).await.unwrap();
    socket.send(Sent::binary(b"evil".to_vec())).await.unwrap();
    socket.send(message("execute_request", &serde_json::json!({ "code": "last" }))).await.unwrap();
    loop {
        let text = told(&mut socket).await.into_text().unwrap();
        if text.contains("\"status\":\"ok\"") {
            break;
        }
    }
    let heard = open.heard();
    assert!(heard.contains("last") && !heard.contains("evil"), "{heard}");
}

#[tokio::test]
async fn sockets_are_opened_by_the_notebooks_page_alone() {
    let open = open().await;
    for origin in ["https://elsewhere.example", "http://portal.test", "null"] {
        assert_eq!(open.channels(origin).await.unwrap_err(), StatusCode::FORBIDDEN, "{origin}");
    }
}

#[tokio::test]
async fn more_than_may_be_shown_in_a_minute_is_withheld_and_written_down() {
    let mut open = open().await;
    let mut socket = open.channels("http://rooms.test").await.unwrap();
    let mut shown = 0;
    // However it is dressed up: as text, as pixels, as a table.
    for how in ["print", "picture", "table"].iter().cycle().take(12) {
        let code = serde_json::json!({ "code": format!("{how} 30000") });
        socket.send(message("execute_request", &code)).await.unwrap();
        loop {
            let text = told(&mut socket).await.into_text().unwrap();
            shown += text.matches("7777").count() * 4;
            if text.contains("execute_reply") {
                break;
            }
        }
    }
    assert!((60_000..=100_000).contains(&shown), "{shown} bytes were shown");
    let page = open.get("api/contents/some.ipynb").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let page = open.get("api/contents/large.ipynb").await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    let withheld = open.journal("withheld").await;
    assert_eq!(withheld.lines().count(), 2, "once a minute: {withheld}");
}

#[tokio::test]
async fn who_looks_with_a_client_of_their_own_was_in_the_notebook() {
    let mut open = open().await;
    assert_eq!(open.get("api/contents/some.ipynb").await.status, StatusCode::OK);
    assert_eq!(open.journal("entered").await.lines().count(), 1);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let entered = open.journal("entered").await;
    assert_eq!(entered.lines().count(), 2, "{entered}");
}

#[tokio::test]
async fn what_is_too_long_by_itself_is_not_shown_and_written_down() {
    let mut open = open().await;
    let page = open.get("api/contents/large.ipynb").await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    let withheld = open.journal("withheld").await;
    assert_eq!(withheld.lines().count(), 2, "{withheld}");
}

#[tokio::test]
async fn what_is_saved_is_written_down_and_data_are_not_sent_in() {
    let mut open = open().await;
    let path = format!("/{}/api/contents/analysis.ipynb", open.room);
    let good =
        serde_json::json!({ "type": "notebook", "format": "json", "content": { "cells": [] } });
    open.frame.headers.push(("origin", "http://rooms.test".to_owned()));
    let page = open.frame.json(Method::PUT, &path, &good).await;
    assert_eq!(page.status, StatusCode::OK);
    let bad = serde_json::json!({ "type": "file", "format": "base64", "content": "evil" });
    let page = open.frame.json(Method::PUT, &path, &bad).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.json()["message"].as_str().unwrap().contains("room's page"));
    let path = path.replace("analysis.ipynb", "a.csv");
    let text = serde_json::json!({ "type": "file", "format": "text", "content": "evil" });
    assert_eq!(open.frame.json(Method::PUT, &path, &text).await.status, StatusCode::FORBIDDEN);
    assert!(!open.heard().contains("evil"));
    let saved = open.journal("saved").await;
    assert!(saved.contains("analysis.ipynb") && saved.lines().count() == 2, "{saved}");
    // From another site's page it is not even read.
    open.frame.headers.pop();
    open.frame.headers.push(("origin", "https://elsewhere.example".to_owned()));
    let path = path.replace("a.csv", "b.ipynb");
    let page = open.frame.json(Method::PUT, &path, &good).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(!open.heard().contains("b.ipynb"));
}

#[tokio::test]
async fn a_body_that_is_too_long_does_not_come_in() {
    let mut open = open().await;
    let path = format!("/{}/api/contents/a.ipynb", open.room);
    let page = open
        .frame
        .send(Method::PUT, &path, Some("application/json"), Body::from(vec![b'x'; 9 << 20]))
        .await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_permit_for_scripts_opens_no_notebook() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let here = format!("/rooms/{room}");
    assert!(!researcher.get(&here).await.body.contains("Open the notebook"));
    let page = researcher.submit(&here, &format!("{here}/notebook"), &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let id = room.parse().unwrap();
    let caller = site.centre.caller(&"researcher".parse().unwrap()).await.unwrap();
    let refused =
        site.centre.open_notebook(&caller, &id, Company::Alone).await.unwrap_err().to_string();
    assert!(refused.contains("is for `scripts`"), "{refused}");
    assert!(site.centre.admit(&caller, &id).await.is_err());
}
