//! Any bytes as a row: judging must not panic, and what it passes must be canonical.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| refract_domain::import::judge::fuzz_judge(data));
