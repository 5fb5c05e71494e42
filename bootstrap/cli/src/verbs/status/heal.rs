//! How the Gluster volumes are, asked of one host that serves them.

use serde::Serialize;

/// Asks for every volume; prints nothing where there is no Gluster. Of what is to be healed it tells how many, in the words of
/// `heal info summary`, which itself counts what is only just being written.
pub fn script() -> String {
    format!("{}{}", regionctl_roles::HEAL_INFO, include_str!("heal.sh"))
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// Its name.
    pub volume: String,
    /// Its bricks; empty if the volume does not heal, or does not answer.
    pub bricks: Vec<Brick>,
    /// What gluster said instead, if it did.
    pub message: Option<String>,
}

/// A brick of a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Brick {
    /// `host:path`.
    pub brick: String,
    /// True if its process answers.
    pub connected: bool,
    /// Files that still have to be copied from it to others; `None` if it does not answer.
    pub to_heal: Option<u64>,
    /// Files of which nobody knows which copy is right.
    pub split_brain: u64,
}

impl Volume {
    /// One that is there, and of which no server tells anything.
    pub fn silent(name: &str) -> Self {
        Self { volume: name.to_owned(), bricks: Vec::new(), message: None }
    }

    /// True if it answers, every brick answers and nothing is left to heal.
    pub fn is_well(&self) -> bool {
        self.message.is_none()
            && !self.bricks.is_empty()
            && self.bricks.iter().all(|brick| brick.connected && brick.to_heal == Some(0))
    }
}

/// Reads what [`script`] printed. Words of `heal info summary`, Gluster 10 and 11.
pub fn read(text: &str) -> Vec<Volume> {
    let mut volumes: Vec<Volume> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("Volume ").filter(|rest| !rest.contains(' ')) {
            volumes.push(Volume::silent(name));
            continue;
        }
        let Some(volume) = volumes.last_mut() else { continue };
        if let Some(brick) = line.strip_prefix("Brick ") {
            volume.bricks.push(Brick { brick: brick.to_owned(), connected: false, to_heal: None, split_brain: 0 });
            continue;
        }
        match (volume.bricks.last_mut(), line.split_once(": ")) {
            (Some(brick), Some(("Status", status))) => brick.connected = status == "Connected",
            (Some(brick), Some(("Total Number of entries", n))) => brick.to_heal = n.parse().ok(),
            (Some(brick), Some(("Number of entries in split-brain", n))) => brick.split_brain = n.parse().unwrap_or(0),
            (Some(_), _) => {}
            (None, _) => volume.message = Some(line.to_owned()),
        }
    }
    volumes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brick_that_is_away_and_files_to_heal() {
        let text = "Volume shared\nBrick storage-1:/srv/b\nStatus: Connected\nTotal Number of entries: 3\nNumber of entries in heal pending: 3\nNumber of entries in split-brain: 1\nNumber of entries possibly healing: 0\n\nBrick storage-2:/srv/b\nStatus: Transport endpoint is not connected\nTotal Number of entries: -\nNumber of entries in heal pending: -\n\nVolume plain\nVolume plain is not of type replicate\n";
        let volumes = read(text);
        assert_eq!(
            volumes[0].bricks[0],
            Brick { brick: "storage-1:/srv/b".into(), connected: true, to_heal: Some(3), split_brain: 1 }
        );
        assert_eq!((volumes[0].bricks[1].connected, volumes[0].bricks[1].to_heal), (false, None));
        assert!(!volumes[0].is_well());
        assert_eq!(volumes[1].message.as_deref(), Some("Volume plain is not of type replicate"));
        assert!(read("").is_empty());
    }

    #[test]
    fn all_is_well() {
        let text = "Volume shared\nBrick a:/b\nStatus: Connected\nTotal Number of entries: 0\n";
        assert!(read(text)[0].is_well());
        // glusterd knows the volume and does not get to say how it is.
        assert!(!read("Volume shared\n")[0].is_well());
    }
}
