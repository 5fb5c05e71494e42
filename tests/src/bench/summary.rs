//! What was measured.

use serde_json::{Value, json};

use crate::bench::client::Trips;

/// Everything; a part that was not measured is not there.
#[derive(Default)]
pub struct Summary {
    /// Three tools.
    pub hosts: Option<Hosts>,
    /// Many hosts.
    pub fleet: Option<Fleet>,
    /// Large inventories, the smallest first.
    pub large: Vec<Large>,
}

/// An inventory that is checked.
pub struct Large {
    /// How many servers it has.
    pub servers: usize,
    /// The median, from process start to end.
    pub seconds: f64,
}

/// Three tools on the same resources. Seconds are in the order regionctl, ansible-core, pyinfra.
pub struct Hosts {
    /// A run that changes nothing: the median.
    pub noop: [f64; 3],
    /// Of that, regionctl's connections and observation, in milliseconds.
    pub noop_survey_ms: f64,
    /// regionctl's round trips in it.
    pub noop_trips: Trips,
    /// The first run on fresh hosts.
    pub first: [f64; 3],
    /// regionctl's round trips in it.
    pub first_trips: Trips,
    /// Of ansible-core and pyinfra.
    pub versions: [String; 2],
}

/// One client and many hosts.
pub struct Fleet {
    /// By number of hosts, the fewest first.
    pub sizes: Vec<FleetSize>,
}

/// So many hosts, observed and planned.
pub struct FleetSize {
    /// How many.
    pub hosts: usize,
    /// The median, from process start to end.
    pub seconds: f64,
    /// The most memory that the client held, in MiB.
    pub rss_mb: f64,
    /// Wanted resources per host.
    pub resources: usize,
    /// Round trips of the host that needed most.
    pub trips: u64,
    /// Seconds of the first contact, when nothing is known of the hosts.
    pub first_s: f64,
    /// Round trips of it.
    pub first_trips: u64,
}

impl FleetSize {
    /// Milliseconds per host.
    pub fn per_host_ms(&self) -> f64 {
        self.seconds * 1000.0 / self.hosts as f64
    }
}

impl Fleet {
    /// The measurement with so many hosts.
    pub fn of(&self, hosts: usize) -> Option<&FleetSize> {
        self.sizes.iter().find(|size| size.hosts == hosts)
    }
}

impl Summary {
    /// As `target/bench/summary.json` has it.
    pub fn json(&self) -> Value {
        let mut all = serde_json::Map::new();
        if let Some(hosts) = &self.hosts {
            let section = |[own, ansible, pyinfra]: [f64; 3], trips: &Trips| {
                json!({
                    "regionctl_s": round(own), "ansible_s": round(ansible), "pyinfra_s": round(pyinfra),
                    "ratio_ansible": round(ansible / own), "ratio_pyinfra": round(pyinfra / own), "round_trips": trips,
                })
            };
            all.insert("noop".into(), section(hosts.noop, &hosts.noop_trips));
            all.insert("first".into(), section(hosts.first, &hosts.first_trips));
            all.insert("versions".into(), json!({"ansible_core": hosts.versions[0], "pyinfra": hosts.versions[1]}));
        }
        if let Some(fleet) = &self.fleet {
            let mut section = serde_json::Map::new();
            for size in &fleet.sizes {
                let hosts = size.hosts;
                section.insert(format!("hosts{hosts}_s"), json!(round(size.seconds)));
                section.insert(format!("hosts{hosts}_rss_mb"), json!(round(size.rss_mb)));
                section.insert(format!("per_host_ms_{hosts}"), json!(round(size.per_host_ms())));
                section.insert(format!("round_trips_{hosts}"), json!(size.trips));
                section.insert(format!("first_contact_{hosts}_s"), json!(round(size.first_s)));
                section.insert(format!("first_contact_round_trips_{hosts}"), json!(size.first_trips));
            }
            all.insert("fleet".into(), section.into());
        }
        if !self.large.is_empty() {
            let seconds = self.large.iter().map(|large| (format!("validate_{}_s", large.servers), json!(round(large.seconds))));
            all.insert("large".into(), seconds.collect::<serde_json::Map<_, _>>().into());
        }
        all.into()
    }
}

fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// The median; 0 of nothing.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<_> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([]), 0.0);
    }

    #[test]
    fn the_summary_has_the_promised_names() {
        let hosts = Hosts {
            noop: [0.5, 25.0, 5.0],
            noop_survey_ms: 400.0,
            noop_trips: Trips::default(),
            first: [10.0, 60.0, 20.0],
            first_trips: Trips::default(),
            versions: ["1".into(), "2".into()],
        };
        let sizes = [10, 100, 200].map(|hosts| FleetSize {
            hosts,
            seconds: 1.0,
            rss_mb: 50.0,
            resources: 30,
            trips: 1,
            first_s: 1.0,
            first_trips: 2,
        });
        let json = Summary {
            hosts: Some(hosts),
            fleet: Some(Fleet { sizes: sizes.into() }),
            large: vec![Large { servers: 5000, seconds: 0.25 }],
        }
        .json();
        assert_eq!(json["noop"]["ratio_ansible"], 50.0);
        assert_eq!(json["first"]["ratio_pyinfra"], 2.0);
        assert_eq!(json["fleet"]["hosts100_rss_mb"], 50.0);
        assert_eq!(json["fleet"]["per_host_ms_200"], 5.0);
        assert_eq!(json["large"]["validate_5000_s"], 0.25);
    }
}
