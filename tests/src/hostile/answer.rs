//! What an honest server would answer, as far as a plan needs it.

use super::server::Reply;

/// A fresh Debian 13 with nothing of what is asked for; whatever is executed ends well.
pub fn honest(script: &str) -> Reply {
    Reply::Says(honest_text(script), String::new(), 0)
}

/// The standard output of [`honest`].
pub fn honest_text(script: &str) -> String {
    if script.contains("systemd-run") {
        return executed(script);
    }
    if !script.contains("echo @facts") {
        return "kept\n".into();
    }
    let mut said = String::new();
    if script.contains("echo @taken") {
        said += "@taken\n\n";
    }
    said += &facts("eno1", 3);
    said += "@original\n@applied\n";
    for line in script.lines() {
        if let Some(kind) = line.strip_prefix("echo @kind-") {
            said += &format!("@kind-{kind}\n");
        }
    }
    said + "@end\n"
}

/// The facts, with a network card of this name and other rows after them.
pub fn facts(nic: &str, order: u64) -> String {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    format!(
        "@facts\nos\tid\tdebian\nos\tversion\t13\nos\tcodename\ttrixie\nos\tarch\tamd64\nos\tkernel\t6.12.{order}-amd64\nos\thostname\tserver\nos\tvirtualization\tnone\nos\tclock\t{clock}\nos\tnetwork\tnetworkd\nos\tway_out\teno1\n{nic}\tnic\t02:00:00:00:00:01 1500 up\n{nic}\taddress\t127.0.0.1/8\neno2\tnic\t02:00:00:00:00:02 1500 up\neno2\taddress\t10.20.0.20/24\neno2\taddress\t10.20.0.21/24\n"
    )
}

/// Every step of a unit, done.
fn executed(script: &str) -> String {
    let steps = script.lines().filter_map(|line| line.strip_prefix("step ")).filter_map(|number| number.parse::<usize>().ok());
    let done = steps.map(|step| format!("{step}\tstarted\t\n{step}\tdone\t1\n"));
    done.collect::<String>() + "end\tdone\t\n"
}
