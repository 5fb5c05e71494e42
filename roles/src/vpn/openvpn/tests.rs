use std::process::Command;

use super::*;

/// What the script gives to whoever comes with such a certificate.
fn given(part: &str, unit: Option<&str>) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("given");
    let script = connect(part.parse().unwrap());
    let mut sh = Command::new("sh");
    sh.args(["-c", &script, "region-connect"]).arg(&file).env_clear().env("PATH", "/usr/bin:/bin").env("common_name", "alice");
    sh.current_dir(folder.path()).envs(unit.map(|unit| ("X509_0_OU", unit)));
    let output = sh.output().unwrap();
    let given = std::fs::read_to_string(&file).unwrap_or_default();
    let left = std::fs::read_dir(folder.path()).unwrap().filter(|entry| entry.as_ref().unwrap().file_name() != "given").count();
    assert_eq!(left, 0, "{unit:?} wrote something");
    if output.status.success() {
        return Ok(given.trim_end().to_owned());
    }
    assert_eq!(given, "", "refused, and given an address");
    Err(String::from_utf8(output.stderr).unwrap().trim_end().to_owned())
}

#[test]
fn everybody_gets_their_own_address() {
    let ok = |part: &str, unit: &str, address: &str| {
        assert_eq!(given(part, Some(unit)), Ok(format!("ifconfig-push {address}")), "{unit}")
    };
    ok("10.91.0.0/25", "developers 0", "10.91.0.2 255.255.255.128");
    ok("10.91.0.0/25", "developers 93", "10.91.0.95 255.255.255.128");
    ok("10.91.0.128/25", "operators 0", "10.91.0.224 255.255.255.128");
    ok("10.91.0.128/25", "operators 30", "10.91.0.254 255.255.255.128");
    ok("192.168.252.0/22", "developers 765", "192.168.254.255 255.255.252.0");
    // What the script computes is what the region says of it.
    let part = "10.91.0.128/25".parse().unwrap();
    for (group, number) in [(VpnGroup::Developers, 17), (VpnGroup::Operators, 3)] {
        let place = places::Place { group, number };
        ok("10.91.0.128/25", &place.to_string(), &format!("{} 255.255.255.128", place.address(part).unwrap()));
    }
}

#[test]
fn who_has_no_place_is_refused() {
    let no = |unit: Option<&str>, why: &str| assert_eq!(given("10.91.0.0/25", unit), Err(why.to_owned()), "{unit:?}");
    no(None, "the certificate of alice says no group: it needs a new profile");
    for unit in ["", "root 1", "$(touch x) 1", "operators; touch x"] {
        no(Some(unit), "the certificate of alice says no group: it needs a new profile");
    }
    for unit in
        ["operators", "operators -1", "operators 1+1", "operators 0x1", "operators 01", "operators *", "operators 9999999999"]
    {
        no(Some(unit), "the certificate of alice says no number");
    }
    no(Some("operators 31"), "there is no address for number 31 of the operators");
    no(Some("developers 94"), "there is no address for number 94 of the developers");
}
