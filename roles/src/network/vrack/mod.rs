//! The server's place on the vrack: VLAN, bridge, packet size and address.
//!
//! It is written in the words of what configures the host's network, so that other tools see it too; where that is neither
//! systemd-networkd nor ifupdown2, a unit of our own makes it. All of it is one group behind the dead-man switch, and its
//! last member asks the other servers.

mod ifupdown2;
mod networkd;
mod pairs;
mod unit;
mod wiring;

use regionctl_engine::PRELUDE;
use regionctl_engine::want::{self, Undo, Want as _};
use regionctl_plan::{Id, NetworkManager, Resource, quote};

pub use pairs::{ask_others, payload};
pub use wiring::Wiring;

use crate::{Host, Wanted};

/// On every server whose vrack regionctl makes.
pub fn wants(host: &Host<'_>) -> Wanted {
    let Some(wiring) = Wiring::of(host) else { return Wanted::new() };
    let made = match host.facts.network {
        NetworkManager::Networkd => networkd::wants(&wiring),
        NetworkManager::Ifupdown2 => ifupdown2::wants(&wiring),
        NetworkManager::Other => unit::wants(&wiring),
    };
    let files: Vec<_> = made.iter().filter(|made| made.id.kind == "file").map(|file| file.id.name.clone()).collect();
    let asked = pairs::wants(host).map(|asks| asks.param("config", files));
    Wanted::new().then(card(&wiring)).then_all(made).then_all(asked)
}

/// Every file in which the vrack can be written, here or on another server: what stands on its interfaces starts anew with them.
pub fn files() -> Vec<String> {
    let own = [unit::SCRIPT, unit::SERVICE, ifupdown2::FILE].map(str::to_owned);
    own.into_iter().chain(networkd::all_files()).collect()
}

/// Nothing is changed on a server that has another card.
fn card(wiring: &Wiring<'_>) -> Resource {
    let card = wiring.card;
    let command = want::Command {
        run: &format!("echo 'there is no network card {card}' >&2; exit 1"),
        check: &format!("[ -e /sys/class/net/{card} ]"),
        guard: ":",
        undo: Undo::Run(":"),
    };
    want::command(&format!("the vrack's network card {card} is there"), command).may_cut()
}

/// That the kernel has what the files say; `again` makes it so.
fn in_place(wiring: &Wiring<'_>, again: &str) -> Resource {
    let check = wiring.check();
    let command = want::Command {
        run: &format!("{PRELUDE}{again}\nplaced() {{ {check}; }}\nuntil_true 30 {} placed\n", quote(PLACE_TO_COME)),
        check: &check,
        guard: ":",
        undo: Undo::Run(":"),
    };
    want::command(PLACE, command).may_cut()
}

const PLACE: &str = "the server has its place on the vrack";
const PLACE_TO_COME: &str = "the server's address, packet size and interfaces on the vrack; see: ip address";

/// What the other servers wait for.
fn place() -> Id {
    Id::new("command", PLACE)
}
