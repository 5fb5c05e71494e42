//! The names that systemd gives to mount units.

/// The unit of a mount point: `/srv/my-data` is `srv-my\x2ddata.mount`, as `systemd-escape -p --suffix=mount` prints it.
pub fn mount(point: &str) -> String {
    let path = point.trim_matches('/');
    if path.is_empty() {
        return "-.mount".to_owned();
    }
    let mut name = String::new();
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'/' => name.push('-'),
            b'.' if at == 0 => name.push_str("\\x2e"),
            b if b.is_ascii_alphanumeric() || b":_.".contains(&b) => name.push(char::from(b)),
            b => name += &format!("\\x{b:02x}"),
        }
    }
    name + ".mount"
}

#[cfg(test)]
mod tests {
    use super::mount;

    #[test]
    fn as_systemd_escapes() {
        assert_eq!(mount("/srv/shared"), "srv-shared.mount");
        assert_eq!(mount("/srv/my-data@x+1"), r"srv-my\x2ddata\x40x\x2b1.mount");
        assert_eq!(mount("/.hidden/a.b"), r"\x2ehidden-a.b.mount");
        assert_eq!(mount("/"), "-.mount");
    }
}
