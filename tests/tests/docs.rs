//! The pages of the book that are made from the code are as the code is now; `make docs` writes them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::zombie_processes)]

use std::path::Path;

fn page(name: &str, content: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src").join(name);
    if std::env::var_os("REGIONCTL_BLESS").is_some() {
        std::fs::write(&path, content).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == content, "docs/src/{name} is out of date: run `make docs`");
}

#[test]
fn the_inventory_reference() {
    page("inventory.md", &regionctl_inventory::reference());
}

#[test]
fn the_preflight_checks() {
    let intro = "# Preflight checks\n\nRead-only, reported all together. An error stops an install, unless its name is given to `--allow`.\n\n";
    page("preflight.md", &format!("{intro}{}", regionctl_roles::preflight::reference()));
}
