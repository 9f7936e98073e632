//! What stands after the `?` of an address.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// The query of an address. One that cannot be read says which part.
#[derive(Debug, Clone)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(Failure::Query(faulty_part(&rejection.body_text()))),
        }
    }
}

/// The name of the part, from the sentence `…: page: invalid digit found in
/// string`; `?` where it names none.
fn faulty_part(sentence: &str) -> String {
    let plain =
        |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    sentence.split(": ").nth(1).filter(plain).unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Wanted {
        #[expect(dead_code, reason = "it is only read")]
        page: Option<usize>,
    }

    async fn read(address: &str) -> Result<Query<Wanted>, Failure> {
        let request = axum::http::Request::builder().uri(address).body(()).unwrap();
        Query::from_request_parts(&mut request.into_parts().0, &()).await
    }

    #[tokio::test]
    async fn the_part_of_a_query_that_cannot_be_read_is_named() {
        let failure = read("/x?page=many").await.unwrap_err();
        assert!(matches!(&failure, Failure::Query(part) if part == "page"), "{failure:?}");
        read("/x?page=2").await.unwrap();
    }
}
