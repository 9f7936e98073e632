//! What stands between the portal and those who mean it ill.

pub(crate) mod cookies;
pub(crate) mod forms;
pub(crate) mod headers;
pub(crate) mod next;
pub(crate) mod sign_in;
pub(crate) mod token;
