use base64::Engine as _;
use regionctl_plan::{Facts, LedgerEntry, diff};

use super::*;
use crate::batch::{self, BatchName};
use crate::kind::Rows;
use crate::want::{self, Want as _};

const VALUE: &str = "correct horse battery staple\nsecond line of it\n";
const TEXT: &str = "key = {{secret:demo/key@2}}end\n";
const PATH: &str = "/etc/demo";

struct One;

impl Secrets for One {
    fn get(&self, name: &str, version: u64) -> Option<Secret<String>> {
        (name == "demo/key" && version == 2).then(|| Secret::new(VALUE.to_owned()))
    }

    fn fingerprint(&self, text: &str) -> Option<String> {
        Some(sha256(format!("region key {text}").as_bytes()))
    }

    fn sealed(&self) -> Option<Vec<u8>> {
        None
    }
}

fn key(version: u64) -> SecretRef {
    SecretRef { name: "demo/key".into(), version }
}

/// A file with more in it than the secret.
fn file() -> Resource {
    want::file(PATH, TEXT).mode("0600").speaks_of(&key(2))
}

fn luks(version: u64) -> Resource {
    want::luks("data", "/dev/sdb", &key(version).to_string()).speaks_of(&key(version))
}

fn vault() -> Vault {
    Vault::new(Arc::new(One))
}

fn plain() -> String {
    format!("key = {VALUE}end\n")
}

/// What is seen of the file if its content is this.
fn seen(vault: &Vault, resource: &Resource, content: &str) -> Fields {
    let kinds = Kinds::host();
    let filled = vault.filled(&kinds, resource);
    let mut rows = Rows::default();
    rows.add(PATH, "stat", "600 root root regular file");
    let digest = sha256(content.as_bytes());
    let script = kinds.get("file").unwrap().observe(&[&filled]);
    rows.add(PATH, if script.contains(&digest) { "same" } else { "sum" }, &digest);
    let mut have = kinds.get("file").unwrap().read(&filled, &rows).unwrap();
    vault.seal(&kinds, resource, &filled, &mut have);
    have
}

fn holds_nothing(text: &str, what: &str) {
    let encoded = base64::engine::general_purpose::STANDARD.encode(plain());
    let digests = [sha256(VALUE.as_bytes()), sha256(plain().as_bytes())];
    for word in ["horse", "second line", &encoded, &digests[0], &digests[1]] {
        assert!(!text.contains(word), "{what} holds {word}: {text}");
    }
}

#[test]
fn what_is_as_wanted_is_its_reference_and_anything_else_a_seal() {
    let (vault, file) = (vault(), file());
    assert_eq!(diff(&file, Some(&seen(&vault, &file, &plain()))), None);
    let change = diff(&file, Some(&seen(&vault, &file, "horse"))).unwrap();
    let before = change.before.as_ref().unwrap()["content"].as_str().unwrap().to_owned();
    assert!(before.starts_with("hmac:"), "{before}");
    assert_eq!(seen(&vault, &file, "horse")["content"], before.as_str());
    assert_ne!(seen(&vault, &file, "cow")["content"], before.as_str());
    let json = serde_json::to_string(&change).unwrap();
    holds_nothing(&json, "the plan");
    assert!(json.contains("{{secret:demo/key@2}}") && !json.contains(Resource::HOLDS_SECRETS), "{json}");
    // The guard on the host needs what is behind the seal.
    let real = vault.change(&Kinds::host(), &change).unwrap();
    assert!(Kinds::host().get("file").unwrap().guard(&real).contains(&sha256(b"horse")));
}

#[test]
fn a_version_that_is_gone_is_never_as_wanted_and_shows_nothing() {
    let old = want::secret_file(PATH, &key(1));
    for content in [VALUE, "{{secret:demo/key@1}}"] {
        let have = seen(&vault(), &old, content);
        assert!(have["content"].as_str().unwrap().starts_with("hmac:"), "{have:?}");
    }
    let change = diff(&old, None).unwrap();
    let error = vault().change(&Kinds::host(), &change).unwrap_err();
    assert_eq!(error.to_string(), "`file:/etc/demo` needs version 1 of the secret `demo/key`, which is not in the secrets file");
}

#[test]
fn only_the_shell_of_the_kind_has_the_value() {
    let (vault, kinds) = (vault(), Kinds::host());
    let change = diff(&file(), None).unwrap();
    let steps = batch::steps(&kinds, &[&change]);
    let name = BatchName { run: "1".into(), number: 1 };
    let script = batch::unit_script(&kinds, &vault, &name, "vpn", &steps, "").unwrap();
    let encoded = base64::engine::general_purpose::STANDARD.encode(plain());
    let with: Vec<_> = script.lines().filter(|line| line.contains(&encoded)).collect();
    assert_eq!(with, [encoded.as_str()], "the value is a line of its own, in no argument");
    let ledger: Vec<_> = script.lines().filter(|line| line.starts_with("ledger ") || line.starts_with("applied ")).collect();
    assert_eq!(ledger.len(), 2, "{script}");
    ledger.iter().for_each(|line| holds_nothing(line, "the ledger"));
    assert!(ledger.iter().all(|line| line.contains("{{secret:demo/key@2}}")), "{ledger:?}");
}

#[test]
fn no_other_kind_takes_one_unless_it_says_so() {
    let line = want::line("/etc/demo", "key=", "{{secret:demo/key@2}}");
    let error = vault().change(&Kinds::host(), &diff(&line, None).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "`line:/etc/demo:key=` cannot hold the secret `demo/key` in `line`");
    let check = want::file(PATH, "").param("check", "echo {{secret:demo/key@2}}");
    assert!(matches!(
        vault().change(&Kinds::host(), &diff(&check, None).unwrap()),
        Err(SecretError::Misplaced { field, .. }) if field == "check"
    ));
}

#[test]
fn what_a_host_says_is_masked() {
    let change = diff(&file(), None).unwrap();
    let said = vault().mask([&change]).text(&format!("bad: {VALUE}in line `second line of it`, column 3"));
    assert_eq!(said, "bad: ***\nin line `***`, column 3");
}

#[test]
fn what_held_a_secret_shows_none_when_it_is_wanted_without() {
    let vault = vault();
    let open = want::file(PATH, "no secret\n");
    let have = seen(&vault, &open, &plain());
    let resource = want::secret_file(PATH, &key(1));
    let mut view = HostView {
        facts: Facts::assumed(),
        ledger: vec![LedgerEntry { order: 1, resource, layer: "vpn".into(), original: None }],
        wanted: vec![("vpn".into(), vec![open.clone()])],
        wanted_by_any: [open.id.clone()].into(),
        have: [(open.id.clone(), Some(Fields::from([("content".into(), plain().into())])))].into(),
        locked: BTreeMap::new(),
    };
    assert_eq!(have["content"], format!("sha256:{}", sha256(plain().as_bytes())));
    vault.seal_former(&Kinds::host(), &mut view);
    holds_nothing(&format!("{:?}", view.have), "the view");
}

#[test]
fn without_a_key_a_seal_says_only_that_it_differs() {
    let vault = Vault::new(Arc::new(NoSecrets));
    let have = seen(&vault, &file(), "horse");
    assert_eq!(have["content"], "(differs)");
}

#[test]
fn a_parameter_that_is_a_key_is_in_the_shell_and_nowhere_else() {
    let (vault, kinds) = (vault(), Kinds::host());
    let change = diff(&luks(2), None).unwrap();
    let steps = batch::steps(&kinds, &[&change]);
    let script = batch::unit_script(&kinds, &vault, &BatchName { run: "1".into(), number: 1 }, "disks", &steps, "").unwrap();
    let encoded = base64::engine::general_purpose::STANDARD.encode(VALUE);
    let with: Vec<_> = script.lines().filter(|line| line.contains(&encoded)).collect();
    assert_eq!(with, [encoded.as_str()], "the key is a line of its own, in no argument");
    let ledger: Vec<_> = script.lines().filter(|line| line.starts_with("ledger ") || line.starts_with("applied ")).collect();
    ledger.iter().for_each(|line| holds_nothing(line, "the ledger"));
    assert!(script.contains("SECRETS=yes") && ledger.iter().all(|line| line.contains("{{secret:demo/key@2}}")), "{ledger:?}");
    assert_eq!(vault.mask([&change]).text("no key: second line of it"), "no key: ***");
    let other = diff(&luks(1), None).unwrap();
    assert!(matches!(vault.change(&kinds, &other), Err(SecretError::Unknown { .. })));
    assert!(kinds.get("luks").unwrap().guard(&other).contains("fail there is no key"));
    // What is gone does not stand in the way of going back.
    let back = Change { action: Action::Return, ..other };
    assert_eq!(vault.change(&kinds, &back).unwrap().resource, back.resource);
}

#[test]
fn a_text_that_a_host_wrote_gives_no_secret() {
    let (vault, kinds) = (vault(), Kinds::host());
    let said = "iifname \"{{secret:demo/key@2}}\" drop\n";
    for resource in [want::file(PATH, said), want::file(PATH, said).speaks_of(&key(3))] {
        let filled = vault.filled(&kinds, &resource);
        assert_eq!(filled.text("content"), Some(said));
        holds_nothing(&kinds.get("file").unwrap().observe(&[&filled]), "the question");
        let error = vault.change(&kinds, &diff(&resource, None).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "`file:/etc/demo` speaks of the secret `demo/key`, which no role gives it");
    }
}

#[test]
fn what_goes_back_is_given_no_secret() {
    let (vault, kinds) = (vault(), Kinds::host());
    for resource in [file(), luks(2)] {
        let back = Change { action: Action::Return, ..diff(&resource, None).unwrap() };
        assert_eq!(vault.change(&kinds, &back).unwrap(), back);
    }
}

#[test]
fn the_key_signs_no_text_of_a_hosts_choice() {
    let vault = vault();
    let sealed = vault.sealed(&"sha256:a text".into());
    assert_eq!(sealed, vault.sealed(&format!("sha256:{}", sha256(b"sha256:a text")).into()));
}
