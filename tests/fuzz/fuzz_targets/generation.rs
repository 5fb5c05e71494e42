#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| regionctl_tests::fuzzed::generation(bytes));
