//! Whether the vrack carries packets of its full size between the servers: the last word on a server's place there.

use regionctl_engine::PRELUDE;
use regionctl_engine::want::{self, Undo, Want as _};
use regionctl_inventory::{Region, Server};
use regionctl_plan::Resource;

use crate::Host;
use crate::template::fill;

const ASK: &str = include_str!("templates/ask.sh");

/// The bytes of a packet that are not ping's: 20 of IPv4, 8 of ICMP.
const HEADERS: u16 = 28;

/// What a packet of the vrack's full size carries besides its headers, in bytes: what `ping -s` takes.
pub fn payload(region: &Region) -> u16 {
    region.spec.network.vrack.mtu.saturating_sub(HEADERS)
}

/// Shell that defines `ask_others`, which prints what came back from each other server; none for a server that is alone.
pub fn ask_others(region: &Region, server: &Server) -> Option<String> {
    let others = region.servers().iter().filter(|other| other.name != server.name);
    let others: Vec<_> = others.map(|other| other.vrack_address().to_string()).collect();
    let values = [("others", others.join(" ")), ("payload", payload(region).to_string())];
    (!others.is_empty()).then(|| fill(ASK, &values.each_ref().map(|(name, value)| (*name, value.as_str()))))
}

/// Nothing, for a server that is alone.
pub fn wants(host: &Host<'_>) -> Option<Resource> {
    let ask = fill(include_str!("templates/pairs.sh"), &[("ask", &ask_others(host.region, host.server)?)]);
    let command = want::Command {
        // Well inside the window, so that what is said gets back.
        run: &format!(
            "{PRELUDE}end=$(($(seconds) + 30))\nuntil said=$( ({ask}) 2>&1 ); do\n  \
             [ \"$(seconds)\" -lt \"$end\" ] || fail \"$said\"\n  heed\n  sleep 0.5\ndone"
        ),
        check: &ask,
        guard: ":",
        undo: Undo::Run(":"),
    };
    let asks = want::command("the other servers answer full packets over the vrack", command).may_cut();
    // Both ends must be there before one asks the other.
    let place = super::place();
    Some(host.others().fold(asks, |asks, other| asks.wait(other.name.as_str(), place.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `ping` that 10.0.0.1 answers, 10.0.0.2 where the packet is small, and nobody else.
    const PING: &str = "ping() { for last; do :; done; case $last in *.1) ;; *.2) [ \"$5\" -lt 1000 ];; *) false;; esac; }\n";

    fn run(others: &str, rest: &str) -> (bool, String) {
        let script = rest.replace("{{ask}}", ASK).replace("{{others}}", others).replace("{{payload}}", "1472");
        let output = std::process::Command::new("sh").arg("-euc").arg(format!("{PING}{script}")).output().unwrap();
        let mut lines: Vec<_> = std::str::from_utf8(&output.stdout).unwrap().lines().collect();
        lines.sort_unstable();
        (output.status.success(), lines.join("\n"))
    }

    #[test]
    fn answers_are_told_apart() {
        let said = "10.0.0.1 full\n10.0.0.2 small\n10.0.0.3 none".to_owned();
        assert_eq!(run("10.0.0.1 10.0.0.2 10.0.0.3", "{{ask}}ask_others"), (true, said));
    }

    #[test]
    fn one_full_answer_is_enough_and_a_small_one_is_wrong() {
        let check = include_str!("templates/pairs.sh");
        assert_eq!(run("10.0.0.1 10.0.0.3", check), (true, String::new()));
        let (good, said) = run("10.0.0.3", check);
        assert!(!good && said.starts_with("no other server answers over the vrack"), "{said}");
        let (good, said) = run("10.0.0.1 10.0.0.2", check);
        assert!(!good && said.ends_with("and those of the vrack's size do not, at: 10.0.0.2"), "{said}");
    }
}
