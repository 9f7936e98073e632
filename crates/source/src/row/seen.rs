//! Which people have been seen already, roughly and in bounded memory.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::subject::SubjectKey;

/// How many places one person's key may stand in.
const WAYS: usize = 4;

/// Remembers keys so that a person's number is sent to the vault about once and
/// not with every row. It may forget somebody it has seen; it says of nobody
/// unseen that it has seen them, but for one chance in 2^64 per question: keys
/// are outputs of an HMAC, the second half of one is compared whole.
pub(crate) struct SeenSubjects {
    slots: Box<[AtomicU64]>,
}

impl SeenSubjects {
    /// Room for the people of files of so many bytes, 32 MiB at the most.
    pub(crate) fn for_bytes(bytes: u64) -> Self {
        let rows = usize::try_from(bytes / 32).unwrap_or(usize::MAX);
        let slots = rows.clamp(1 << 12, 1 << 22).next_power_of_two();
        Self { slots: (0..slots).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Whether `subject` has not been seen, as far as is remembered; it has now.
    pub(crate) fn is_new(&self, subject: SubjectKey) -> bool {
        let [.., i, j, k, l, m, n, o, p] = subject.0;
        let tag = u64::from_le_bytes([i, j, k, l, m, n, o, p]).max(1);
        let sets = self.slots.len() / WAYS;
        let set = usize::try_from(subject.prefix() % sets as u64).unwrap_or_default();
        let Some(ways) = self.slots.get(set * WAYS..(set + 1) * WAYS) else { return true };
        let mut free = None;
        for way in ways {
            match way.load(Ordering::Relaxed) {
                seen if seen == tag => return false,
                0 => {
                    free = Some(way);
                    break;
                }
                _ => {}
            }
        }
        let way = free.or_else(|| ways.get(usize::try_from(tag >> 62).unwrap_or_default()));
        if let Some(way) = way {
            way.store(tag, Ordering::Relaxed);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use model::{Entropy, SeededEntropy};

    use super::*;

    #[test]
    fn nobody_unseen_is_called_seen_and_most_are_remembered() {
        let entropy = SeededEntropy::new(7);
        let mut keys = vec![SubjectKey([0; 16]); 1000];
        for key in &mut keys {
            entropy.fill(&mut key.0);
        }
        let seen = SeenSubjects::for_bytes(0);
        assert!(keys.iter().all(|key| seen.is_new(*key)));
        let again = keys.iter().filter(|key| seen.is_new(**key)).count();
        assert!(again < 50, "{again} of 1000 forgotten");
        assert!(!seen.is_new(keys[999]));
        assert!(seen.is_new(SubjectKey([0; 16])));
        assert!(!seen.is_new(SubjectKey([0; 16])));
    }
}
