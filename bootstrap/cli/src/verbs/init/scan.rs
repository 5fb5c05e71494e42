//! Asking servers over SSH what they have.

use regionctl_inventory::{DiskGuess, NicGuess, ServerGuess};
use regionctl_ssh::{Endpoint, Pool, Script, SshError};

use crate::exit::Exit;
use crate::failure::Failure;

const SCRIPT: &str = include_str!("scan.sh");

/// Asks all servers at once; the answers are in the order of the endpoints.
///
/// # Errors
/// Every server that did not answer, together.
pub async fn scan(endpoints: &[Endpoint]) -> Result<Vec<ServerGuess>, Failure> {
    let pool = Pool::default();
    let asked: Vec<_> = endpoints.iter().cloned().map(|endpoint| tokio::spawn(one(pool.clone(), endpoint))).collect();
    let (mut servers, mut failures) = (Vec::new(), Vec::new());
    for answer in asked {
        match answer.await {
            Ok(Ok(server)) => servers.push(server),
            Ok(Err(failure)) => failures.push(failure),
            Err(error) => failures.push(Failure::from_error(Exit::Local, &error)),
        }
    }
    let messages: Vec<_> = failures.iter().map(|failure| failure.message.as_str()).collect();
    match failures.first() {
        None => Ok(servers),
        Some(first) => Err(Failure { hint: first.hint.clone(), ..Failure::new(first.exit, messages.join("\n       ")) }),
    }
}

async fn one(pool: Pool, endpoint: Endpoint) -> Result<ServerGuess, Failure> {
    let failed = |error: &SshError| Failure { hint: error.hint(), ..Failure::from_error(Exit::Connection, error) };
    let host = pool.get(&endpoint).await.map_err(|error| failed(&error))?;
    let output = host.script(Script::new(SCRIPT).named("scanning"), |_| {}).await.map_err(|error| failed(&error))?;
    let address = endpoint.host.clone();
    read(&output.text(), address).ok_or_else(|| {
        let message = format!("{}: the scan did not come to its end ({}): {}", endpoint.name, output.end, output.tail(3));
        Failure::new(Exit::Host, message).hint("the server must run Debian with iproute2 and util-linux")
    })
}

/// Reads what the script printed; `None` if it did not come to its end.
fn read(text: &str, address: String) -> Option<ServerGuess> {
    let mut server = ServerGuess { address, ..ServerGuess::default() };
    for line in text.lines() {
        let words: Vec<_> = line.trim_end_matches('\t').split('\t').collect();
        match words.as_slice() {
            ["name", name] => server.name = (*name).to_owned(),
            ["os", os] => server.os = Some((*os).to_owned()),
            ["memory", bytes] => server.memory = bytes.parse().ok(),
            ["nic", name, mac, default] => server.nics.push(NicGuess {
                name: (*name).to_owned(),
                mac: (*mac).to_owned(),
                addresses: Vec::new(),
                default_route: *default == "yes",
            }),
            ["address", nic, address] => {
                let nics = server.nics.iter_mut().filter(|known| known.name == *nic);
                nics.for_each(|nic| nic.addresses.push((*address).to_owned()));
            }
            ["disk", device, size, used] => {
                let size = size.parse().unwrap_or_default();
                server.disks.push(DiskGuess { device: (*device).to_owned(), size, in_use: *used == "yes" });
            }
            ["end"] => return Some(server),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_with_two_cards_and_two_disks() {
        let text = "name\tns1\t\nos\tDebian GNU/Linux 13 (trixie)\t\nmemory\t1024\t\nnic\teno1\t52:54:00:00:00:01\tyes\t\naddress\teno1\t192.0.2.1\t\nnic\teno2\t52:54:00:00:00:02\tno\t\ndisk\t/dev/sda\t100\tyes\t\ndisk\t/dev/disk/by-id/x\t200\tno\t\nend\t\n";
        let server = read(text, "192.0.2.1".into()).unwrap();
        assert_eq!((server.name.as_str(), server.memory), ("ns1", Some(1024)));
        assert_eq!(server.nics[0].addresses, ["192.0.2.1"]);
        assert!(server.nics[0].default_route && !server.nics[1].default_route);
        assert_eq!(server.disks[1], DiskGuess { device: "/dev/disk/by-id/x".into(), size: 200, in_use: false });
        assert!(read("name\tns1\t\n", String::new()).is_none());
    }

    #[test]
    fn the_script_runs_here() {
        let out = std::process::Command::new("sh").arg("-c").arg(SCRIPT).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(read(&text, "here".into()).is_some_and(|server| !server.name.is_empty() && server.memory.is_some()), "{out:?}");
    }
}
