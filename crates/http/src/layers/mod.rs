//! What lies around every route: the request's id, the limits of its head, its span and its line in the log, and what
//! becomes of a panic.
//!
//! Must not know what a route does; which key asks is told by the route itself, since some routes need none.

pub(crate) mod around;
pub(crate) mod facts;
pub(crate) mod head_limits;
pub(crate) mod rate_limit;
pub(crate) mod refused_keys;
pub(crate) mod request_id;

pub(crate) use facts::RequestFacts;
pub(crate) use request_id::RequestId;
