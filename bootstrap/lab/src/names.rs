//! Every name that the lab gives to something outside its folder, derived from the lab's and the host's names.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::spec::Network;

/// The bridge of a network, inside the lab's namespace.
pub(crate) fn bridge(network: Network) -> &'static str {
    match network {
        Network::Public => "br-public",
        Network::Vrack => "br-vrack",
    }
}

/// The interface to the outside, inside the lab's namespace.
pub(crate) const UPLINK: &str = "uplink";

/// The name of the nftables tables inside the lab's namespace.
pub(crate) const TABLE: &str = "regionctl-lab";

/// The network namespace of a lab, where its bridges and the operator's place are.
pub(crate) fn namespace(lab: &str) -> String {
    format!("rl-{lab}")
}

/// The network namespace where a container host's NICs wait for it; also its machine, unit and cgroup name.
/// A dot cannot be part of a lab's or a host's name, so that no two labs share one.
pub(crate) fn host_namespace(lab: &str, host: &str) -> String {
    format!("rl-{lab}.{host}")
}

/// The file of a network namespace.
pub(crate) fn namespace_path(namespace: &str) -> PathBuf {
    PathBuf::from("/run/netns").join(namespace)
}

/// The bridge's end of a host's cable, inside the lab's namespace: at most 15 characters.
pub(crate) fn port(host: &str, network: Network) -> String {
    let prefix = match network {
        Network::Public => 'p',
        Network::Vrack => 'v',
    };
    let plain = format!("{prefix}-{host}");
    if plain.len() <= 15 {
        return plain;
    }
    let digest = Sha256::digest(host);
    format!("{prefix}-{}.{:02x}{:02x}{:02x}", &host[..6], digest[0], digest[1], digest[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_fit_and_differ() {
        assert_eq!(port("compute-1", Network::Vrack), "v-compute-1");
        let one = port("storage-with-a-long-name-1", Network::Public);
        let two = port("storage-with-a-long-name-2", Network::Public);
        assert!(one.len() <= 15 && two.len() <= 15);
        assert_ne!(one, two);
    }

    #[test]
    fn two_labs_never_share_a_name() {
        assert_ne!(host_namespace("a", "b-c"), host_namespace("a-b", "c"));
        assert_ne!(host_namespace("a", "b"), namespace("a-b"));
    }
}
