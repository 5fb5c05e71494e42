//! The shipped examples and the template have no mistakes, and ask for the layers that they say.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

use regionctl_inventory::{BrickSource, DiskGuess, Inventory, Known, LabImage, Layer, NicGuess, ServerGuess, parse, template};

const FOUR: &str = include_str!("../examples/four-servers.yaml");
const LAB: &str = include_str!("../examples/lab.yaml");
const KNOWN: Known<'_> = Known { releases: &["2026.11"] };

fn good(text: &str) -> Inventory {
    parse(text, "region.yaml", &KNOWN).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

#[test]
fn the_lab_has_only_layers_of_this_version() {
    let region = good(LAB).region;
    let layers = [Layer::Preflight, Layer::Base, Layer::Network, Layer::Vpn, Layer::Disks, Layer::Gluster];
    assert_eq!(region.requested_layers(), layers);
    assert_eq!(region.not_available(), []);
    let lab = region.spec.lab.as_ref().unwrap();
    assert_eq!(lab.image_of("compute-2"), LabImage::Debian12);
    assert_eq!(lab.image_of("storage-1"), LabImage::Debian13);
    let arbiter = region.server("compute-1").unwrap().disk("arbiter").unwrap();
    assert_eq!(lab.disk_size_of("compute-1", &arbiter.name).to_string(), "1GiB");
    assert_eq!(lab.disk_size_of("storage-1", &"data".parse().unwrap()).to_string(), "4GiB");
}

#[test]
fn the_reference_region_asks_for_every_layer() {
    let region = good(FOUR).region;
    assert_eq!(region.requested_layers(), Layer::ALL);
    let missing: Vec<String> = region.not_available().iter().map(ToString::to_string).collect();
    assert_eq!(missing.len(), 8, "{missing:#?}");
    assert_eq!(missing[0], "layer `registry`: not available in this version (asked for by `spec.registry`)");
    let planes: Vec<_> = region.control_planes().iter().map(|name| region.machine(name.as_str()).unwrap()).collect();
    let on: Vec<&str> = planes.iter().map(|machine| machine.server.as_str()).collect();
    assert_eq!(on, ["compute-1", "compute-2", "storage-1"]);
    assert!(region.spec.machines.iter().all(|machine| machine.address.is_some()));
}

#[test]
fn bricks_resolve() {
    let region = good(LAB).region;
    let volume = &region.volumes()[0];
    let places = volume.brick_places(&region);
    let servers: Vec<&str> = places.iter().map(|place| place.server.name.as_str()).collect();
    assert_eq!(servers, ["storage-1", "storage-2", "compute-1"]);
    assert!(places[2].arbiter);
    assert_eq!(places[0].path, "/srv/bricks/data/data");
    assert!(matches!(places[0].source, BrickSource::Disk { disk, size: None } if disk.device.as_str() == "/dev/sdb"));
    assert_eq!(volume.mounts[0].targets(&region).len(), 4);
    assert_eq!(volume.brick_sets(&region).len(), 1);
}

#[test]
fn an_arbiter_comes_last_wherever_it_is_written() {
    let moved = LAB
        .replace("          - {server: compute-1, disk: arbiter, arbiter: true}\n", "")
        .replace("        bricks:\n", "        bricks:\n          - {server: compute-1, disk: arbiter, arbiter: true}\n");
    let region = good(&moved).region;
    assert!(region.volumes()[0].brick_places(&region)[2].arbiter);
}

#[test]
fn an_encrypted_brick_asks_for_the_disks_layer() {
    let plain = LAB.replace("device: /dev/sdb}", "device: /dev/sdb, encrypt: false}");
    assert!(!good(&plain).region.requested_layers().contains(&Layer::Disks));
    let one = plain.replacen("{name: data, device: /dev/sdb, encrypt: false}", "{name: data, device: /dev/sdb}", 1);
    assert!(good(&one).region.requested_layers().contains(&Layer::Disks));
}

#[test]
fn line_ends_and_byte_order_mark() {
    let windows = format!("\u{feff}{}", LAB.replace('\n', "\r\n"));
    let mut region = good(&windows);
    assert_ne!(region.digest, good(LAB).digest);
    region.digest = good(LAB).digest;
    assert_eq!(region.region, good(LAB).region);
}

#[test]
fn what_is_read_can_be_written_and_read_again() {
    for text in [FOUR, LAB] {
        let region = good(text).region;
        let json = serde_json::to_string_pretty(&region).unwrap();
        assert_eq!(good(&json).region, region);
        let yaml = serde_yaml::to_string(&region).unwrap();
        assert_eq!(good(&yaml).region, region);
    }
}

#[test]
fn fields_know_their_place() {
    let inventory = good(LAB);
    let line = LAB.lines().position(|line| line.contains("name: storage-1")).unwrap() + 1;
    assert_eq!(inventory.position("spec.servers[2].name"), Some((line, 13)));
    assert_eq!(inventory.position("spec.hypervisor"), None);
}

#[test]
fn templates_have_no_mistakes() {
    for count in (0..=9).chain([20, 40]) {
        let text = template(&ServerGuess::numbered(count.max(1)));
        let region = good(&text).region;
        assert_eq!(region.servers().len(), count.max(1));
        assert_eq!(region.volumes().len(), usize::from(count >= 3));
    }
    good(&template(&[]));
    for count in [100, 101, 239, 1000] {
        good(&template(&ServerGuess::numbered(count)));
    }
}

#[test]
fn the_template_of_four_is_the_reference_region() {
    let text = template(&ServerGuess::numbered(4));
    let stray = text.lines().skip_while(|line| *line != "spec:").skip(1).find(|line| !line.is_empty() && !line.starts_with("  "));
    assert_eq!(stray, None, "a comment of `spec` stands outside it");
    let region = good(&text).region;
    let names: Vec<&str> = region.servers().iter().map(|server| server.name.as_str()).collect();
    assert_eq!(names, ["compute-1", "compute-2", "storage-1", "storage-2"]);
    let on: Vec<&str> =
        region.control_planes().iter().map(|name| region.machine(name.as_str()).unwrap().server.as_str()).collect();
    assert_eq!(on, ["compute-1", "compute-2", "storage-1"]);
    let places = region.volumes()[0].brick_places(&region);
    let bricks: Vec<(&str, bool)> = places.iter().map(|place| (place.server.name.as_str(), place.arbiter)).collect();
    assert_eq!(bricks, [("storage-1", false), ("storage-2", false), ("compute-1", true)]);
    assert!(!region.not_available().iter().any(|missing| missing.what.contains("disks")));
}

#[test]
fn a_scan_can_bring_anything() {
    let guess = |name: &str, address: &str| ServerGuess {
        name: name.to_owned(),
        address: address.to_owned(),
        nics: vec![
            NicGuess {
                name: "eno1".into(),
                mac: "0c:42:a1:00:00:01".into(),
                addresses: vec![address.into()],
                default_route: true,
            },
            NicGuess { name: "eno2".into(), mac: "0c:42:a1:00:00:02".into(), ..NicGuess::default() },
        ],
        disks: vec![
            DiskGuess { device: "/dev/sda".into(), size: 1 << 39, in_use: true },
            DiskGuess { device: "/dev/sdb".into(), size: 1 << 38, in_use: false },
        ],
        memory: Some(64 << 30),
        os: Some("Debian GNU/Linux 13 (trixie)\nspec: {}".into()),
    };
    let servers = [
        guess("debian", "192.0.2.1"),
        guess("debian", "192.0.2.1"),
        guess("Not A Name: [", "}{"),
        guess("api", "2001:db8::1"),
        guess("server-2", "s.example.org"),
    ];
    let region = good(&template(&servers)).region;
    assert_eq!(region.servers()[0].vrack.mac.unwrap().to_string(), "0c:42:a1:00:00:02");
    assert_eq!(region.servers()[0].disks[0].device.as_str(), "/dev/sdb");
}
