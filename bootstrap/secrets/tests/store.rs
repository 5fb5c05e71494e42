//! The secrets file: who can open it, and what becomes of it when something goes wrong.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use regionctl_secrets::{FileProblem, Identities, KeyProblem, Secrets, SecretsError};
use support::{Person, file, knows, nobody, secret, ssh_keygen};

fn value(secrets: &Secrets, name: &str) -> Option<String> {
    secrets.get(name).map(|entry| entry.value.reveal().clone())
}

#[test]
fn both_kinds_of_keys_open_it() {
    let folder = tempfile::tempdir().unwrap();
    let (alice, bob) = (Person::age(folder.path(), "alice"), Person::ssh(folder.path(), "bob"));
    let path = file(folder.path(), &[&alice, &bob]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains("hunter2"));
    for person in [&alice, &bob] {
        let secrets = Secrets::open(&path, &person.identities()).unwrap();
        assert_eq!(value(&secrets, "vpn/password").as_deref(), Some("hunter2"));
        assert_eq!(secrets.recipients(), [alice.recipient.clone(), bob.recipient.clone()]);
        assert_eq!(secrets.recipients()[1].label(), Some("bob"));
        assert!(!format!("{secrets:?}").contains("hunter2"));
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn the_program_age_opens_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let (alice, bob) = (Person::age(folder.path(), "alice"), Person::ssh(folder.path(), "bob"));
    let path = file(folder.path(), &[&alice, &bob]);
    for person in [&alice, &bob] {
        let Some(mut age) = support::program("age") else { return };
        let text = support::succeeds(age.arg("--decrypt").arg("-i").arg(&person.file).arg(&path));
        assert!(text.contains("hunter2"));
    }
}

#[test]
fn versions_count_the_values() {
    let folder = tempfile::tempdir().unwrap();
    let alice = Person::age(folder.path(), "alice");
    let path = file(folder.path(), &[&alice]);
    let mut secrets = Secrets::open(&path, &alice.identities()).unwrap();
    assert_eq!(secrets.put("vpn/password", secret("two"), Some(7)).unwrap(), 2);
    secrets.save().unwrap();
    assert_eq!(secrets.put("vpn/password", secret("three"), None).unwrap(), 3);
    let stored = Secrets::open(&path, &alice.identities()).unwrap();
    let entry = stored.get("vpn/password").unwrap();
    assert_eq!((entry.version, entry.value.reveal().as_str(), entry.expires), (2, "two", Some(7)));
    secrets.save().unwrap();
    assert_eq!(value(&Secrets::open(&path, &alice.identities()).unwrap(), "vpn/password").as_deref(), Some("three"));
    assert!(matches!(secrets.put("../x", secret(""), None), Err(SecretsError::Name { .. })));
}

#[test]
fn a_file_is_created_once() {
    let folder = tempfile::tempdir().unwrap();
    let alice = Person::age(folder.path(), "alice");
    let path = folder.path().join("secrets.age");
    assert!(matches!(Secrets::open(&path, &alice.identities()), Err(SecretsError::Missing { .. })));
    assert!(matches!(Secrets::create(&path, Vec::new()), Err(SecretsError::NoRecipients)));
    let mut late = Secrets::create(&path, vec![alice.recipient.clone()]).unwrap();
    file(folder.path(), &[&alice]);
    assert!(matches!(Secrets::create(&path, vec![alice.recipient.clone()]), Err(SecretsError::Exists { .. })));
    assert!(matches!(late.save(), Err(SecretsError::Changed { .. })));
    assert!(Secrets::open(&path, &alice.identities()).unwrap().get("vpn/password").is_some());
}

#[test]
fn a_lost_file_comes_back_and_another_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let alice = Person::age(folder.path(), "alice");
    let path = file(folder.path(), &[&alice]);
    let kept = std::fs::read(&path).unwrap();
    assert!(!Secrets::restore(&path, &kept).unwrap());
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Secrets::restore(&path, b"{}"), Err(SecretsError::File { problem: FileProblem::NotAge, .. })));
    assert!(!path.exists());
    assert!(Secrets::restore(&path, &kept).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mut secrets = Secrets::open(&path, &alice.identities()).unwrap();
    secrets.save().unwrap();
    let newer = std::fs::read(&path).unwrap();
    assert!(matches!(Secrets::restore(&path, &kept), Err(SecretsError::Exists { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), newer);
}

#[test]
fn the_wrong_key_and_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let (alice, eve) = (Person::age(folder.path(), "alice"), Person::age(folder.path(), "eve"));
    let path = file(folder.path(), &[&alice]);
    let Err(SecretsError::NoIdentityFits { tried, .. }) = Secrets::open(&path, &eve.identities()) else { panic!() };
    assert_eq!(tried, [eve.recipient.text()]);
    let both = Identities::load(&[&eve.file, &alice.file], &nobody()).unwrap();
    assert!(Secrets::open(&path, &both).is_ok());
    let none = Identities::usual(folder.path(), &nobody());
    let error = Secrets::open(&path, &none).unwrap_err();
    assert!(matches!(&error, SecretsError::NoIdentity { looked, .. } if looked.len() == 2), "{error:?}");
    assert!(error.hint().unwrap().contains(".ssh/id_ed25519"));
}

#[test]
fn the_usual_keys() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    std::fs::create_dir_all(home.join(".config/regionctl")).unwrap();
    let alice = Person::ssh(&home.join(".ssh"), "id_ed25519");
    let bob = Person::age(&home.join(".config/regionctl"), "identity.txt");
    let texts: Vec<_> = Identities::usual(&home, &nobody()).recipients().map(|one| one.text().to_owned()).collect();
    assert_eq!(texts, [bob.recipient.text(), alice.recipient.text()]);
}

#[test]
fn keys_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let load = |path: &Path| match Identities::load(&[path], &nobody()) {
        Err(SecretsError::Key { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(load(&ssh_keygen(folder.path(), "rsa", "rsa", "")), KeyProblem::Kind("ssh-rsa".into()));
    assert_eq!(load(&ssh_keygen(folder.path(), "ecdsa", "ecdsa", "")), KeyProblem::Kind("ecdsa-sha2-nistp256".into()));
    assert_eq!(load(&folder.path().join("ecdsa.pub")), KeyProblem::Invalid);
    assert_eq!(load(&write("empty", "# nothing\n")), KeyProblem::Invalid);
    assert_eq!(load(&write("age", "age-encryption.org/v1\n")), KeyProblem::Encrypted);
    assert_eq!(load(&write("plugin", "AGE-PLUGIN-YUBIKEY-1QQPSQ\n")), KeyProblem::Invalid);
    let text = std::fs::read_to_string(Person::age(folder.path(), "alice").file).unwrap();
    assert_eq!(load(&write("cut", text.trim_end().strip_suffix(|_| true).unwrap())), KeyProblem::Invalid);
    assert!(matches!(Identities::load(&[folder.path().join("none")], &nobody()), Err(SecretsError::Read { .. })));
}

#[test]
fn damage_is_seen_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let alice = Person::age(folder.path(), "alice");
    let path = file(folder.path(), &[&alice]);
    let whole = std::fs::read(&path).unwrap();
    let identities = alice.identities();
    for at in (0..whole.len()).step_by(3).chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let error = Secrets::open(&path, &identities).expect_err("a flipped bit");
        // A key that was wrapped for somebody else looks no other than one that was damaged.
        assert!(matches!(error, SecretsError::File { .. } | SecretsError::NoIdentityFits { .. }), "{at}: {error:?}");
    }
    for length in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = Secrets::open(&path, &identities).expect_err("a cut file");
        assert!(matches!(error, SecretsError::File { .. }), "{length}: {error:?}");
    }
    std::fs::write(&path, "region: demo\n").unwrap();
    let error = Secrets::open(&path, &identities).unwrap_err();
    assert!(matches!(error, SecretsError::File { problem: FileProblem::NotAge, .. }), "{error:?}");
    std::fs::write(&path, [whole.as_slice(), b"more"].concat()).unwrap();
    assert!(Secrets::open(&path, &identities).is_err());
}

#[test]
fn saves_at_the_same_time_leave_a_whole_file_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let alice = Person::age(folder.path(), "alice");
    let path = file(folder.path(), &[&alice]);
    let write = |name: String| loop {
        let mut secrets = Secrets::open(&path, &alice.identities()).expect("a whole file at any time");
        secrets.put(&name, secret(&name), None).unwrap();
        match secrets.save() {
            Ok(()) => break,
            Err(SecretsError::Changed { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || (0..5).for_each(|i| write(format!("t{thread}/{i}"))));
        }
    });
    let secrets = Secrets::open(&path, &alice.identities()).unwrap();
    assert_eq!(secrets.entries().count(), 21);
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2, "the file and the key");
}

#[test]
fn a_save_that_fails_leaves_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let alice = Person::age(folder.path(), "alice");
    let path = file(folder.path(), &[&alice]);
    let mut secrets = Secrets::open(&path, &alice.identities()).unwrap();
    secrets.put("other", secret("x"), None).unwrap();
    let aside = folder.path().join("aside");
    std::fs::rename(&path, &aside).unwrap();
    assert!(matches!(secrets.save(), Err(SecretsError::Changed { .. })));
    assert!(!path.exists());
    std::fs::rename(&aside, &path).unwrap();
    secrets.save().unwrap();
    assert!(Secrets::open(&path, &alice.identities()).unwrap().get("other").is_some());
}

#[test]
fn keys_with_a_passphrase_open_it_when_somebody_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut bob = Person::ssh(folder.path(), "bob");
    bob.file = ssh_keygen(folder.path(), "locked", "ed25519", "hunter2");
    let public = std::fs::read_to_string(bob.file.with_extension("pub")).unwrap();
    bob.recipient = regionctl_secrets::Recipient::parse(&public).unwrap();
    let alice = Person::age(folder.path(), "alice");
    let plain = std::fs::read(&alice.file).unwrap();
    let sealed = age::encrypt(&age::scrypt::Recipient::new("correct horse".to_owned().into()), &plain).unwrap();
    std::fs::write(&alice.file, sealed).unwrap();
    let path = file(folder.path(), &[&alice, &bob]);
    for (person, passphrase) in [(&alice, "correct horse"), (&bob, "hunter2")] {
        let identities = Identities::load(&[&person.file], &knows(passphrase)).unwrap();
        assert_eq!(value(&Secrets::open(&path, &identities).unwrap(), "vpn/password").as_deref(), Some("hunter2"));
    }
    let load = |person: &Person, ask| Identities::load(&[&person.file], &ask);
    for (ask, problem) in [(nobody(), KeyProblem::Encrypted), (knows("wrong"), KeyProblem::Passphrase)] {
        assert!(matches!(load(&alice, ask), Err(SecretsError::Key { problem: found, .. }) if found == problem));
    }
    let open = |ask| Secrets::open(&path, &load(&bob, ask).unwrap());
    assert!(matches!(open(nobody()), Err(SecretsError::NoIdentityFits { .. })));
    assert!(matches!(open(knows("wrong")), Err(SecretsError::Passphrase { .. })));
}

#[test]
fn nothing_is_written_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let alice = Person::age(folder.path(), "alice");
    let path = file(folder.path(), &[&alice]);
    let link = folder.path().join("link.age");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let (target, sealed) = (folder.path().join("elsewhere"), std::fs::read(&path).unwrap());
    let mut opened = Secrets::open(&link, &alice.identities()).unwrap();
    opened.put("other", regionctl_secrets::Secret::new("value".to_owned()), None).unwrap();
    assert!(matches!(opened.save(), Err(SecretsError::Write { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), sealed);
    let dangling = folder.path().join("dangling.age");
    std::os::unix::fs::symlink(&target, &dangling).unwrap();
    assert!(Secrets::restore(&dangling, &sealed).is_err() && !target.exists());
}

#[test]
fn recipients_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| Person::age(folder.path(), name));
    let path = file(folder.path(), &[&alice]);
    let mut secrets = Secrets::open(&path, &alice.identities()).unwrap();
    assert!(matches!(secrets.remove_recipient("alice"), Err(SecretsError::LastRecipient)));
    assert!(secrets.add_recipient(bob.recipient.clone()));
    assert!(!secrets.add_recipient(bob.recipient.clone().labelled(Some("bob of ops"))));
    assert!(secrets.add_recipient(carol.recipient.clone()));
    assert!(matches!(secrets.remove_recipient(alice.recipient.text()), Err(SecretsError::LocksOut { .. })));
    assert!(matches!(secrets.remove_recipient("dave"), Err(SecretsError::UnknownRecipient { .. })));
    secrets.save().unwrap();

    let mut secrets = Secrets::open(&path, &carol.identities()).unwrap();
    secrets.put("later/one", secret("x"), None).unwrap();
    assert_eq!(secrets.remove_recipient("bob of ops").unwrap().text(), bob.recipient.text());
    secrets.save().unwrap();
    assert!(matches!(Secrets::open(&path, &bob.identities()), Err(SecretsError::NoIdentityFits { .. })));

    let mut secrets = Secrets::open(&path, &alice.identities()).unwrap();
    secrets.put("after/that", secret("y"), None).unwrap();
    let exposed = |secrets: &Secrets| secrets.exposed().into_iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(exposed(&secrets), ["later/one", "vpn/password"]);
    assert_eq!(secrets.exposed()[0].to[0].label(), Some("bob of ops"));
    secrets.put("vpn/password", secret("new"), None).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert_eq!(secrets.reencrypt().unwrap().len(), 1);
    assert_ne!(std::fs::read(&path).unwrap(), before);
    secrets.add_recipient(bob.recipient.clone());
    assert_eq!(exposed(&secrets), Vec::<String>::new());
}

#[test]
fn two_of_one_label_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let [alice, bob] = ["alice", "bob"].map(|name| Person::age(folder.path(), name));
    let path = folder.path().join("secrets.age");
    let recipients = [&alice, &bob].map(|person| person.recipient.clone().labelled(Some("ops")));
    let mut secrets = Secrets::create(&path, recipients.to_vec()).unwrap();
    assert!(matches!(secrets.remove_recipient("ops"), Err(SecretsError::SeveralRecipients { .. })));
    assert!(secrets.remove_recipient(bob.recipient.text()).is_ok());
    let private = std::fs::read_to_string(&bob.file).unwrap();
    let private = private.lines().last().unwrap();
    let error = secrets.remove_recipient(private).unwrap_err();
    assert!(!format!("{error} {error:?} {:?}", error.hint()).contains(private));
}
