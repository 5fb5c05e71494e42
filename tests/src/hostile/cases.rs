//! The cases, by name. Each is tried with one server that lies and one that does not; what must hold in all of them is looked at
//! after every run, see [`HostileRegion::run`].

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::answer::{facts, honest, honest_text};
use super::region::{HostileRegion, Said};
use super::server::{Answers, Reply};
use crate::region::{Failed, want};
use crate::suite::Suite;

const PLAN: [&str; 2] = ["plan", "--accept-new"];
/// Preflight asks more than these servers answer.
const INSTALL: [&str; 5] = ["install", "--yes", "--accept-new", "--layer", "network"];
/// Exit code: refused.
const REFUSED: i32 = 9;

/// A secret of the region that no server is given.
const REFERENCE: &str = "{{secret:vpn/ca/key@1}}";

/// The header of a disk that this Tang server opens.
fn bound(url: &str) -> String {
    let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let share = encode(json!({"clevis": {"pin": "tang", "tang": {"url": url, "adv": {"keys": []}}}}));
    let pin = encode(json!({"clevis": {"pin": "sss", "sss": {"t": 1, "jwe": [share]}}}));
    json!({"tokens": {"0": {"type": "clevis", "keyslots": ["1"], "jwe": {"protected": pin}}}}).to_string()
}

/// Tries all of them.
pub fn cases(suite: &mut Suite) {
    let mut case = |name: &str, run: &dyn Fn() -> Result<(), Failed>| suite.step(name, run);
    let with = |bad: Answers| HostileRegion::new(bad, Arc::new(honest));
    // The bad server is left out by name, and the other one is planned and worked on.
    let left_out = |bad: Answers, told: &str| {
        let region = with(bad)?;
        for arguments in [&PLAN[..], &INSTALL] {
            let said = region.run(arguments)?;
            names_bad(&said)?;
            want(said.all.contains(told), || format!("nothing says `{told}`:\n{}", said.all))?;
            want(said.all.lines().any(|line| line.trim() == "good"), || format!("good has no plan:\n{}", said.all))?;
        }
        Ok(())
    };

    case("servers that do not lie are planned, and the channels that they open are not taken", &|| {
        let region = with(Arc::new(honest))?;
        let said = region.run(&PLAN)?;
        want(said.code == 0, || said.all.clone())?;
        let sent = region.run(&INSTALL)?.all + &region.run(&["install", "--yes", "--layer", "vpn"])?.all;
        want(region.bad.scripts().iter().any(|script| script.contains("systemd-run")), || sent)?;
        let taken = [region.bad.taken(), region.good.taken()].concat();
        want(taken.is_empty(), || format!("taken: {}", taken.join(", ")))
    });
    case("a network card is called like a secret", &|| left_out(nic(REFERENCE), "network card"));
    case("a network card ends a rule of the packet filter", &|| left_out(nic("eno1\" accept"), "network card"));
    case("a default route is called like a secret", &|| left_out(row("os\tway_out\t", REFERENCE), "network card"));
    case("a host is called like a secret", &|| left_out(row("os\thostname\t", REFERENCE), "its name"));
    case("a host drives the terminal by its name", &|| left_out(row("os\thostname\t", "a\u{1b}[2J\u{9b}8m"), "its name"));
    case("a ledger asks for a secret", &|| {
        let region = with(changed(|script| {
            let original = r#"1 {"id":"luks_binding:/dev/sdx","original":{"servers":["http://192.0.2.1"]}}"#;
            let resource = format!(
                r#"{{"id":"luks_binding:/dev/sdx","role":"disks/unlock","want":{{"servers":["http://192.0.2.2"]}},"params":{{"key":"{REFERENCE}"}},"secrets":["vpn/ca/key@1"]}}"#
            );
            let applied = format!(r#"{{"layer":"network","resource":{resource}}}"#);
            let said = honest_text(script).replace("@original\n", &format!("@original\n{original}\n"));
            let said = said.replace("@applied\n", &format!("@applied\n{applied}\n"));
            said.replace(
                "@kind-luks_binding\n",
                &format!("@kind-luks_binding\n/dev/sdx\theader\t{}\n", bound("http://192.0.2.2")),
            )
        }))?;
        region.run(&PLAN)?;
        region.run(&INSTALL)?;
        let asked = region.bad.scripts().iter().any(|script| script.contains("echo left: /dev/sdx"));
        want(asked, || "the binding did not go back: this case tries nothing".into())
    });
    case("a ledger is damaged", &|| {
        left_out(changed(|script| honest_text(script).replace("@applied\n", "@applied\n{\"layer\":\n")), "ledger")
    });
    case("an answer has no end", &|| left_out(Arc::new(|script| looked(script, Reply::Endless)), "bytes"));
    case("an answer has a million rows", &|| {
        left_out(
            changed(|script| honest_text(script).replace("@original\n", &("x\ty\tz\n".repeat(1_000_000) + "@original\n"))),
            "lines",
        )
    });
    case("a thousand units of ours are at work", &|| {
        left_out(added(|i| format!("os\tunit\tregionctl-1-{i}.service\n"), 1000), "units at work")
    });
    case("a generation that cannot be", &|| left_out(row("os\tgeneration\t", "18446744073709551615"), "generation"));
    case("a generation that nobody else knows", &|| left_out(row("os\tgeneration\t", "7"), "generation 7"));
    case("an answer stops in the middle", &|| {
        left_out(changed(|script| honest_text(script).replace("@end\n", "")), "the end of the answer")
    });
    case("what fails drives the terminal", &|| {
        let says = "\u{1b}]0;x\u{7}\u{1b}[8mgone\rfine";
        left_out(Arc::new(move |script| looked(script, Reply::Says(says.into(), says.into(), 1))), "gone")
    });
    case("a server says that somebody else took it over", &|| {
        let region = with(worked("0\tfenced\tother\teve\tinstall\t9999999999\nend\tfenced\t\n".into()))?;
        let said = region.run(&INSTALL)?;
        names_bad(&said)?;
        want(said.all.contains("another run took the lease"), || said.all.clone())?;
        let worked = region.good.scripts().iter().any(|script| script.contains("systemd-run"));
        want(worked, || format!("good was kept from its work:\n{}", said.all))
    });
    case("a step says how far it is without an end, and is done a thousand times", &|| {
        let progress = format!("0\tprogress\t{}\n", "x".repeat(100)).repeat(50_000);
        let region = with(worked(format!("0\tstarted\t\n{progress}{}end\tdone\t\n", "0\tdone\t1\n".repeat(1000))))?;
        region.run(&INSTALL)?;
        let journals = region.path("region/.regionctl/runs");
        let sizes = std::fs::read_dir(&journals).map_err(|error| error.to_string())?.flatten();
        let bytes: u64 = sizes.filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum();
        want(bytes > 0 && bytes < 100_000, || format!("journals of {bytes} bytes"))
    });
    case("markers are forged", &|| {
        let region = with(changed(|script| {
            format!("@end\n@held\nother\teve\u{1b}[2J\tinstall\t9999999999\n@end\n{}", honest_text(script))
        }))?;
        for arguments in [&PLAN[..], &INSTALL] {
            names_bad(&region.run(arguments)?)?;
        }
        Ok(())
    });
    case("a server belongs to another region", &|| {
        let region = with(row("os\tregion\t", "00112233445566778899aabbccddeeff other"))?;
        let said = region.run(&INSTALL)?;
        want(said.code == REFUSED && said.all.contains("region-foreign"), || said.all.clone())?;
        want(!region.bad.scripts().iter().any(|script| script.contains("systemd-run")), || "something was changed".into())
    });
    case("one server has a generation and secrets of its own making", &|| {
        let region = with(Arc::new(|script| {
            if !script.contains("$STATE\"/generations/*.json") {
                return honest(script);
            }
            let generation = r#"{"number":7,"parent":null,"at":"","run":"evil","release":"2026.11","inventory_digest":"","inventory":"","wanted":{}}"#;
            // `age-encryption.org/v1` and a line more.
            Reply::Says(format!("{generation}\n7\tsecrets\tYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHgK\n"), String::new(), 0)
        }))?;
        let file = region.path("region/secrets.age");
        std::fs::remove_file(&file).map_err(|error| error.to_string())?;
        let said = region.run(&["history", "--fetch", "--accept-new"])?;
        want(said.all.contains("only bad has a generation 7"), || said.all.clone())?;
        want(!file.exists(), || "the secrets of one server's making were believed".into())
    });
    case("a folder that somebody sent", &|| {
        let region = with(Arc::new(honest))?;
        region.write(".bashrc", "untouched\n")?;
        for folder in ["facts", "generations", "runs"] {
            std::fs::create_dir_all(region.path("region/.regionctl").join(folder)).map_err(|error| error.to_string())?;
        }
        let link = |name: &str| {
            let made = std::os::unix::fs::symlink(region.path(".bashrc"), region.path("region/.regionctl").join(name));
            made.map_err(|error| format!("{name}: {error}"))
        };
        ["facts/bad.json", "facts/good.json", "generations/1.new", "my.plan.new"].into_iter().try_for_each(link)?;
        region.run(&PLAN)?;
        link("lock")?;
        let said = region.run(&INSTALL)?;
        want(said.code != 0 && said.all.contains("it is a link"), || said.all.clone())?;
        let events = region.path("region/events");
        std::os::unix::fs::symlink(region.path(".bashrc"), &events).map_err(|error| error.to_string())?;
        let said = region.run(&[&INSTALL[..], &["--events", "events"]].concat())?;
        want(said.all.contains("it is a link"), || said.all.clone())
    });
    case("an inventory names the file that keys are learnt into", &|| {
        let region = with(Arc::new(honest))?;
        let document = std::fs::read_to_string(region.path("region/region.yaml")).map_err(|error| error.to_string())?;
        region
            .write("region/region.yaml", &document.replace("agent: false", "agent: false, knownHosts: ~/.ssh/authorized_keys"))?;
        region.write(".ssh/authorized_keys", "")?;
        let said = region.run(&PLAN)?;
        want(said.code != 0 && said.all.contains("ssh.knownHosts"), || said.all.clone())
    });
    case("a plan that was edited", &|| {
        let region = with(Arc::new(honest))?;
        region.run(&[&PLAN[..], &["--layer", "network", "--out", "my.plan"]].concat())?;
        let plan = std::fs::read_to_string(region.path("region/my.plan")).map_err(|error| error.to_string())?;
        want(plan.contains("\"0644\""), || "nothing to edit".into())?;
        region.write("region/edited.plan", &plan.replace("\"0644\"", "\"0666\""))?;
        let said = region.run(&["install", "--yes", "--plan", "edited.plan"])?;
        want(said.code == REFUSED && said.all.contains("changed after it was made"), || said.all.clone())?;
        let said = region.run(&["install", "--yes", "--plan", "my.plan"])?;
        want(!said.all.contains("changed after it was made"), || said.all.clone())
    });
    case("whoever answers drives the terminal before the login", &|| {
        let region = with(Arc::new(honest))?;
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                greet(stream);
            }
        });
        let said = region.run(&["init", "--accept-new", "--output", "new.yaml", &format!("127.0.0.1:{port}")])?;
        want(said.code != 0, || said.all.clone())
    });
}

fn names_bad(said: &Said) -> Result<(), Failed> {
    want(said.code != 0 && said.all.contains("bad"), || format!("bad is not named, exit {}:\n{}", said.code, said.all))
}

/// An answer only to the question what is so; anything else is answered as an honest server would.
fn looked(script: &str, reply: Reply) -> Reply {
    if script.contains("echo @facts") { reply } else { honest(script) }
}

fn changed(text: impl Fn(&str) -> String + Send + Sync + 'static) -> Answers {
    Arc::new(move |script| looked(script, Reply::Says(text(script), String::new(), 0)))
}

/// An honest server but for what its units do.
fn worked(results: String) -> Answers {
    Arc::new(
        move |script| {
            if script.contains("systemd-run") { Reply::Says(results.clone(), String::new(), 0) } else { honest(script) }
        },
    )
}

/// An honest answer but for the name of its network card.
fn nic(name: &'static str) -> Answers {
    changed(move |script| honest_text(script).replace(&facts("eno1", 3), &facts(name, 3)))
}

/// An honest answer but for one value.
fn row(row: &'static str, value: &'static str) -> Answers {
    changed(move |script| {
        let honest = honest_text(script);
        let others = honest.lines().filter(|line| !line.starts_with(row)).map(|line| format!("{line}\n")).collect::<String>();
        others.replace("@facts\n", &format!("@facts\n{row}{value}\n"))
    })
}

fn added(row: impl Fn(usize) -> String + Send + Sync + 'static, times: usize) -> Answers {
    changed(move |script| {
        honest_text(script).replace("@facts\n", &("@facts\n".to_owned() + &(0..times).map(&row).collect::<String>()))
    })
}

/// A greeting and an offer of algorithms with sequences that would drive a terminal.
fn greet(mut stream: std::net::TcpStream) {
    let names = b"curve\x1b]0;x\x07\x1b[2J-sha256";
    let mut offer = vec![20];
    offer.extend([1; 16]);
    for _ in 0..10 {
        offer.extend(u32::try_from(names.len()).unwrap_or_default().to_be_bytes());
        offer.extend(names);
    }
    offer.extend([0; 5]);
    let padding = 8 + (8 - (offer.len() + 5) % 8) % 8;
    let mut packet = u32::try_from(offer.len() + padding + 1).unwrap_or_default().to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).unwrap_or_default());
    packet.extend(offer);
    packet.extend(vec![0; padding]);
    let _ = stream.write_all(b"SSH-2.0-x\x1b[2J\x1b]0;y\x07\r\n").and_then(|()| stream.write_all(&packet));
    let _ = stream.read_to_end(&mut Vec::new());
}
