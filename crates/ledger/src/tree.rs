//! The Merkle tree of RFC 6962 section 2.1 over the hashes of the entries.
//!
//! A [`Tree`] keeps only the roots of its complete subtrees, one per bit that
//! is set in its size, so that an entry is added in O(log n) without the others
//! at hand. Proofs are in [`crate::proof`].

use sha2::{Digest, Sha256};

use crate::Hash;

/// The hash of an inner node: SHA-256 of the byte 0x01 and the two below.
pub fn parent(left: &Hash, right: &Hash) -> Hash {
    let mut joined = [1_u8; 65];
    let (_, rest) = joined.split_at_mut(1);
    let (first, second) = rest.split_at_mut(32);
    first.copy_from_slice(&left.0);
    second.copy_from_slice(&right.0);
    Hash(Sha256::digest(joined).into())
}

/// The root of a tree without entries: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// The root over hashes of complete subtrees that stand side by side, larger
/// ones to the left.
pub(crate) fn join(hashes: &[Hash]) -> Option<Hash> {
    let (last, before) = hashes.split_last()?;
    Some(before.iter().rev().fold(*last, |right, left| parent(left, &right)))
}

/// A complete subtree: the leaves from `index << level` on, `1 << level` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// 0 is a leaf.
    pub level: u8,
    /// How many subtrees of this level stand to the left.
    pub index: u64,
}

/// The tree over the first `size` entries, kept as the roots of its complete
/// subtrees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    // INVARIANT: one per set bit of `size`, that of the highest bit first.
    peaks: Vec<Hash>,
}

impl Tree {
    /// A tree without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of that size with these roots of its complete subtrees, the
    /// largest first; `None` when their number does not fit the size.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (usize::try_from(size.count_ones()) == Ok(peaks.len())).then_some(Self { size, peaks })
    }

    /// How many entries it is over.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its complete subtrees, the largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Adds the hash of an entry. Each complete subtree that this makes, the
    /// entry itself not counted, is handed to `completed`, the smallest first.
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(Node, Hash)) {
        let mut node = Node { level: 0, index: self.size };
        let mut hash = leaf;
        while node.index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = parent(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            completed(node, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Adds the hash of an entry.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _| ());
    }

    /// The root.
    pub fn root(&self) -> Hash {
        join(&self.peaks).unwrap_or_else(empty_root)
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        for leaf in leaves {
            tree.push(leaf);
        }
        tree
    }
}
