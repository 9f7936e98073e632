//! Where on this machine groups can be made.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{RoomId, RunId};
use room::Limits;

use super::{Group, Holding, OF_ROOM, most_processes, most_processes_of_all, v1, v2};
use crate::config::CgroupPlace;

/// The controllers that a room's limits need. `cpuacct` only counts.
const CONTROLLERS: [&str; 4] = ["memory", "pids", "cpu", "cpuacct"];

/// How often a group is made anew that another command took away as it ended.
const TRIES: usize = 20;

/// The folders below which groups are made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// Version 1: controller to the server's own group in its tree.
    v1: BTreeMap<&'static str, PathBuf>,
    /// Version 2: a folder without processes whose children have controllers.
    v2: Option<PathBuf>,
}

/// A mounted tree of control groups, and where in it this process is.
#[derive(Debug, PartialEq, Eq)]
struct Tree {
    mounted: PathBuf,
    own: PathBuf,
    /// Empty for version 2.
    controllers: Vec<String>,
}

impl Place {
    /// Finds out where groups can be made. Never fails: a machine without is
    /// one where limits are watched.
    pub(crate) fn find(wanted: &CgroupPlace) -> Self {
        match wanted {
            CgroupPlace::Nowhere => Self::default(),
            CgroupPlace::Below(dir) => {
                Self { v1: BTreeMap::new(), v2: v2::prepare(dir, Path::new("")).ok() }
            }
            CgroupPlace::Own => Self::own(),
        }
    }

    fn own() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let trees = trees(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"));
        let mut place = Self::default();
        for tree in &trees {
            if tree.controllers.is_empty() {
                place.v2 = place.v2.or_else(|| v2::prepare(&tree.own, &tree.mounted).ok());
                continue;
            }
            for controller in CONTROLLERS {
                if tree.controllers.iter().any(|name| name == controller) && v1::can_make(&tree.own)
                {
                    place.v1.entry(controller).or_insert_with(|| tree.own.clone());
                }
            }
        }
        place
    }

    /// Which limits groups made here hold.
    pub(crate) fn holding(&self) -> Holding {
        let v2 = self.v2.as_deref().map(v2::controllers).unwrap_or_default();
        let has = |name: &str| self.v1.contains_key(name) || v2.iter().any(|other| other == name);
        Holding { memory: has("memory"), cpu: has("cpu"), processes: has("pids") }
    }

    /// Makes the group of a run in that of its room, with the limits of the room.
    pub(crate) fn make(
        &self,
        room: &RoomId,
        run: &RunId,
        limits: &Limits,
    ) -> io::Result<Option<Group>> {
        let mut tries = 0;
        loop {
            let mut group = Group { dirs: Vec::new(), v1: v1::Files::default(), v2: None };
            match self.fill(&mut group, (room, run), limits) {
                Ok(()) => return Ok((!group.dirs.is_empty()).then_some(group)),
                Err(error) => {
                    let _ = super::end(&group.dirs, Duration::ZERO);
                    // The last command of the room ended meanwhile, and its group went.
                    tries += 1;
                    if error.kind() != io::ErrorKind::NotFound || tries >= TRIES {
                        return Err(error);
                    }
                }
            }
        }
    }

    fn fill(
        &self,
        group: &mut Group,
        (room, run): (&RoomId, &RunId),
        limits: &Limits,
    ) -> io::Result<()> {
        let name = format!("{OF_ROOM}{room}");
        for (controller, own) in &self.v1 {
            let of_room = own.join(&name);
            let dir = of_room.join(run.as_str());
            // Controllers that are mounted together have one folder.
            if !group.dirs.contains(&dir) {
                make_unless(&of_room)?;
                v1::hold_children(&of_room)?;
                std::fs::create_dir(&dir)?;
                group.dirs.push(dir.clone());
            }
            v1::limit(controller, &of_room, limits, most_processes_of_all(limits))?;
            v1::limit(controller, &dir, limits, most_processes(limits))?;
            group.v1.see(controller, &dir);
        }
        if let Some(parent) = &self.v2 {
            let of_room = parent.join(&name);
            make_unless(&of_room)?;
            v2::limit(&of_room, limits, most_processes_of_all(limits))?;
            v2::give(&of_room)?;
            let dir = of_room.join(run.as_str());
            std::fs::create_dir(&dir)?;
            group.dirs.push(dir.clone());
            v2::limit(&dir, limits, most_processes(limits))?;
            v2::end_as_one(&dir)?;
            group.v2 = Some(dir);
        }
        Ok(())
    }
}

fn make_unless(dir: &Path) -> io::Result<()> {
    match std::fs::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The most memory that the groups this process is in may hold, bytes, if any of them
/// says so.
pub(crate) fn memory_limit() -> Option<u64> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let trees = trees(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"));
    let of_memory = trees.iter().filter_map(|tree| match tree.controllers.as_slice() {
        [] => Some((tree, "memory.max")),
        names if names.iter().any(|name| name == "memory") => Some((tree, "memory.limit_in_bytes")),
        _ => None,
    });
    of_memory
        .flat_map(|(tree, file)| {
            let above = tree.own.ancestors().take_while(move |dir| dir.starts_with(&tree.mounted));
            above.filter_map(move |dir| super::number(&dir.join(file)))
        })
        .min()
}

/// The trees of this machine, from `/proc/self/mountinfo` (proc(5)) and
/// `/proc/self/cgroup` (cgroups(7)).
fn trees(mountinfo: &str, own: &str) -> Vec<Tree> {
    let mut found: Vec<Tree> = Vec::new();
    for line in mountinfo.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let before: Vec<&str> = before.split(' ').collect();
        let after: Vec<&str> = after.split(' ').collect();
        let (Some(root), Some(mounted)) = (before.get(3), before.get(4)) else { continue };
        let version_2 = match after.first() {
            Some(&"cgroup2") => true,
            Some(&"cgroup") => false,
            _ => continue,
        };
        let options = after.get(2).copied().unwrap_or_default();
        for line in own.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(names), Some(path)) = (parts.next(), parts.next()) else { continue };
            let here = if version_2 {
                names.is_empty()
            } else {
                names.split(',').any(|name| options.split(',').any(|option| option == name))
            };
            if !here {
                continue;
            }
            // The mount may show only a part of the tree: in a container it
            // usually shows the container's own.
            let below = path.strip_prefix(root.trim_end_matches('/')).unwrap_or(path);
            let tree = Tree {
                mounted: PathBuf::from(mounted),
                own: Path::new(mounted).join(below.trim_start_matches('/')),
                controllers: if version_2 {
                    Vec::new()
                } else {
                    names.split(',').map(str::to_owned).collect()
                },
            };
            if !found.contains(&tree) {
                found.push(tree);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_of_version_1_are_found_each_with_its_controllers() {
        let mountinfo = "\
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw";
        let own = "4:memory:/outer/inner\n1:cpu,cpuacct:/\n0::/";
        let tree = |mounted: &str, own: &str, controllers: &[&str]| Tree {
            mounted: mounted.into(),
            own: own.into(),
            controllers: controllers.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(
            trees(mountinfo, own),
            [
                tree("/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/outer/inner", &["memory"]),
                tree(
                    "/sys/fs/cgroup/cpu,cpuacct",
                    "/sys/fs/cgroup/cpu,cpuacct",
                    &["cpu", "cpuacct"]
                ),
            ]
        );
    }

    #[test]
    fn a_mount_that_shows_a_part_of_the_tree_is_seen_as_that_part() {
        let mountinfo = "30 23 0:26 /pod/a /sys/fs/cgroup rw - cgroup2 cgroup rw";
        assert_eq!(
            trees(mountinfo, "0::/pod/a/service"),
            [Tree {
                mounted: "/sys/fs/cgroup".into(),
                own: "/sys/fs/cgroup/service".into(),
                controllers: vec![],
            }]
        );
    }
}
