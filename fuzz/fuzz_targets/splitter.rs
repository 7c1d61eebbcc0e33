//! Any bytes as the body of an import: the splitter must not panic, and its outcome must not depend on the cutting.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| refract_http::extract::fuzz::split(data));
