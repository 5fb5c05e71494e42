//! Secrets on a real host: they reach the one file that they are for, and nothing else that is kept on either side.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use regionctl_engine::want::{self, Want as _};
use regionctl_engine::{Engine, Goal, KeepError, Secrets};
use regionctl_lab::{Debian, HostKind};
use regionctl_plan::{Plan, Resource, SecretRef, sha256};
use regionctl_secrets::Secret;
use regionctl_tests::place::{self, Place};
use regionctl_tests::properties::{Bench, same};
use regionctl_tests::wish::{self, Access, Wish};

const LAB: &str = "sealed";
const HOST: &str = "only";
const PATH: &str = "/etc/demo.key";
/// What must be found nowhere: two lines of one secret, in both versions, and what somebody wrote by hand.
const WORDS: [&str; 5] = ["first-of-version-1", "other-of-version-1", "first-of-version-2", "other-of-version-2", "by-hand"];

/// The one secret, `demo/key`, of which only this version is known.
#[derive(Default)]
struct Version {
    version: u64,
    kept: AtomicUsize,
}

impl Secrets for Version {
    fn get(&self, name: &str, version: u64) -> Option<Secret<String>> {
        let value = format!("first-of-version-{version} is long\nother-of-version-{version} too");
        (name == "demo/key" && version == self.version).then(|| Secret::new(value))
    }

    fn fingerprint(&self, text: &str) -> Option<String> {
        Some(sha256(format!("key of the region {text}").as_bytes()))
    }

    fn sealed(&self) -> Option<Vec<u8>> {
        Some(format!("encrypted {}", self.version).into_bytes())
    }

    fn keep(&self) -> Result<(), KeepError> {
        self.kept.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn file(version: u64) -> Resource {
    let secret = SecretRef { name: "demo/key".into(), version };
    want::file(PATH, format!("# a key\n{secret}\n")).mode("0600").speaks_of(&secret)
}

fn engine(access: &Access, version: u64, resource: Resource) -> Engine {
    engine_with(access, Arc::new(Version { version, ..Version::default() }), resource)
}

fn engine_with(access: &Access, secrets: Arc<Version>, resource: Resource) -> Engine {
    access.engine(&Wish(BTreeMap::from([(HOST.to_owned(), vec![resource])]))).with_secrets(secrets)
}

/// Runs to the end, and gives the plan and what the host complained of.
async fn run(access: &Access, engine: &Engine, goal: &Goal) -> (Plan, Option<String>) {
    let (plan, outcome) = wish::run_with(engine, access, goal, |_| {}).await.unwrap();
    // As `plan --out` would.
    std::fs::write(access.folder.join(format!("{}.plan", plan.id)), serde_json::to_vec(&plan).unwrap()).unwrap();
    (plan, outcome.and_then(|mut outcome| outcome.hosts.remove(HOST)?.error))
}

/// Every file below a folder.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: std::path::PathBuf| {
        if path.is_dir() {
            return texts(&path);
        }
        vec![(path.display().to_string(), String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned())]
    };
    entries.flat_map(of).collect()
}

/// Neither the operator's folder nor what regionctl keeps on the host, besides copies for undoing, has a secret.
async fn kept_nowhere(bench: &Bench<'_>, when: &str) {
    let kept = texts(&bench.access.folder);
    assert!(kept.iter().any(|(path, _)| path.ends_with(".ndjson")), "{kept:?}");
    for (path, text) in kept {
        let found = WORDS.iter().find(|word| text.contains(**word));
        assert_eq!(found, None, "{when}, in {path}");
    }
    let words = WORDS.map(|word| format!("-e {word}")).join(" ");
    let found = bench.by_hand(&format!("grep -rlF {words} /var/lib/regionctl --exclude=copy || :")).await.unwrap();
    assert_eq!(found, "", "{when}");
}

#[tokio::main]
async fn on_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let access = place::access(LAB, folder.path().to_owned()).unwrap();
    let bench = Bench { access: &access, host: HOST, wisher: "" };
    let before = bench.state().await.unwrap();

    let refused = file(1).param("check", r#"cat "$tmp"; exit 1"#);
    let (_, error) = run(&access, &engine(&access, 1, refused), &Goal::Wanted).await;
    let error = error.unwrap();
    assert!(error.contains("***") && !WORDS.iter().any(|word| error.contains(word)), "{error}");
    kept_nowhere(&bench, "after a failure").await;

    let secrets = Arc::new(Version { version: 1, ..Version::default() });
    let first = engine_with(&access, secrets.clone(), file(1));
    let plan = wish::plan(&first, &Goal::Wanted).await.unwrap();
    bench.by_hand(&format!("echo meanwhile >{PATH}")).await.unwrap();
    let stale = wish::execute(&first, &plan, &access, &Goal::Wanted, |_| {}).await.unwrap_err();
    assert!(stale.contains("not as the plan found them"), "{stale}");
    assert_eq!(secrets.kept.load(Ordering::Relaxed), 0, "a run that does not begin keeps nothing");
    bench.by_hand(&format!("rm {PATH}")).await.unwrap();
    assert_eq!(run(&access, &first, &Goal::Wanted).await.1, None);
    assert_eq!(secrets.kept.load(Ordering::Relaxed), 1);
    let there = format!("stat -c '%a %U' {PATH}; cat {PATH}; cat /var/lib/regionctl/generations/1.age");
    let text = bench.by_hand(&there).await.unwrap();
    assert_eq!(text, "600 root\n# a key\nfirst-of-version-1 is long\nother-of-version-1 too\nencrypted 1");
    assert!(wish::plan(&first, &Goal::Wanted).await.unwrap().is_empty());
    kept_nowhere(&bench, "after a run").await;

    bench.by_hand(&format!("echo by-hand >>{PATH}; chmod 0644 {PATH}")).await.unwrap();
    let (plan, error) = run(&access, &first, &Goal::Wanted).await;
    let fields: Vec<_> = plan.changes().flat_map(|(_, _, change)| change.fields()).map(|field| field.field).collect();
    assert_eq!((fields, error), (vec!["content", "mode"], None));
    kept_nowhere(&bench, "after it was altered by hand").await;

    let second = engine(&access, 2, file(2));
    let (plan, error) = run(&access, &second, &Goal::Wanted).await;
    assert_eq!((plan.counts().update, error), (1, None));
    let text = bench.by_hand(&format!("cat {PATH}; cat /var/lib/regionctl/generations/2.age")).await.unwrap();
    assert_eq!(text, "# a key\nfirst-of-version-2 is long\nother-of-version-2 too\nencrypted 2");
    kept_nowhere(&bench, "after a new version").await;

    let open = engine(&access, 2, want::file(PATH, "nothing\n").mode("0644"));
    assert_eq!(run(&access, &open, &Goal::Wanted).await.1, None);
    kept_nowhere(&bench, "after it is wanted without a secret").await;

    // Whoever takes it all back need not open the secrets.
    let (_, error) = run(&access, &access.engine(&Wish::default()), &Goal::nothing()).await;
    assert_eq!(error, None);
    kept_nowhere(&bench, "after a reset").await;
    same(&before, &bench.state().await.unwrap(), "after a reset").unwrap();
}

#[test]
fn secrets_on_a_host() {
    let spec = place::hosts(LAB, &[(HOST, Debian::Trixie, HostKind::Container)]);
    if Place::enter(&spec, "secrets_on_a_host").unwrap().is_none() {
        on_the_host();
    }
}
