//! The ways back to the users of the VPN. Their addresses are theirs alone and pass the vrack as they are, so every other server
//! must know by which of the VPN's servers to answer; what else lives on the vrack asks the gateway, which is one of them.

use regionctl_engine::PRELUDE;
use regionctl_engine::want::{self, Undo, Want as _};
use regionctl_inventory::Cidr;
use regionctl_plan::{Resource, quote};

use crate::template::fill;
use crate::{Host, Wanted};

const SCRIPT: &str = "/etc/regionctl/vpn-routes";
const SERVICE: &str = "/etc/systemd/system/regionctl-vpn-routes.service";
const ROUTES: &str = "the routes to the users of the VPN; see: ip route";
const UNIT: &str = "regionctl-vpn-routes.service";

/// On every server, unless it is the only one of the VPN.
pub fn wants(host: &Host<'_>) -> Wanted {
    let ways: Vec<_> = host.region.vpn_parts().into_iter().filter(|(server, _)| server.name != host.server.name).collect();
    let ways: Vec<_> = ways.into_iter().map(|(server, part)| (part, server.vrack_address().to_string())).collect();
    if ways.is_empty() {
        return Wanted::new();
    }
    let each: String = ways.iter().map(|(part, by)| format!("  \"$1\" {part} {by}\n")).collect();
    let script = fill(include_str!("templates/routes.sh"), &[("each", &each)]);
    Wanted::new()
        .then(want::directory("/etc/regionctl"))
        .then(want::file(SCRIPT, script).param("check", "sh -n \"$tmp\""))
        .then(want::file(SERVICE, include_str!("templates/routes.service")))
        .then(want::unit(UNIT).enabled().active().config([SCRIPT, SERVICE]))
        .then(in_place(&ways))
}

/// A server that is a user itself, as one in trouble may be, has its part by the tunnel.
fn in_place(ways: &[(Cidr, String)]) -> Resource {
    let placed = ways.iter().map(|(part, by)| {
        format!("  case \"$(ip -4 route show exact {part}) \" in *' via {by} '* | *' proto kernel '*) ;; *) return 1 ;; esac\n")
    });
    let placed: String = placed.collect();
    let placed = format!("placed() {{\n{placed}}}\n");
    let command = want::Command {
        run: &format!("{PRELUDE}{placed}systemctl restart {UNIT}\nuntil_true 30 {} placed\n", quote(ROUTES)),
        check: &format!("{placed}placed"),
        guard: ":",
        undo: Undo::Run(":"),
    };
    want::command("answers find the way to the users of the VPN", command).flapping()
}
