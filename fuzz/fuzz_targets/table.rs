//! Any bytes as a text table: the reader must not panic, must keep its limits, and must not heed how the file is cut.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| refract_files::fuzz::read(data));
