//! Which tables of an extract are opened, by whatever program in whichever room.
//!
//! The kernel tells (inotify(7)): every file that is opened through the folder of an
//! extract, whatever it is bound to. What answers statements says itself what it reads,
//! and reads the same files through a folder of [`linked`] names, of which is told
//! nothing here.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, Permissions};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use room::Opens;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use crate::disk::remove_tree;
use crate::state::entries;

/// What says of an extract what is in it, and is no table.
const MANIFEST: &str = "manifest.json";

/// What the kernel tells one process. There are few such lines to it, so that all that
/// watch share one.
#[derive(Debug)]
pub(crate) struct Lookout {
    told: OwnedFd,
    /// Who watches a folder, by the kernel's number for it.
    watching: Mutex<HashMap<i32, Vec<Weak<Mutex<Seen>>>>>,
}

/// What was seen and not yet asked for.
#[derive(Debug, Default)]
struct Seen {
    files: BTreeSet<String>,
    /// More happened than the kernel keeps: any of the tables may have been opened.
    lost: bool,
}

/// The tables of one folder that are opened from now on.
#[derive(Debug)]
pub(crate) struct Watching {
    lookout: Arc<Lookout>,
    folder: PathBuf,
    seen: Arc<Mutex<Seen>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lookout {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        let told = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        Ok(Arc::new(Self { told, watching: Mutex::default() }))
    }

    /// Watches a folder from now on.
    pub(crate) fn watch(self: &Arc<Self>, folder: &Path) -> io::Result<Watching> {
        let mut watching = held(&self.watching);
        let number =
            inotify::add_watch(&self.told, folder, WatchFlags::OPEN | WatchFlags::ONLYDIR)?;
        // Put down first, so that the folder is not let go of; what was told of it before
        // concerns those who watched before.
        let seen = Arc::new(Mutex::default());
        watching.entry(number).or_default().push(Arc::downgrade(&seen));
        self.hear(&mut watching)?;
        *held(&seen) = Seen::default();
        Ok(Watching { lookout: Arc::clone(self), folder: folder.to_owned(), seen })
    }

    /// Puts what the kernel has told to all whom it concerns, and lets go of folders that
    /// nobody watches any more.
    fn hear(&self, watching: &mut HashMap<i32, Vec<Weak<Mutex<Seen>>>>) -> io::Result<()> {
        let mut room = [MaybeUninit::uninit(); 16 << 10];
        let mut told = Reader::new(&self.told, &mut room);
        loop {
            let event = match told.next() {
                Ok(event) => event,
                Err(Errno::WOULDBLOCK) => break,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let lost = event.events().contains(ReadFlags::QUEUE_OVERFLOW);
            let file = event.file_name().filter(|_| !event.events().contains(ReadFlags::ISDIR));
            let file = file.map(|name| name.to_string_lossy().into_owned());
            let concerned: Vec<_> = if lost {
                watching.values().flatten().collect()
            } else {
                watching.get(&event.wd()).into_iter().flatten().collect()
            };
            for seen in concerned.into_iter().filter_map(Weak::upgrade) {
                let mut seen = held(&seen);
                seen.lost |= lost;
                seen.files.extend(file.clone());
            }
        }
        watching.retain(|number, by| {
            by.retain(|seen| seen.strong_count() > 0);
            if by.is_empty() {
                let _ = inotify::remove_watch(&self.told, *number);
            }
            !by.is_empty()
        });
        Ok(())
    }
}

impl Opens for Watching {
    fn take(&mut self) -> Vec<String> {
        let heard = self.lookout.hear(&mut held(&self.lookout.watching));
        let Seen { mut files, lost } = std::mem::take(&mut *held(&self.seen));
        if lost || heard.is_err() {
            let all = entries(&self.folder).unwrap_or_default().into_iter().flatten();
            files.extend(all.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        }
        let tables = files.iter().filter_map(|file| table(file));
        tables.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
    }
}

/// The table that a file of an extract holds, in whichever form.
fn table(file: &str) -> Option<&str> {
    let (table, _) = file.rsplit_once('.')?;
    (!table.is_empty() && file != MANIFEST).then_some(table)
}

/// Other names for the tables of an extract, in a folder that is made anew: the same
/// files, of whose opening the folder of the extract hears nothing. That folder itself,
/// where its files can have no names there: then what opens them is told twice.
pub(crate) fn linked(data: &Path, folder: &Path) -> PathBuf {
    let link = || -> io::Result<()> {
        remove_tree(folder)?;
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, Permissions::from_mode(0o755))?;
        for entry in fs::read_dir(data)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::hard_link(entry.path(), folder.join(entry.file_name()))?;
            }
        }
        Ok(())
    };
    match link() {
        Ok(()) => folder.to_owned(),
        Err(error) => {
            tracing::debug!(%error, "what answers statements reads the extract by its own names");
            let _ = remove_tree(folder);
            data.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extract() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in ["population.parquet", "laboratory.parquet", "manifest.json"] {
            fs::write(folder.path().join(file), "x").unwrap();
        }
        folder
    }

    #[test]
    fn each_who_watches_hears_what_is_opened_while_they_do() {
        let (folder, other) = (extract(), extract());
        let read = |file: &str| drop(fs::read(folder.path().join(file)).unwrap());
        let lookout = Lookout::new().unwrap();
        let mut first = lookout.watch(folder.path()).unwrap();
        read("population.parquet");
        read("manifest.json");
        let mut second = lookout.watch(folder.path()).unwrap();
        let mut elsewhere = lookout.watch(other.path()).unwrap();
        read("laboratory.parquet");
        assert_eq!(first.take(), ["laboratory", "population"]);
        assert_eq!(second.take(), ["laboratory"]);
        assert_eq!(elsewhere.take(), [""; 0]);
        assert_eq!(first.take(), [""; 0], "told once");
        drop((first, second));
        read("population.parquet");
        let mut third = lookout.watch(folder.path()).unwrap();
        assert_eq!(third.take(), [""; 0], "from before it watched");
        assert_eq!(held(&lookout.watching).len(), 2, "and nobody is told who is gone");
        read("population.parquet");
        assert_eq!(third.take(), ["population"], "who comes after others are gone hears too");
    }

    #[test]
    fn names_beside_the_extract_are_opened_unheard() {
        let (folder, beside) = (extract(), tempfile::tempdir().unwrap());
        let linked = linked(folder.path(), &beside.path().join("linked"));
        assert_ne!(linked, folder.path());
        let mut watching = Lookout::new().unwrap().watch(folder.path()).unwrap();
        assert_eq!(fs::read(linked.join("population.parquet")).unwrap(), b"x");
        assert_eq!(watching.take(), [""; 0]);
        // The control: by its own name it is heard.
        fs::read(folder.path().join("population.parquet")).unwrap();
        assert_eq!(watching.take(), ["population"]);
    }

    #[test]
    fn where_the_kernel_lost_count_every_table_may_have_been_opened() {
        let folder = extract();
        let mut watching = Lookout::new().unwrap().watch(folder.path()).unwrap();
        held(&watching.seen).lost = true;
        assert_eq!(watching.take(), ["laboratory", "population"]);
    }
}
