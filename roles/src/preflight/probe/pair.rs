//! The way from one server to another over the vrack.

use serde::{Deserialize, Serialize};

/// The way from one server to another over the vrack.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pair {
    /// Small packets.
    pub small: Pings,
    /// Packets of the vrack's MTU that must not be cut.
    pub full: Pings,
}

/// What `ping` counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pings {
    /// Sent; 0 if `ping` did not run.
    pub sent: u32,
    /// Answered.
    pub received: u32,
    /// The average round trip, in milliseconds.
    pub average_ms: Option<f64>,
    /// The largest packet that a router or the host itself said would pass, in bytes.
    pub mtu: Option<u32>,
    /// What `ping` said, where it counted nothing.
    pub error: String,
}

impl Pair {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "small" => self.small = Pings::read(value),
            "full" => self.full = Pings::read(value),
            _ => return false,
        }
        true
    }
}

impl Pings {
    /// Reads the output of `ping -q` of iputils or inetutils, on one line.
    fn read(output: &str) -> Self {
        let words: Vec<&str> = output.split_whitespace().collect();
        let before = |word: &str, skip: usize| {
            let at = words.iter().position(|w| w.trim_end_matches(',') == word)?;
            words.get(at.checked_sub(skip)?)?.parse().ok()
        };
        let received = || before("received", 1).or_else(|| before("received", 2));
        let Some((sent, received)) = before("transmitted", 2).zip(received()) else {
            return Self { error: output.to_owned(), ..Self::default() };
        };
        // `rtt min/avg/max/mdev = 0.036/0.048/0.058/0.007 ms`
        let times = output.split_once("min/avg/max").and_then(|(_, rest)| rest.split_once("= "));
        let average_ms = times.and_then(|(_, times)| times.split('/').nth(1)?.parse().ok());
        // `mtu=1400` of the host itself, `(mtu = 1400)` of a router.
        let mtu = output.split_once("mtu").and_then(|(_, rest)| {
            let digits = rest.trim_start_matches([' ', '=', ':']);
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        });
        Self { sent, received, average_ms, mtu, error: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pings_print() {
        let good = Pings::read(
            "PING 10.90.0.1 (10.90.0.1) 56(84) bytes of data.  --- 10.90.0.1 ping statistics --- 5 packets transmitted, 4 received, 20% packet loss, time 804ms rtt min/avg/max/mdev = 0.036/0.048/0.058/0.007 ms",
        );
        assert_eq!((good.sent, good.received, good.average_ms, good.mtu), (5, 4, Some(0.048), None));
        let inetutils = Pings::read(
            "--- 10.90.0.1 ping statistics --- 5 packets transmitted, 5 packets received, 0% packet loss round-trip min/avg/max/stddev = 0.1/0.2/0.3/0.0 ms",
        );
        assert_eq!((inetutils.sent, inetutils.received, inetutils.average_ms), (5, 5, Some(0.2)));
        let large = Pings::read(
            "ping: local error: message too long, mtu=1400 --- x ping statistics --- 2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 201ms",
        );
        assert_eq!((large.sent, large.received, large.mtu), (2, 0, Some(1400)));
        let router =
            Pings::read("From 10.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1450) 2 packets transmitted, 0 received");
        assert_eq!(router.mtu, Some(1450));
        let none = Pings::read("ping: connect: Network is unreachable");
        assert_eq!((none.sent, none.error.as_str()), (0, "ping: connect: Network is unreachable"));
    }
}
