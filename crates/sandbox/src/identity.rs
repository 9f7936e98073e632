//! As whom a room runs (decision 0041).
//!
//! A server that is root gives every open room a user id of its own that
//! nothing else on the machine has: a room that broke out would own nothing but
//! its own work folder. A server that is an ordinary user can only be itself.

use std::collections::BTreeSet;

/// How many rooms can be open at once when each has its own user id.
pub(crate) const MOST_ROOMS: u32 = 1000;

/// Where the ids begin, the first that this machine can use: one that systemd's
/// table of ids (systemd.io/UIDS-GIDS) marks as unused, and for containers that
/// have only 65,536 ids the gap of the same table above people's accounts.
const BEGINNINGS: [u32; 2] = [1_900_000_000, 60_100];

/// As whom rooms run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// As the server.
    Own,
    /// Each as one of [`MOST_ROOMS`] ids from here on.
    Each { first: u32 },
}

impl Identity {
    /// What this process can give: `first` if it says so.
    pub(crate) fn find(first: Option<u32>) -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let (uids, gids) = (read("/proc/self/uid_map"), read("/proc/self/gid_map"));
        let usable = |first: u32| is_mapped(&uids, first) && is_mapped(&gids, first);
        let chosen = match first {
            Some(first) => Some(first).filter(|first| *first > 0 && usable(*first)),
            None => BEGINNINGS.into_iter().find(|first| usable(*first)),
        };
        match (chosen, first) {
            (Some(first), _) => Ok(Self::Each { first }),
            (None, Some(first)) => Err(format!(
                "user ids {first} to {} are not all there on this machine: set another first id",
                u64::from(first) + u64::from(MOST_ROOMS) - 1
            )),
            (None, None) => Err("this container has no user ids to spare for rooms: \
                                 run the server as an ordinary user"
                .into()),
        }
    }

    /// The id for a further room, when those of the open rooms are `taken`.
    /// `Err` when none is left.
    pub(crate) fn next(self, taken: &BTreeSet<u32>) -> Result<Option<u32>, ()> {
        match self {
            Self::Own => Ok(None),
            Self::Each { first } => {
                (first..first + MOST_ROOMS).find(|id| !taken.contains(id)).map(Some).ok_or(())
            }
        }
    }
}

/// Whether the ids from `first` on are all in a map (`user_namespaces(7)`: inside,
/// outside, count).
fn is_mapped(map: &str, first: u32) -> bool {
    let (first, last) = (u64::from(first), u64::from(first) + u64::from(MOST_ROOMS) - 1);
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
        let (Some(inside), Some(_), Some(count)) = (numbers.next(), numbers.next(), numbers.next())
        else {
            return false;
        };
        inside <= first && last < inside + count
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_gets_the_first_id_that_no_open_room_has() {
        let each = Identity::Each { first: 500 };
        assert_eq!(each.next(&BTreeSet::from([500, 501, 503])), Ok(Some(502)));
        assert_eq!(each.next(&(500..1500).collect()), Err(()));
        assert_eq!(Identity::Own.next(&BTreeSet::new()), Ok(None));
    }

    #[test]
    fn ids_must_all_be_there() {
        let small = "         0     100000      65536\n";
        assert!(!is_mapped(small, 1_900_000_000));
        assert!(is_mapped(small, 60_100));
        assert!(!is_mapped(small, 64_537));
        assert!(is_mapped("0 0 4294967295", 1_900_000_000));
    }
}
