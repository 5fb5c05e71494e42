//! What of a host answers, asked from elsewhere: by connecting, and never by our own rules.

use std::collections::BTreeSet;

use crate::region::{Failed, LabRegion};

/// The TCP and UDP ports on which programs of a host listen for others, as `ss` tells.
///
/// # Errors
/// The host does not answer.
pub fn listening(region: &LabRegion, host: &str) -> Result<(BTreeSet<u16>, BTreeSet<u16>), Failed> {
    let said = region.on(host, "ss -Hlntu")?;
    let (mut tcp, mut udp) = (BTreeSet::new(), BTreeSet::new());
    for line in said.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let (Some(protocol), Some((address, port))) = (words.first(), words.get(4).and_then(|at| at.rsplit_once(':'))) else {
            return Err(format!("{host} says: {line}"));
        };
        let own = address.starts_with("127.") || address == "[::1]" || address.contains("%lo");
        if !own {
            let port = port.parse().map_err(|_| format!("{host} says: {line}"))?;
            if *protocol == "tcp" {
                tcp.insert(port)
            } else {
                udp.insert(port)
            };
        }
    }
    Ok((tcp, udp))
}

/// Which of these TCP ports of an address take a connection, asked by shell that `ask` runs somewhere.
///
/// # Errors
/// It cannot be asked.
pub fn knock(
    address: &str,
    ports: &BTreeSet<u16>,
    ask: impl FnOnce(&str) -> Result<String, Failed>,
) -> Result<BTreeSet<u16>, Failed> {
    let list: Vec<_> = ports.iter().map(u16::to_string).collect();
    let script = format!(
        "for port in {}; do (timeout 3 bash -c \"</dev/tcp/{address}/$port\" 2>/dev/null && echo $port) & done; wait",
        list.join(" ")
    );
    let said = ask(&script)?;
    said.split_whitespace().map(|port| port.parse().map_err(|_| format!("a port: {port}"))).collect()
}
