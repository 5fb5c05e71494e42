//! Comparing text with a file under tests/golden. `REGIONCTL_BLESS=1 cargo test` writes what is now printed; read the
//! difference before committing it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

/// Fails unless `text` is what `tests/golden/NAME.txt` holds.
pub fn check(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
    if std::env::var_os("REGIONCTL_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(golden == text, "{} differs; now printed:\n{text}", file.display());
}
