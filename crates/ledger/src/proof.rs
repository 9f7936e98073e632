//! Proofs that an entry is in the tree, and that the tree only grew.
//!
//! Made as RFC 6962 section 2.1 defines them, checked as RFC 9162 section 2.1
//! does. A [`Plan`] says which complete subtrees a proof needs, so that they can
//! be fetched from wherever they are kept.

use serde::{Deserialize, Serialize};

use crate::Hash;
use crate::tree::{Node, empty_root, join, parent};

/// Why there is no such proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The entry is not in the tree.
    #[error("entry {index} is not in a ledger of {size} entries")]
    NoSuchEntry {
        /// Which entry.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("a ledger of {old} entries cannot have become one of {new}")]
    Shrunk {
        /// Size of the older tree.
        old: u64,
        /// Size of the newer tree.
        new: u64,
    },
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The proof has too few or too many hashes for these sizes.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// It leads to another root than that of the older tree.
    #[error("the proof does not lead to the root of the older tree")]
    OldRoot,
    /// It leads to another root.
    #[error("the proof does not lead to the root")]
    Root,
}

/// Which hashes a proof is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    // Each is a range of leaves whose root is one hash of the proof.
    ranges: Vec<(u64, u64)>,
}

impl Plan {
    /// The proof that entry `index` is in the tree of `size` entries: PATH(m, D\[n\])
    /// of RFC 6962 section 2.1.1.
    pub fn inclusion(index: u64, size: u64) -> Result<Self, PlanError> {
        if index >= size {
            return Err(PlanError::NoSuchEntry { index, size });
        }
        let (mut from, mut to) = (0, size);
        let mut ranges = Vec::new();
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                ranges.push((middle, to));
                to = middle;
            } else {
                ranges.push((from, middle));
                from = middle;
            }
        }
        ranges.reverse();
        Ok(Self { ranges })
    }

    /// The proof that the tree of `new` entries begins with that of `old`:
    /// PROOF(m, D\[n\]) of RFC 6962 section 2.1.2.
    pub fn consistency(old: u64, new: u64) -> Result<Self, PlanError> {
        if old > new {
            return Err(PlanError::Shrunk { old, new });
        }
        let mut ranges = Vec::new();
        if old > 0 && old < new {
            let (mut from, mut to) = (0, new);
            // The subtree that ends at `old` is known to the verifier only when
            // it is the whole older tree, that is, when it begins at 0.
            while old < to {
                let middle = from + split(to - from);
                if old <= middle {
                    ranges.push((middle, to));
                    to = middle;
                } else {
                    ranges.push((from, middle));
                    from = middle;
                }
            }
            if from > 0 {
                ranges.push((from, to));
            }
            ranges.reverse();
        }
        Ok(Self { ranges })
    }

    /// The complete subtrees whose hashes are needed, in the order in which
    /// [`Plan::assemble`] takes them.
    pub fn nodes(&self) -> Vec<Node> {
        self.ranges.iter().flat_map(|&(from, to)| subtrees(from, to)).collect()
    }

    /// The proof, from the hashes of [`Plan::nodes`]; `None` when there are not
    /// as many hashes as nodes.
    pub fn assemble(&self, hashes: &[Hash]) -> Option<Vec<Hash>> {
        let mut rest = hashes;
        let mut proof = Vec::with_capacity(self.ranges.len());
        for &(from, to) in &self.ranges {
            let (these, others) = rest.split_at_checked(subtrees(from, to).count())?;
            proof.push(join(these)?);
            rest = others;
        }
        rest.is_empty().then_some(proof)
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The complete subtrees that make up the leaves `from..to`, from the left.
fn subtrees(from: u64, to: u64) -> impl Iterator<Item = Node> {
    let mut next = from;
    std::iter::from_fn(move || {
        let left = to.checked_sub(next).filter(|left| *left > 0)?;
        // As large as fits, and standing where such a subtree stands.
        let level = left.ilog2().min(next.trailing_zeros());
        let node = Node { level: u8::try_from(level).ok()?, index: next >> level };
        next += 1 << level;
        Some(node)
    })
}

/// That an entry stands at its place in the ledger of some size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// Which entry.
    pub seq: u64,
    /// How many entries the tree has.
    pub size: u64,
    /// From the sibling of the entry up to the child of the root.
    pub path: Vec<Hash>,
}

impl Inclusion {
    /// Whether the entry with that hash is there (RFC 9162 section 2.1.3.2).
    pub fn verify(&self, leaf: &Hash, root: &Hash) -> Result<(), ProofError> {
        if self.seq >= self.size {
            return Err(ProofError::Length);
        }
        let (mut at, mut last) = (self.seq, self.size - 1);
        let mut hash = *leaf;
        for sibling in &self.path {
            if last == 0 {
                return Err(ProofError::Length);
            }
            if at & 1 == 1 || at == last {
                hash = parent(sibling, &hash);
                while at & 1 == 0 && at != 0 {
                    at >>= 1;
                    last >>= 1;
                }
            } else {
                hash = parent(&hash, sibling);
            }
            at >>= 1;
            last >>= 1;
        }
        match (last, hash == *root) {
            (0, true) => Ok(()),
            (0, false) => Err(ProofError::Root),
            _ => Err(ProofError::Length),
        }
    }
}

/// That a ledger only grew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consistency {
    /// How many entries there were.
    pub old: u64,
    /// How many there are.
    pub new: u64,
    /// The proof of RFC 6962 section 2.1.2.
    pub path: Vec<Hash>,
}

impl Consistency {
    /// Whether the tree with root `new_root` begins with that of `old_root`
    /// (RFC 9162 section 2.1.4.2).
    pub fn verify(&self, old_root: &Hash, new_root: &Hash) -> Result<(), ProofError> {
        if self.old == 0 || self.old == self.new {
            return if !self.path.is_empty() || self.old > self.new {
                Err(ProofError::Length)
            } else if self.old == 0 && *old_root != empty_root() {
                Err(ProofError::OldRoot)
            } else if self.old == self.new && old_root != new_root {
                Err(ProofError::Root)
            } else {
                Ok(())
            };
        }
        if self.old > self.new {
            return Err(ProofError::Length);
        }
        let mut path = self.path.iter();
        let first = if self.old.is_power_of_two() { Some(old_root) } else { path.next() };
        let first = *first.ok_or(ProofError::Length)?;
        let (mut at, mut last) = (self.old - 1, self.new - 1);
        while at & 1 == 1 {
            at >>= 1;
            last >>= 1;
        }
        let (mut old, mut new) = (first, first);
        for hash in path {
            if last == 0 {
                return Err(ProofError::Length);
            }
            if at & 1 == 1 || at == last {
                old = parent(hash, &old);
                new = parent(hash, &new);
                while at & 1 == 0 && at != 0 {
                    at >>= 1;
                    last >>= 1;
                }
            } else {
                new = parent(&new, hash);
            }
            at >>= 1;
            last >>= 1;
        }
        match (last, old == *old_root, new == *new_root) {
            (0, true, true) => Ok(()),
            (0, false, _) => Err(ProofError::OldRoot),
            (0, true, false) => Err(ProofError::Root),
            _ => Err(ProofError::Length),
        }
    }
}
