//! Kernel settings and modules.

pub mod settings;

use std::collections::BTreeMap;

use regionctl_engine::want;

use crate::{Host, Wanted};

/// Ours, and what the inventory adds, which wins. On a host that shares its kernel only what belongs to its own network.
pub fn wants(host: &Host<'_>) -> Wanted {
    let base = &host.region.spec.base;
    let ours = settings::SETTINGS.iter().map(|setting| (setting.key.to_owned(), setting.value));
    let theirs = base.sysctl.iter().map(|(key, value)| (dotted(key), value.as_str()));
    let all: BTreeMap<String, &str> = ours.chain(theirs).collect();
    let own = |key: &str| !host.shares_kernel() || key.starts_with("net.");
    let settings = all.iter().filter(|(key, _)| own(key)).map(|(key, value)| want::sysctl(key, value));
    let modules = base.modules.iter().filter(|_| !host.shares_kernel()).map(|module| want::kernel_module(module));
    // Some settings exist only once their module is loaded.
    Wanted::new().then_all(modules).then_all(settings)
}

/// A key written with slashes means the same: `net/ipv4/ip_forward`.
fn dotted(key: &str) -> String {
    let first = key.find(['.', '/']).and_then(|at| key.as_bytes().get(at));
    if first != Some(&b'/') {
        return key.to_owned();
    }
    let swap = |c| match c {
        '/' => '.',
        '.' => '/',
        c => c,
    };
    key.chars().map(swap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_has_one_name() {
        assert_eq!(dotted("net/ipv4/conf/eth0.5/rp_filter"), "net.ipv4.conf.eth0/5.rp_filter");
        assert_eq!(dotted("net.ipv4.conf.eth0/5.rp_filter"), "net.ipv4.conf.eth0/5.rp_filter");
    }

    #[test]
    fn every_setting_is_there_once_and_says_why() {
        let keys: std::collections::BTreeSet<_> = settings::SETTINGS.iter().map(|setting| setting.key).collect();
        assert_eq!(keys.len(), settings::SETTINGS.len());
        assert!(settings::SETTINGS.iter().all(|setting| setting.why.len() > 20));
    }
}
