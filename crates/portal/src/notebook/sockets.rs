//! The sockets of a notebook's page: one to each kernel, on which code is written
//! down before it passes, and one on which the server tells what happened, whose
//! life is that of somebody's stay.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use centre::notebooks::Admitted;
use futures_util::{SinkExt as _, StreamExt as _};
use model::{AccountId, CellId, RoomId};
use room::notebook::{Answered, Code, Denied, Said};
use room::{CellOutcome, Opens};
use tokio::net::UnixStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{
    Error as SocketError, Message as Sent, client::IntoClientRequest as _,
};

use super::door::Pass;
use super::forward::{NoAnswer, note_too_long, shown, tokio_stream};
use super::serve::admit;
use crate::state::App;

/// How often it is asked whether somebody still may be there.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The end of a cell is written down so much later: the next may begin at once, and what
/// is over is not in its way to the disk.
const LATER: Duration = Duration::from_millis(20);

/// What a page says where it only listens is no longer.
const LONGEST_HEARD: usize = 1024;

/// A side that takes nothing in for so long is gone.
const TAKES: Duration = Duration::from_secs(30);

/// A page's message is no longer: the longest code, twice over in JSON.
const LONGEST_SAID: usize = 2 << 20;

/// A kernel's message is no longer: a large figure.
const LONGEST_SHOWN: usize = 16 << 20;

type Room = WebSocketStream<UnixStream>;

/// A socket to the notebook server.
async fn reach(app: &App, admitted: &Admitted, path: &str) -> Result<Room, NoAnswer> {
    let broken = |error: &dyn std::fmt::Display| NoAnswer::Broken(error.to_string());
    let stream = app.centre.reach_notebook(admitted).await?;
    let stream = tokio_stream(stream).map_err(|error| broken(&error))?;
    let request = format!("ws://localhost/{}/{path}", admitted.room)
        .into_client_request()
        .map_err(|error| broken(&error))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST_SHOWN))
        .max_frame_size(Some(LONGEST_SHOWN));
    let reached = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
    let (socket, _) = tokio::time::timeout(Duration::from_secs(20), reached)
        .await
        .map_err(|_| NoAnswer::Broken("too slow".to_owned()))?
        .map_err(|error| broken(&error))?;
    Ok(socket)
}

/// `api/kernels/{kernel}/channels`
pub(super) async fn channels(
    app: &App,
    (pass, admitted): (Pass, Admitted),
    (kernel, session): (String, Option<String>),
    upgrade: WebSocketUpgrade,
) -> Result<Response, NoAnswer> {
    let held = Held::take(app, &admitted)?;
    let name = kernel_name(app, &admitted, &kernel).await?;
    let mut path = format!("api/kernels/{kernel}/channels");
    if let Some(session) = session {
        path.push_str("?session_id=");
        path.push_str(&session);
    }
    let room = reach(app, &admitted, &path).await?;
    let app = app.clone();
    Ok(upgrade.max_message_size(LONGEST_SAID).max_frame_size(LONGEST_SAID).on_upgrade(
        async move |page| {
            let (open, opens) = (HashMap::new(), app.centre.opens(&admitted));
            let seen = BTreeSet::new();
            let mut talk = Talk { app, pass, admitted, kernel: name, open, opens, seen };
            talk.follow(page, room).await;
            talk.leave().await;
            drop(held);
        },
    ))
}

/// What the room calls the kernel: a word that the journal can show.
async fn kernel_name(app: &App, admitted: &Admitted, kernel: &str) -> Result<String, NoAnswer> {
    use room::notebook::{Answer, Body, Forward};
    let path = format!("api/kernels/{kernel}");
    let forward = Forward { path, body: Body::None, answer: Answer::Json };
    let asked = (axum::http::Method::GET, forward, axum::body::Bytes::new());
    let answered = super::forward::pass(app, admitted, asked).await?;
    let body = axum::body::to_bytes(answered.into_body(), 1 << 20).await.unwrap_or_default();
    let read: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let name = read.get("name").and_then(serde_json::Value::as_str).unwrap_or("kernel");
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    Ok(name.chars().filter(plain).take(40).collect())
}

/// What passes between a page and a kernel.
struct Talk {
    app: App,
    pass: Pass,
    admitted: Admitted,
    kernel: String,
    /// Code that the kernel has not answered yet, by its message's id.
    open: HashMap<String, (CellId, Instant)>,
    /// Which tables are opened: a kernel does one thing after the other, and what was
    /// opened since it answered last belongs to what it answers now.
    opens: Option<Box<dyn Opens>>,
    /// What was seen of it so far.
    seen: BTreeSet<String>,
}

/// Why a talk ends.
pub(super) enum Over {
    /// One of the two is gone.
    Gone,
    /// Somebody may not be there any more, or the ledger cannot be written: in words.
    Ended(String),
}

/// Sends, as long as the other side takes it in.
pub(super) async fn in_time<E>(sending: impl Future<Output = Result<(), E>>) -> Result<(), Over> {
    match tokio::time::timeout(TAKES, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Over::Gone),
    }
}

/// A socket of a room, given back when it is dropped.
pub(super) struct Held {
    app: App,
    room: RoomId,
    account: AccountId,
}

impl Held {
    pub(super) fn take(app: &App, admitted: &Admitted) -> Result<Self, NoAnswer> {
        let Admitted { room, account, .. } = admitted;
        if app.used.take_socket(room, account) {
            return Ok(Self { app: app.clone(), room: room.clone(), account: account.clone() });
        }
        Err(NoAnswer::Broken("too many sockets are open to it".to_owned()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.app.used.give_socket(&self.room, &self.account);
    }
}

impl Talk {
    async fn follow(&mut self, mut page: WebSocket, mut room: Room) {
        let mut again = tokio::time::interval(ASK_AGAIN);
        let over = loop {
            let done = tokio::select! {
                said = page.recv() => match said {
                    Some(Ok(message)) => self.said(message, &mut page, &mut room).await,
                    _ => Err(Over::Gone),
                },
                told = room.next() => match told {
                    Some(Ok(message)) => self.told(message, &mut page).await,
                    Some(Err(SocketError::Capacity(_))) => {
                        let length = u64::try_from(LONGEST_SHOWN).unwrap_or(u64::MAX);
                        // Nothing of it is shown, also when that cannot be written down.
                        let _ = note_too_long(&self.app, &self.admitted, length).await;
                        Err(Over::Gone)
                    }
                    _ => Err(Over::Gone),
                },
                _ = again.tick() => {
                    self.see_opens();
                    self.ask_again(false).await
                }
            };
            if let Err(over) = done {
                break over;
            }
        };
        let _ = room.close(None).await;
        let reason = match over {
            Over::Gone => String::new(),
            // A close frame holds 123 bytes of reason (RFC 6455 section 5.5).
            Over::Ended(why) => why.chars().take(60).collect(),
        };
        let frame = CloseFrame { code: close_code::POLICY, reason: reason.into() };
        let _ = page.send(Message::Close(Some(frame))).await;
    }

    /// What the kernel has not answered is answered to nobody.
    async fn leave(&mut self) {
        self.app.used.end(self.admitted.run.as_ref(), self.open.len());
        // Which of them opened it, nobody knows.
        let opened = self.opened();
        for (_, (cell, since)) in self.open.drain() {
            let unheard = (CellOutcome::Unheard, since.elapsed());
            let ended = self.app.centre.end_cell(&self.admitted, cell, unheard, opened.clone());
            if let Err(refused) = ended.await {
                tracing::error!(room = %self.admitted.room, %refused, "the end of a cell was not written down");
                break;
            }
        }
    }

    /// The tables that were opened since this was asked last.
    fn opened(&mut self) -> Option<Vec<String>> {
        self.see_opens();
        self.opens.as_ref()?;
        Some(std::mem::take(&mut self.seen).into_iter().collect())
    }

    /// Looks what was opened, before the kernel loses count of it.
    fn see_opens(&mut self) {
        if let Some(opens) = &mut self.opens {
            self.seen.extend(opens.take());
        }
    }

    async fn ask_again(&self, acts: bool) -> Result<(), Over> {
        match admit(&self.app, &self.pass, acts).await {
            Ok(admitted) if admitted.is_still_in(&self.admitted) => Ok(()),
            Ok(_) => Err(Over::Ended("the notebook was closed".to_owned())),
            Err(none) => Err(Over::Ended(none.to_string())),
        }
    }

    async fn said(
        &mut self,
        message: Message,
        page: &mut WebSocket,
        room: &mut Room,
    ) -> Result<(), Over> {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(Over::Gone),
            // Pings are answered by the library; bytes are no message we know.
            _ => return Ok(()),
        };
        let said = match Said::read(&text, self.admitted.account.as_str()) {
            Ok(said) => said,
            Err(denied) => return self.deny(&text, &denied, page).await,
        };
        if let Some(code) = said.code {
            if self.open.contains_key(&code.message) {
                let twice = Denied::Form("a message with this id is not answered yet".to_owned());
                return self.deny(&text, &twice, page).await;
            }
            self.write_down(code).await?;
        }
        in_time(room.send(Sent::text(said.passed))).await
    }

    /// Code is in the ledger before the kernel gets it, or the kernel does not.
    async fn write_down(&mut self, code: Code) -> Result<(), Over> {
        // Asked now, and not five seconds ago: this is where something is done.
        self.ask_again(true).await?;
        let cell = self
            .app
            .centre
            .run_cell(&self.admitted, &self.kernel, code.text)
            .await
            .map_err(|refused| Over::Ended(refused.to_string()))?;
        self.app.used.begin(self.admitted.run.as_ref());
        self.open.insert(code.message, (cell, Instant::now()));
        Ok(())
    }

    /// What does not pass is answered as a kernel would that cannot do it.
    async fn deny(
        &mut self,
        text: &str,
        denied: &Denied,
        page: &mut WebSocket,
    ) -> Result<(), Over> {
        tracing::info!(room = %self.admitted.room, why = %denied, "a message was not passed to a kernel");
        let Some(replies) = refusal(text, denied) else { return Ok(()) };
        for reply in replies {
            in_time(page.send(Message::Text(reply.into()))).await?;
        }
        Ok(())
    }

    async fn told(&mut self, message: Sent, page: &mut WebSocket) -> Result<(), Over> {
        let text = match message {
            Sent::Text(text) => text,
            Sent::Close(_) => return Err(Over::Gone),
            _ => return Ok(()),
        };
        let answered = Answered::read(&text);
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let passed = match shown(&self.app, &self.admitted, bytes).await {
            Ok(()) => text.as_str().to_owned(),
            Err(NoAnswer::Withheld) => {
                let instead = withheld(&text);
                let bytes = u64::try_from(instead.len()).unwrap_or(u64::MAX);
                if shown(&self.app, &self.admitted, bytes).await.is_err() {
                    self.heard(answered);
                    return Ok(());
                }
                instead
            }
            Err(none) => return Err(Over::Ended(none.to_string())),
        };
        in_time(page.send(Message::Text(passed.into()))).await?;
        self.heard(answered);
        Ok(())
    }

    /// Writes down that a kernel answered, if it did: beside the talk, which need
    /// not wait for what is over.
    fn heard(&mut self, answered: Option<Answered>) {
        let Some(answered) = answered else { return };
        let Some((cell, since)) = self.open.remove(&answered.message) else { return };
        self.app.used.end(self.admitted.run.as_ref(), 1);
        let (app, admitted, opened) = (self.app.clone(), self.admitted.clone(), self.opened());
        let answered = (answered.outcome, since.elapsed());
        self.app.underway.begin(async move {
            tokio::time::sleep(LATER).await;
            let ended = app.centre.end_cell(&admitted, cell, answered, opened);
            if let Err(refused) = ended.await {
                tracing::error!(room = %admitted.room, %refused, "the end of a cell was not written down");
            }
        });
    }
}

/// The header of a message of ours in answer to `parent`.
fn ours(
    kind: &str,
    channel: &str,
    parent: &serde_json::Value,
    content: serde_json::Value,
) -> String {
    let header = |name: &str| parent.get(name).cloned().unwrap_or_default();
    serde_json::json!({
        "channel": channel,
        "header": {
            "msg_id": format!("helserom-{kind}"), "msg_type": kind, "session": header("session"),
            "username": "helserom", "date": header("date"), "version": "5.4",
        },
        "msg_id": format!("helserom-{kind}"),
        "msg_type": kind,
        "parent_header": parent,
        "metadata": {},
        "content": content,
        "buffers": [],
    })
    .to_string()
}

/// The answer to code that was not passed: an error that stands below the cell.
fn refusal(text: &str, denied: &Denied) -> Option<[String; 3]> {
    let read: serde_json::Value = serde_json::from_str(text).ok()?;
    let parent = read.get("header").filter(|header| header.is_object())?;
    if parent.get("msg_type").and_then(serde_json::Value::as_str) != Some("execute_request") {
        return None;
    }
    let why = denied.to_string();
    let error = serde_json::json!({ "ename": "NotRun", "evalue": why, "traceback": [format!("Not run: {why}")] });
    let mut reply = error.clone();
    if let Some(reply) = reply.as_object_mut() {
        reply.insert("status".to_owned(), "error".into());
        reply.insert("execution_count".to_owned(), 0.into());
    }
    Some([
        ours("error", "iopub", parent, error),
        ours("execute_reply", "shell", parent, reply),
        ours("status", "iopub", parent, serde_json::json!({ "execution_state": "idle" })),
    ])
}

/// What stands in the place of something that was withheld. Of that there is the
/// id of the message which it answers, if it looks like one: the page needs it to
/// know below which cell.
fn withheld(text: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Told {
        parent_header: Parent,
    }
    #[derive(serde::Deserialize)]
    struct Parent {
        msg_id: String,
        session: String,
    }
    let plain = |text: &str| {
        text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let told = serde_json::from_str::<Told>(text).ok().map(|told| told.parent_header);
    let parent = told.filter(|parent| plain(&parent.msg_id) && plain(&parent.session));
    let parent = parent.map_or_else(
        || serde_json::json!({}),
        |parent| serde_json::json!({ "msg_id": parent.msg_id, "session": parent.session }),
    );
    let said = "[withheld: more was to be shown than may be in a minute. \
                Wait, and show less at once; this is in the room's journal.]\n";
    ours("stream", "iopub", &parent, serde_json::json!({ "name": "stderr", "text": said }))
}

/// `api/events/subscribe`
pub(super) async fn events(
    app: &App,
    (pass, admitted): (Pass, Admitted),
    upgrade: WebSocketUpgrade,
) -> Result<Response, NoAnswer> {
    let held = Held::take(app, &admitted)?;
    let room = reach(app, &admitted, "api/events/subscribe").await?;
    app.centre.enter_notebook(&admitted).await?;
    app.used.come(&admitted.room, &admitted.account);
    let (app, since) = (app.clone(), Instant::now());
    let upgrade = upgrade.max_message_size(LONGEST_HEARD).max_frame_size(LONGEST_HEARD);
    Ok(upgrade.on_upgrade(async move |page| {
        let _held = held;
        listen(&app, &pass, &admitted, page, room).await;
        let shown = app.used.sum(&admitted.permit, &admitted.account);
        app.used.go(&admitted.room, &admitted.account);
        if let Err(refused) = app.centre.leave_notebook(&admitted, since.elapsed(), shown).await {
            tracing::error!(room = %admitted.room, %refused, "that somebody left was not written down");
        }
    }))
}

/// The room tells, the page listens: what the page says here goes nowhere.
async fn listen(app: &App, pass: &Pass, admitted: &Admitted, mut page: WebSocket, mut room: Room) {
    let mut again = tokio::time::interval(ASK_AGAIN);
    loop {
        tokio::select! {
            said = page.recv() => match said {
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            told = room.next() => match told {
                Some(Ok(Sent::Text(text))) => {
                    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
                    if shown(app, admitted, bytes).await.is_err() {
                        continue;
                    }
                    if in_time(page.send(Message::Text(text.as_str().into()))).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Sent::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            _ = again.tick() => {
                if !admit(app, pass, false).await.is_ok_and(|now| now.is_still_in(admitted)) {
                    break;
                }
            }
        }
    }
    let _ = room.close(None).await;
    let _ = page.send(Message::Close(None)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_is_not_passed_gets_an_answer_a_page_can_show() {
        let text = r#"{"channel":"shell","header":{"msg_id":"m1","msg_type":"execute_request","session":"s"},"content":{}}"#;
        let replies = refusal(text, &Denied::Message("x".into())).unwrap();
        for reply in replies {
            let read: serde_json::Value = serde_json::from_str(&reply).unwrap();
            assert_eq!(read["parent_header"]["msg_id"], "m1");
        }
        assert!(refusal(&text.replace("execute_request", "comm_msg"), &Denied::NotHere).is_none());
        assert!(refusal("{", &Denied::NotHere).is_none());
    }

    #[test]
    fn what_is_withheld_is_not_in_what_stands_in_its_place() {
        let told =
            |parent: &str| format!(r#"{{"parent_header":{parent},"content":{{"text":"4711"}}}}"#);
        let shown = withheld(&told(r#"{"msg_id":"m1","session":"s","x":"4711"}"#));
        assert!(shown.contains("m1") && !shown.contains("4711"));
        for parent in [r#"{"msg_id":"4711 4711","session":"s"}"#, r#""4711""#, "[4711]"] {
            assert!(!withheld(&told(parent)).contains("4711"), "{parent}");
        }
        let long = format!(r#"{{"msg_id":"{}","session":"s"}}"#, "4711".repeat(100));
        assert!(!withheld(&told(&long)).contains("4711"));
    }
}
