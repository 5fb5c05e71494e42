//! A short run of the fuzzer's targets: the corpus, and mutations of it that a seed repeats. The fuzzer itself: `tests/fuzz`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::panic::catch_unwind;
use std::path::Path;

use regionctl_tests::fuzzed::TARGETS;
use regionctl_tests::storm::Random;

/// Mutations of each file of the corpus.
const MUTATIONS: usize = 300;
/// What breaks readers: numbers at the end of their range, escapes, markers, separators, references.
const PIECES: [&[u8]; 14] = [
    b"18446744073709551615",
    b"-1",
    b"0",
    b"\x1b[2J",
    b"\t",
    b"\n",
    b"@end\n",
    b"@held\n",
    b"{{secret:vpn/ca/key@1}}",
    b"../../",
    b"\"",
    b"'; reboot; '",
    b"\xff\xfe",
    b"\0",
];

#[test]
fn what_reads_words_of_others_reads_any() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut random = Random::of(14);
    for (name, target) in TARGETS {
        let mut files: Vec<_> = std::fs::read_dir(corpus.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no corpus");
        for file in files {
            let whole = std::fs::read(&file).unwrap();
            target(&whole);
            for _ in 0..MUTATIONS {
                let bytes = mutated(&whole, &mut random);
                if catch_unwind(|| target(&bytes)).is_err() {
                    panic!("{name}, made of {}: {:?}", file.display(), String::from_utf8_lossy(&bytes));
                }
            }
        }
    }
}

/// The bytes with one to four things done to them: a byte changed, a stretch taken out, doubled or moved, a piece put in.
fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(40)).min(bytes.len());
        let stretch = bytes[at..end].to_vec();
        match random.below(5) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, stretch)),
            3 => {
                bytes.drain(at..end);
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, stretch);
            }
            _ => drop(bytes.splice(at..at, random.one(&PIECES).unwrap().iter().copied())),
        }
    }
    bytes
}
