//! The `format` names of the schema, and the type that reads each.

use std::net::{IpAddr, Ipv4Addr};

use super::{AddressRange, Cidr, Device, DnsName, FolderPath, Host, InterfaceName, KubernetesVersion, Mac, Name, Problem, Size};

/// Whether a text is a value of the type that the schema names by `format`. A format without a type accepts every text.
pub(crate) fn check(format: &str, text: &str) -> Result<(), Problem> {
    fn read<T: std::str::FromStr<Err = Problem>>(text: &str) -> Result<(), Problem> {
        text.parse::<T>().map(drop)
    }
    match format {
        "name" => read::<Name>(text),
        "size" => read::<Size>(text),
        "mac" => read::<Mac>(text),
        "interface" => read::<InterfaceName>(text),
        "dns-name" => read::<DnsName>(text),
        "host" => read::<Host>(text),
        "device" => read::<Device>(text),
        "folder" => read::<FolderPath>(text),
        "cidr" => read::<Cidr>(text),
        "address-range" => read::<AddressRange>(text),
        "kubernetes-version" => read::<KubernetesVersion>(text),
        "ipv4" => ipv4(text),
        "ip" => text.parse::<IpAddr>().map(drop).map_err(|_| Problem::hinted("not an IP address", "for example `203.0.113.1`")),
        _ => Ok(()),
    }
}

fn ipv4(text: &str) -> Result<(), Problem> {
    let hint = "for example `10.90.0.11`";
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => Ok(()),
        Ok(IpAddr::V6(_)) => Err(Problem::hinted("an IPv6 address is not supported here", hint)),
        Err(_) => match text.split_once('/').and_then(|(address, _)| address.parse::<Ipv4Addr>().ok()) {
            Some(address) => Err(Problem::hinted("an address has no prefix length here", format!("write `{address}`"))),
            None => Err(Problem::hinted("not an IPv4 address", hint)),
        },
    }
}

/// A valid value of a format that stands in for a wrong one, so that the rest of the document can still be checked. The
/// number keeps stand-ins apart.
pub(crate) fn placeholder(format: &str, number: usize) -> String {
    match format {
        "size" => "1B".to_owned(),
        "mac" => format!("02:00:00:00:{:02x}:{:02x}", (number >> 8) & 255, number & 255),
        "dns-name" | "host" => format!("invalid-{number}.invalid"),
        "device" => format!("/dev/invalid-{number}"),
        "folder" => format!("/invalid/{number}"),
        "cidr" | "address-range" => "0.0.0.0/32".to_owned(),
        "kubernetes-version" => KubernetesVersion::NEWEST.to_string(),
        "ipv4" | "ip" => format!("0.{}.{}.{}", (number >> 16) & 255, (number >> 8) & 255, number & 255),
        _ => format!("invalid-{number}"),
    }
}
