//! Two operators, leases, and a run that was fenced off; on real hosts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::zombie_processes)]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::{Child, Command};
use std::time::Duration;

use regionctl_engine::want::{self, Command as Shell, Undo};
use regionctl_engine::{ADOPTION, Goal, Order, PRELUDE, Selection};
use regionctl_lab::{Debian, HostKind};
use regionctl_plan::{Resource, What};
use regionctl_tests::operator::Operator;
use regionctl_tests::place::{self, Place};
use regionctl_tests::properties::Bench;
use regionctl_tests::wish::{self, Wish};

const WISHER: &str = env!("CARGO_BIN_EXE_wisher");

/// Of the host `one`.
fn operator(lease: u64) -> Operator {
    let mut operator = of_both(lease);
    operator.access.hosts.remove("two");
    operator
}

fn of_both(lease: u64) -> Operator {
    let mut operator = Operator::of("operators", WISHER);
    operator.access.lease = lease;
    operator
}

fn on_one(resources: impl IntoIterator<Item = Resource>) -> Wish {
    Wish(BTreeMap::from([("one".to_owned(), resources.into_iter().collect())]))
}

/// A change that lasts until somebody touches /var/tmp/go.
fn long() -> Resource {
    want::command(
        "wait for /var/tmp/go",
        Shell {
            run: "touch /var/tmp/waiting; until [ -e /var/tmp/go ]; do sleep 0.1; done; touch /var/tmp/gone",
            check: "[ -e /var/tmp/gone ]",
            guard: ":",
            undo: Undo::Run("rm -f /var/tmp/go /var/tmp/gone /var/tmp/waiting"),
        },
    )
}

fn rest(mut child: Child) -> String {
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(!child.wait().unwrap().success(), "the run should have failed");
    errors
}

#[tokio::main]
async fn story() {
    // The second of two at once is refused by name, and changes nothing.
    let (ann, bob) = (operator(120), operator(120));
    let started = |what: &What| matches!(what, What::ChangeStarted { .. });
    let (first, _lines) = ann.start(&on_one([long()]), started);
    let theirs = on_one([want::file("/etc/bob", "bob\n")]);
    let refused = wish::run(&bob.access, &theirs, &Goal::Wanted, |_| {}).await.map(drop).unwrap_err();
    assert!(refused.contains(&ann.folder().display().to_string()), "{refused}");
    assert!(refused.contains("install"), "{refused}");
    let ann_bench = Bench { access: &ann.access, host: "one", wisher: WISHER };
    assert!(ann_bench.by_hand("[ ! -e /etc/bob ] && echo untouched").await.unwrap().contains("untouched"));
    ann_bench.by_hand("touch /var/tmp/go").await.unwrap();
    let finished = first.wait_with_output().unwrap();
    assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));
    let (_, outcome) = wish::run(&ann.access, &on_one([long()]), &Goal::nothing(), |_| {}).await.unwrap();
    let outcome = outcome.unwrap();
    assert!(outcome.ok, "{outcome:?}");

    // An expired lease is taken over; the run that lost it wakes up and does no more harm.
    let (carl, dora) = (operator(3), operator(120));
    let (mut first, mut lines) = carl.start(&on_one([long(), want::file("/etc/carl", "carl\n")]), started);
    let pid = first.id().to_string();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    signal("-STOP");
    let bench = Bench { access: &dora.access, host: "one", wisher: WISHER };
    bench
        .by_hand("until_true 30 'the lease to expire' sh -c '[ $(cut -f4 /var/lib/regionctl/lease) -le $(date +%s) ]'")
        .await
        .unwrap();
    let release = async {
        bench.by_hand("until_true 60 'the lease to be taken over' sh -c '[ $(cut -f4 /var/lib/regionctl/lease) -gt $(date +%s) ]'; touch /var/tmp/go").await
    };
    let wish = on_one([want::file("/etc/dora", "dora\n")]);
    let (taken, released) = tokio::join!(wish::run(&dora.access, &wish, &Goal::Wanted, |_| {}), release);
    released.unwrap();
    // The first run's change stands in the ledger since before it began, so this plan already takes it back.
    assert!(taken.unwrap().1.unwrap().ok);
    signal("-CONT");
    let mut left = String::new();
    lines.read_to_string(&mut left).unwrap();
    assert!(left.contains("\"fenced\""), "{left}");
    let errors = rest({
        first.stdout = None;
        first
    });
    assert!(errors.contains("lease") || errors.contains("fenced"), "{errors}");
    assert!(bench.by_hand("[ ! -e /etc/carl ] && echo untouched").await.unwrap().contains("untouched"));
    let (_, outcome) = wish::run(&dora.access, &wish, &Goal::Wanted, |_| {}).await.unwrap();
    assert!(outcome.is_none_or(|outcome| outcome.ok));
    assert!(bench.by_hand("cat /etc/dora").await.unwrap().contains("dora"));
    let (_, outcome) = wish::run(&dora.access, &wish, &Goal::nothing(), |_| {}).await.unwrap();
    assert!(outcome.unwrap().ok);
}

/// A wait for what never comes, and something that comes after it.
fn endless() -> [Resource; 2] {
    let run = format!("{PRELUDE}\nuntil_true 3000 'what never comes' false");
    let wait = Shell { run: &run, check: "false", guard: ":", undo: Undo::Impossible("it was only a wait") };
    [want::command("wait for what never comes", wait), want::file("/etc/after-the-wait", "")]
}

#[tokio::main]
async fn waits_are_let_go() {
    let (operator, wish) = (operator(120), on_one(endless()));
    let engine = operator.access.engine(&wish);
    let started = |what: &What| matches!(what, What::ChangeStarted { .. });

    // By the operator: the run ends at once, and says so; nothing more is begun.
    let plan = wish::plan(&engine, &Goal::Wanted).await.unwrap();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let order = Order {
        verb: "install".into(),
        allowed: Vec::new(),
        lease: Duration::from_secs(120),
        reset: false,
        gone: std::collections::BTreeSet::new(),
        window: Duration::from_secs(60),
        adoption: ADOPTION,
    };
    let listener = move |event: &regionctl_plan::Event| {
        if started(&event.what) {
            let _ = stop.send(true);
        }
    };
    let limit = Duration::from_secs(20);
    let ended = tokio::time::timeout(limit, engine.execute(&plan, &order, Box::new(listener), stopped)).await;
    let outcome = ended.expect("a wait that is let go ends").unwrap();
    assert!(!outcome.ok);
    let error = outcome.hosts["one"].error.clone().unwrap_or_default();
    assert!(error.contains("stopped"), "{error}");
    assert_eq!(outcome.hosts["one"].left.len(), 2);

    // By the next run, after the first was killed: it adopts the wait, and does not wait with it.
    let (mut first, _lines) = operator.start(&wish, started);
    first.kill().unwrap();
    first.wait().unwrap();
    let other = on_one([want::file("/etc/another", "")]);
    let engine = operator.access.engine(&other);
    let survey = engine.survey(&Selection::default(), &Goal::Wanted).await;
    assert_eq!(engine.unsettled(&survey).unwrap(), ["one"]);
    let adopted = wish::run(&operator.access, &other, &Goal::Wanted, |_| {});
    let (_, outcome) = tokio::time::timeout(limit, adopted).await.expect("an adopted wait ends").unwrap();
    assert!(outcome.unwrap().ok);
    let (_, outcome) = wish::run(&operator.access, &other, &Goal::nothing(), |_| {}).await.unwrap();
    assert!(outcome.unwrap().ok);
}

/// A host without room for a lease has none that could be lost: nobody has taken the region over.
#[tokio::main]
async fn no_room_for_a_lease() {
    let operator = of_both(6);
    let host = |host| Bench { access: &operator.access, host, wisher: WISHER };
    host("two").by_hand("mkdir -p /var/lib/regionctl && mount -t tmpfs -o ro tmpfs /var/lib/regionctl").await.unwrap();
    let two = vec![want::file("/etc/two", "two\n")];
    let wish = Wish(BTreeMap::from([("one".to_owned(), vec![long()]), ("two".to_owned(), two)]));
    let one = host("one");
    let renewed = "until_true 30 'the change to begin' [ -e /var/tmp/waiting ]
        first=$(cut -f4 /var/lib/regionctl/lease)
        until_true 30 'the lease to be renewed twice' sh -c \"[ \\$(cut -f4 /var/lib/regionctl/lease) -ge $((first + 4)) ]\"
        touch /var/tmp/go";
    let (ran, renewed) = tokio::join!(wish::run(&operator.access, &wish, &Goal::Wanted, |_| {}), one.by_hand(renewed));
    renewed.unwrap();
    let outcome = ran.unwrap().1.unwrap();
    assert!(!outcome.ok);
    assert_eq!((outcome.fenced_by, outcome.hosts["one"].done), (None, 1));
    let error = outcome.hosts["two"].error.clone().unwrap_or_default();
    assert!(error.contains("no room is left, or it is read-only"), "{error}");
    host("two").by_hand("umount /var/lib/regionctl").await.unwrap();
    let (_, outcome) = wish::run(&operator.access, &wish, &Goal::nothing(), |_| {}).await.unwrap();
    assert!(outcome.unwrap().ok);
}

/// What an earlier run left at work on a host is waited for, but not for ever: the host is then as one that is away.
#[tokio::main]
async fn what_does_not_end_is_left() {
    let mut operator = of_both(120);
    let (mut first, _lines) = operator.start(&on_one([long()]), |what| matches!(what, What::ChangeStarted { .. }));
    first.kill().unwrap();
    first.wait().unwrap();
    operator.access.adoption = 2;
    let file = |path| vec![want::file(path, "")];
    let other = Wish(BTreeMap::from([("one".to_owned(), file("/etc/one")), ("two".to_owned(), file("/etc/two"))]));
    let (_, outcome) = wish::run(&operator.access, &other, &Goal::Wanted, |_| {}).await.unwrap();
    let outcome = outcome.unwrap();
    assert_eq!((outcome.ok, outcome.hosts["two"].done), (false, 1));
    let error = outcome.hosts["one"].error.clone().unwrap_or_default();
    assert!(error.contains("still at work there after 2 s"), "{error}");
    operator.access.adoption = ADOPTION.as_secs();
    let one = Bench { access: &operator.access, host: "one", wisher: WISHER };
    one.by_hand("[ ! -e /etc/one ] && touch /var/tmp/go").await.unwrap();
    let (_, outcome) = wish::run(&operator.access, &other, &Goal::nothing(), |_| {}).await.unwrap();
    assert!(outcome.unwrap().ok);
}

#[test]
fn two_operators() {
    let container = |name| (name, Debian::Trixie, HostKind::Container);
    let spec = place::hosts("operators", &[container("one"), container("two")]);
    if Place::enter(&spec, "two_operators").unwrap().is_none() {
        story();
        waits_are_let_go();
        no_room_for_a_lease();
        what_does_not_end_is_left();
    }
}
