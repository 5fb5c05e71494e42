//! What a host says of itself is refused if it cannot be: it becomes part of files, names and commands.

use std::net::IpAddr;

use super::{Facts, Nic};

/// More units of ours than can be at work: a run has one at a time on a host.
const MAX_UNITS: usize = 100;
/// More interfaces than a host of a region has.
const MAX_NICS: usize = 512;
/// More addresses than an interface of it has.
const MAX_ADDRESSES: usize = 256;
/// More generations than a region will have.
pub const MAX_GENERATION: u64 = 1_000_000_000;

/// A fact that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the host says that {what} is `{value}`, which cannot be")]
pub struct StrangeFact {
    /// What it is about.
    what: &'static str,
    /// What the host said, shortened.
    value: String,
}

fn strange(what: &'static str, value: &str) -> StrangeFact {
    StrangeFact { what, value: value.chars().take(80).collect() }
}

/// Letters, digits and these; at most `length` of them, or none at all.
fn word(what: &'static str, value: &str, others: &str, length: usize) -> Result<(), StrangeFact> {
    let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    if value.len() <= length && value.chars().all(fits) { Ok(()) } else { Err(strange(what, value)) }
}

fn number(what: &'static str, value: usize, most: usize) -> Result<(), StrangeFact> {
    if value <= most { Ok(()) } else { Err(strange(what, &value.to_string())) }
}

impl Facts {
    /// The facts, if each of them can be one.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn checked(self) -> Result<Self, StrangeFact> {
        word("its system", &self.os, "._-", 64)?;
        word("its code name", &self.codename, "._-", 64)?;
        word("its architecture", &self.arch, "_-", 32)?;
        word("its kernel", &self.kernel, "._+~-", 128)?;
        word("its virtualization", &self.virtualization, "_-", 64)?;
        // Without one the kernel says `(none)`.
        word("its name", &self.hostname, "._-()", 255)?;
        if let Some(generation) = self.generation.filter(|number| *number > MAX_GENERATION) {
            return Err(strange("its generation", &generation.to_string()));
        }
        if let Some(mark) = &self.region {
            word("the id of its region", &mark.id, "", 64)?;
            word("the name of its region", &mark.region, "._-", 64)?;
        }
        if let Some(server) = &self.server {
            word("its name in the region", server, "._-", 64)?;
        }
        number("the number of our units at work", self.running_units.len(), MAX_UNITS)?;
        for unit in &self.running_units {
            word("a unit at work", unit, "._-", 128)?;
        }
        let words = [
            ("the run that it waits for", &self.unconfirmed),
            ("the digest of its secrets", &self.secrets),
            ("the proof of its generation", &self.generation_proof),
        ];
        for (what, value) in words {
            value.as_ref().map_or(Ok(()), |value| word(what, value, "-", 128))?;
        }
        number("the number of its network cards", self.nics.len(), MAX_NICS)?;
        self.nics.iter().try_for_each(Nic::check)?;
        number("the number of its default routes", self.ways_out.len(), MAX_NICS)?;
        self.ways_out.iter().try_for_each(|name| interface(name))?;
        Ok(self)
    }
}

/// The kernel takes names of up to 15 bytes, without blanks, slashes and colons.
fn interface(name: &str) -> Result<(), StrangeFact> {
    word("the name of a network card", name, "._-+@", 15)?;
    if name.trim_matches('.').is_empty() { Err(strange("the name of a network card", name)) } else { Ok(()) }
}

impl Nic {
    fn check(&self) -> Result<(), StrangeFact> {
        interface(&self.name)?;
        // Of a tunnel it is an IP address.
        word("the address of a network card", &self.mac, ":.", 59)?;
        word("the state of a network card", &self.state, "_-", 32)?;
        number("the number of a network card's addresses", self.addresses.len(), MAX_ADDRESSES)?;
        let is_address = |given: &&String| {
            let (address, prefix) = given.split_once('/').unwrap_or((given, "0"));
            address.parse::<IpAddr>().is_ok() && prefix.parse::<u8>().is_ok_and(|prefix| prefix <= 128)
        };
        self.addresses.iter().find(|given| !is_address(given)).map_or(Ok(()), |given| Err(strange("an address of its", given)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, address: &str) -> Facts {
        let nic = Nic {
            name: name.into(),
            mac: "02:00:00:00:00:01".into(),
            mtu: 1500,
            state: "up".into(),
            physical: true,
            addresses: vec![address.into()],
        };
        Facts { nics: vec![nic], ..Facts::assumed() }
    }

    #[test]
    fn what_hosts_are_is_taken() {
        let facts =
            Facts { kernel: "6.12.48+deb13-amd64".into(), hostname: "compute-1.demo.example".into(), ..with("eno1", "::1/64") };
        assert_eq!(facts.clone().checked(), Ok(facts));
        let mut tunnel = with("tunl0", "10.0.0.1");
        tunnel.nics[0].mac = "0.0.0.0".into();
        Facts { hostname: "(none)".into(), ..tunnel }.checked().unwrap();
        for name in ["enp1s0f0np0", "vmbr0.4000", "bond0", "veth1a2b@if5", "br-9f"] {
            with(name, "10.0.0.1").checked().unwrap();
        }
    }

    #[test]
    fn what_no_host_is_is_refused_by_name() {
        for name in ["{{secret:a@1}}", "eth0\" accept", "a/b", "", "..", "sixteen-letters0", "eth0;reboot", "e\u{1b}[2J"] {
            assert!(with(name, "10.0.0.1/24").checked().is_err(), "{name}");
            assert!(Facts { ways_out: [name.to_owned()].into(), ..Facts::assumed() }.checked().is_err(), "{name}");
        }
        for address in ["10.0.0.1/24; accept", "10.0.0.1/129", "$(reboot)", ""] {
            assert!(with("eth0", address).checked().is_err(), "{address}");
        }
        let error = Facts { codename: "$(id)".into(), ..Facts::assumed() }.checked().unwrap_err();
        assert_eq!(error.to_string(), "the host says that its code name is `$(id)`, which cannot be");
        assert!(Facts { generation: Some(u64::MAX), ..Facts::assumed() }.checked().is_err());
        assert!(Facts { os: "x".repeat(1 << 20), ..Facts::assumed() }.checked().is_err());
    }
}
