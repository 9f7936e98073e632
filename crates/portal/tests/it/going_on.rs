//! What goes on when whoever asked for it has gone.

use std::time::Duration;

use portal::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::browser::{Browser, encode};
use crate::gate::PATIENCE;
use crate::site::Site;
use crate::story::{room, wait_for};

#[tokio::test]
async fn a_run_begins_and_ends_though_whoever_asked_for_it_has_gone() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let here = format!("/rooms/{room}");
    let token = researcher.get(&here).await.token();
    site.starts.shut();
    let path = format!("{here}/runs");
    let fields = [("csrf", token.as_str()), ("language", "r"), ("script", "1")];
    {
        let asking = researcher.post(&path, &fields);
        tokio::select! {
            page = asking => panic!("it was answered: {page:?}"),
            () = site.starts.reached() => {}
        }
    }
    site.starts.open();
    wait_for(&mut researcher, &here, "Finished").await;
}

#[tokio::test]
async fn a_stop_waits_for_what_was_begun() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let token = researcher.get(&format!("/rooms/{room}")).await.token();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let config = Config { demo: vec!["researcher".parse().unwrap()], ..Config::default() };
    let mut serving =
        tokio::spawn(portal::serve(listener, None, site.parts.clone(), config, async {
            let _ = stopped.await;
        }));

    site.starts.shut();
    let body = format!("csrf={}&language=r&script=1", encode(&token));
    let (name, value) = researcher.cookies.iter().find(|(name, _)| *name == "helserom").unwrap();
    let request = format!(
        "POST /rooms/{room}/runs HTTP/1.1\r\nhost: {address}\r\ncookie: {name}={value}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    site.starts.reached().await;
    drop(connection);
    stop.send(()).unwrap();
    let early = timeout(Duration::from_millis(300), &mut serving).await;
    assert!(early.is_err(), "it stopped with a run half begun");
    site.starts.open();
    timeout(PATIENCE, serving).await.expect("it never stopped").unwrap().unwrap();
    wait_for(&mut researcher, &format!("/rooms/{room}"), "Finished").await;
}

#[tokio::test]
async fn a_body_that_does_not_come_whole_is_answered_and_changes_nothing() {
    let site = Site::demo().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config { request_timeout: Duration::from_millis(200), ..Config::default() };
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(portal::serve(listener, None, site.parts.clone(), config, async {
        let _ = stopped.await;
    }));
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /basket HTTP/1.1\r\nhost: {address}\r\ncontent-type: \
         application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nvariable="
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    timeout(PATIENCE, connection.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer, b"HTTP/1.1 504");
    // Nothing of it is underway: a stop does not wait for the rest of the body.
    stop.send(()).unwrap();
    drop(connection);
    timeout(Duration::from_secs(10), serving).await.expect("it never stopped").unwrap().unwrap();
}
