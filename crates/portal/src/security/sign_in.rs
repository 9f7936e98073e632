//! How often somebody may try to sign in: per address and per account.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use model::AccountId;

/// Attempts per account at once; then one in [`PER_ACCOUNT`].
const BURST_PER_ACCOUNT: NonZeroU32 = NonZeroU32::new(5).unwrap();
const PER_ACCOUNT: Duration = Duration::from_secs(60);
/// Attempts per address at once; then one in [`PER_ADDRESS`]: a whole
/// department may come from one address.
const BURST_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(30).unwrap();
const PER_ADDRESS: Duration = Duration::from_secs(6);
/// Past so many keys, those that are full again are forgotten.
const MANY: usize = 10_000;

/// Counts attempts.
pub(crate) struct Attempts {
    by_account: DefaultKeyedRateLimiter<AccountId>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

fn quota(every: Duration, burst: NonZeroU32) -> Quota {
    Quota::with_period(every).unwrap_or(Quota::per_minute(burst)).allow_burst(burst)
}

impl Attempts {
    pub(crate) fn new() -> Self {
        Self {
            by_account: RateLimiter::keyed(quota(PER_ACCOUNT, BURST_PER_ACCOUNT)),
            by_address: RateLimiter::keyed(quota(PER_ADDRESS, BURST_PER_ADDRESS)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts an attempt. `Err`: one too many; how long to wait.
    pub(crate) fn count(&self, address: IpAddr, account: &AccountId) -> Result<(), Duration> {
        if self.by_address.len() > MANY {
            self.by_address.retain_recent();
        }
        if self.by_account.len() > MANY {
            self.by_account.retain_recent();
        }
        let now = self.clock.now();
        self.by_address
            .check_key(&household(address))
            .map_err(|not_until| not_until.wait_time_from(now))?;
        self.by_account.check_key(account).map_err(|not_until| not_until.wait_time_from(now))
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

    #[test]
    fn guessing_one_account_is_stopped_from_whatever_address() {
        let attempts = Attempts::new();
        let account = "researcher".parse().unwrap();
        let address = |last| IpAddr::from([192, 0, 2, last]);
        for i in 0..5 {
            attempts.count(address(i), &account).unwrap();
        }
        let wait = attempts.count(address(9), &account).unwrap_err();
        assert!(wait > Duration::from_secs(50) && wait <= PER_ACCOUNT, "{wait:?}");
    }

    #[test]
    fn trying_many_accounts_from_one_address_is_stopped() {
        let attempts = Attempts::new();
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
