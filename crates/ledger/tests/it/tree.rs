//! The tree and its proofs, against the vectors that the certificate
//! transparency project publishes (`merkle_tree_test.cc`) and against the
//! definitions of RFC 6962 written out naively.

use ledger::Hash;
use ledger::proof::{Consistency, Inclusion, Plan, ProofError};
use ledger::tree::{Node, Tree, empty_root, parent};
use proptest::prelude::*;

fn leaves() -> Vec<Hash> {
    let inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    inputs.iter().map(|input| Hash::of_leaf(&hex::decode(input).unwrap())).collect()
}

const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const PATHS: [(u64, u64, &[&str]); 5] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

const CONSISTENCIES: [(u64, u64, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// MTH(D[n]) of RFC 6962 section 2.1, word for word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            parent(&naive_root(&leaves[..k]), &naive_root(&leaves[k..]))
        }
    }
}

/// PATH(m, D[n]) of RFC 6962 section 2.1.1, word for word.
fn naive_path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return vec![];
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut path, last) = if m < k {
        (naive_path(m, &leaves[..k]), naive_root(&leaves[k..]))
    } else {
        (naive_path(m - k, &leaves[k..]), naive_root(&leaves[..k]))
    };
    path.push(last);
    path
}

/// SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2, word for word.
fn naive_subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { vec![] } else { vec![naive_root(leaves)] };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut proof, last) = if m <= k {
        (naive_subproof(m, &leaves[..k], whole), naive_root(&leaves[k..]))
    } else {
        (naive_subproof(m - k, &leaves[k..], false), naive_root(&leaves[..k]))
    };
    proof.push(last);
    proof
}

fn node_of(leaves: &[Hash], node: Node) -> Hash {
    let from = usize::try_from(node.index << node.level).unwrap();
    naive_root(&leaves[from..from + (1 << node.level)])
}

fn made(plan: &Plan, leaves: &[Hash]) -> Vec<Hash> {
    let hashes: Vec<Hash> = plan.nodes().into_iter().map(|node| node_of(leaves, node)).collect();
    plan.assemble(&hashes).unwrap()
}

fn size_of(leaves: &[Hash]) -> u64 {
    u64::try_from(leaves.len()).unwrap()
}

fn inclusion(leaves: &[Hash], seq: u64) -> Inclusion {
    let size = size_of(leaves);
    let path = made(&Plan::inclusion(seq, size).unwrap(), leaves);
    Inclusion { seq, size, path }
}

fn consistency(leaves: &[Hash], old: u64) -> Consistency {
    let new = size_of(leaves);
    Consistency { old, new, path: made(&Plan::consistency(old, new).unwrap(), leaves) }
}

#[test]
fn roots_are_the_published_ones() {
    assert_eq!(
        Tree::new().root().to_string(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    let mut tree = Tree::new();
    for (leaf, root) in leaves().into_iter().zip(ROOTS) {
        tree.push(leaf);
        assert_eq!(tree.root().to_string(), root, "size {}", tree.size());
    }
}

#[test]
fn inclusion_proofs_are_the_published_ones_and_hold() {
    for (seq, size, path) in PATHS {
        let leaves = &leaves()[..usize::try_from(size).unwrap()];
        let proof = inclusion(leaves, seq);
        assert_eq!(proof.path, hashes(path), "{seq} in {size}");
        let root = ROOTS[leaves.len() - 1].parse().unwrap();
        proof.verify(&leaves[usize::try_from(seq).unwrap()], &root).unwrap();
    }
}

#[test]
fn consistency_proofs_are_the_published_ones_and_hold() {
    for (old, new, path) in CONSISTENCIES {
        let leaves = &leaves()[..usize::try_from(new).unwrap()];
        let proof = consistency(leaves, old);
        assert_eq!(proof.path, hashes(path), "{old} to {new}");
        let root = |size: u64| ROOTS[usize::try_from(size).unwrap() - 1].parse().unwrap();
        proof.verify(&root(old), &root(new)).unwrap();
    }
}

#[test]
fn there_is_no_proof_of_what_is_not() {
    assert!(Plan::inclusion(8, 8).is_err());
    assert!(Plan::inclusion(0, 0).is_err());
    assert!(Plan::consistency(9, 8).is_err());
    let outside = Inclusion { seq: 1, size: 1, path: vec![] };
    assert_eq!(outside.verify(&leaves()[0], &leaves()[0]), Err(ProofError::Length));
    let shrunk = Consistency { old: 2, new: 1, path: vec![] };
    assert_eq!(shrunk.verify(&leaves()[0], &leaves()[0]), Err(ProofError::Length));
}

#[test]
fn any_tree_follows_from_the_empty_one_and_only_from_it() {
    let proof = Consistency { old: 0, new: 8, path: vec![] };
    let root = ROOTS[7].parse().unwrap();
    proof.verify(&empty_root(), &root).unwrap();
    assert_eq!(proof.verify(&root, &root), Err(ProofError::OldRoot));
}

fn some_leaves(from: usize) -> impl Strategy<Value = Vec<Hash>> {
    prop::collection::vec(any::<[u8; 32]>().prop_map(Hash), from..140)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_tree_grown_entry_by_entry_is_the_defined_one(leaves in some_leaves(0)) {
        let mut tree = Tree::new();
        for (index, leaf) in leaves.iter().enumerate() {
            let grown = &leaves[..=index];
            let mut completed = vec![];
            tree.push_with(*leaf, |node, hash| completed.push((node, hash)));
            for (node, hash) in completed {
                prop_assert_eq!(hash, node_of(grown, node));
            }
            prop_assert_eq!(tree.root(), naive_root(grown));
            let again = Tree::from_peaks(tree.size(), tree.peaks().to_vec()).unwrap();
            prop_assert_eq!(again.root(), tree.root());
        }
    }

    #[test]
    fn every_inclusion_proof_is_the_defined_one_and_holds_for_its_entry_alone(
        leaves in some_leaves(1), pick in any::<prop::sample::Index>(), flip in any::<prop::sample::Index>(),
    ) {
        let at = pick.index(leaves.len());
        let root = naive_root(&leaves);
        let proof = inclusion(&leaves, u64::try_from(at).unwrap());
        prop_assert_eq!(&proof.path, &naive_path(at, &leaves));
        prop_assert_eq!(proof.verify(&leaves[at], &root), Ok(()));
        let mut other = leaves[at];
        other.0[0] ^= 1;
        prop_assert_eq!(proof.verify(&other, &root), Err(ProofError::Root));
        if !proof.path.is_empty() {
            let mut bent = proof.clone();
            let hash = flip.index(bent.path.len());
            bent.path[hash].0[31] ^= 0x80;
            prop_assert_eq!(bent.verify(&leaves[at], &root), Err(ProofError::Root));
            let mut short = proof.clone();
            short.path.pop();
            prop_assert!(short.verify(&leaves[at], &root).is_err());
        }
        let mut long = proof.clone();
        long.path.push(root);
        prop_assert!(long.verify(&leaves[at], &root).is_err());
        for seq in (0..proof.size).filter(|seq| *seq != proof.seq) {
            let moved = Inclusion { seq, ..proof.clone() };
            prop_assert!(moved.verify(&leaves[at], &root).is_err(), "holds at {} too", seq);
        }
    }

    #[test]
    fn every_consistency_proof_is_the_defined_one_and_holds_for_its_roots_alone(
        leaves in some_leaves(1), pick in any::<prop::sample::Index>(), flip in any::<prop::sample::Index>(),
    ) {
        let old = pick.index(leaves.len()) + 1;
        let (old_root, new_root) = (naive_root(&leaves[..old]), naive_root(&leaves));
        let proof = consistency(&leaves, u64::try_from(old).unwrap());
        prop_assert_eq!(&proof.path, &naive_subproof(old, &leaves, true));
        prop_assert_eq!(proof.verify(&old_root, &new_root), Ok(()));
        if old < leaves.len() {
            prop_assert!(proof.verify(&new_root, &old_root).is_err());
            let mut other = old_root;
            other.0[5] ^= 4;
            prop_assert!(proof.verify(&other, &new_root).is_err());
            let mut bent = proof.clone();
            let hash = flip.index(bent.path.len());
            bent.path[hash].0[0] ^= 1;
            prop_assert!(bent.verify(&old_root, &new_root).is_err());
            let mut short = proof.clone();
            short.path.pop();
            prop_assert!(short.verify(&old_root, &new_root).is_err());
        }
        let mut long = proof.clone();
        long.path.push(new_root);
        prop_assert!(long.verify(&old_root, &new_root).is_err());
    }
}
