//! Pairs of records that clerks are asked about, between vault and linkage.

use centre::ports::KnownPairs;
use linkage::Crosswalk;
use linkage::review::{Decided, KeptPair, Review, Shown, shown};
use model::PairId;

use super::Extracting;

impl Extracting {
    /// What the vault knows of the pairs that were put up before.
    pub(super) fn review(&self, pairs: &KnownPairs) -> Result<Review, String> {
        let decided = |(id, outcome): &(PairId, _)| {
            Ok(Decided { id: id.clone(), kept: self.kept(id)?, outcome: *outcome })
        };
        let decided = pairs.known.iter().map(decided).collect::<Result<_, String>>()?;
        Ok(Review { decided, most: pairs.most })
    }

    /// Keeps in the vault who the pairs are that an extract asks about: all or none.
    pub(super) fn put_up(&self, crosswalk: &Crosswalk) -> Result<Vec<PairId>, String> {
        let mut put_up = Vec::new();
        for kept in crosswalk.asked() {
            let id = PairId::mint(self.entropy.as_ref());
            let bytes = serde_json::to_vec(kept).map_err(|error| error.to_string());
            let written = bytes
                .map(zeroize::Zeroizing::new)
                .and_then(|text| self.vault.keep_pair(&id, &text).map_err(|e| e.to_string()));
            if let Err(why) = written {
                self.forget(&put_up);
                return Err(why);
            }
            put_up.push(id);
        }
        Ok(put_up)
    }

    /// Forgets pairs that no entry will speak of. What cannot be forgotten now goes at
    /// the next start.
    pub(super) fn forget(&self, pairs: &[PairId]) {
        for pair in pairs {
            if let Err(left) = self.vault.forget_pair(pair) {
                tracing::warn!(%left, "a pair that was not put up was left behind");
            }
        }
    }

    fn kept(&self, id: &PairId) -> Result<KeptPair, String> {
        let bytes = self.vault.pair(id).map_err(|error| error.to_string())?;
        // What does not fit is not said: it could hold what was read.
        serde_json::from_slice(&bytes).map_err(|_| format!("pair `{id}` cannot be read"))
    }

    /// What a clerk is shown of a pair. Names are read here, and in no file but the
    /// vault's.
    pub(super) fn shown(&self, id: &PairId, whole: bool) -> Result<Shown, String> {
        let kept = self.kept(id)?;
        let identity = |side: &linkage::review::Side| {
            let gone = || format!("pair `{id}`: a record is not in the vault any more");
            let segment = self.vault.segment(&side.source, &side.segment);
            let segment = segment.map_err(|error| error.to_string())?;
            let subject = side.subject().ok_or_else(gone)?;
            segment.lookup(subject).map_err(|error| error.to_string())?.ok_or_else(gone)
        };
        let [one, other] = &kept.sides;
        Ok(shown(&kept, &identity(one)?, &identity(other)?, whole))
    }
}
