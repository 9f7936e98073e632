//! Who may come in to the notebook of a room.
//!
//! The portal's page holds a ticket, which a form sends to the notebooks' address
//! once; a pass comes back as a cookie. The ticket is in no address, the portal's
//! own token never goes to the notebooks, and neither goes to a room. A pass is
//! for one room: a browser that comes into another gives the first one up, so
//! that what one room sends cannot reach into the other.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use model::{AccountId, Entropy, Lang, RoomId, Timestamp};
use permit::Way;

use crate::ports::TokenHash;
use crate::security::token::Token;

/// A ticket that is not used for so long is void.
const TICKET: SignedDuration = SignedDuration::from_mins(10);

/// So many tickets and passes are kept at the most; the oldest go first.
const MOST: usize = 10_000;

/// What a ticket or a pass is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pass {
    /// The room.
    pub(crate) room: RoomId,
    /// Whose.
    pub(crate) account: AccountId,
    /// The portal's session that it came from: it ends with that.
    pub(crate) session: TokenHash,
    /// Whether it leads to the notebook or to the desktop.
    pub(crate) way: Way,
    /// The language of the page that it came from.
    pub(crate) lang: Lang,
    given: Timestamp,
}

/// Tickets that are out, and passes.
#[derive(Debug, Default)]
pub(crate) struct Door {
    tickets: Mutex<HashMap<TokenHash, Pass>>,
    passes: Mutex<HashMap<TokenHash, Pass>>,
}

fn held(map: &Mutex<HashMap<TokenHash, Pass>>) -> MutexGuard<'_, HashMap<TokenHash, Pass>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(map: &mut HashMap<TokenHash, Pass>, token: TokenHash, pass: Pass) {
    while map.len() >= MOST {
        let oldest = map.iter().min_by_key(|(_, pass)| pass.given).map(|(token, _)| *token);
        let Some(oldest) = oldest else { break };
        map.remove(&oldest);
    }
    map.insert(token, pass);
}

impl Door {
    /// A ticket for a room, for the page that is shown to `account` in `session`.
    pub(crate) fn ticket(
        &self,
        entropy: &dyn Entropy,
        (room, account, session): (&RoomId, &AccountId, TokenHash),
        (way, lang): (Way, Lang),
        now: Timestamp,
    ) -> Token {
        let token = Token::signed_in(entropy);
        let (room, account) = (room.clone(), account.clone());
        let pass = Pass { room, account, session, way, lang, given: now };
        let mut tickets = held(&self.tickets);
        tickets.retain(|_, ticket| now.duration_since(ticket.given) < TICKET);
        keep(&mut tickets, token.hash(), pass);
        token
    }

    /// Takes a ticket and gives a pass for it. A ticket is taken once.
    pub(crate) fn enter(
        &self,
        entropy: &dyn Entropy,
        ticket: &str,
        now: Timestamp,
    ) -> Option<(Token, Pass)> {
        let ticket = held(&self.tickets).remove(&Token::read(ticket)?.hash())?;
        if now.duration_since(ticket.given) >= TICKET {
            return None;
        }
        let (token, pass) = (Token::signed_in(entropy), Pass { given: now, ..ticket });
        keep(&mut held(&self.passes), token.hash(), pass.clone());
        Some((token, pass))
    }

    /// What a pass is good for.
    pub(crate) fn pass(&self, pass: &str) -> Option<Pass> {
        held(&self.passes).get(&Token::read(pass)?.hash()).cloned()
    }

    /// Takes a pass back.
    pub(crate) fn forget(&self, pass: &str) {
        if let Some(token) = Token::read(pass) {
            held(&self.passes).remove(&token.hash());
        }
    }
}

#[cfg(test)]
mod tests {
    use model::SeededEntropy;

    use super::*;

    #[test]
    fn a_ticket_is_good_once_and_not_for_long() {
        let (door, entropy) = (Door::default(), SeededEntropy::new(1));
        let at = |second| Timestamp::from_second(second).unwrap();
        let (room, account) = ("room-a".parse().unwrap(), "researcher".parse().unwrap());
        let ticket = |now| {
            door.ticket(
                &entropy,
                (&room, &account, TokenHash([7; 32])),
                (Way::Notebook, Lang::En),
                now,
            )
            .as_str()
            .to_owned()
        };
        let first = ticket(at(0));
        let (token, pass) = door.enter(&entropy, &first, at(1)).unwrap();
        assert_eq!((&pass.room, &pass.account), (&room, &account));
        assert_ne!(token.as_str(), first);
        assert!(door.enter(&entropy, &first, at(2)).is_none(), "twice");
        assert!(door.pass(&first).is_none(), "a ticket is no pass");
        let late = ticket(at(0));
        assert!(door.enter(&entropy, &late, at(600)).is_none(), "too late");
        assert!(door.enter(&entropy, "", at(1)).is_none());
        assert_eq!(door.pass(token.as_str()), Some(pass));
        door.forget(token.as_str());
        assert_eq!(door.pass(token.as_str()), None);
    }
}
