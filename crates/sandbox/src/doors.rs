//! The sockets of one command: for statements, for packages, and of what people are in.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{AccountId, RunId};
use room::{Packages, Statements};

use crate::bubblewrap::Bubblewrap;
use crate::cgroup::Group;
use crate::opens;
use crate::packages::{self, Counter};
use crate::session;
use crate::sql::{self, Door, SqlProgram};
use crate::state::{RoomDir, RoomState};
use crate::walls::Setting;

/// Who is asked for a run.
#[derive(Default)]
pub(crate) struct Askers {
    pub(crate) statements: Option<Arc<dyn Statements>>,
    pub(crate) packages: Option<Arc<dyn Packages>>,
}

/// Who is asked for the runs that are about to be started.
#[derive(Default)]
pub(crate) struct Heard(Mutex<BTreeMap<RunId, Askers>>);

impl Heard {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, Askers>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn statements(&self, run: &RunId, statements: Arc<dyn Statements>) {
        self.lock().entry(run.clone()).or_default().statements = Some(statements);
    }

    pub(crate) fn packages(&self, run: &RunId, packages: Arc<dyn Packages>) {
        self.lock().entry(run.clone()).or_default().packages = Some(packages);
    }

    pub(crate) fn take(&self, run: &RunId) -> Askers {
        self.lock().remove(run).unwrap_or_default()
    }
}

impl Bubblewrap {
    /// Opens the sockets of a run that there is somebody to answer at, and says so in
    /// its setting.
    pub(crate) fn open_doors(
        &self,
        (dir, state, run): (&RoomDir, &RoomState, &RunId),
        group: Option<&Group>,
        heard: Askers,
        setting: &mut Setting,
    ) -> io::Result<(Option<Door>, Option<Counter>)> {
        let door = match (&self.config.sql, heard.statements) {
            (Some(sql), Some(statements)) => {
                let person = setting.person.clone();
                Some(self.open_door((dir, state, run), group, (sql, person), statements)?)
            }
            _ => None,
        };
        let mirror = &self.config.mirror;
        let counter = match heard.packages {
            Some(packages) if !mirror.is_empty() => {
                Some(Counter::open(&dir.packages(run), Arc::new(mirror.clone()), packages)?)
            }
            _ => None,
        };
        setting.sql = door.is_some().then(|| dir.sql(run));
        setting.packages = counter.is_some().then(|| dir.packages(run));
        if setting.session {
            setting.session_folder = Some(session::open(dir, state, run)?);
        }
        packages::dress(setting, &packages::constraints(&self.installed));
        Ok((door, counter))
    }

    /// Opens the SQL socket of a run.
    fn open_door(
        &self,
        (dir, state, run): (&RoomDir, &RoomState, &RunId),
        group: Option<&Group>,
        (sql, person): (&SqlProgram, Option<AccountId>),
        statements: Arc<dyn Statements>,
    ) -> io::Result<Door> {
        let joins = group.map(Group::joins).transpose()?.unwrap_or_default();
        let (mason, dir, state) = (Arc::clone(&self.mason), dir.clone(), state.clone());
        let (sql, run) = (sql.clone(), run.clone());
        let listener = sql::listen(&dir.sql(&run))?;
        let start = move || {
            let data = opens::linked(&state.data, &dir.linked(&run));
            let state = RoomState { data, ..state.clone() };
            let words = [sql.words.as_slice(), &sql::words(&state.limits)].concat();
            let program = Some(sql.program.try_clone()?);
            // It sees what the run does, and has a place of its own for what it spills.
            let session_folder = Some(session::open_spills(&dir, &state, &run)?);
            let person = person.clone();
            let setting = Setting { program, person, session_folder, ..Setting::default() };
            let (command, mut before, status) =
                mason.prepare(&dir, &state, &dir.work(), &words, &setting)?;
            before.joins = joins.iter().map(File::try_clone).collect::<io::Result<_>>()?;
            Ok((command, before, status))
        };
        Door::open(listener, Box::new(start), statements)
    }
}
