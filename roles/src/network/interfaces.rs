//! Which interfaces carry what, as the host has them now.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use regionctl_engine::want::{self, Condition};
use regionctl_plan::Resource;

use super::vrack::Wiring;
use crate::Host;

/// The interface of the server's vrack address, also where it is still to be made.
pub fn vrack<'a>(host: &Host<'a>) -> Option<Cow<'a, str>> {
    let made = Wiring::of(host).map(|wiring| wiring.top().to_owned().into());
    made.or_else(|| of(host, host.server.vrack_address()).map(Cow::from))
}

/// The way out, unless that is the vrack.
pub fn public<'a>(host: &Host<'a>) -> Option<&'a str> {
    let own = of_vrack(host);
    ways(host).into_iter().find(|name| !own.contains(*name))
}

/// Every interface that strangers may be at: the way out, that of the server's address, and whatever network card is not the
/// vrack's. It is not said the other way round, as all but the vrack's: while the vrack moves to another interface, to a
/// bridge say, the rules that are there must not cut it.
pub fn outside<'a>(host: &Host<'a>) -> BTreeSet<&'a str> {
    let own = of_vrack(host);
    let cards = host.facts.nics.iter().filter(|nic| nic.physical).map(|nic| nic.name.as_str());
    ways(host).into_iter().chain(cards).filter(|name| !own.contains(*name)).collect()
}

/// A plan is forbidden if it cannot be told who is outside: what the rules leave out then, nobody would miss.
pub fn known(host: &Host<'_>) -> Vec<Resource> {
    let address = host.server.vrack_address();
    let no_vrack = format!("no network card has the server's vrack address {address}");
    let vrack = Condition {
        name: "the card of the vrack is known",
        check: "false",
        finding: CARD_UNKNOWN,
        message: &no_vrack,
        hint: "the provider sets it, or name the card in the server's `vrack`; see: ip address",
    };
    let outside = Condition {
        name: "the card to the outside is known",
        check: "false",
        finding: CARD_UNKNOWN,
        message: "the server has no default route, and no network card with its address",
        hint: "name the card in `spec.network.public.interface`; see: ip route",
    };
    let missing = [(vrack, self::vrack(host).is_none()), (outside, ways(host).is_empty())];
    missing.iter().filter(|(_, missing)| *missing).map(|(condition, _)| want::condition(condition)).collect()
}

const CARD_UNKNOWN: &str = "card-unknown";

/// As the inventory says, the default routes, and the interface of the server's address: the likeliest first.
fn ways<'a>(host: &Host<'a>) -> Vec<&'a str> {
    let given = host.region.spec.network.public.interface.as_ref().map(|name| name.as_str());
    let by_address = host.server.address.to_string().parse().ok().and_then(|address| of(host, address));
    given.into_iter().chain(host.facts.ways_out.iter().map(String::as_str)).chain(by_address).collect()
}

/// What the vrack's packets pass through. A VLAN's card is not the vrack's alone.
fn of_vrack<'a>(host: &Host<'a>) -> BTreeSet<Cow<'a, str>> {
    let below = Wiring::of(host).filter(|wiring| wiring.vlan.is_none()).map(|wiring| wiring.card.into());
    vrack(host).into_iter().chain(below).collect()
}

fn of<'a>(host: &Host<'a>, address: IpAddr) -> Option<&'a str> {
    host.facts.nic_with(address).map(|nic| nic.name.as_str())
}
