//! What black-box tests share: the real binary as a child process, a client that sends bytes as they are, and a look at
//! what the server keeps.
//!
//! Must not know what a test is about. Each test target takes what it needs, so what one leaves unused is no mistake.
#![allow(dead_code)]

pub(crate) mod client;
pub(crate) mod home;
pub(crate) mod http;
pub(crate) mod inspect;
pub(crate) mod request;
pub(crate) mod server;
pub(crate) mod watching;
