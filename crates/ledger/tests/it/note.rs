//! Signed notes and checkpoints, against what other implementations wrote.

use ledger::checkpoint::{CheckpointError, SignedProof};
use ledger::note::{KeyError, NoteError};
use ledger::proof::ProofError;
use ledger::{Checkpoint, Hash, SignedNote, SignerKey, VerifierKey};
use model::{Secret, SeededEntropy};

// From the documentation of Go's `golang.org/x/mod/sumdb/note`.
const GO_PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SECRET: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                       then you don't know what your problem is.\n";
const GO_SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

// From the C2SP `signed-note` specification.
const C2SP_PUBLIC: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const C2SP_NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn centre() -> SignerKey {
    SignerKey::generate("centre.example/ledger", &SeededEntropy::new(7)).unwrap()
}

#[test]
fn keys_of_another_implementation_are_read_and_written_back_the_same() {
    assert_eq!(GO_PUBLIC.parse::<VerifierKey>().unwrap().to_string(), GO_PUBLIC);
    assert_eq!(C2SP_PUBLIC.parse::<VerifierKey>().unwrap().to_string(), C2SP_PUBLIC);
    let key = SignerKey::parse(&secret(&format!("{GO_SECRET}\n"))).unwrap();
    assert_eq!(key.to_text().reveal(), GO_SECRET);
    assert_eq!(key.public().to_string(), GO_PUBLIC);
}

#[test]
fn the_same_key_and_text_give_the_signature_that_another_implementation_gives() {
    let note = SignerKey::parse(&secret(GO_SECRET)).unwrap().sign(GO_TEXT).unwrap();
    assert_eq!(note.to_string(), format!("{GO_TEXT}\n{GO_SIGNATURE}"));
}

#[test]
fn notes_that_another_implementation_signed_are_opened() {
    for (key, note, text) in [
        (GO_PUBLIC, format!("{GO_TEXT}\n{GO_SIGNATURE}"), GO_TEXT),
        (C2SP_PUBLIC, C2SP_NOTE.to_owned(), "This is an example message.\n"),
    ] {
        let note: SignedNote = note.parse().unwrap();
        assert_eq!(note.open(&key.parse().unwrap()), Ok(text));
    }
}

#[test]
fn a_note_opens_for_its_signer_alone_and_other_signatures_do_not_count() {
    let both = format!("{GO_TEXT}\n\u{2014} stranger AAAAAAA=\n{GO_SIGNATURE}");
    let note: SignedNote = both.parse().unwrap();
    assert_eq!(note.open(&GO_PUBLIC.parse().unwrap()), Ok(GO_TEXT));
    let refused = note.open(&C2SP_PUBLIC.parse().unwrap());
    assert_eq!(refused, Err(NoteError::NotSigned("example.com/foo".into())));
}

#[test]
fn a_changed_text_or_signature_is_refused() {
    let key: VerifierKey = GO_PUBLIC.parse().unwrap();
    for changed in [
        format!("{}\n{GO_SIGNATURE}", GO_TEXT.replace("your", "my")),
        format!("{GO_TEXT}\n{}", GO_SIGNATURE.replace("BS9UG", "BS9UH")),
        format!("{GO_TEXT}\n{}", GO_SIGNATURE.replace("RyyB", "")),
    ] {
        assert_ne!(changed, format!("{GO_TEXT}\n{GO_SIGNATURE}"));
        let refused = changed.parse::<SignedNote>().and_then(|note| note.open(&key).map(drop));
        assert!(refused.is_err(), "{changed}");
    }
}

#[test]
fn what_is_not_built_like_a_note_is_refused() {
    for bad in [
        "",
        "text\n",
        "text\n\n",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n\u{2014} name\n",
        "text\n\n\u{2014} na+me AAAAAAA=\n",
        "text\n\n\u{2014} name AAAA\n",
        "text\n\n\u{2014} name AAAAAAA=",
        "te\txt\n\n\u{2014} name AAAAAAA=\n",
    ] {
        let refused = bad.parse::<SignedNote>();
        assert!(matches!(refused, Err(NoteError::Malformed(_))), "{bad:?}: {refused:?}");
    }
    let many = format!("text\n\n{}", "\u{2014} name AAAAAAA=\n".repeat(65));
    assert!(many.parse::<SignedNote>().is_err());
    assert!(centre().sign("no newline").is_err());
}

#[test]
fn a_key_that_was_changed_or_is_of_the_wrong_sort_is_refused() {
    type Refusal = fn(&KeyError) -> bool;
    let cases: [(&str, Refusal); 5] = [
        (&GO_PUBLIC.replace("c74f", "c74e"), |e| matches!(e, KeyError::Hash(_))),
        (&GO_PUBLIC.replace("PeterNeumann", "PeterN"), |e| matches!(e, KeyError::Hash(_))),
        (&GO_PUBLIC.replace("+ARpc", "+AhpC"), |e| matches!(e, KeyError::Algorithm(_))),
        (GO_SECRET, |e| *e == KeyError::NotPublic),
        ("", |e| *e == KeyError::NotPublic),
    ];
    for (text, expected) in cases {
        let error = text.parse::<VerifierKey>().unwrap_err();
        assert!(expected(&error), "{text}: {error:?}");
    }
    assert_eq!(SignerKey::parse(&secret(GO_PUBLIC)).unwrap_err(), KeyError::NotSecret);
    for name in ["", "a b", "a+b", "a\nb"] {
        let error = SignerKey::generate(name, &SeededEntropy::new(1)).unwrap_err();
        assert_eq!(error, KeyError::Name(name.to_owned()));
    }
}

#[test]
fn a_secret_key_does_not_print_itself() {
    let key = SignerKey::parse(&secret(GO_SECRET)).unwrap();
    let printed = format!("{key:?}");
    assert!(printed.contains(GO_PUBLIC) && !printed.contains("AYEKFALVFGyNhPJEMzD1QIDr"));
}

#[test]
fn a_checkpoint_has_the_form_that_c2sp_gives_it_and_reads_back() {
    let key = centre();
    let root = Hash::of_leaf(b"anything");
    let note = Checkpoint::sign(20_852_163, root, &key).unwrap().to_string();
    let lines: Vec<&str> = note.split('\n').collect();
    assert_eq!(lines[..2], ["centre.example/ledger", "20852163"]);
    assert_eq!(lines[2].len(), 44);
    assert_eq!(lines[3], "");
    assert!(lines[4].starts_with("\u{2014} centre.example/ledger "));
    assert_eq!(lines[5..], [""]);
    let read = Checkpoint::open(&note.parse().unwrap(), key.public()).unwrap();
    assert_eq!((read.size, read.root), (20_852_163, root));
}

#[test]
fn a_checkpoint_of_another_ledger_or_of_bad_form_is_refused() {
    let key = centre();
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let open = |text: &str| Checkpoint::open(&key.sign(text).unwrap(), key.public());
    assert!(open(&format!("centre.example/ledger\n7\n{root}\n")).is_ok());
    assert!(open(&format!("centre.example/ledger\n7\n{root}\nextension\n")).is_ok());
    let elsewhere = open(&format!("other.example/ledger\n7\n{root}\n"));
    assert!(matches!(elsewhere, Err(CheckpointError::Origin { .. })), "{elsewhere:?}");
    for bad in [
        format!("centre.example/ledger\n07\n{root}\n"),
        format!("centre.example/ledger\n-7\n{root}\n"),
        format!("centre.example/ledger\n\n{root}\n"),
        format!("\n7\n{root}\n"),
        "centre.example/ledger\n7\n".to_owned(),
        "centre.example/ledger\n7\nAAAA\n".to_owned(),
        format!("centre.example/ledger\n7\n{root}\n\n"),
    ] {
        assert!(matches!(open(&bad), Err(CheckpointError::Malformed(_))), "{bad:?}");
    }
}

#[test]
fn a_proof_reads_back_from_its_text_and_holds_for_its_entry_alone() {
    let key = centre();
    let leaves = [Hash::of_leaf(b"a"), Hash::of_leaf(b"b")];
    let root = ledger::tree::parent(&leaves[0], &leaves[1]);
    let checkpoint = Checkpoint::sign(2, root, &key).unwrap();
    let proof = SignedProof { seq: 1, path: vec![leaves[0]], checkpoint };
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 1\n"), "{text}");
    let read: SignedProof = text.parse().unwrap();
    assert_eq!(read, proof);
    assert_eq!(read.verify(&leaves[1], key.public()).unwrap().root, root);
    let other = read.verify(&leaves[0], key.public());
    assert_eq!(other, Err(ProofError::Root.into()));

    let alone = SignedProof {
        seq: 0,
        path: vec![],
        checkpoint: Checkpoint::sign(1, leaves[0], &key).unwrap(),
    };
    assert_eq!(alone.to_string().parse::<SignedProof>().unwrap(), alone);
    let extra = text.replace("index", "extra YWJj\nindex");
    assert_eq!(extra.parse::<SignedProof>().unwrap(), proof);
    for bad in ["", "c2sp.org/tlog-proof@v1\n\n", &text.replace("index 1", "index 01")] {
        assert!(bad.parse::<SignedProof>().is_err(), "{bad}");
    }
}
