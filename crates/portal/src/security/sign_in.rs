//! How often somebody may try to sign in: per address, per account from one
//! address, and per account from wherever; and how many passwords are checked at
//! once.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use model::AccountId;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Attempts per account and address at once; then one in [`PER_ACCOUNT`].
const BURST_PER_ACCOUNT: NonZeroU32 = NonZeroU32::new(5).unwrap();
const PER_ACCOUNT: Duration = Duration::from_mins(1);
/// Attempts per account from all addresses that nobody signed in to it from; then
/// one in [`PER_ACCOUNT`]. At most 100 is what NIST SP 800-63B section 3.2.2 allows.
const BURST_FROM_STRANGERS: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// Attempts per address at once; then one in [`PER_ADDRESS`]: a whole
/// department may come from one address.
const BURST_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(30).unwrap();
const PER_ADDRESS: Duration = Duration::from_secs(6);
/// One-click sign-ins of a demonstration per address at once; then one in
/// [`PER_DOOR`].
const BURST_PER_DOOR: NonZeroU32 = NonZeroU32::new(60).unwrap();
const PER_DOOR: Duration = Duration::from_secs(1);
/// Past so many keys, those that are full again are forgotten.
const MANY: usize = 10_000;
/// So long a password waits for its check before it is told to come again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// Counts attempts.
pub(crate) struct Attempts {
    by_account: DefaultKeyedRateLimiter<(AccountId, IpAddr)>,
    from_strangers: DefaultKeyedRateLimiter<AccountId>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    by_door: DefaultKeyedRateLimiter<IpAddr>,
    /// Where accounts were signed in to from: strangers elsewhere cannot lock
    /// their owners out.
    familiar: Mutex<HashSet<(AccountId, IpAddr)>>,
    /// Checking a password takes a processor and much memory, by design: no
    /// more at once than there are processors.
    checks: Semaphore,
    clock: DefaultClock,
}

fn quota(every: Duration, burst: NonZeroU32) -> Quota {
    Quota::with_period(every).unwrap_or(Quota::per_minute(burst)).allow_burst(burst)
}

/// Counts an attempt under a key. `Err`: one too many; how long to wait.
fn count<K: Clone + Eq + std::hash::Hash>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
    clock: &DefaultClock,
) -> Result<(), Duration> {
    if limiter.len() > MANY {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|not_until| not_until.wait_time_from(clock.now()))
}

impl Attempts {
    /// No attempts yet; at most `checks` passwords are checked at once.
    pub(crate) fn new(checks: usize) -> Self {
        Self {
            by_account: RateLimiter::keyed(quota(PER_ACCOUNT, BURST_PER_ACCOUNT)),
            from_strangers: RateLimiter::keyed(quota(PER_ACCOUNT, BURST_FROM_STRANGERS)),
            by_address: RateLimiter::keyed(quota(PER_ADDRESS, BURST_PER_ADDRESS)),
            by_door: RateLimiter::keyed(quota(PER_DOOR, BURST_PER_DOOR)),
            familiar: Mutex::default(),
            checks: Semaphore::new(checks),
            clock: DefaultClock::default(),
        }
    }

    /// Counts an attempt. `Err`: one too many; how long to wait.
    pub(crate) fn count(&self, address: IpAddr, account: &AccountId) -> Result<(), Duration> {
        let address = household(address);
        count(&self.by_address, &address, &self.clock)?;
        let here = (account.clone(), address);
        count(&self.by_account, &here, &self.clock)?;
        if self.familiar.lock().unwrap_or_else(PoisonError::into_inner).contains(&here) {
            return Ok(());
        }
        count(&self.from_strangers, account, &self.clock)
    }

    /// Remembers that somebody signed in to the account from there.
    pub(crate) fn succeeded(&self, address: IpAddr, account: &AccountId) {
        let mut familiar = self.familiar.lock().unwrap_or_else(PoisonError::into_inner);
        if familiar.len() > MANY {
            familiar.clear();
        }
        familiar.insert((account.clone(), household(address)));
    }

    /// Counts a one-click sign-in of a demonstration.
    pub(crate) fn count_door(&self, address: IpAddr) -> Result<(), Duration> {
        count(&self.by_door, &household(address), &self.clock)
    }

    /// Waits for the turn of a password to be checked; `None`: it did not come.
    pub(crate) async fn turn(&self, patience: Duration) -> Option<SemaphorePermit<'_>> {
        tokio::time::timeout(patience, self.checks.acquire()).await.ok()?.ok()
    }
}

/// What one customer of a network has: a whole IPv4 address, or the first 64
/// bits of an IPv6 address.
fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & (u128::MAX << 64))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn guessing_one_account_is_stopped_at_five_from_one_address() {
        let attempts = Attempts::new(1);
        let account = "researcher".parse().unwrap();
        for _ in 0..5 {
            attempts.count(address(1), &account).unwrap();
        }
        let wait = attempts.count(address(1), &account).unwrap_err();
        assert!(wait > Duration::from_secs(50) && wait <= PER_ACCOUNT, "{wait:?}");
        attempts.count(address(2), &account).unwrap();
    }

    #[test]
    fn guessing_one_account_from_many_addresses_is_stopped_and_its_owner_is_not_locked_out() {
        let attempts = Attempts::new(1);
        let account = "researcher".parse().unwrap();
        attempts.count(address(200), &account).unwrap();
        attempts.succeeded(address(200), &account);
        let tried = (0..100).filter(|i| attempts.count(address(*i), &account).is_ok()).count();
        assert_eq!(tried, 49);
        attempts.count(address(200), &account).unwrap();
        attempts.count(address(201), &account).unwrap_err();
    }

    #[tokio::test]
    async fn no_more_passwords_are_checked_at_once_than_are_allowed() {
        let attempts = Attempts::new(2);
        let short = Duration::from_millis(20);
        let (one, two) = (attempts.turn(short).await, attempts.turn(short).await);
        assert!(one.is_some() && two.is_some());
        assert!(attempts.turn(short).await.is_none());
        drop(one);
        assert!(attempts.turn(short).await.is_some());
    }

    #[test]
    fn trying_many_accounts_from_one_address_is_stopped() {
        let attempts = Attempts::new(1);
        let address = IpAddr::from([192, 0, 2, 1]);
        let tries = (0..40)
            .filter(|i| attempts.count(address, &format!("account-{i}").parse().unwrap()).is_ok());
        assert_eq!(tries.count(), 30);
        let elsewhere = IpAddr::from([192, 0, 2, 2]);
        attempts.count(elsewhere, &"account-41".parse().unwrap()).unwrap();
    }

    #[test]
    fn one_household_is_one_address_however_many_it_has() {
        let one: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let two: IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
        let other: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        assert_eq!(household(one), household(two));
        assert_ne!(household(one), household(other));
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(household(mapped), IpAddr::from([192, 0, 2, 1]));
    }
}
