//! Files that are no documents at all.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

use std::time::{Duration, Instant};

use regionctl_inventory::{Diagnostic, Known, MAX_BYTES, parse, parse_bytes};

fn only(bytes: &[u8]) -> Diagnostic {
    let wrong = parse_bytes(bytes, "region.yaml", &Known::default()).unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong}");
    wrong.iter().next().unwrap().clone()
}

#[test]
fn ten_megabytes_of_garbage_are_refused_at_once() {
    let mut state = 1u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    let garbage: Vec<u8> = (0..10 << 20).map(|_| byte()).collect();
    let start = Instant::now();
    let wrong = only(&garbage);
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(wrong.message, format!("the file has {} bytes, a document at most {MAX_BYTES}", 10 << 20));
    // As much as is read at all.
    let start = Instant::now();
    only(&garbage[..MAX_BYTES]);
    only(&vec![b'['; MAX_BYTES]);
    only(&b"- ".repeat(MAX_BYTES / 2));
    only(&b"? ".repeat(MAX_BYTES / 2));
    only(&b"a: &a [*a]\n"[..]);
    only(&vec![b'a'; MAX_BYTES]);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn many_mistakes_are_counted_and_not_all_shown() {
    let text: String = (0..5_000).map(|number| format!("x{number}: 1\n")).collect();
    let start = Instant::now();
    let wrong = parse(&text, "region.yaml", &Known::default()).unwrap_err();
    assert!(wrong.len() > 5_000);
    assert_eq!(wrong.iter().count(), 100);
    assert!(wrong.to_string().ends_with("errors"));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn a_byte_that_is_no_text() {
    let wrong = only(b"apiVersion: x\nkind: R\xe9gion\n");
    assert_eq!((wrong.line, wrong.column), (2, 8));
    assert_eq!(wrong.message, "the byte 0xe9 is not UTF-8");
}

#[test]
fn nothing_at_all() {
    for text in ["", "\n", "\u{feff}", "# only a comment\n", "---\n", "---\n...\n", "null\n", "\r\n"] {
        assert_eq!(only(text.as_bytes()).message, "the document is empty", "{text:?}");
    }
}

#[test]
fn a_bomb_stays_small() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (one, two) in ('a'..='y').zip('b'..='z') {
        let aliases = vec![format!("*{one}"); 10].join(", ");
        bomb.push_str(&format!("{two}: &{two} [{aliases}]\n"));
    }
    let start = Instant::now();
    let wrong = only(bomb.as_bytes());
    assert!(wrong.message.contains("once its aliases are replaced"), "{wrong}");
    assert!(start.elapsed() < Duration::from_secs(5));
    // Depth instead of width.
    let mut chain = "a0: &a0 x\n".to_owned();
    for number in 1..2000 {
        chain.push_str(&format!("a{number}: &a{number} [*a{}]\n", number - 1));
    }
    assert!(only(chain.as_bytes()).message.contains("deep"));
}

#[test]
fn a_document_cannot_drive_the_terminal() {
    let wrong =
        parse("apiVersion: \"\\e[31mred\\a\"\nk\u{1b}nd: R\u{202e}x\n", "re\u{1b}gion.yaml", &Known::default()).unwrap_err();
    let shown = wrong.to_string();
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    assert!(!shown.contains('\u{202e}'));
}

#[test]
fn mistakes_can_be_read_by_programs() {
    let wrong = parse("apiVersion: regionctl.dev/v1\n", "region.yaml", &Known::default()).unwrap_err();
    let json = serde_json::to_value(&wrong).unwrap();
    assert_eq!(json["file"], "region.yaml");
    let first = json["diagnostics"].as_array().unwrap().iter().find(|d| d["path"] == "apiVersion").unwrap();
    assert_eq!(first["line"], 1);
    assert_eq!(first["column"], 13);
    assert_eq!(first["text"], "regionctl.dev/v1");
    assert_eq!(first["hint"], "write `regionctl.dev/v1alpha1`");
}

/// What is written is bounded by its bytes; what aliases stand for has a bound of its own.
#[test]
fn many_servers_are_a_region_and_many_aliases_are_not() {
    let head = "apiVersion: regionctl.dev/v1alpha1\nkind: Region\nmetadata: {name: r}\nspec:\n  release: x\n";
    let server = |n: usize| {
        let disks: String = (0..5).map(|disk| format!("{{name: d{disk}, device: /dev/sd{disk}}},")).collect();
        format!("  - {{name: s{n}, roles: [compute], address: 10.1.{}.{}, disks: [{disks}]}}\n", n / 200, n % 200 + 1)
    };
    let many: String = (0..4_500).map(server).collect();
    let known = Known { releases: &["x"] };
    let document = format!("{head}  network: {{vrack: {{cidr: 10.64.0.0/12}}}}\n  servers:\n{many}");
    if let Err(wrong) = parse_bytes(document.as_bytes(), "region.yaml", &known) {
        panic!("{}", wrong.to_string().chars().take(500).collect::<String>());
    }
    let aliases = vec!["*a"; 300].join(", ");
    let inner = vec!["x"; 400].join(", ");
    let bomb = format!("{head}  a: &a [{inner}]\n  b: [{aliases}]\n");
    let wrong = parse_bytes(bomb.as_bytes(), "region.yaml", &known).unwrap_err().to_string();
    assert!(wrong.contains("once its aliases are replaced"), "{wrong}");
}
