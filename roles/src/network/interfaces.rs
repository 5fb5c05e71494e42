//! Which interfaces carry what, as the host has them now.

use std::net::IpAddr;

use crate::Host;

/// The interface of the server's vrack address.
pub fn vrack<'a>(host: &Host<'a>) -> Option<&'a str> {
    of(host, host.server.vrack_address())
}

/// The interface that operators come through, unless that is the vrack's.
pub fn public<'a>(host: &Host<'a>) -> Option<&'a str> {
    let given = host.region.spec.network.public.interface.as_ref().map(|name| name.as_str());
    let by_address = || host.server.address.to_string().parse().ok().and_then(|address| of(host, address));
    given.or_else(by_address).filter(|name| Some(*name) != vrack(host))
}

fn of<'a>(host: &Host<'a>, address: IpAddr) -> Option<&'a str> {
    let has = |given: &String| given.split('/').next().and_then(|given| given.parse::<IpAddr>().ok()) == Some(address);
    host.facts.nics.iter().find(|nic| nic.addresses.iter().any(has)).map(|nic| nic.name.as_str())
}
