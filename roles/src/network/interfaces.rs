//! Which interfaces carry what, as the host has them now.

use std::borrow::Cow;
use std::net::IpAddr;

use super::vrack::Wiring;
use crate::Host;

/// The interface of the server's vrack address, also where it is still to be made.
pub fn vrack<'a>(host: &Host<'a>) -> Option<Cow<'a, str>> {
    let made = Wiring::of(host).map(|wiring| wiring.top().to_owned().into());
    made.or_else(|| of(host, host.server.vrack_address()).map(Cow::from))
}

/// The interface that operators come through, unless that is the vrack's.
pub fn public<'a>(host: &Host<'a>) -> Option<&'a str> {
    let given = host.region.spec.network.public.interface.as_ref().map(|name| name.as_str());
    let by_address = || host.server.address.to_string().parse().ok().and_then(|address| of(host, address));
    given.or_else(by_address).filter(|name| vrack(host).as_deref() != Some(*name))
}

fn of<'a>(host: &Host<'a>, address: IpAddr) -> Option<&'a str> {
    host.facts.nic_with(address).map(|nic| nic.name.as_str())
}
