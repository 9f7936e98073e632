//! How the portal is set up.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use model::{AccountId, Lang};

use crate::notebook::Notebooks;

/// How the portal is set up. The program reads it from its own config.
#[derive(Clone)]
pub struct Config {
    /// What the centre is called, in the header of every page.
    pub name: String,
    /// Whether people reach the portal by https: cookies are then `Secure` and
    /// browsers are told to stay with https.
    pub https: bool,
    /// Whether a proxy of ours stands before it, so that the last address in
    /// `X-Forwarded-For` is where a request came from.
    pub behind_proxy: bool,
    /// The accounts that anyone may sign in as with one click. Empty: no
    /// demonstration. Every page says so loudly when there are any.
    pub demo: Vec<AccountId>,
    /// What the centre is called on the network, without port: while there are
    /// accounts for anyone, requests that name another host than one of these or
    /// this machine itself are refused.
    pub hosts: Vec<String>,
    /// How many passwords are checked at once.
    pub password_checks: usize,
    /// The language of those whose browser asks for none that we speak.
    pub default_lang: Lang,
    /// Where clocks stand as people read them.
    pub zone: TimeZone,
    /// A session in which nothing is done ends after so long.
    pub idle: SignedDuration,
    /// Every session ends after so long.
    pub longest: SignedDuration,
    /// A request that is not answered within so long is given up.
    pub request_timeout: Duration,
    /// A request that brings a file, within so long.
    pub upload_timeout: Duration,
    /// The largest body of a request that brings none, bytes.
    pub largest_body: usize,
    /// How long a stop waits for what runs.
    pub stop: Duration,
    /// How notebooks are served. `None`: there are none.
    pub notebooks: Option<Notebooks>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("name", &self.name)
            .field("https", &self.https)
            .field("demo", &self.demo)
            .finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: String::from("Helserom"),
            https: false,
            behind_proxy: false,
            demo: Vec::new(),
            hosts: Vec::new(),
            password_checks: std::thread::available_parallelism().map_or(1, usize::from),
            default_lang: Lang::Nb,
            zone: TimeZone::get("Europe/Oslo").unwrap_or(TimeZone::UTC),
            idle: SignedDuration::from_mins(30),
            longest: SignedDuration::from_hours(12),
            request_timeout: Duration::from_mins(1),
            upload_timeout: Duration::from_mins(15),
            largest_body: 2 << 20,
            stop: Duration::from_secs(30),
            notebooks: None,
        }
    }
}
