//! Session tokens, and the form tokens made from them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Entropy;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::ports::TokenHash;

/// What a browser holds in its cookie, or a program in its `Authorization`
/// header: 32 random bytes, in base64url. Before somebody signs in it begins
/// with `a.`: such a token is in no store and opens nothing, it only binds
/// forms to the browser that fetched them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

const ANONYMOUS: &str = "a.";
const LENGTH: usize = 43;

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token([redacted])")
    }
}

fn random(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Token {
    /// A new token for somebody who has just signed in.
    pub(crate) fn signed_in(entropy: &dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// A new token for somebody who has not.
    pub(crate) fn anonymous(entropy: &dyn Entropy) -> Self {
        Self(format!("{ANONYMOUS}{}", random(entropy)))
    }

    /// The token in a cookie or header, if it is built like one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let symbols = text.strip_prefix(ANONYMOUS).unwrap_or(text);
        let plain = symbols.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        (symbols.len() == LENGTH && plain).then(|| Self(text.to_owned()))
    }

    /// Whether it can be somebody's.
    pub(crate) fn may_be_signed_in(&self) -> bool {
        !self.0.starts_with(ANONYMOUS)
    }

    /// As it stands in the cookie.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Under which it is kept.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// What a form sends along to prove that it came from one of our pages,
    /// fetched by the same browser in the same session. Nobody who cannot read
    /// the cookie can make it.
    pub(crate) fn form_token(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"helserom form token v1\n");
        hasher.update(self.0.as_bytes());
        URL_SAFE_NO_PAD.encode(hasher.finalize())
    }

    /// Whether `given` is this session's form token. Takes as long for any
    /// wrong one as for the right one.
    pub(crate) fn accepts(&self, given: &str) -> bool {
        self.form_token().as_bytes().ct_eq(given.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use model::SeededEntropy;

    use super::*;

    #[test]
    fn a_form_token_fits_its_own_session_alone() {
        let entropy = SeededEntropy::new(1);
        let (mine, other) = (Token::signed_in(&entropy), Token::signed_in(&entropy));
        assert!(mine.accepts(&mine.form_token()));
        assert!(!mine.accepts(&other.form_token()));
        assert!(!mine.accepts(""));
        assert!(!mine.accepts(mine.as_str()));
    }

    #[test]
    fn a_token_that_was_given_before_signing_in_opens_nothing() {
        let entropy = SeededEntropy::new(1);
        assert!(!Token::anonymous(&entropy).may_be_signed_in());
        assert!(Token::signed_in(&entropy).may_be_signed_in());
    }

    #[test]
    fn what_is_not_built_like_a_token_is_none() {
        let token = Token::anonymous(&SeededEntropy::new(1));
        assert_eq!(Token::read(token.as_str()), Some(token.clone()));
        for bad in ["", "a.", "x", &format!("{}x", token.as_str()), &"é".repeat(43)] {
            assert_eq!(Token::read(bad), None, "`{bad}`");
        }
        assert_eq!(format!("{token:?}"), "Token([redacted])");
    }
}
