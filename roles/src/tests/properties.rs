//! What is true of every role: over the regions of all cases and of the examples, both versions of Debian, and hosts that
//! share their kernel or do not.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::{Arc, LazyLock};

use regionctl_engine::{GLUSTER, HostView, Kinds, PRELUDE, Wants, circle, observe, stages};
use regionctl_inventory::Region;
use regionctl_plan::{Facts, Fields, Id, Resource, SecretRef};
use serde_json::Value;

use super::{cases, facts, region, wired};
use crate::{LAYERS, Roles};

static REGIONS: LazyLock<Vec<Arc<Region>>> = LazyLock::new(|| {
    let mut all: Vec<_> = cases::all().into_iter().map(|(_, path, case)| case.region(&path)).collect();
    for example in ["lab.yaml", "four-servers.yaml"] {
        let path = cases::folder().join("../../inventory/examples").join(example);
        all.push(region(&std::fs::read_to_string(path).unwrap(), example));
    }
    all.dedup();
    all
});

/// Everything that is wanted, by host, in order.
type All = BTreeMap<String, Vec<(String, Vec<Resource>)>>;

fn wanted(roles: &Roles, region: &Region, facts: &Facts) -> All {
    let of = |name: &str| {
        let facts = wired(facts.clone(), region, name);
        roles.layers().into_iter().map(|layer| (layer.clone(), roles.wanted(&layer, name, &facts))).collect()
    };
    region.servers().iter().map(|server| (server.name.to_string(), of(server.name.as_str()))).collect()
}

fn each(mut test: impl FnMut(&Region, &Roles, &Facts, &All)) {
    for region in &*REGIONS {
        let roles = Roles::of(Arc::clone(region)).unwrap();
        for (debian, container) in [(12, false), (12, true), (13, false), (13, true)] {
            let facts = facts(debian, container);
            test(region, &roles, &facts, &wanted(&roles, region, &facts));
        }
    }
}

fn resources(all: &All) -> impl Iterator<Item = (&str, &Resource)> {
    all.iter()
        .flat_map(|(host, layers)| layers.iter().flat_map(move |(_, wanted)| wanted.iter().map(move |r| (host.as_str(), r))))
}

#[test]
fn the_same_again_from_the_same() {
    each(|region, roles, facts, all| {
        assert_eq!(&wanted(roles, region, facts), all);
        // Names of things that come and go decide nothing.
        let busy = Facts {
            hostname: "x".into(),
            generation: Some(3),
            running_units: vec!["y".into()],
            kernel: "6.1".into(),
            ..facts.clone()
        };
        assert_eq!(&wanted(&Roles::of(Arc::new(region.clone())).unwrap(), region, &busy), all);
    });
}

#[test]
fn one_name_is_one_thing() {
    each(|_, _, _, all| {
        let mut seen = BTreeSet::new();
        for (host, resource) in resources(all) {
            assert!(seen.insert((host.to_owned(), resource.id.clone())), "{} twice on {host}", resource.id);
        }
    });
}

/// The text of every loop of a script.
fn loops(script: &str) -> Vec<String> {
    let (mut open, mut all) = (Vec::<String>::new(), Vec::new());
    for line in script.lines() {
        let words: Vec<_> = line.split([' ', ';']).collect();
        let first = line.split_whitespace().next().unwrap_or_default();
        if ["for", "while", "until"].contains(&first) {
            open.push(String::new());
        }
        open.iter_mut().for_each(|text| *text += &format!("{line}\n"));
        if words.contains(&"done") {
            all.extend(open.pop());
        }
    }
    all
}

#[test]
fn loops_are_found_one_in_another() {
    let script = "for a in b; do\n  until c; do sleep 1; done\n  heed\ndone\nsleep 2\n";
    assert_eq!(loops(script), ["  until c; do sleep 1; done\n", &script[..script.len() - 8]]);
}

/// A wait without an end, or one that the operator cannot end, is inherited by every later run.
#[test]
fn every_wait_in_a_command_heeds_and_every_question_to_gluster_ends() {
    each(|_, _, _, all| {
        for (host, resource) in resources(all) {
            for param in ["run", "check", "guard", "undo"] {
                let text = resource.text_param(param).unwrap_or_default();
                let own = text.replace(PRELUDE, "").replace(GLUSTER, "");
                if param != "check" {
                    for wait in loops(&own).iter().filter(|body| body.contains("sleep ")) {
                        assert!(wait.contains("heed"), "{} on {host}: `{param}` waits and heeds nobody:\n{wait}", resource.id);
                    }
                }
                assert!(
                    text.contains(PRELUDE)
                        || !["heed", "until_true", "wait_for_copies", "fail "].iter().any(|word| own.contains(word)),
                    "{} on {host}: `{param}` has no prelude",
                    resource.id
                );
                for line in own.lines().filter(|line| line.contains("gluster --mode=script") && !line.contains("echo")) {
                    assert!(line.contains("timeout"), "{} on {host}: `{line}` may never end", resource.id);
                }
            }
        }
    });
}

#[test]
fn every_resource_is_of_a_known_kind_and_names_its_role() {
    let kinds = Kinds::host();
    let roles: BTreeSet<_> = LAYERS.iter().flat_map(|layer| layer.roles).map(|role| role.name).collect();
    each(|_, _, _, all| {
        for (_, resource) in resources(all) {
            assert!(kinds.get(&resource.id.kind).is_some(), "{}", resource.id);
            assert!(roles.contains(resource.role.as_str()), "{} of `{}`", resource.id, resource.role);
        }
    });
}

/// systemd gives a mount 90 s, and most of them one try.
#[test]
fn every_mount_has_its_time_at_boot() {
    each(|_, _, _, all| {
        for (host, resource) in resources(all).filter(|(_, resource)| resource.id.kind == "mount") {
            let options = resource.text("options").unwrap_or_default();
            assert!(options.contains("x-systemd.mount-timeout="), "{} on {host}: {options}", resource.id);
        }
    });
}

#[test]
fn what_is_waited_for_is_wanted_elsewhere_and_in_no_circle() {
    let kinds = Kinds::host();
    each(|_, roles, facts, all| {
        let there: BTreeSet<(&str, &Id)> = resources(all).map(|(host, resource)| (host, &resource.id)).collect();
        for (host, resource) in resources(all) {
            for wait in &resource.waits {
                assert!(
                    there.contains(&(wait.host.as_str(), &wait.id)),
                    "{} on {host} waits for {wait}, which nobody wants",
                    resource.id
                );
                assert_ne!(wait.host, host, "{} waits for its own host", resource.id);
            }
        }
        // Whatever is wanted is not so yet: absent things are there, all others are not.
        let views = views(facts, all, |resource| resource.want.is_none().then(Fields::new));
        assert_eq!(circle(&stages(&kinds, &roles.layers(), &views)), []);
    });
}

/// Hosts on which `have` is so, and nothing is ours.
fn views(facts: &Facts, all: &All, have: impl Fn(&Resource) -> Option<Fields>) -> BTreeMap<String, HostView> {
    let view = |wanted: &Vec<(String, Vec<Resource>)>| {
        let flat = || wanted.iter().flat_map(|(_, wanted)| wanted);
        HostView {
            facts: facts.clone(),
            ledger: vec![],
            wanted: wanted.clone(),
            wanted_by_any: flat().map(|r| r.id.clone()).collect(),
            have: flat().map(|r| (r.id.clone(), have(r))).collect(),
            locked: BTreeMap::new(),
        }
    };
    all.iter().map(|(host, wanted)| (host.clone(), view(wanted))).collect()
}

/// Before a volume exists nothing waits to be copied, and what is written while one of its new bricks is not served yet does.
#[test]
fn where_a_brick_is_made_the_copies_are_looked_at_again() {
    let kinds = Kinds::host();
    let is_wait = |id: &Id| id.name.starts_with("the copies of ");
    let mut waits = 0;
    each(|_, roles, facts, all| {
        let planned = |made: bool| {
            let brick = |resource: &Resource| made && resource.id.kind == "gluster_brick";
            let views = views(facts, all, |resource| resource.want.clone().filter(|_| !brick(resource)));
            let stages = stages(&kinds, &roles.layers(), &views);
            let changes = stages
                .iter()
                .flat_map(|stage| &stage.hosts)
                .flat_map(|(host, on)| on.changes.iter().map(|c| (host.clone(), c.id().clone())));
            changes.collect::<Vec<_>>()
        };
        assert_eq!(planned(false), []);
        let wanted: BTreeSet<_> =
            resources(all).map(|(host, r)| (host.to_owned(), r.id.clone())).filter(|(_, id)| is_wait(id)).collect();
        let looked: BTreeSet<_> = planned(true).into_iter().filter(|(_, id)| is_wait(id)).collect();
        assert_eq!(looked, wanted);
        waits += wanted.len();
    });
    assert!(waits > 0, "no region has a volume");
}

#[test]
fn every_value_is_filled_in_and_none_is_a_secret() {
    each(|region, _, _, all| {
        for (host, resource) in resources(all) {
            let text = serde_json::to_string(resource).unwrap();
            let filled = SecretRef::fill(&text, |_| Some(String::new())).unwrap();
            assert!(!filled.contains("{{"), "{} on {host}: {text}", resource.id);
            assert!(!text.contains("PRIVATE KEY"), "{} on {host}", resource.id);
            let identity = region.spec.ssh.identity_file.as_deref();
            assert!(identity.is_none_or(|path| !text.contains(path)), "{} on {host}", resource.id);
            let back: Resource = serde_json::from_str(&text).unwrap();
            assert_eq!((&back, serde_json::to_string(&back).unwrap()), (resource, text));
        }
    });
}

/// Folders that every Debian has, or that come with a package of the same layer.
const FOLDERS: &[&str] = &["/", "/etc", "/etc/default", "/etc/ssh", "/etc/systemd/system"];

#[test]
fn a_file_has_its_folder_before_it() {
    each(|_, _, _, all| {
        let mut made: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (host, resource) in resources(all) {
            let name = resource.id.name.as_str();
            match resource.id.kind.as_str() {
                "directory" => drop(made.insert((host, name))),
                "file" => {
                    let folder = name.rsplit_once('/').map_or("/", |(folder, _)| folder);
                    assert!(FOLDERS.contains(&folder) || made.contains(&(host, folder)), "{name} has no folder");
                    assert!(
                        resource.text("content").is_none_or(|text| text.ends_with('\n') || text.ends_with("}}")),
                        "{name} does not end with a newline"
                    );
                }
                _ => {}
            }
        }
    });
}

#[test]
fn a_unit_is_restarted_by_its_own_files_only_after_they_are_there() {
    // What only another inventory wants there may go away under a unit that stands on it.
    let elsewhere = crate::network::vrack::files();
    each(|_, _, _, all| {
        let mut written: BTreeSet<(&str, &str)> = BTreeSet::new();
        let wanted: BTreeSet<_> = resources(all).map(|(host, resource)| (host, resource.id.name.as_str())).collect();
        for (host, resource) in resources(all) {
            if ["file", "gluster_brick"].contains(&resource.id.kind.as_str()) {
                written.insert((host, resource.id.name.as_str()));
            }
            for file in resource.list_param("config") {
                let gone = !wanted.contains(&(host, file)) && elsewhere.iter().any(|other| other == file);
                assert!(gone || written.contains(&(host, file)), "{} on {host}: {file}", resource.id);
            }
        }
    });
}

#[test]
fn another_server_moves_nothing_on_those_that_are_there() {
    for region in &*REGIONS {
        let mut more = Region::clone(region);
        let mut new = more.spec.servers[0].clone();
        new.name = "zulu".parse().unwrap();
        new.roles = vec![];
        new.disks = vec![];
        new.vrack.address = Some("10.90.0.250".parse().unwrap());
        more.spec.servers.push(new);
        let facts = facts(13, false);
        let before = wanted(&Roles::of(Arc::clone(region)).unwrap(), region, &facts);
        let after = wanted(&Roles::of(Arc::new(more.clone())).unwrap(), &more, &facts);
        let after: BTreeMap<_, _> = resources(&after).map(|(host, r)| ((host.to_owned(), r.id.clone()), r.clone())).collect();
        for (host, resource) in resources(&before) {
            let same = after.get(&(host.to_owned(), resource.id.clone())) == Some(resource);
            // Only what lists the servers knows of it.
            let listing = ["base/hosts_file", "base/time", "network/dns", "network/vrack", "network/firewall", "vpn/openvpn"];
            let listing = [&listing[..], &["disks/unlock", "gluster/volumes"]].concat();
            assert!(same || listing.contains(&resource.role.as_str()), "{} on {host}", resource.id);
        }
    }
}

#[test]
fn every_script_is_shell() {
    let mut scripts = BTreeSet::new();
    let kinds = Kinds::host();
    each(|_, _, _, all| {
        for (_, resource) in resources(all) {
            let params = resource.params.iter().filter(|(name, _)| ["run", "check", "guard", "undo"].contains(&name.as_str()));
            scripts.extend(params.filter_map(|(_, text)| text.as_str().map(str::to_owned)));
        }
        let of_host = |host: &str| resources(all).filter(|(on, _)| *on == host).map(|(_, r)| r.clone()).collect::<Vec<_>>();
        for host in all.keys() {
            scripts.insert(observe::script(&kinds, &of_host(host)).unwrap());
        }
    });
    for script in scripts {
        let output = Command::new("sh").args(["-n", "-c", &script]).output().unwrap();
        assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_host_that_is_not_in_the_region_and_a_layer_that_is_not_known_want_nothing() {
    let region = &REGIONS[0];
    let roles = Roles::of(Arc::clone(region)).unwrap();
    assert!(roles.wanted("base", "nobody", &facts(13, false)).is_empty());
    assert!(roles.wanted("nothing", region.servers()[0].name.as_str(), &facts(13, false)).is_empty());
}

#[test]
fn layers_are_those_of_the_inventory_and_roles_are_named_after_them() {
    for layer in LAYERS {
        let known: regionctl_inventory::Layer = layer.name.parse().unwrap();
        assert!(known.available());
        assert!(layer.roles.iter().all(|role| role.name.strip_prefix(layer.name).is_some_and(|rest| rest.starts_with('/'))));
    }
}

#[test]
fn kernel_settings_and_modules_of_a_shared_kernel_are_left_alone() {
    each(|_, _, facts, all| {
        for (_, resource) in resources(all).filter(|_| facts.shares_kernel()) {
            assert!(!["kernel_module", "luks", "luks_binding"].contains(&resource.id.kind.as_str()), "{}", resource.id);
            assert!(resource.id.kind != "sysctl" || resource.id.name.starts_with("net."), "{}", resource.id);
            let options = resource.want.as_ref().and_then(|want| want.get("content")).and_then(Value::as_str).unwrap_or_default();
            assert!(!options.contains("DAEMON_OPTS") || options.contains("-x"), "{}", resource.id);
        }
    });
}

#[test]
fn every_secret_that_is_spoken_of_is_made_and_in_a_field_that_keeps_it() {
    let kinds = Kinds::host();
    each(|region, _, _, all| {
        let specs = crate::secrets::wanted(region);
        let entries: BTreeSet<_> = specs.iter().flat_map(regionctl_secrets::Spec::entries).collect();
        // The list of revoked certificates comes with the users.
        let made = |name: &str| name == "vpn/crl" || entries.contains(name);
        for (host, resource) in resources(all) {
            let text = serde_json::to_string(resource).unwrap();
            let spoken_of = SecretRef::all(&text).into_iter().collect::<BTreeSet<_>>();
            assert_eq!(resource.secrets, spoken_of, "{} on {host}", resource.id);
            let kind = kinds.get(&resource.id.kind).unwrap();
            let fields = kind.secret_fields().iter().filter_map(|field| resource.text(field));
            let params = kind.secret_params().iter().filter_map(|param| resource.text_param(param));
            let kept = fields.chain(params).flat_map(SecretRef::all).count();
            let secrets = SecretRef::all(&text);
            assert_eq!(secrets.len(), kept, "{} on {host}", resource.id);
            assert!(secrets.iter().all(|secret| made(&secret.name)), "{secrets:?} on {host}");
        }
    });
}
