//! A request to the notebook server of a room, and its answer.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use centre::notebooks::Admitted;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use model::{RoomId, RunId};
use room::notebook::{Answer, Asked, Body, Denied, Forward};

use super::{Passes, page};
use crate::state::App;

/// How soon after the first answer a page has opened its socket.
const SOON: Duration = Duration::from_secs(5);

/// How long a room may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// Something of it does not pass.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The centre refused it.
    #[error(transparent)]
    Refused(#[from] centre::Refused),
    /// More was to be shown than may be.
    #[error("more was to be shown than may be in a minute: wait, and show less at once")]
    Withheld,
    /// The answer is longer than anything of its kind is shown.
    #[error("what was asked for is too long to be shown")]
    TooLong,
    /// The room does not answer as a notebook server does.
    #[error("the notebook server does not answer: {0}")]
    Broken(String),
}

impl NoAnswer {
    fn status(&self) -> StatusCode {
        match self {
            Self::Denied(Denied::TooLong { .. }) | Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Denied(Denied::NotHere) => StatusCode::NOT_FOUND,
            Self::Denied(_) | Self::Refused(centre::Refused::Denied(_)) => StatusCode::FORBIDDEN,
            Self::Refused(centre::Refused::Absent { .. }) => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Withheld => StatusCode::TOO_MANY_REQUESTS,
            Self::Broken(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

/// JupyterLab shows `message` in a dialogue.
impl IntoResponse for NoAnswer {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::warn!(why = %self, "a notebook was not answered");
        }
        let said = serde_json::json!({ "message": self.to_string(), "reason": null });
        (status, axum::Json(said)).into_response()
    }
}

/// Passes a request on, and its answer back: both are written anew.
pub(super) async fn pass(
    app: &App,
    admitted: &Admitted,
    (method, forward, body): (axum::http::Method, Forward, Bytes),
) -> Result<Response, NoAnswer> {
    let Forward { path, body: must_be, answer } = forward;
    let sent = match must_be.checked(&body) {
        Err(denied @ Denied::TooLong { .. }) => {
            note_too_long(app, admitted, u64::try_from(body.len()).unwrap_or(u64::MAX)).await?;
            return Err(denied.into());
        }
        checked => checked?,
    };
    if let Body::Contents(Asked::Save { name }) = &must_be {
        app.centre.save_in_notebook(admitted, name, &saved(&sent)).await?;
    }
    let stream = app.centre.reach_notebook(admitted).await?;
    let request = Request::builder()
        .method(method)
        .uri(format!("/{}/{path}", admitted.room))
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(sent)))
        .map_err(|error| NoAnswer::Broken(error.to_string()))?;
    let asked = tokio::time::timeout(PATIENCE, ask(stream, request, answer.longest())).await;
    let asked = asked.unwrap_or_else(|_| Err(NoAnswer::Broken("too slow".to_owned())));
    if matches!(asked, Err(NoAnswer::TooLong)) {
        note_too_long(app, admitted, answer.longest()).await?;
    }
    let (status, bytes) = asked?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    shown(app, admitted, length).await?;
    if answer == Answer::Page && status.is_success() {
        let room = admitted.room.to_string();
        let python = app.config.notebooks.as_ref().map(|notebooks| notebooks.image.clone());
        let page = tokio::task::spawn_blocking(move || page::written(&python?, &room, &bytes));
        let page = page.await.ok().flatten();
        let page = page.ok_or_else(|| NoAnswer::Broken("it has no page".to_owned()))?;
        return Ok(answered(status, answer, page.into()));
    }
    Ok(answered(status, answer, bytes))
}

/// What a file will hold that is saved: a text as it stands, a notebook as JSON.
fn saved(sent: &[u8]) -> Vec<u8> {
    #[derive(serde::Deserialize)]
    struct Saved {
        content: serde_json::Value,
    }
    match serde_json::from_slice::<Saved>(sent).map(|saved| saved.content) {
        Ok(serde_json::Value::String(text)) => text.into_bytes(),
        Ok(content) => serde_json::to_vec(&content).unwrap_or_default(),
        Err(_) => sent.to_vec(),
    }
}

/// Whether a kernel of a notebook says that it works.
pub(super) async fn is_busy(app: &App, room: &RoomId, run: &RunId) -> bool {
    #[derive(serde::Deserialize)]
    struct Kernel {
        execution_state: String,
    }
    let asking = async {
        let stream = app.centre.reach_unasked(room, run).await.ok()?;
        let request = Request::get(format!("/{room}/api/kernels"))
            .header(header::HOST, "localhost")
            .header(header::CONNECTION, "close")
            .body(Full::new(Bytes::new()))
            .ok()?;
        let (_, bytes) = ask(stream, request, 1 << 20).await.ok()?;
        serde_json::from_slice::<Vec<Kernel>>(&bytes).ok()
    };
    let kernels = tokio::time::timeout(PATIENCE, asking).await.ok().flatten();
    kernels.is_some_and(|kernels| kernels.iter().any(|kernel| kernel.execution_state == "busy"))
}

/// Counts what is shown; writes it down when it is too much.
pub(super) async fn shown(app: &App, admitted: &Admitted, bytes: u64) -> Result<(), NoAnswer> {
    let Some(notebooks) = &app.config.notebooks else { return Err(NoAnswer::Withheld) };
    let who = (&admitted.permit, &admitted.account);
    match app.used.shows(notebooks, who, bytes, app.centre.now()) {
        Passes::Yes => {
            note_look(app, admitted);
            Ok(())
        }
        Passes::No { first } => {
            if first {
                app.centre.withhold(admitted, bytes).await?;
            }
            Err(NoAnswer::Withheld)
        }
    }
}

/// A page opens a socket by which its stay is known soon after it is there. Whoever is
/// shown something and opens none was in the notebook all the same, with another client.
fn note_look(app: &App, admitted: &Admitted) {
    if !app.used.looks_in(&admitted.room, &admitted.account) {
        return;
    }
    let (app, admitted, since) = (app.clone(), admitted.clone(), Instant::now());
    tokio::spawn(async move {
        tokio::time::sleep(SOON).await;
        let Some(shown) = app.used.looked_in(&admitted) else { return };
        let noted = async {
            app.centre.enter_notebook(&admitted).await?;
            app.centre.leave_notebook(&admitted, since.elapsed(), shown).await
        };
        match noted.await {
            // One that was closed meanwhile is told of by its end.
            Ok(()) | Err(centre::Refused::Conflict(_)) => {}
            Err(refused) => {
                tracing::error!(room = %admitted.room, %refused, "a look was not written down");
            }
        }
    });
}

/// Writes down, once a minute, that something was held back that is too long by itself.
pub(super) async fn note_too_long(
    app: &App,
    admitted: &Admitted,
    bytes: u64,
) -> Result<(), NoAnswer> {
    let Some(notebooks) = &app.config.notebooks else { return Ok(()) };
    let who = (&admitted.permit, &admitted.account);
    if app.used.holds_back(notebooks, who, app.centre.now()) {
        app.centre.withhold(admitted, bytes).await?;
    }
    Ok(())
}

async fn ask(
    stream: UnixStream,
    request: Request<Full<Bytes>>,
    longest: u64,
) -> Result<(StatusCode, Bytes), NoAnswer> {
    let broken = |error: &dyn std::fmt::Display| NoAnswer::Broken(error.to_string());
    let stream = tokio_stream(stream).map_err(|error| broken(&error))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let connection = tokio::spawn(connection);
    let answered = async {
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let (parts, body) = response.into_parts();
        let longest = usize::try_from(longest).unwrap_or(usize::MAX);
        let body = Limited::new(body, longest).collect().await.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                NoAnswer::TooLong
            } else {
                broken(&error)
            }
        })?;
        Ok((parts.status, body.to_bytes()))
    }
    .await;
    connection.abort();
    answered
}

pub(super) fn tokio_stream(stream: UnixStream) -> std::io::Result<tokio::net::UnixStream> {
    stream.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(stream)
}

/// The answer as browsers get it: of the room's there are the bytes and, if it is
/// one that leads nowhere, the status.
fn answered(status: StatusCode, answer: Answer, bytes: Bytes) -> Response {
    // Those that Jupyter gives, and no way to say more by them.
    if ![200, 201, 204, 400, 403, 404, 409, 413, 500].contains(&status.as_u16()) {
        return NoAnswer::Broken(format!("it answers with {status}")).into_response();
    }
    // An error is told in JSON whatever was asked for.
    let kind = if status.is_success() { answer } else { Answer::Json };
    let kind = HeaderValue::from_static(kind.media_type());
    (status, [(header::CONTENT_TYPE, kind)], bytes).into_response()
}
