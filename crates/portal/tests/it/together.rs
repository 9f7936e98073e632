//! Two people in one room: whose notebook it is, and who sees what of it.

use axum::http::StatusCode;
use tokio::net::UnixListener;

use crate::browser::Browser;
use crate::notebooks::{config, frame, ticket};
use crate::site::Site;
use crate::story::room_that;

/// A room of two people, whose notebook server answers as long as the listener is held.
struct Two {
    site: Site,
    room: String,
    researcher: Browser,
    statistician: Browser,
    _image: tempfile::TempDir,
    _listener: UnixListener,
}

impl Two {
    async fn new() -> Self {
        let image = tempfile::tempdir().unwrap();
        let site = Site::with(config(image.path().to_owned())).await;
        site.ends.shut();
        let mut researcher = Browser::as_role(&site.router, "researcher").await;
        let people = [("people", "statistician")];
        let (_, room) = room_that(&site, &mut researcher, &people).await;
        let statistician = Browser::as_role(&site.router, "statistician").await;
        let listener = UnixListener::bind(site.notebook_socket()).unwrap();
        Self { site, room, researcher, statistician, _image: image, _listener: listener }
    }
}

#[tokio::test]
async fn a_notebook_that_is_opened_alone_takes_nobody_else_in() {
    let Two { site, room, mut researcher, mut statistician, _image, _listener } = Two::new().await;
    let (here, notebook) = (format!("/rooms/{room}"), format!("/rooms/{room}/notebook"));

    let page = researcher.submit(&here, &notebook, &[]).await;
    assert_eq!(page.location(), notebook, "{}", page.body);
    let page = statistician.get(&notebook).await;
    assert_eq!(page.location(), here, "{}", page.body);
    let page = statistician.get(&here).await;
    assert!(page.body.contains("with their private folder"), "{}", page.body);
    assert!(!page.body.contains("Go to the notebook"), "{}", page.body);
    let mine = researcher.get(&here).await;
    assert!(mine.body.contains("Go to the notebook"), "{}", mine.body);
    // Nor with a ticket that its owner gave away, since a pass is asked for anew.
    let given = ticket(&researcher.get(&notebook).await);
    let mut theirs = frame(&site);
    theirs.cookies = statistician.cookies.clone();
    let lab = format!("/{room}/lab");
    assert_eq!(theirs.get(&lab).await.status, StatusCode::FORBIDDEN);
    assert!(!given.is_empty());
}

#[tokio::test]
async fn each_may_have_their_own_at_once_and_stops_either() {
    let Two { site, room, mut researcher, mut statistician, _image, _listener } = Two::new().await;
    let (here, notebook) = (format!("/rooms/{room}"), format!("/rooms/{room}/notebook"));
    for person in [&mut researcher, &mut statistician] {
        let page = person.submit(&here, &notebook, &[]).await;
        assert_eq!(page.location(), notebook, "{}", page.body);
        // Asked again, it is the same one.
        assert_eq!(person.submit(&here, &notebook, &[]).await.location(), notebook);
    }
    let page = researcher.get(&here).await;
    assert!(page.body.contains("2 runs go on at once."), "{}", page.body);
    let stops: Vec<&str> =
        page.body.split("action=\"").filter(|at| at.contains("/stop\"")).collect();
    assert_eq!(stops.len(), 2, "{}", page.body);
    let stop = stops[0].split('"').next().unwrap().to_owned();
    let page = researcher.submit(&here, &stop, &[]).await;
    assert!(page.location().contains("done=stopped"), "{}", page.body);
    site.ends.open();
}

#[tokio::test]
async fn one_that_is_opened_for_everybody_takes_everybody_in() {
    let Two { site: _site, room, mut researcher, mut statistician, _image, _listener } =
        Two::new().await;
    let (here, notebook) = (format!("/rooms/{room}"), format!("/rooms/{room}/notebook"));

    let page = researcher.submit(&here, &format!("{notebook}/together"), &[]).await;
    assert_eq!(page.location(), notebook, "{}", page.body);
    let page = statistician.get(&notebook).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let page = statistician.get(&here).await;
    assert!(page.body.contains("Go to the notebook"), "{}", page.body);
}

#[tokio::test]
async fn what_ends_when_is_shown_and_had_as_a_file_in_the_readers_language() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (permit, room) = room_that(&site, &mut researcher, &[]).await;
    for page in ["/work".to_owned(), format!("/permits/{permit}"), format!("/rooms/{room}")] {
        let page = researcher.get(&page).await;
        assert!(page.body.contains("Last day of the permit"), "{}", page.body);
        assert!(page.body.contains("The room is removed"), "{}", page.body);
    }
    let file = researcher.get("/calendar.ics").await;
    assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
    assert!(file.body.contains("DTSTART;VALUE=DATE:20270301\r\n"), "{}", file.body);
    assert!(file.body.contains("DTSTART:20270302T000000Z\r\n"), "the room is shut after it");
    assert!(file.body.contains("DTSTART:20270316T000000Z\r\n"), "and removed two weeks later");
    for private in ["researcher", "Mortality", "The researcher", "university"] {
        assert!(!file.body.contains(private), "`{private}` is in it: {}", file.body);
    }
    researcher.headers = vec![("accept-language", "nb".into()), ("host", "portal.test".into())];
    let norwegian = researcher.get(&format!("/permits/{permit}/calendar.ics")).await;
    assert!(norwegian.body.contains("Tillatelsens siste dag"), "{}", norwegian.body);
    let mut visitor = Browser::new(&site.router);
    assert_ne!(visitor.get("/calendar.ics").await.status, StatusCode::OK);
    assert_ne!(
        visitor.get(&format!("/permits/{permit}/calendar.ics")).await.status,
        StatusCode::OK
    );
    let mut stranger = Browser::as_role(&site.router, "statistician").await;
    let empty = stranger.get("/calendar.ics").await;
    assert!(!empty.body.contains("VEVENT"), "{}", empty.body);
}
