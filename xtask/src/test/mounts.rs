//! What a step leaves mounted: the image of a room's work folder, a small disk that a
//! test filled. Such a file system holds its disk also when its file is deleted, and
//! thirty of them filled a machine.

use std::collections::BTreeSet;
use std::fs;

use crate::run::{Done, failed};

/// Where `ip netns` names network namespaces: mounted by the first that is added, and by
/// design there from then on.
const OF_NAMESPACES: &str = "/run/netns";

/// The folders that something is mounted on.
pub(super) struct Mounts(BTreeSet<String>);

impl Mounts {
    pub(super) fn now() -> Self {
        Self::read(&fs::read_to_string("/proc/self/mounts").unwrap_or_default())
    }

    fn read(table: &str) -> Self {
        let folders = table.lines().filter_map(|line| line.split(' ').nth(1));
        Self(folders.filter(|folder| *folder != OF_NAMESPACES).map(str::to_owned).collect())
    }

    /// Fails if something is mounted now that was not.
    pub(super) fn nothing_new(&self) -> Done {
        self.against(&Self::now())
    }

    fn against(&self, now: &Self) -> Done {
        let left: Vec<&str> = now.0.difference(&self.0).map(String::as_str).collect();
        if left.is_empty() {
            return Ok(());
        }
        failed(format!("left mounted, unmount it where it is made: {}", left.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Failed;

    #[test]
    fn what_is_left_mounted_fails_the_step_and_is_named() {
        let before = Mounts::read("proc /proc proc rw 0 0\n/dev/loop0 /old ext4 rw 0 0\n");
        let after = Mounts::read("proc /proc proc rw 0 0\n/dev/loop1 /rooms/a/work ext4 rw 0 0\n");
        let Err(Failed(why)) = before.against(&after) else { panic!("a mount was overlooked") };
        assert!(why.contains("/rooms/a/work") && !why.contains("/old"), "{why}");
        assert!(before.against(&before).is_ok());
        // The folder of all namespaces stays, one that was not deleted is named.
        let folder =
            "proc /proc proc rw 0 0\n/dev/loop0 /old ext4 rw 0 0\ntmpfs /run/netns tmpfs rw 0 0\n";
        assert!(before.against(&Mounts::read(folder)).is_ok());
        let space = format!("{folder}nsfs /run/netns/hs1a nsfs rw 0 0\n");
        let Err(Failed(why)) = before.against(&Mounts::read(&space)) else { panic!("overlooked") };
        assert!(why.contains("/run/netns/hs1a"), "{why}");
    }
}
