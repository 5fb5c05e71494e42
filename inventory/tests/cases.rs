//! Documents with mistakes, and all that is said about each: `cases/NAME.yaml` and `cases/NAME.expected`.
//!
//! `REGIONCTL_BLESS=1 cargo test -p regionctl-inventory` writes what is said now; read the difference before keeping it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

use std::{fs, path::Path};

use regionctl_inventory::{Known, parse_bytes};

#[test]
fn every_case_says_what_is_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let bless = std::env::var_os("REGIONCTL_BLESS").is_some();
    let known = Known { releases: &["2026.11", "2027.05"] };
    let mut cases = 0;
    let mut wrong = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|end| end == "yaml")) {
        cases += 1;
        let name = path.file_name().unwrap().to_string_lossy();
        let said = match parse_bytes(&fs::read(path).unwrap(), &name, &known) {
            Ok(_) => "no mistakes\n".to_owned(),
            Err(diagnostics) => format!("{diagnostics}\n"),
        };
        let expected = path.with_extension("expected");
        if bless {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.push(format!("{name} says:\n{said}"));
        }
    }
    assert!(cases >= 30, "only {cases} cases");
    assert!(wrong.is_empty(), "{} cases differ from `.expected`\n\n{}", wrong.len(), wrong.join("\n"));
}
