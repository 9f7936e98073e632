//! A socket at the rooms' address, over a connection as browsers make it.

use axum::http::{StatusCode, header};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::browser::Browser;
use crate::site::Site;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Of the browser that shows `frame`, from a page at `origin`; or how it was refused.
pub(crate) async fn socket(
    site: &Site,
    frame: &Browser,
    path: &str,
    origin: &str,
) -> Result<Socket, StatusCode> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = site.notebooks.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    let cookie = frame.cookies.iter().map(|(name, value)| format!("{name}={value}"));
    let cookie = cookie.collect::<Vec<_>>().join("; ");
    request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
    request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
    request.headers_mut().insert(header::HOST, "rooms.test".parse().unwrap());
    let stream = MaybeTlsStream::Plain(TcpStream::connect(address).await.unwrap());
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status()),
        Err(error) => panic!("{error}"),
    }
}
