//! Which bits a token sets: keyed hashes of it.

use blake2::Blake2bMac512;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;

use super::keys::FieldKeys;
use super::schema::Insertion;

/// Numbers that one BLAKE2 hash gives: 64 bytes in pairs.
const IN_ONE_HASH: usize = 32;

/// The hashes of one field.
pub(super) struct TokenHash {
    insertion: Insertion,
    keys: FieldKeys,
    bits: u32,
}

impl TokenHash {
    /// Hashes for filters of `bits` bits. With BLAKE2 the key is at most 64 bytes,
    /// which the schema was held against.
    pub(super) fn new(insertion: Insertion, keys: FieldKeys, bits: u32) -> Self {
        Self { insertion, keys, bits }
    }

    /// Adds to `places` the first `times` bits or more that `token` sets. The bits
    /// for fewer times are the first of those for more.
    pub(super) fn places(&self, token: &[u8], times: usize, places: &mut Vec<u32>) {
        match self.insertion {
            Insertion::Blake => self.blake(token, times, places),
            Insertion::Double { prevent_singularity } => {
                self.double(token, times, prevent_singularity, places);
            }
        }
    }

    fn blake(&self, token: &[u8], times: usize, places: &mut Vec<u32>) {
        for number in 0..times.div_ceil(IN_ONE_HASH) {
            let salt = number.to_string();
            // A key of 1 to 64 bytes and a salt of less than 16 are always taken.
            let Ok(mut hash) = Blake2bMac512::new_with_salt_and_personal(
                Some(&self.keys.first),
                salt.as_bytes(),
                &[],
            ) else {
                return;
            };
            blake2::digest::Update::update(&mut hash, token);
            let hash = blake2::digest::FixedOutput::finalize_fixed(hash);
            places.extend(hash.as_slice().chunks_exact(2).map(|pair| {
                let number = pair.iter().rev().fold(0_u32, |n, byte| (n << 8) | u32::from(*byte));
                number % self.bits
            }));
        }
    }

    /// `h1 + i · h2` (Kirsch and Mitzenmacher, "Less hashing, same performance",
    /// 2008). Where `h2` is 0 all of them are the same bit: another is then looked
    /// for, if the schema says so.
    fn double(&self, token: &[u8], times: usize, non_singular: bool, places: &mut Vec<u32>) {
        let bits = u64::from(self.bits);
        let first = remainder(&hmac_sha1(&self.keys.first, token), bits);
        let mut second = remainder(&hmac_md5(&self.keys.second, &[token]), bits);
        let mut attempt = 0_u32;
        while second == 0 && non_singular {
            let Some(letter) = char::from_u32(attempt) else { break };
            let letter = letter.encode_utf8(&mut [0; 4]).as_bytes().to_vec();
            second = remainder(&hmac_md5(&self.keys.second, &[token, &letter]), bits);
            attempt += 1;
        }
        let mut place = first;
        for _ in 0..times {
            places.push(u32::try_from(place).unwrap_or_default());
            place = (place + second) % bits;
        }
    }
}

fn hmac_sha1(key: &[u8], token: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return Vec::new() };
    mac.update(token);
    mac.finalize().into_bytes().to_vec()
}

fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(key) else { return Vec::new() };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// What a hash, as a number with its first byte the largest, leaves.
fn remainder(hash: &[u8], bits: u64) -> u64 {
    hash.iter().fold(0, |left, byte| ((left << 8) | u64::from(*byte)) % bits)
}
