//! An archive full of secrets must hold none.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regionctl_engine::Generation;
use regionctl_secrets::{Recipient, Secret, Secrets, SecretsError, Spec, ensure};

use super::layout::{Gathered, layout};
use super::looks::{Answer, LOOKS};
use super::{archive, readme};
use crate::redact::Redactor;
use crate::render::samples;

/// A region's secrets: all that this version makes, and an awkward password.
fn secrets(folder: &std::path::Path) -> Result<Vec<(String, String)>, SecretsError> {
    let mut secrets = Secrets::create(&folder.join("secrets.age"), vec![Recipient::parse(samples::RECIPIENT)?])?;
    let specs = [
        Spec::Password { name: "vrrp".into(), bytes: 16 },
        Spec::Authority { name: "vpn/ca".into(), common_name: "demo".into(), days: 365 },
        Spec::TlsCryptV2 { name: "vpn/tls".into() },
    ];
    ensure(&mut secrets, &specs, std::time::SystemTime::now())?;
    secrets.put("odd", Secret::new("pa\"ss wörd/+\\&=?%".to_owned()), None)?;
    secrets.put("plain", Secret::new("hunter2".to_owned()), None)?;
    Ok(secrets.entries().map(|(name, entry)| (name.to_owned(), entry.value.reveal().trim().to_owned())).collect())
}

/// The value and its lines, each in every encoding; written apart from the code that looks for them.
fn encodings(value: &str) -> Vec<String> {
    let lines = value.lines().filter(|line| line.chars().count() > 12 && !line.starts_with("-----"));
    let mut all = Vec::new();
    for text in std::iter::once(value).chain(lines) {
        let json = serde_json::to_string(text).unwrap();
        let percent = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        all.push(text.to_owned());
        all.push(STANDARD.encode(text));
        all.push(URL_SAFE_NO_PAD.encode(text));
        all.push(text.bytes().map(|byte| format!("{byte:02x}")).collect());
        all.push(text.bytes().map(percent).collect());
        all.push(json[1..json.len() - 1].to_owned());
    }
    all
}

#[test]
fn an_archive_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = secrets(folder.path()).unwrap();
    let planted: Vec<_> = secrets.iter().flat_map(|(_, value)| encodings(value)).collect();
    let junk: String = planted.iter().map(|text| format!("Nov 21 it said: {text}.\n")).collect();
    let whole = format!("{junk}{}", junk.replace('\n', " "));
    // A fact takes no more than a word.
    let facts = "@facts\nos\tclock\t1\nos\tid\thunter2\n@end\n".to_owned();
    let answer =
        || Answer { observed: facts.clone(), files: LOOKS.iter().map(|look| (look.file, whole.clone().into_bytes())).collect() };
    let generation = Generation {
        number: 1,
        parent: None,
        at: "2026-11-21T12:00:00Z".into(),
        run: whole.clone(),
        release: whole.clone(),
        inventory_digest: String::new(),
        inventory: whole.clone(),
        region: None,
        proof: None,
        wanted: BTreeMap::new(),
    };
    let gathered = Gathered {
        region: "demo".into(),
        release: whole.clone(),
        at: "2026-11-21T12:00:00Z".into(),
        since: "24h".into(),
        inventory: whole.clone(),
        runs: BTreeMap::from([("20261121-120300-ab12".into(), whole.clone().into_bytes())]),
        generations: vec![generation],
        hosts: BTreeMap::from([("a".into(), Ok(answer())), ("b".into(), Err(whole.clone()))]),
        problems: vec![whole.clone()],
        unknown: Some(whole.clone()),
    };
    let redactor = Redactor::new(secrets.iter().map(|(name, value)| (name.as_str(), value.as_str()))).unwrap();
    let file = folder.path().join("support.tar.gz");
    archive::write(&file, "demo-support", 1, &layout(&gathered, &redactor)).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(&file).unwrap()));
    let mut seen = 0;
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        for secret in &planted {
            assert!(!text.contains(secret.as_str()) && !path.contains(secret.as_str()), "{path} holds {secret:?}");
        }
        assert!(text.contains("[redacted: ") || path.ends_with("ledger.json"), "{path}:\n{text}");
        seen += 1;
    }
    // README, inventory, generations, a journal, facts, the ledger.
    assert_eq!(seen, 6 + LOOKS.len());
}

#[test]
fn the_archive_explains_itself() {
    let gathered = Gathered {
        region: "demo".into(),
        hosts: BTreeMap::from([("a".into(), Ok(Answer::default())), ("b".into(), Err("b: refused".into()))]),
        unknown: Some("no key fits".into()),
        ..Gathered::default()
    };
    let text = readme::render(&gathered, &["`1.json` is damaged".into()], &["pin".into()]);
    for said in ["a answered", "b did not answer: b: refused", "no key fits", "`1.json` is damaged", "look for: pin"] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    let redactor = Redactor::new([]).unwrap();
    assert_eq!(redactor.redact(text.as_bytes()), text.as_bytes(), "its own words are no secrets");
}

#[test]
fn an_archive_that_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("there");
    std::fs::create_dir(&path).unwrap();
    assert!(archive::write(&path, "demo", 1, &[]).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
