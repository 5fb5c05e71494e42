//! What forbids a plan, by name and before anything changes.

use regionctl_tests::region::{Failed, LabRegion, want};
use regionctl_tests::suite::Suite;

use super::{HOST, REFUSED, document};

const INSTALL: [&str; 5] = ["--lab", "install", "--yes", "--layer", "base"];

/// What is done to a host, what undoes it, the finding, and what is said.
const BREAKS: &[(&str, &str, &str, &str)] = &[
    ("chattr +i /etc/hosts", "chattr -i /etc/hosts", "file-locked", "`/etc/hosts` is immutable"),
    ("chattr +a /etc/sysctl.d", "chattr -a /etc/sysctl.d", "file-locked", "`/etc/sysctl.d` is append-only"),
    (
        "cp /etc/hosts /run/hosts; mount --bind /run/hosts /etc/hosts",
        "umount /etc/hosts",
        "file-locked",
        "another file is mounted over `/etc/hosts`",
    ),
    (
        "mkdir -p /etc/apt/apt.conf.d; mount --bind /etc/apt/apt.conf.d /etc/apt/apt.conf.d; mount -o remount,ro,bind /etc/apt/apt.conf.d",
        "umount /etc/apt/apt.conf.d",
        "file-locked",
        "mounted read-only",
    ),
    (
        "echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-provider.conf",
        "rm /etc/ssh/sshd_config.d/00-provider.conf",
        "sshd-overridden",
        "sshd takes the first value",
    ),
    (
        "cp -a /etc/ssh/sshd_config /run/sshd_config; sed -i /^Include/d /etc/ssh/sshd_config",
        "cp -a /run/sshd_config /etc/ssh/sshd_config",
        "sshd-include",
        "does not include `/etc/ssh/sshd_config.d/*.conf`",
    ),
];

pub fn all(suite: &mut Suite) -> Result<(), Failed> {
    let region = LabRegion::up_with("day2plans", |_| document("day2plans", &["one", "two"]))?;
    let forbidden = |(broken, mended, finding, said): &(&str, &str, &str, &str)| {
        let before = region.state("one")?;
        region.on("one", broken)?;
        let all = region.exits(REFUSED, &INSTALL);
        region.on("one", mended)?;
        let all = all?;
        want(all.contains(finding) && all.contains(said), || format!("nothing says `{finding}` and `{said}`:\n{all}"))?;
        let after = region.state("one")?;
        want(before == after, || format!("something changed:\n{before}\nthen\n{after}"))
    };
    for broken in BREAKS {
        suite.step(format!("on a fresh server: {}", broken.3), || forbidden(broken));
    }
    suite.step("mended, all of it is installed", || {
        region.ok(&INSTALL)?;
        region.ok(&["--lab", "plan", "--exit-code", "--layer", "base"]).map(drop)
    });
    suite.step("on an installed server, what does not change may be locked", || {
        region.on("one", "chattr +i /etc/hosts")?;
        let planned = region.ok(&["--lab", "plan", "--exit-code", "--layer", "base"]);
        region.on("one", "chattr -i /etc/hosts")?;
        planned.map(drop)
    });
    suite.step("on an installed server, what changes must not be locked", || {
        region.on("one", "sed -i '1a # by hand' /etc/hosts")?;
        BREAKS.iter().take(1).try_for_each(forbidden)?;
        region.ok(&INSTALL).map(drop)
    });
    suite.step("a bridge is not made on a card that has its own address, also of a server that is installed", || {
        let right = region.document()?;
        let network = ["--lab", "install", "--yes", "--layer", "network"];
        region.write(
            &right
                .replace("vrack: {cidr: 10.90.0.0/24}", "vrack: {cidr: 10.90.0.0/24, bridge: vmbr1}")
                .replace("vrack: {address", "vrack: {interface: eno2, address"),
        )?;
        let said = region.exits(HOST, &network);
        region.write(&right)?;
        let said = said?;
        want(said.contains("vrack-card-free on one") && said.contains("has the address"), || said.clone())?;
        region.ok(&["--lab", "plan", "--exit-code", "--layer", "base"]).map(drop)
    });
    Ok(())
}
