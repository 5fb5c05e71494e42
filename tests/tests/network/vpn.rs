//! The VPN of a region of lab hosts, with a stock OpenVPN as the client.

use std::process::Command;

use regionctl_lab::Lab;
use regionctl_tests::properties::same;
use regionctl_tests::reach;
use regionctl_tests::region::{Failed, LabRegion, until, want};
use regionctl_tests::suite::Suite;

use super::{PENDING, REFUSED};

const LAB: &str = "tunnel";
const LAYERS: &str = "base,network,vpn";
/// The server that plays a laptop: its own way to the vrack is cut, so all that reaches it comes through the tunnel.
const CLIENT: &str = "storage-2";
const USAGE: i32 = 64;

/// See the module.
pub fn users(suite: &mut Suite) -> Result<(), Failed> {
    let region = Region { region: LabRegion::up_with(LAB, |text| text)? };
    let fresh = region.region.states()?;
    suite.step("without a secrets file nothing is planned, and a plan makes none", || region.planned());
    suite.step("the layer is installed, and a second plan is empty", || region.installed());
    suite.step("status says how the vrack, the gateway and the VPN are", || region.told());
    suite.step("keys are where they belong and nowhere else, the encrypted file on every server", || region.kept());
    suite.step("only users have a profile", || region.profiles());
    suite.step("a user connects, resolves a name of the region and reaches the vrack", || region.connects("bob"));
    suite.step("status says who is connected, and which way over the vrack is cut", || region.watched());
    suite.step("a developer gets names from the servers and nothing else, by their own address", || region.reached("bob", &[53]));
    suite.step("a revoked user is out and stays out", || region.revoked());
    suite.step("another user still connects", || region.connects("alice"));
    suite.step("an operator gets SSH, too, and the servers know who it is", || {
        region.connects("olga")?;
        region.reached("olga", &[22, 53])
    });
    suite.step("a user who is taken out of the inventory is named and revoked", || region.left());
    suite.step("a server's key is made anew on request", || region.renewed());
    suite.step("lost secrets come back from the servers, and others are left alone", || region.fetched());
    suite.step("a reset leaves nothing", || {
        region.region.ok(&["--lab", "reset", "--yes"])?;
        let others = fresh.iter().filter(|(host, _)| **host != CLIENT);
        others.into_iter().try_for_each(|(host, state)| same(state, &region.region.state(host)?, &format!("{host} after reset")))
    });
    Ok(())
}

struct Region {
    region: LabRegion,
}

impl Region {
    /// The verb with the operator's key.
    fn words<'a>(&self, key: &'a str, words: &[&'a str]) -> Vec<&'a str> {
        [&["--lab"], words, &["--identity", key]].concat()
    }

    fn exits(&self, code: i32, words: &[&str]) -> Result<String, Failed> {
        let key = self.region.path("key");
        self.region.exits(code, &self.words(&key, words))
    }

    fn ok(&self, words: &[&str]) -> Result<String, Failed> {
        self.exits(0, words)
    }

    fn planned(&self) -> Result<(), Failed> {
        let key = self.region.path("key");
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "operator", "-f", &key]).status();
        want(made.is_ok_and(|status| status.success()), || "no key can be made".into())?;
        let said = self.exits(1, &["plan", "--layer", LAYERS])?;
        want(said.contains("secrets recipients add"), || said.clone())?;
        let public = std::fs::read_to_string(format!("{key}.pub")).map_err(|error| error.to_string())?;
        self.ok(&["secrets", "recipients", "add", public.trim()])?;
        let plan = self.ok(&["plan", "--layer", LAYERS])?;
        want(plan.contains("secrets will be made: vpn/ca/key") && plan.contains("few-recipients"), || plan.clone())?;
        let shown = self.ok(&["secrets", "show"])?;
        want(shown.contains("there are no secrets yet"), || shown.clone())
    }

    fn installed(&self) -> Result<(), Failed> {
        self.ok(&["install", "--yes", "--layer", LAYERS])?;
        self.ok(&["plan", "--exit-code", "--layer", LAYERS]).map(drop)
    }

    /// What `status` says, once it says all of this.
    fn says(&self, code: i32, words: &[&str]) -> Result<String, Failed> {
        let mut said = Err(String::new());
        let met = until(90, &format!("status to say {words:?}"), || {
            said = self.exits(code, &["status", "--exit-code", "--layer", LAYERS]);
            said.as_ref().is_ok_and(|said| words.iter().all(|word| said.contains(word)))
        });
        met.map_err(|error| format!("{error}; it says\n{}", said.clone().unwrap_or_else(|error| error)))?;
        said
    }

    fn told(&self) -> Result<(), Failed> {
        let well = ["gateway 10.90.0.1: compute-1", "packets of 1500 bytes pass between all servers", "VPN: nobody is connected"];
        let said = self.says(0, &well)?;
        want(!said.contains("certificate"), || said.clone())?;
        let json = self.ok(&["status", "-o", "json", "--layer", LAYERS])?;
        want(json.contains("\"vpn/servers/compute-1/cert\"") && json.contains("\"vpn/crl\""), || json.clone())?;
        for host in ["compute-1", "compute-2"] {
            self.region.on(host, "systemctl stop keepalived")?;
        }
        self.says(PENDING, &["gateway 10.90.0.1: nobody holds it"])?;
        for host in ["compute-1", "compute-2"] {
            self.region.on(host, "systemctl start keepalived")?;
        }
        self.says(0, &["gateway 10.90.0.1: compute-1"])?;
        self.region.on("compute-2", "ip address add 10.90.0.1/32 dev eno2")?;
        self.says(PENDING, &["gateway 10.90.0.1: compute-1, compute-2 hold it at the same time"])?;
        self.region.on("compute-2", "ip address del 10.90.0.1/32 dev eno2").map(drop)
    }

    fn watched(&self) -> Result<(), Failed> {
        let said = self.says(PENDING, &["VPN user", "bob", "203.0.113.14:", "10.91.0.", "not all packets of 1500 bytes pass"])?;
        want(said.contains("  compute-1: no answer from storage-2\n"), || said.clone())
    }

    fn left(&self) -> Result<(), Failed> {
        self.region.on(CLIENT, &format!("{STOP}\n{MEND}"))?;
        self.region.write(&self.region.document()?.replacen("users: [{name: alice}, ", "users: [", 1))?;
        let plan = self.ok(&["plan", "--layer", LAYERS])?;
        want(plan.contains("`alice` is no longer in the inventory"), || plan.clone())?;
        self.ok(&["vpn", "profile", "alice"])?;
        self.ok(&["install", "--yes", "--layer", LAYERS])?;
        let said = self.exits(USAGE, &["vpn", "profile", "alice"])?;
        want(said.contains("was revoked"), || said.clone())?;
        let said = self.ok(&["plan", "--exit-code", "--layer", LAYERS])?;
        want(!said.contains("alice"), || said.clone())
    }

    fn renewed(&self) -> Result<(), Failed> {
        let said = self.ok(&["secrets", "renew", "vpn/servers/compute-1"])?;
        want(said.contains("vpn/servers/compute-1/key"), || said.clone())?;
        let digest = || self.region.on("compute-1", "sha256sum </etc/openvpn/server/region-server.key");
        let before = digest()?;
        self.exits(PENDING, &["plan", "--exit-code", "--layer", LAYERS])?;
        self.ok(&["install", "--yes", "--layer", LAYERS])?;
        want(digest()? != before, || "the server's key is still the old one".into())?;
        self.ok(&["plan", "--exit-code", "--layer", LAYERS]).map(drop)
    }

    fn fetched(&self) -> Result<(), Failed> {
        let lab = Lab::open(LAB).map_err(|error| error.to_string())?;
        let file = lab.folder().join("secrets.age");
        let text = |error: std::io::Error| error.to_string();
        let kept = std::fs::read(&file).map_err(text)?;
        std::fs::remove_file(&file).map_err(text)?;
        let said = self.region.ok(&["--lab", "history", "--fetch"])?;
        want(said.contains("secrets: brought"), || said.clone())?;
        want(std::fs::read(&file).map_err(text)? == kept, || "another file came back".into())?;
        self.ok(&["plan", "--exit-code", "--layer", LAYERS])?;
        let said = self.region.ok(&["--lab", "history", "--fetch"])?;
        want(said.contains("secrets: nothing new"), || said.clone())?;
        self.ok(&["vpn", "user", "add", "dave"])?;
        let newer = std::fs::read(&file).map_err(text)?;
        let said = self.region.exits(REFUSED, &["--lab", "history", "--fetch"])?;
        want(said.contains("secrets.age") && said.contains("stays as it is"), || said.clone())?;
        want(std::fs::read(&file).map_err(text)? == newer, || "the file was touched".into())
    }

    fn kept(&self) -> Result<(), Failed> {
        let lab = Lab::open(LAB).map_err(|error| error.to_string())?;
        let mut grep = Command::new("grep");
        grep.args(["-rlE", "PRIVATE KEY|tls-crypt-v2 server key"]).arg(lab.folder().join(".regionctl"));
        let found = grep.output().map_err(|error| error.to_string())?;
        want(found.stdout.is_empty(), || String::from_utf8_lossy(&found.stdout).into_owned())?;
        let file = std::fs::read(lab.folder().join("secrets.age")).map_err(|error| error.to_string())?;
        for host in LabRegion::HOSTS {
            let kept = self.region.on(host, "sha256sum <\"$(ls -t /var/lib/regionctl/generations/*.age | head -n 1)\"")?;
            want(kept.starts_with(&regionctl_plan::sha256(&file)), || format!("{host} keeps {kept}"))?;
            let others = "grep -rlE 'PRIVATE KEY' /var/lib/regionctl || :";
            let others = self.region.on(host, others)?;
            want(others.is_empty(), || format!("{host}: {others}"))?;
        }
        let modes = self.region.on("compute-1", "stat -c '%a %U' /etc/openvpn/server/region-server.key")?;
        want(modes.trim() == "600 root", || modes.clone())
    }

    fn profiles(&self) -> Result<(), Failed> {
        self.ok(&["vpn", "user", "add", "bob"])?;
        let said = self.exits(USAGE, &["vpn", "profile", "mallory"])?;
        want(said.contains("no user `mallory`") && said.contains("vpn user add mallory"), || said.clone())?;
        let said = self.exits(USAGE, &["vpn", "user", "add", "alice"])?;
        want(said.contains("already"), || said.clone())?;
        let users = self.ok(&["vpn", "user", "list"])?;
        want(users.contains("alice") && users.contains("bob"), || users.clone())
    }

    /// Starts the client as a user; `start` is what runs it, so that a second one takes the first one's place.
    fn start(&self, user: &str) -> Result<(), Failed> {
        let key = self.region.path("key");
        let profile = self.region.run(&self.words(&key, &["vpn", "profile", user]))?;
        want(profile.status.success(), || String::from_utf8_lossy(&profile.stderr).into_owned())?;
        let profile = String::from_utf8_lossy(&profile.stdout).into_owned();
        self.region.on(
            CLIENT,
            &format!(
                "command -v openvpn >/dev/null || apt-get -qq install -y --no-install-recommends openvpn >/dev/null 2>&1
printf '#!/bin/sh\\nenv >/run/pushed\\n' >/run/up; chmod 0755 /run/up; rm -f /run/pushed
cat >/run/profile.ovpn <<'PROFILE'\n{profile}PROFILE"
            ),
        )?;
        self.region.on(CLIENT, START).map(drop)
    }

    fn reaches(&self) -> bool {
        self.region.on(CLIENT, "ping -q -c 1 -W 2 10.90.0.13 >/dev/null").is_ok()
    }

    fn connects(&self, user: &str) -> Result<(), Failed> {
        self.region.on(CLIENT, &format!("{STOP}\n{CUT}"))?;
        want(!self.reaches(), || "the vrack is reached without a tunnel".into())?;
        self.start(user)?;
        until(60, "the tunnel", || self.region.on(CLIENT, "test -s /run/pushed").is_ok())
            .map_err(|error| format!("{error}\n{}", self.log()))?;
        until(20, "the vrack through the tunnel", || self.reaches()).map_err(|error| format!("{error}\n{}", self.log()))?;
        let resolved = self.region.on(CLIENT, RESOLVE)?;
        want(resolved.contains("10.90.0.13"), || format!("the name resolves to {resolved:?}"))
    }

    /// What a connected user reaches of a server, and that the server sees the address that is the user's.
    fn reached(&self, user: &str, expected: &[u16]) -> Result<(), Failed> {
        const SERVER: &str = "storage-1";
        // What glusterd, a brick and Tang would be.
        let listen = "systemd-run --quiet --unit listen systemd-socket-activate --listen 24007 --listen 49152 --listen 7500 cat";
        self.region.on(SERVER, listen)?;
        let (ports, _) = reach::listening(&self.region, SERVER)?;
        want([22, 53, 7500, 24007, 49152].iter().all(|port| ports.contains(port)), || format!("{SERVER} listens at {ports:?}"))?;
        let open = reach::knock("10.90.0.13", &ports, |script| self.region.on(CLIENT, script))?;
        self.region.on(SERVER, "systemctl stop listen")?;
        want(open == expected.iter().copied().collect(), || format!("{user} reaches {open:?} of {ports:?}"))?;
        let users = self.ok(&["vpn", "user", "list", "-o", "json"])?;
        let users: serde_json::Value = serde_json::from_str(&users).map_err(|error| format!("{error}: {users}"))?;
        let users = users.as_array().into_iter().flatten();
        let own =
            users.filter(|one| one["name"] == user).flat_map(|one| one["addresses"].as_object().cloned().unwrap_or_default());
        let own: Vec<_> = own.filter_map(|(_, address)| address.as_str().map(str::to_owned)).collect();
        let tunnel = self.region.on(CLIENT, "ip -4 -o address show dev tun0")?;
        let address = own.iter().find(|address| tunnel.contains(&format!(" {address}/")));
        let address = address.ok_or_else(|| format!("{user} has {own:?}, and the tunnel {tunnel}"))?;
        let sees = format!("ss -Htn src 10.90.0.13:53 dst {address} | grep -q .");
        self.region.on(CLIENT, "systemd-run --quiet --collect bash -c 'exec 3<>/dev/tcp/10.90.0.13/53; sleep 20'")?;
        until(10, &format!("{SERVER} to see {user} at {address}"), || self.region.on(SERVER, &sees).is_ok())
    }

    fn log(&self) -> String {
        self.region.on(CLIENT, "journalctl -u client -n 30 --no-pager -o cat").unwrap_or_default()
    }

    fn revoked(&self) -> Result<(), Failed> {
        want(self.reaches(), || "there is no tunnel to cut".into())?;
        let said = self.ok(&["vpn", "user", "revoke", "bob"])?;
        want(said.contains("install --layer vpn"), || said.clone())?;
        let said = self.exits(USAGE, &["vpn", "profile", "bob"])?;
        want(said.contains("was revoked"), || said.clone())?;
        self.region.on(CLIENT, MEND)?;
        self.ok(&["install", "--yes", "--layer", LAYERS])?;
        self.region.on(CLIENT, CUT)?;
        until(30, "the tunnel to end", || !self.reaches())?;
        self.region.on(CLIENT, &format!("{STOP}\nrm -f /run/pushed"))?;
        self.region.on(CLIENT, START)?;
        let refused = "journalctl -u openvpn-server@region --no-pager -o cat | grep -q 'certificate revoked'";
        until(60, "a server to refuse", || ["compute-1", "compute-2"].iter().any(|host| self.region.on(host, refused).is_ok()))
            .map_err(|error| format!("{error}\n{}", self.log()))?;
        want(!self.reaches(), || "a revoked user reaches the vrack".into())?;
        self.region.on(CLIENT, &format!("{STOP}\ntest ! -e /run/pushed\n{MEND}"))?;
        self.ok(&["plan", "--exit-code", "--layer", LAYERS]).map(drop)
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        let _ = self.region.on(CLIENT, &format!("{STOP}\n{MEND}"));
    }
}

/// The stock program with a profile, and nothing else but a note of what the server pushed.
const START: &str = "systemd-run --quiet --collect --unit client -- \
  openvpn --config /run/profile.ovpn --script-security 2 --up /run/up";
const STOP: &str = "systemctl stop client 2>/dev/null || :";
const CUT: &str = "ip link set eno2 down";
const MEND: &str = "ip link set eno2 up";
/// The pushed resolver and no other. The name is in the region's zone only, in no hosts file.
const RESOLVE: &str = r#"
dns=$(sed -n 's/^foreign_option_[0-9]*=dhcp-option DNS //p' /run/pushed)
domain=$(sed -n 's/^foreign_option_[0-9]*=dhcp-option DOMAIN //p' /run/pushed)
printf 'nameserver %s\nsearch %s\n' "$dns" "$domain" >/run/resolv
unshare --mount sh -c 'mount --bind /run/resolv /etc/resolv.conf && getent ahostsv4 ns'
"#;
