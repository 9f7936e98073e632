//! The desktop of a room at the rooms' address, with a display behind it that does
//! what hostile code in a room could do, and viewers that are no browsers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use centre::notebooks::Company;
use futures_util::{SinkExt as _, StreamExt as _};
use portal::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio_tungstenite::tungstenite::Message as Sent;

use crate::browser::Browser;
use crate::gate::PATIENCE;
use crate::notebooks::{config, frame, ticket};
use crate::site::Site;
use crate::sockets::{Socket, socket};
use crate::story::{room, room_that};

const VERSION: &[u8] = b"RFB 003.008\n";

/// What the display tells after its greeting.
type Script = Arc<Vec<Vec<u8>>>;

/// A display: greets, notes what it hears, and tells what is in the script, a part
/// for every request to see something.
async fn display(mut viewer: UnixStream, script: Script, heard: Arc<Mutex<Vec<u8>>>) {
    viewer.write_all(VERSION).await.unwrap();
    let mut version = [0; 12];
    viewer.read_exact(&mut version).await.unwrap();
    viewer.write_all(&[2, 2, 1]).await.unwrap();
    assert_eq!(viewer.read_u8().await.unwrap(), 1);
    viewer.write_all(&[0; 4]).await.unwrap();
    assert_eq!(viewer.read_u8().await.unwrap(), 1);
    let mut init = vec![0, 64, 0, 48];
    init.extend([7; 16]);
    init.extend([0, 0, 0, 9]);
    init.extend(b"name-4711");
    viewer.write_all(&init).await.unwrap();
    let mut told = script.iter();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = viewer.read(&mut buffer).await {
        heard.lock().unwrap().extend(&buffer[..count]);
        if buffer[..count].first() == Some(&3)
            && let Some(part) = told.next()
            && viewer.write_all(part).await.is_err()
        {
            break;
        }
    }
}

struct Open {
    site: Site,
    researcher: Browser,
    frame: Browser,
    room: String,
    permit: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

async fn open(script: Vec<Vec<u8>>) -> Open {
    open_with(config(std::path::PathBuf::new()), script).await
}

async fn open_with(config: Config, script: Vec<Vec<u8>>) -> Open {
    let site = Site::with(config).await;
    site.ends.shut();
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (permit, room) = room_that(&site, &mut researcher, &[("room.way", "desktop")]).await;
    let listener = UnixListener::bind(site.notebook_socket()).unwrap();
    let (heard, script) = (Arc::default(), Arc::new(script));
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((viewer, _)) = listener.accept().await {
            tokio::spawn(display(viewer, Arc::clone(&script), Arc::clone(&heard)));
        }
    });
    // Not by the page's button: it is there where noVNC was when the portal was built.
    let caller = site.centre.caller(&"researcher".parse().unwrap()).await.unwrap();
    site.centre.open_desktop(&caller, &room.parse().unwrap(), Company::Alone).await.unwrap();
    let page = researcher.get(&format!("/rooms/{room}/desktop")).await;
    let mut frame = frame(&site);
    let entered = frame.post("/enter", &[("ticket", &ticket(&page))]).await;
    assert_eq!(entered.location(), format!("/{room}/desktop"));
    Open { site, researcher, frame, room, permit, heard: kept }
}

impl Open {
    async fn socket(&self, origin: &str) -> Result<Socket, StatusCode> {
        socket(&self.site, &self.frame, &format!("/{}/desktop/socket", self.room), origin).await
    }

    /// A viewer that was greeted.
    async fn viewer(&self) -> Viewer {
        let mut viewer =
            Viewer { socket: self.socket("http://rooms.test").await.unwrap(), held: Vec::new() };
        assert_eq!(viewer.take(12).await, VERSION);
        viewer.say(VERSION).await;
        assert_eq!(viewer.take(2).await, [1, 1]);
        viewer.say(&[1]).await;
        assert_eq!(viewer.take(4).await, [0; 4]);
        viewer.say(&[1]).await;
        let init = viewer.take(24).await;
        assert_eq!(init[..4], [0, 64, 0, 48]);
        let name = viewer.take(init[23].into()).await;
        assert_eq!(name, b"Helserom", "a room's words are told");
        viewer
    }

    fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().clone()
    }

    async fn hears(&self, wanted: &[u8]) {
        for _ in 0..500 {
            if self.heard().windows(wanted.len()).any(|part| part == wanted) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the room heard {:?}", self.heard());
    }

    async fn journal(&mut self, only: &str) -> String {
        let path = format!("/rooms/{}/journal?format=csv&only={only}", self.room);
        self.researcher.get(&path).await.body
    }
}

struct Viewer {
    socket: Socket,
    held: Vec<u8>,
}

impl Viewer {
    async fn say(&mut self, bytes: &[u8]) {
        self.socket.send(Sent::binary(bytes.to_vec())).await.unwrap();
    }

    async fn look(&mut self) {
        self.say(&[3, 1, 0, 0, 0, 0, 0, 64, 0, 48]).await;
    }

    /// The next bytes; an end, when the connection is over.
    async fn next(&mut self) -> Option<Vec<u8>> {
        match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("nothing came") {
            Some(Ok(Sent::Binary(bytes))) => Some(bytes.to_vec()),
            _ => None,
        }
    }

    async fn take(&mut self, count: usize) -> Vec<u8> {
        while self.held.len() < count {
            let more = self.next().await.expect("the connection was ended");
            self.held.extend(more);
        }
        self.held.drain(..count).collect()
    }

    /// Everything that still comes.
    async fn rest(&mut self) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.held);
        while let Some(more) = self.next().await {
            all.extend(more);
        }
        all
    }
}

/// An update of one area, raw.
fn raw(size: (u16, u16), pixels: &[u8]) -> Vec<u8> {
    let mut update = vec![0, 0, 0, 1, 0, 0, 0, 0];
    update.extend(size.0.to_be_bytes());
    update.extend(size.1.to_be_bytes());
    update.extend([0; 4]);
    update.extend(pixels);
    update
}

fn cut(text: &[u8]) -> Vec<u8> {
    let mut cut = vec![3, 0, 0, 0];
    cut.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    cut.extend(text);
    cut
}

#[tokio::test]
async fn pixels_come_and_the_clipboard_does_not() {
    let secret = b"person-4711";
    let extended = [&[3, 0, 0, 0][..], &(-11_i32).to_be_bytes(), secret].concat();
    let open = open(vec![
        [cut(secret), raw((1, 1), b"abcd"), extended].concat(),
        [vec![2], raw((1, 1), b"efgh")].concat(),
    ])
    .await;
    let mut viewer = open.viewer().await;
    viewer.look().await;
    assert_eq!(viewer.take(20).await, raw((1, 1), b"abcd"));
    viewer.look().await;
    assert_eq!(viewer.take(20).await, raw((1, 1), b"efgh"), "something came between");
}

#[tokio::test]
async fn a_display_that_says_more_than_it_was_asked_ends_the_connection() {
    let secret = b"person-4711";
    let tight = [vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0, 8, 0, 0, 0, 7], secret.to_vec()].concat();
    let name = [
        vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        (-307_i32).to_be_bytes().to_vec(),
        secret.to_vec(),
    ]
    .concat();
    let colours = [vec![1, 0, 0, 0, 0, 2], secret.to_vec()].concat();
    let fence = [vec![248, 0, 0, 0, 0, 0, 0, 1, 11], secret.to_vec()].concat();
    let beside = raw((u16::MAX, u16::MAX), secret);
    for told in [tight, name, colours, fence, beside, b"HTTP/1.1 200 OK\r\n".to_vec()] {
        let open = open(vec![told.clone()]).await;
        let mut viewer = open.viewer().await;
        viewer.look().await;
        let rest = viewer.rest().await;
        assert!(!rest.windows(4).any(|part| part == b"4711"), "{told:?} came out as {rest:?}");
    }
}

#[tokio::test]
async fn a_viewer_says_keys_and_texts_and_nothing_else() {
    let mut open = open(Vec::new()).await;
    let mut viewer = open.viewer().await;
    viewer.say(&[4, 1, 9, 9, 0, 0, 0, 97]).await;
    open.hears(&[4, 1, 0, 0, 0, 0, 0, 97]).await;
    // What is asked of the room is the centre's own list.
    viewer.say(&[2, 0, 0, 1, 0, 0, 0, 7]).await;
    open.hears(&[2, 0, 0, 4, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0]).await;
    let paste = [&[6, 0, 0, 0, 0, 0, 0, 8][..], b"select 1"].concat();
    viewer.say(&paste).await;
    open.hears(&paste).await;
    let pasted = open.journal("pasted").await;
    assert_eq!(pasted.lines().count(), 2, "{pasted}");
    for bad in [
        vec![255, 0, 0, 1, 0, 0, 0, 97, 0, 0, 0, 30],
        vec![251, 0, 16, 0, 16, 0, 1, 0],
        [vec![6, 0, 0, 0], (-4_i32).to_be_bytes().to_vec(), b"evil".to_vec()].concat(),
        vec![6, 0, 0, 0, 127, 255, 255, 255],
        b"GET /evil HTTP/1.1\r\n\r\n".to_vec(),
    ] {
        let mut viewer = open.viewer().await;
        viewer.say(&bad).await;
        viewer.rest().await;
    }
    let mut viewer = open.viewer().await;
    viewer.socket.send(Sent::text("evil")).await.unwrap();
    viewer.rest().await;
    assert!(!open.heard().windows(4).any(|part| part == b"evil"));
    assert_eq!(open.journal("pasted").await.lines().count(), 2);
}

#[tokio::test]
async fn a_socket_is_opened_by_the_desktops_page_alone() {
    let open = open(Vec::new()).await;
    for origin in ["https://elsewhere.example", "http://portal.test", "null"] {
        assert_eq!(open.socket(origin).await.unwrap_err(), StatusCode::FORBIDDEN, "{origin}");
    }
    assert!(open.socket("http://rooms.test").await.is_ok());
}

#[tokio::test]
async fn a_desktop_has_its_page_its_files_and_its_socket_and_no_notebook() {
    let mut open = open(Vec::new()).await;
    let here = format!("/{}/desktop", open.room);
    let page = open.frame.get(&here).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("viewer/desktop.js"), "{}", page.body);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    let file = open.frame.get(&format!("{here}/viewer/desktop.js")).await;
    assert_eq!(file.header("content-type"), "text/javascript; charset=utf-8");
    for below in [
        "lab",
        "api/contents",
        "api/kernels",
        "static/lab/main.js",
        "desktop/",
        "desktop/viewer/../../lab",
        "desktop/viewer/..%2f..%2fCargo.toml",
        "desktop/viewer/%2e%2e/build.mjs",
        "desktop/socket/x",
        "desktop?token=1",
        "../desktop",
    ] {
        let page = open.frame.get(&format!("/{}/{below}", open.room)).await;
        assert!(page.status.is_client_error(), "{below} gives {}", page.status);
    }
    // A request that is no web socket opens none, and a pass is for one room.
    assert!(open.frame.get(&format!("{here}/socket")).await.status.is_client_error());
    assert_eq!(open.frame.get("/room-other/desktop").await.status, StatusCode::FORBIDDEN);
    assert_eq!(open.heard(), Vec::<u8>::new(), "a page's request came to the room");
    let notebook = format!("/rooms/{}/notebook", open.room);
    let page = open.researcher.get(&notebook).await;
    assert!(page.status.is_redirection(), "no notebook is shown");
    let token = open.researcher.get("/account").await.token();
    let page = open.researcher.post(&notebook, &[("csrf", &token)]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn who_signs_out_or_whose_permit_ends_sees_nothing_more() {
    let mut open = open(vec![raw((1, 1), b"abcd"); 9]).await;
    let mut viewer = open.viewer().await;
    viewer.look().await;
    viewer.take(20).await;
    let here = format!("/permits/{}", open.permit);
    let mut caseworker = Browser::as_role(&open.site.router, "caseworker").await;
    open.site.ends.open();
    let why = [("why", "the purpose has ended")];
    let page = caseworker.submit(&here, &format!("{here}/revocation"), &why).await;
    assert!(page.status.is_redirection(), "{}", page.body);
    // A text that is pasted then is not written down and comes nowhere.
    viewer.say(&[&[6, 0, 0, 0, 0, 0, 0, 5][..], b"after"].concat()).await;
    viewer.rest().await;
    assert!(!open.heard().windows(5).any(|part| part == b"after"));
    assert!(open.socket("http://rooms.test").await.is_err(), "comes in again");
    let page = open.researcher.get(&format!("/rooms/{}/desktop", open.room)).await;
    assert!(!page.status.is_success(), "{}", page.body);
}

#[tokio::test]
async fn what_is_shown_is_counted_slowed_down_and_written_down() {
    let update = raw((64, 48), &[7; 64 * 48 * 4]);
    let size = update.len();
    let mut open = open(vec![update; 20]).await;
    let began = std::time::Instant::now();
    let mut viewer = open.viewer().await;
    // 100,000 bytes may be shown at once: eight updates of 12 KiB, and no ninth.
    for _ in 0..8 {
        viewer.look().await;
        viewer.take(size).await;
    }
    viewer.look().await;
    let early = tokio::time::timeout(Duration::from_millis(500), viewer.take(size)).await;
    assert!(early.is_err() || began.elapsed() > Duration::from_secs(8), "it was not slowed down");
    let withheld = open.journal("withheld").await;
    assert_eq!(withheld.lines().count(), 2, "{withheld}");
    drop(viewer);
    let mut journal = String::new();
    for _ in 0..200 {
        journal = open.journal("entered").await;
        if journal.contains("shown") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(journal.contains("shown 9"), "{journal}");
}

#[tokio::test]
async fn in_a_desktops_room_no_text_is_looked_at_from_outside() {
    let open = open(Vec::new()).await;
    let id = open.room.parse().unwrap();
    let caller = open.site.centre.caller(&"researcher".parse().unwrap()).await.unwrap();
    let refused = open.site.centre.read_in_room(&caller, &id, "result.csv").await;
    assert!(refused.unwrap_err().to_string().contains("looked at there"));
    assert!(open.site.centre.hides_text(&caller, &id).await.unwrap());
    assert!(!open.site.centre.is_blind(&caller, &id).await.unwrap());
}

#[tokio::test]
async fn a_permit_for_notebooks_opens_no_desktop() {
    let site = Site::with(config(std::path::PathBuf::new())).await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let caller = site.centre.caller(&"researcher".parse().unwrap()).await.unwrap();
    let refused = site.centre.open_desktop(&caller, &room.parse().unwrap(), Company::Alone).await;
    assert!(refused.err().unwrap().to_string().contains("`notebook`"));
    let body = researcher.get(&format!("/rooms/{room}")).await.body;
    assert!(body.contains("Open the notebook") && !body.contains("Open the desktop"));
}
