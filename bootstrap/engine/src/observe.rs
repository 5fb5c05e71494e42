//! One read-only script per host that answers everything at once: facts, lease, ledger, and the wanted resources' state.

use std::collections::BTreeMap;

use regionctl_plan::{Facts, Fields, Id, LedgerEntry, Mark, NetworkManager, Nic, Resource, StrangeFact, Writer};
use serde::{Deserialize, Serialize};

use crate::kind::{Kinds, Rows};
use crate::lease::Lease;
use crate::locked::{self, Locked};

/// More lines than a host of a region answers; a row is kept at many times its length.
const MAX_LINES: usize = 100_000;

/// What one host answered.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The host itself.
    pub facts: Facts,
    /// Who holds the host, if anybody does.
    pub lease: Option<Lease>,
    /// The host's clock, in seconds since 1970.
    pub clock: u64,
    /// The run that the lease was taken over from, if the script took it.
    pub taken_from: Option<String>,
    /// What is ours on the host.
    pub ledger: Vec<LedgerEntry>,
    /// The state of every resource that was asked for; `None`: it does not exist.
    pub have: BTreeMap<Id, Option<Fields>>,
    /// What keeps root from writing where a change of those would.
    pub locked: BTreeMap<String, Locked>,
}

/// What a host answered that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// A resource of a kind that this binary does not know.
    #[error("no kind `{0}` is known to this version")]
    UnknownKind(String),
    /// A section that should be there is not.
    #[error("the host did not answer `{0}`; it said: {1}")]
    Missing(&'static str, String),
    /// The ledger on the host is damaged.
    #[error("the ledger of the host cannot be read")]
    Ledger(#[source] serde_json::Error),
    /// The host answers more than one can.
    #[error("the host answers more than {MAX_LINES} lines")]
    TooLong,
    /// The host says of itself what cannot be.
    #[error(transparent)]
    Strange(#[from] StrangeFact),
}

/// The fixed half of a ledger entry, written before the first change and never again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Original {
    pub id: Id,
    pub original: Option<Fields>,
}

/// The half that follows the resource as it was last applied.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Applied {
    pub layer: String,
    pub resource: Resource,
}

const FACTS: &str = r#"
echo @facts
( . /etc/os-release; row os id "${ID:-}"; row os version "${VERSION_ID:-}"; row os codename "${VERSION_CODENAME:-}" )
row os arch "$(dpkg --print-architecture 2>/dev/null || uname -m)"
read -r value </proc/sys/kernel/osrelease && row os kernel "$value"
read -r value </proc/sys/kernel/hostname && row os hostname "$value"
row os virtualization "$(systemd-detect-virt 2>/dev/null || :)"
row os clock "$(date +%s)"
row os operator "${SSH_CONNECTION%% *}"
for nic in /sys/class/net/*; do
  [ "${nic##*/}" != lo ] && [ -e "$nic/mtu" ] || continue
  read -r mac <"$nic/address"; read -r mtu <"$nic/mtu"; read -r state <"$nic/operstate"
  row "${nic##*/}" nic "$mac $mtu $state"
  [ ! -e "$nic/device" ] || row "${nic##*/}" physical yes
done
ip -o addr show 2>/dev/null | while read -r _ nic _ address _; do row "$nic" address "$address"; done
# Default routes: to a network of zeros, of length zero.
way_out() { case $1 in *[!0]*) ;; *) [ "$2" = lo ] || row os way_out "$2" ;; esac; }
while read -r nic to _ _ _ _ _ mask _; do way_out "$to$mask" "$nic"; done </proc/net/route
[ ! -e /proc/net/ipv6_route ] || while read -r to length _ _ _ _ _ _ _ nic; do way_out "$to$length" "$nic"; done </proc/net/ipv6_route
[ -d "$STATE" ] && row os kept yes
[ -f "$STATE/region" ] && read -r value <"$STATE/region" && row os region "$value"
[ -f "$STATE/server" ] && read -r value <"$STATE/server" && row os server "$value"
if [ -f "$STATE/generation" ] && read -r value proof <"$STATE/generation"; then
  row os generation "$value"
  [ -z "$proof" ] || row os generation_proof "$proof"
fi
[ -f "$STATE/switch/armed" ] && read -r value _ <"$STATE/switch/armed" && row os unconfirmed "$value"
[ -f "$STATE/lease" ] && row os lease "$(cat "$STATE/lease")"
for unit in /run/systemd/transient/regionctl-*.service; do
  [ -e "$unit" ] && systemctl is-active -q "${unit##*/}" && row os unit "${unit##*/}"
done
[ -f "$STATE/generation" ] && read -r value _ <"$STATE/generation" && [ -f "$STATE/generations/$value.age" ] &&
  row os secrets "$(sha256sum <"$STATE/generations/$value.age" | cut -d ' ' -f 1)"
if ls /var/lib/dpkg/updates/* >/dev/null 2>&1 || grep -Eq '^Status: .* (half-[a-z]+|unpacked)$' /var/lib/dpkg/status; then row os dpkg broken; fi
if [ -e /run/systemd/netif/state ] && systemctl is-active -q systemd-networkd; then row os network networkd
elif [ -x /usr/share/ifupdown2/sbin/start-networking ]; then row os network ifupdown2; fi
[ ! -x /usr/bin/cloud-init ] || row os writer cloud-init
[ ! -x /usr/sbin/NetworkManager ] || row os writer network-manager
echo @original
# An entry that was only being written when the power went is no entry: its name ends in `.new`.
cat "$STATE"/ledger/*[0-9a-f]/original 2>/dev/null
echo @applied
cat "$STATE"/ledger/*[0-9a-f]/applied 2>/dev/null
"#;

/// The script that observes `resources`. It changes nothing.
///
/// # Errors
/// A resource of an unknown kind.
pub fn script(kinds: &Kinds, resources: &[Resource]) -> Result<String, ObserveError> {
    let mut script = String::from(FACTS);
    for (name, of_kind) in by_kind(resources) {
        let kind = kinds.get(name).ok_or_else(|| ObserveError::UnknownKind(name.to_owned()))?;
        script += &format!("echo @kind-{name}\n(\n{}\n) 2>/dev/null\n", kind.observe(&of_kind));
    }
    script += &locked::script(kinds, resources).map(|look| format!("echo @locked\n(\n{look}) 2>/dev/null\n")).unwrap_or_default();
    script += "echo @end\n";
    Ok(script)
}

fn by_kind(resources: &[Resource]) -> BTreeMap<&str, Vec<&Resource>> {
    let mut kinds: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
    for resource in resources {
        kinds.entry(&resource.id.kind).or_default().push(resource);
    }
    kinds
}

/// Reads what the script printed.
///
/// # Errors
/// The answer is incomplete, or the ledger is damaged.
pub fn read(kinds: &Kinds, resources: &[Resource], output: &str) -> Result<Observation, ObserveError> {
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    if output.lines().nth(MAX_LINES).is_some() {
        return Err(ObserveError::TooLong);
    }
    for line in output.lines() {
        match line.strip_prefix('@') {
            Some(section) => {
                current = section;
                sections.entry(section).or_default();
            }
            None => sections.entry(current).or_default().push(line),
        }
    }
    if !sections.contains_key("end") {
        return Err(ObserveError::Missing("the end of the answer", tail(output)));
    }
    let rows = |section: &str| Rows::read(sections.get(section).into_iter().flatten().copied());
    let host = rows("facts");
    let clock = host.get("os", "clock").and_then(|text| text.parse().ok());
    let mut have = BTreeMap::new();
    for (name, of_kind) in by_kind(resources) {
        let kind = kinds.get(name).ok_or_else(|| ObserveError::UnknownKind(name.to_owned()))?;
        let rows = rows(&format!("kind-{name}"));
        have.extend(of_kind.iter().map(|resource| (resource.id.clone(), kind.read(resource, &rows))));
    }
    Ok(Observation {
        lease: host.get("os", "lease").and_then(Lease::read),
        taken_from: sections
            .get("taken")
            .and_then(|lines| lines.first())
            .filter(|run| !run.is_empty())
            .map(|run| (*run).to_owned()),
        clock: clock.ok_or_else(|| ObserveError::Missing("its clock", tail(output)))?,
        facts: facts(&host).checked()?,
        ledger: ledger(
            sections.get("original").map_or(&[][..], Vec::as_slice),
            sections.get("applied").map_or(&[][..], Vec::as_slice),
        )?,
        have,
        locked: locked::read(&rows("locked")),
    })
}

fn tail(output: &str) -> String {
    let lines: Vec<_> = output.lines().rev().take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

fn facts(rows: &Rows) -> Facts {
    let text = |field: &str| rows.get("os", field).unwrap_or_default().to_owned();
    let nics = rows.names().filter_map(|name| {
        let mut parts = rows.get(name, "nic")?.splitn(3, ' ');
        Some(Nic {
            name: name.to_owned(),
            mac: parts.next()?.to_owned(),
            mtu: parts.next()?.parse().ok()?,
            state: parts.next()?.to_owned(),
            physical: rows.get(name, "physical").is_some(),
            addresses: rows.all(name, "address").to_vec(),
        })
    });
    Facts {
        os: text("id"),
        os_version: text("version").split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default(),
        codename: text("codename"),
        arch: text("arch"),
        kernel: text("kernel"),
        virtualization: text("virtualization"),
        hostname: text("hostname"),
        nics: nics.collect(),
        ways_out: rows.all("os", "way_out").to_vec(),
        generation: rows.get("os", "generation").and_then(|number| number.parse().ok()),
        generation_proof: rows.get("os", "generation_proof").map(str::to_owned),
        region: rows.get("os", "region").and_then(Mark::read),
        server: rows.get("os", "server").map(str::to_owned),
        kept: rows.get("os", "kept").is_some(),
        running_units: rows.all("os", "unit").to_vec(),
        operator: text("operator").parse().ok(),
        unconfirmed: rows.get("os", "unconfirmed").map(str::to_owned),
        secrets: rows.get("os", "secrets").map(str::to_owned),
        writers: rows.all("os", "writer").iter().filter_map(|word| Writer::read(word)).collect(),
        dpkg_broken: rows.get("os", "dpkg").is_some(),
        network: match rows.get("os", "network") {
            Some("networkd") => NetworkManager::Networkd,
            Some("ifupdown2") => NetworkManager::Ifupdown2,
            _ => NetworkManager::Other,
        },
    }
}

/// Every line of a folder's files is `ORDER JSON` or `JSON`; the two halves meet by id.
fn ledger(originals: &[&str], applied: &[&str]) -> Result<Vec<LedgerEntry>, ObserveError> {
    let mut firsts = BTreeMap::new();
    for line in originals {
        let (order, json) = line.split_once(' ').unwrap_or(("0", line));
        let original: Original = serde_json::from_str(json).map_err(ObserveError::Ledger)?;
        firsts.insert(original.id, (order.parse().unwrap_or_default(), original.original));
    }
    let mut entries = Vec::new();
    for line in applied {
        let mut applied: Applied = serde_json::from_str(line).map_err(ObserveError::Ledger)?;
        // Which secrets a host is given is for the roles to say, never for the host.
        applied.resource.secrets.clear();
        if let Some((order, original)) = firsts.remove(&applied.resource.id) {
            entries.push(LedgerEntry { order, resource: applied.resource, layer: applied.layer, original });
        }
    }
    entries.sort_by_key(|entry| entry.order);
    Ok(entries)
}
