//! The socket of a desktop: RFB between a viewer and a room, each side greeted by
//! itself, every message read and written anew.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use centre::notebooks::Admitted;
use room::desktop::greeting::{INIT, NONE, SHARED, VERSION, pixels};
use room::desktop::{Broken, LONGEST_PASTE, Said, Say, Screen, Told};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::super::Passes;
use super::super::door::Pass;
use super::super::forward::{NoAnswer, tokio_stream};
use super::super::serve::admit;
use super::super::sockets::{ASK_AGAIN, Held, Over, in_time};
use crate::state::App;

/// How long a display may take for its greeting.
const PATIENCE: Duration = Duration::from_secs(20);

/// A viewer's message is no longer: a text to paste, and some keys before it.
const LONGEST_SAID: usize = LONGEST_PASTE + (64 << 10);

/// So much is read of a room and shown at once, bytes.
const PIECE: usize = 32 << 10;

/// How soon it is tried again to show what was held back.
const SLOWED: Duration = Duration::from_millis(100);

impl From<Broken> for NoAnswer {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken.to_string())
    }
}

/// Greets the display of a room (RFC 6143 section 7.1 to 7.3): says how pixels are
/// written, and finds out how large its screen is.
async fn greet(room: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Screen, NoAnswer> {
    let gone = |error: std::io::Error| NoAnswer::Broken(error.to_string());
    let mut version = [0; VERSION.len()];
    room.read_exact(&mut version).await.map_err(gone)?;
    if version != *VERSION {
        return Err(Broken::Room("another version").into());
    }
    room.write_all(VERSION).await.map_err(gone)?;
    let ways = room.read_u8().await.map_err(gone)?;
    let mut offered = vec![0; ways.into()];
    room.read_exact(&mut offered).await.map_err(gone)?;
    if !offered.contains(&NONE) {
        return Err(Broken::Room("it wants a password").into());
    }
    room.write_all(&[NONE]).await.map_err(gone)?;
    if room.read_u32().await.map_err(gone)? != 0 {
        return Err(Broken::Room("it lets nobody in").into());
    }
    room.write_all(&[SHARED]).await.map_err(gone)?;
    let mut init = [0; INIT];
    room.read_exact(&mut init).await.map_err(gone)?;
    let (screen, name) = Screen::read(&init)?;
    let mut dropped = room.take(name.into());
    tokio::io::copy(&mut dropped, &mut tokio::io::sink()).await.map_err(gone)?;
    room.write_all(&pixels()).await.map_err(gone)?;
    Ok(screen)
}

/// `desktop/socket`
pub(super) async fn socket(
    app: &App,
    (pass, admitted): (Pass, Admitted),
    upgrade: WebSocketUpgrade,
) -> Result<Response, NoAnswer> {
    let held = Held::take(app, &admitted)?;
    let room = app.centre.reach_notebook(&admitted).await?;
    let mut room = tokio_stream(room).map_err(|error| NoAnswer::Broken(error.to_string()))?;
    let screen = tokio::time::timeout(PATIENCE, greet(&mut room))
        .await
        .map_err(|_| NoAnswer::Broken("too slow".to_owned()))??;
    let (app, upgrade) =
        (app.clone(), upgrade.max_message_size(LONGEST_SAID).max_frame_size(LONGEST_SAID));
    app.centre.enter_notebook(&admitted).await?;
    let since = Instant::now();
    Ok(upgrade.on_upgrade(async move |page| {
        let _held = held;
        let (said, told) = (Said::new(screen), Told::new(screen));
        let mut relay = Relay { app: app.clone(), pass, admitted, said, told, acted: false };
        relay.follow(page, room).await;
        let admitted = relay.admitted;
        let shown = app.used.sum(&admitted.permit, &admitted.account);
        if let Err(refused) = app.centre.leave_notebook(&admitted, since.elapsed(), shown).await {
            tracing::error!(room = %admitted.room, %refused, "that somebody left was not written down");
        }
    }))
}

/// What passes between a viewer and a desktop.
struct Relay {
    app: App,
    pass: Pass,
    admitted: Admitted,
    said: Said,
    told: Told,
    /// Whether a key or the pointer was used since it was last asked whether somebody
    /// may be there.
    acted: bool,
}

fn ended(broken: &Broken) -> Over {
    Over::Ended(broken.to_string())
}

impl Relay {
    async fn follow(&mut self, mut page: WebSocket, room: tokio::net::UnixStream) {
        let (mut from_room, mut to_room) = room.into_split();
        let mut again = tokio::time::interval(ASK_AGAIN);
        let mut read = vec![0; PIECE];
        // What passes and is not shown yet. While there is some nothing more is read:
        // the room waits, and its display draws less often.
        let mut waiting = Vec::new();
        let mut over = in_time(page.send(Message::Binary(Bytes::from_static(Said::hello())))).await;
        while over.is_ok() {
            over = tokio::select! {
                said = page.recv() => match said {
                    Some(Ok(message)) => self.said(message, &mut page, &mut to_room).await,
                    _ => Err(Over::Gone),
                },
                count = from_room.read(&mut read), if waiting.is_empty() => match count {
                    Ok(count) if count > 0 => {
                        let read = read.get(..count).unwrap_or_default();
                        match self.told.read(read, &mut waiting) {
                            Ok(()) => self.show(&mut waiting, &mut page).await,
                            Err(broken) => Err(ended(&broken)),
                        }
                    }
                    _ => Err(Over::Gone),
                },
                () = tokio::time::sleep(SLOWED), if !waiting.is_empty() => {
                    self.show(&mut waiting, &mut page).await
                }
                _ = again.tick() => self.ask_again().await,
            };
        }
        let reason = match over {
            Err(Over::Ended(why)) => {
                tracing::info!(room = %self.admitted.room, %why, "a desktop's connection was ended");
                why.chars().take(60).collect()
            }
            _ => String::new(),
        };
        let frame = CloseFrame { code: close_code::POLICY, reason: reason.into() };
        let _ = page.send(Message::Close(Some(frame))).await;
    }

    async fn ask_again(&mut self) -> Result<(), Over> {
        let acted = std::mem::take(&mut self.acted);
        match admit(&self.app, &self.pass, acted).await {
            Ok(admitted) if admitted.is_still_in(&self.admitted) => Ok(()),
            Ok(_) => Err(Over::Ended("the desktop was closed".to_owned())),
            Err(none) => Err(Over::Ended(none.to_string())),
        }
    }

    async fn said(
        &mut self,
        message: Message,
        page: &mut WebSocket,
        room: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), Over> {
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            // Pings are answered by the library.
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(Over::Gone),
            Message::Text(_) => return Err(ended(&Broken::Viewer("text"))),
        };
        for say in self.said.read(&bytes).map_err(|broken| ended(&broken))? {
            let passed = match say {
                Say::Answer(answer) => {
                    in_time(page.send(Message::Binary(answer.into()))).await?;
                    continue;
                }
                Say::Pass(passed) => passed,
                Say::Act(passed) => {
                    self.acted = true;
                    self.app.used.touch(self.admitted.run.as_ref());
                    passed
                }
                Say::Paste(text) => {
                    // Asked now, and not five seconds ago: this is written down.
                    self.acted = true;
                    self.ask_again().await?;
                    let written = self.app.centre.paste(&self.admitted, &text).await;
                    written.map_err(|refused| Over::Ended(refused.to_string()))?;
                    self.app.used.touch(self.admitted.run.as_ref());
                    Say::paste(&text)
                }
            };
            in_time(room.write_all(&passed)).await?;
        }
        Ok(())
    }

    /// Shows what may be shown now. What is held back stays in `waiting`: what comes
    /// after it can only be drawn after it.
    async fn show(&self, waiting: &mut Vec<u8>, page: &mut WebSocket) -> Result<(), Over> {
        let Some(notebooks) = &self.app.config.notebooks else { return Err(Over::Gone) };
        let who = (&self.admitted.permit, &self.admitted.account);
        while !waiting.is_empty() {
            let most = usize::try_from(notebooks.desktop_at_once).unwrap_or(usize::MAX);
            let count = waiting.len().min(PIECE).min(most.max(1));
            let bytes = u64::try_from(count).unwrap_or(u64::MAX);
            match self.app.used.shows_pixels(notebooks, who, bytes, self.app.centre.now()) {
                Passes::Yes => {}
                Passes::No { first } => {
                    if first {
                        let written = self.app.centre.withhold(&self.admitted, bytes).await;
                        written.map_err(|refused| Over::Ended(refused.to_string()))?;
                    }
                    return Ok(());
                }
            }
            let rest = waiting.split_off(count);
            let piece = std::mem::replace(waiting, rest);
            in_time(page.send(Message::Binary(piece.into()))).await?;
        }
        Ok(())
    }
}
