//! What may pass between a browser and the notebook server in a room.
//!
//! The room is hostile here: code in it runs as the same user as its notebook
//! server and can take its place. So nothing that comes from it is believed; the
//! rules say what is asked of it ([`route`](fn@route)), what is said to its
//! kernels ([`Said`]), and how much of what it answers is shown ([`Shown`]).
//! The browser is the other side: a person may use another client, so what a
//! page is told not to do, it cannot do either.

mod contents;
mod path;
mod route;
mod said;
mod shown;

pub use contents::{Asked, Body};
pub use route::{Answer, Forward, Image, Route, route};
pub use said::{Answered, Code, Said};
pub use shown::Shown;

/// Why something does not pass, in words for the person at the browser.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The address is not one that a notebook needs.
    #[error("this is switched off in rooms: nothing leaves but through a release")]
    NotHere,
    /// The address is not written as addresses are.
    #[error(
        "the address is refused: it has `..`, an empty part or a character that names cannot have in it"
    )]
    Path,
    /// A file that is neither notebook nor text.
    #[error(
        "`{0}` is not opened in the browser: notebooks and short texts are, data are looked at with code, \
         and come out through a release"
    )]
    NotText(String),
    /// What would be changed in a file is more than its text.
    #[error("files are not sent to a room this way: bring them in through the room's page")]
    Upload,
    /// A file would become another kind of file.
    #[error("`{0}` cannot become `{1}`: a file keeps its ending")]
    Kind(String, String),
    /// It is not what the address takes.
    #[error("the request is refused: {0}")]
    Form(String),
    /// It is too long.
    #[error("it is {bytes} bytes, and at most {most} are taken")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// A message that kernels get from no page.
    #[error("`{0}` messages are not passed to kernels")]
    Message(String),
}
