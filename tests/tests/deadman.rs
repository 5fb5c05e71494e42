//! What cuts SSH goes back by itself, on real hosts: nobody has to drive to a datacentre.
#![allow(clippy::unwrap_used, clippy::panic, clippy::zombie_processes)]

use std::collections::BTreeMap;

use regionctl_engine::Goal;
use regionctl_engine::want::{self, Command as Shell, Undo, Want as _};
use regionctl_lab::{Debian, HostKind};
use regionctl_plan::{Resource, What};
use regionctl_tests::operator::Operator;
use regionctl_tests::place::{self, Place};
use regionctl_tests::properties::{Bench, same};
use regionctl_tests::wish::{self, Wish};

const LAB: &str = "deadman";
const WISHER: &str = env!("CARGO_BIN_EXE_wisher");
const HOSTS: [&str; 6] = ["kept", "firewall", "sshd", "failing", "restarted", "killed"];

/// A firewall that lets the connections of now live and no new one in, or none at all.
fn firewall(old_live: bool) -> Vec<Resource> {
    let old = if old_live { "ct state established,related accept; " } else { "" };
    let rules = format!(
        "#!/usr/sbin/nft -f\ntable inet cut {{\n  chain input {{ type filter hook input priority 0; policy drop; iif lo accept; {old}}}\n}}\n"
    );
    let unit = want::unit("nftables.service").enabled().active().config(["/etc/nftables.conf"]);
    vec![want::package("nftables"), want::file("/etc/nftables.conf", rules).mode("0755").may_cut(), unit.may_cut()]
}

/// A file for sshd, which then does not start with it, or does.
fn sshd(content: &str) -> Vec<Resource> {
    let file = "/etc/ssh/sshd_config.d/10-test.conf";
    vec![want::file(file, content).may_cut(), want::unit("ssh.service").active().config([file]).may_cut()]
}

/// What a role's check between hosts is, when it fails.
fn failing_check() -> Resource {
    let never =
        Shell { run: "echo no packet came back >&2; exit 1", check: "false", guard: ":", undo: Undo::Impossible("a check") };
    want::command("the other servers answer", never).may_cut()
}

struct Host {
    operator: Operator,
    name: &'static str,
}

impl Host {
    async fn new(name: &'static str) -> Self {
        let mut operator = Operator::of(LAB, WISHER);
        operator.access.hosts.retain(|host, _| host == name);
        operator.access.window = 20;
        let host = Self { operator, name };
        // What comes with the package is not what is compared.
        host.run(vec![want::package("nftables")]).await.unwrap();
        host
    }

    fn wish(&self, resources: Vec<Resource>) -> Wish {
        Wish(BTreeMap::from([(self.name.to_owned(), resources)]))
    }

    async fn run(&self, resources: Vec<Resource>) -> Result<(), String> {
        let (_, outcome) = wish::run(&self.operator.access, &self.wish(resources), &Goal::Wanted, |_| {}).await?;
        match outcome.and_then(|mut outcome| outcome.hosts.remove(self.name)?.error) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    async fn sh(&self, script: &str) -> String {
        let bench = Bench { access: &self.operator.access, host: self.name, wisher: WISHER };
        bench.by_hand(script).await.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    async fn state(&self) -> String {
        let bench = Bench { access: &self.operator.access, host: self.name, wisher: WISHER };
        bench.state().await.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Nothing of the attempt is left, and nothing waits to fire.
    async fn as_before(&self, before: &str) {
        let now = self.state().await;
        same(before, &now, self.name).unwrap_or_else(|error| panic!("{error}"));
        let left = self.sh("nft list ruleset; systemctl list-timers --all --no-legend 'regionctl*'").await;
        assert!(!left.contains("table inet cut") && !left.contains("regionctl-revert"), "{}: {left}", self.name);
    }
}

async fn kept() {
    let host = Host::new("kept").await;
    let fine = sshd("MaxAuthTries 5\n");
    host.run(fine.clone()).await.unwrap();
    let left = host.sh("ls /var/lib/regionctl /etc/systemd/system; sshd -T | grep -i maxauthtries").await;
    assert!(left.contains("maxauthtries 5") && !left.contains("switch") && !left.contains("revert"), "{left}");
    let plan = wish::plan(&host.operator.access.engine(&host.wish(fine)), &Goal::Wanted).await.unwrap();
    assert!(plan.is_empty());
}

async fn cut_by_a_firewall() {
    let host = Host::new("firewall").await;
    let before = host.state().await;
    let error = host.run(firewall(true)).await.unwrap_err();
    assert!(error.contains("taken back, nobody came over a new connection"), "{error}");
    host.as_before(&before).await;
}

async fn sshd_that_does_not_start() {
    let host = Host::new("sshd").await;
    let before = host.state().await;
    let error = host.run(sshd("NoSuchOption yes\n")).await.unwrap_err();
    assert!(error.contains("taken back, it was asked to") && error.contains("unit:ssh.service"), "{error}");
    host.as_before(&before).await;
}

async fn a_check_that_fails() {
    let host = Host::new("failing").await;
    let before = host.state().await;
    let mut wanted = sshd("MaxAuthTries 5\n");
    wanted.push(failing_check());
    let error = host.run(wanted).await.unwrap_err();
    assert!(error.contains("taken back") && error.contains("no packet came back"), "{error}");
    host.as_before(&before).await;
}

async fn restarted_inside_the_window() {
    let host = Host::new("restarted").await;
    let before = host.state().await;
    host.sh("systemd-run --quiet sh -c 'until nft list table inet cut; do sleep 0.2; done; systemctl reboot -ff'").await;
    let error = host.run(firewall(false)).await.unwrap_err();
    assert!(error.contains("taken back, the host was restarted"), "{error}");
    host.as_before(&before).await;
}

async fn killed_inside_the_window() {
    let host = Host::new("killed").await;
    let before = host.state().await;
    let cut = |what: &What| matches!(what, What::ChangeStarted { id, .. } if id.name == "nftables.service");
    let (mut run, _lines) = host.operator.start(&host.wish(firewall(false)), cut);
    run.kill().unwrap();
    run.wait().unwrap();
    // The next run either finds it armed and settles it, or finds it gone back.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while let Err(error) = host.run(vec![want::package("nftables")]).await {
        assert!(std::time::Instant::now() < until, "{error}");
    }
    host.as_before(&before).await;
}

#[tokio::main]
async fn story() {
    tokio::join!(
        kept(),
        cut_by_a_firewall(),
        sshd_that_does_not_start(),
        a_check_that_fails(),
        restarted_inside_the_window(),
        killed_inside_the_window(),
    );
}

#[test]
fn what_cuts_ssh_goes_back() {
    let hosts = HOSTS.map(|name| (name, if name == "sshd" { Debian::Bookworm } else { Debian::Trixie }, HostKind::Container));
    let spec = place::hosts(LAB, &hosts);
    if Place::enter(&spec, "what_cuts_ssh_goes_back").unwrap().is_none() {
        story();
    }
}
