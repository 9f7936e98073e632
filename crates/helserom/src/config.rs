//! The config: one TOML file with a version, a struct per concern, secrets by
//! file path. Every value knows where it comes from.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use model::Lang;
use room::Budget;
use serde::{Deserialize, Serialize};

pub(crate) use layers::{Explained, load};
pub(crate) use packages::Packages;

mod layers;
mod packages;

/// The version of the config file that this program reads.
pub(crate) const VERSION: u32 = 1;

/// The whole config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// [`VERSION`].
    pub(crate) version: u32,
    /// Where things lie.
    pub(crate) data: Place,
    /// The web server.
    pub(crate) server: Server,
    /// The metadata database.
    pub(crate) metadata: Metadata,
    /// Keys.
    pub(crate) keys: Keys,
    /// Analysis rooms.
    pub(crate) rooms: Rooms,
    /// Packages that rooms may fetch.
    pub(crate) packages: Packages,
    /// Imports and extracts.
    pub(crate) work: Work,
    /// Signing in.
    pub(crate) sign_in: SignIn,
    /// Logs.
    pub(crate) log: Log,
}

/// Where things lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Place {
    /// The data folder.
    pub(crate) folder: PathBuf,
}

/// The web server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Server {
    /// What the centre is called, on every page.
    pub(crate) name: String,
    /// The address the portal listens on.
    pub(crate) listen: SocketAddr,
    /// The address for metrics, which say how busy the centre is. Empty: none.
    pub(crate) metrics_listen: String,
    /// The portal's address as people see it, such as
    /// `https://data.example.no`: with https, cookies are `Secure` and browsers
    /// are told to stay with it. Empty: plain http, for one machine.
    pub(crate) public_url: String,
    /// Whether a proxy of yours stands in front, so that the last address in
    /// `X-Forwarded-For` is where a request came from.
    pub(crate) behind_proxy: bool,
    /// Whether the portal may listen beyond this machine although `public-url`
    /// is not https: passwords and health data then pass the network as anyone
    /// on it can read them.
    pub(crate) plain_http: bool,
    /// The language of those whose browser asks for none that there is: `nb`,
    /// `da` or `en`.
    pub(crate) language: Lang,
    /// Where clocks stand as people read them, such as `Europe/Oslo`.
    pub(crate) time_zone: String,
    /// How long a stop waits for what runs, seconds.
    pub(crate) stop_seconds: u32,
}

/// The metadata database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Metadata {
    /// `sqlite` (a file in the data folder) or `postgresql`.
    pub(crate) kind: MetadataKind,
    /// A file with the address of the PostgreSQL database, as a URL. A file,
    /// because the URL may hold a password.
    pub(crate) url_file: PathBuf,
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MetadataKind {
    /// A file in the data folder.
    Sqlite,
    /// A server.
    Postgresql,
}

/// Keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Keys {
    /// The file of the master key, mode 0600. Empty: `master.key` in the data
    /// folder. In production, on another disk than the data.
    pub(crate) master_file: PathBuf,
}

/// Analysis rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Rooms {
    /// The Python environment that rooms see, read-only. Empty: none. With
    /// JupyterLab in it rooms have notebooks.
    pub(crate) python: PathBuf,
    /// The address notebooks are served at: another than the portal's, so that
    /// what a room sends cannot act as the portal. Empty: the portal's with
    /// another port.
    pub(crate) notebook_listen: String,
    /// Their address as people see it, such as `https://rooms.example.no`, of the
    /// same site as `server.public-url`. Needed where that is set; empty there: no
    /// notebooks.
    pub(crate) notebook_url: String,
    /// How much of what a room answers is shown to one person at once, KiB.
    pub(crate) notebook_shown_kib: u32,
    /// How much more with every minute, KiB.
    pub(crate) notebook_shown_kib_per_minute: u32,
    /// How much of a desktop is shown to one person at once, KiB of compressed
    /// pixels.
    pub(crate) desktop_shown_kib: u32,
    /// How much more with every minute, KiB.
    pub(crate) desktop_shown_kib_per_minute: u32,
    /// A notebook or a desktop in which nothing is done for so many minutes is closed.
    pub(crate) notebook_idle_minutes: u32,
    /// Memory of this machine that is for all that runs in rooms together, MiB: when
    /// there is no more, people wait in a queue. 0: three quarters of what the machine
    /// has.
    pub(crate) memory_mib: u32,
    /// How many rooms run something at once at the most; others wait. 0: as many as
    /// have place in that memory.
    pub(crate) at_once: u32,
    /// What a room that runs something counts for: the memory that it holds (`held`),
    /// or all that its permit lets it hold (`limit`), which is then there for certain.
    pub(crate) counted: Counted,
    /// What a room that runs something counts for at the least, MiB: one that has just
    /// begun holds little yet.
    pub(crate) least_mib: u32,
    /// A notebook or a desktop that waits in the queue is given up when nobody has
    /// looked at its page for so many minutes.
    pub(crate) queue_minutes: u32,
    /// The largest file that is brought into a room, MiB. What comes of an archive
    /// may be ten times as much.
    pub(crate) bring_in_mib: u32,
    /// How many days the files of a room stay after it was closed or its permit
    /// ended; then the room is removed. 0: it is removed when it is closed.
    pub(crate) standstill_days: u32,
    /// The socket of a malware scanner (clamd) that looks at what is brought in.
    /// While it does not answer, nothing comes in. Empty: none looks.
    pub(crate) malware_scanner: PathBuf,
}

/// What a room that runs something counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Counted {
    /// The memory that it holds.
    Held,
    /// The memory that it may hold.
    Limit,
}

impl Rooms {
    /// What a machine with so much memory gives to rooms, bytes.
    pub(crate) fn places(&self, machine: u64) -> Budget {
        let mib = |count: u32| u64::from(count) << 20;
        Budget {
            memory: if self.memory_mib == 0 { machine / 4 * 3 } else { mib(self.memory_mib) },
            rooms: Some(self.at_once).filter(|most| *most > 0),
            counted: match self.counted {
                Counted::Held => room::Counted::Held,
                Counted::Limit => room::Counted::Limit,
            },
            least: mib(self.least_mib),
        }
    }
}

/// Imports and extracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Work {
    /// Memory an import or an extract may use for sorting, MiB.
    pub(crate) memory_mib: u32,
}

/// Signing in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SignIn {
    /// A session without a request ends after so many minutes.
    pub(crate) idle_minutes: u32,
    /// Every session ends after so many hours.
    pub(crate) longest_hours: u32,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Log {
    /// What is logged: `info`, or `tracing` directives such as `warn,portal=debug`.
    pub(crate) level: String,
    /// `text` for people, `json` for machines.
    pub(crate) format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            version: VERSION,
            data: Place { folder: PathBuf::from("helserom-data") },
            server: Server {
                name: "Helserom".to_owned(),
                listen: SocketAddr::from(([127, 0, 0, 1], 8420)),
                metrics_listen: String::new(),
                public_url: String::new(),
                behind_proxy: false,
                plain_http: false,
                language: Lang::Nb,
                time_zone: "Europe/Oslo".to_owned(),
                stop_seconds: 30,
            },
            metadata: Metadata { kind: MetadataKind::Sqlite, url_file: PathBuf::new() },
            keys: Keys { master_file: PathBuf::new() },
            rooms: Rooms {
                python: PathBuf::new(),
                notebook_listen: String::new(),
                notebook_url: String::new(),
                notebook_shown_kib: 4096,
                notebook_shown_kib_per_minute: 512,
                desktop_shown_kib: 16_384,
                desktop_shown_kib_per_minute: 4096,
                notebook_idle_minutes: 60,
                memory_mib: 0,
                at_once: 0,
                counted: Counted::Held,
                least_mib: 256,
                queue_minutes: 10,
                bring_in_mib: 64,
                standstill_days: 14,
                malware_scanner: PathBuf::new(),
            },
            packages: Packages::default(),
            work: Work { memory_mib: 512 },
            sign_in: SignIn { idle_minutes: 30, longest_hours: 12 },
            log: Log { level: "info".to_owned(), format: LogFormat::Text },
        }
    }
}

impl Config {
    /// The file of the master key.
    pub(crate) fn master_key(&self) -> PathBuf {
        if self.keys.master_file.as_os_str().is_empty() {
            self.data.folder.join("master.key")
        } else {
            self.keys.master_file.clone()
        }
    }

    /// The address for metrics, if there is one.
    pub(crate) fn metrics_listen(&self) -> Result<Option<SocketAddr>, String> {
        let text = self.server.metrics_listen.as_str();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| {
            format!(
                "`server.metrics-listen`: `{text}` is no address: write one such as `127.0.0.1:9420`"
            )
        })
    }

    /// The address notebooks are served at, when the portal is at `portal`; `None`:
    /// there are none.
    pub(crate) fn notebook_listen(&self, portal: SocketAddr) -> Result<Option<SocketAddr>, String> {
        let Rooms { notebook_listen: text, notebook_url: url, .. } = &self.rooms;
        let public = !self.server.public_url.is_empty();
        if self.python().is_none() || (public && url.is_empty()) {
            return Ok(None);
        }
        if !url.is_empty() && host_and_port(url) == host_and_port(&self.server.public_url) {
            return Err(
                "`rooms.notebook-url` is the address of the portal: notebooks need one of their own, \
                 such as `https://rooms.example.no`"
                    .to_owned(),
            );
        }
        if text.is_empty() {
            return Ok(Some(SocketAddr::new(portal.ip(), 0)));
        }
        text.parse().map(Some).map_err(|_| {
            format!(
                "`rooms.notebook-listen`: `{text}` is no address: write one such as `127.0.0.1:8421`"
            )
        })
    }

    /// Where clocks stand as people read them.
    pub(crate) fn time_zone(&self) -> Result<TimeZone, String> {
        let name = self.server.time_zone.as_str();
        TimeZone::get(name).map_err(|_| {
            format!(
                "`server.time-zone`: there is no time zone `{name}`: write one such as `Europe/Oslo`"
            )
        })
    }

    /// Whether the portal may listen on `address`: beyond this machine only when
    /// people reach it by https, or when the config says that they need not.
    pub(crate) fn may_listen(&self, address: SocketAddr) -> Result<(), String> {
        let https = self.server.public_url.starts_with("https://");
        if address.ip().is_loopback() || https || self.server.plain_http {
            return Ok(());
        }
        Err(format!(
            "`{address}` can be reached from other machines, and `server.public-url` is not https: \
             set it to the https address of the proxy in front, listen on 127.0.0.1, \
             or say `server.plain-http = true` if anyone on the network may read along"
        ))
    }

    /// The Python environment of rooms, if there is one.
    pub(crate) fn python(&self) -> Option<&Path> {
        Some(self.rooms.python.as_path()).filter(|path| !path.as_os_str().is_empty())
    }
}

/// `https://portal.example:8443/` is at `https://portal.example:8443`.
fn host_and_port(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| start + at);
    url.get(..end).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_have_three_quarters_of_the_machine_or_what_the_operator_says() {
        let mut rooms = Config::default().rooms;
        let places = rooms.places(8 << 30);
        assert_eq!((places.memory, places.rooms, places.least), (6 << 30, None, 256 << 20));
        (rooms.memory_mib, rooms.at_once, rooms.counted) = (1024, 3, Counted::Limit);
        let places = rooms.places(8 << 30);
        let counted = room::Counted::Limit;
        assert_eq!((places.memory, places.rooms, places.counted), (1 << 30, Some(3), counted));
    }
}
