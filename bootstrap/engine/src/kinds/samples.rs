//! A sample of every kind, for the properties that hold for all of them: a plan after apply is empty, undo restores, apply
//! and undo may run twice, and every field that is altered by hand is shown and mended.

use regionctl_plan::Resource;

use super::want::{self, Command, Tang, Undo, Want as _};

/// One resource to try on a real host.
pub struct Sample {
    /// What it shows; unique.
    pub name: &'static str,
    /// What the host must have.
    pub needs: Needs,
    /// Shell that makes the state before: run once, first, by hand so to say.
    pub prepare: &'static str,
    /// Applied first, in this order, and returned last, in reverse.
    pub setup: Vec<Resource>,
    /// The resource that the properties are about.
    pub wanted: Resource,
    /// Ways to alter it by hand.
    pub spoils: Vec<Spoil>,
    /// Shell that takes away what it stands on, as an undo does that ran before its own.
    pub ground: Option<Ground>,
    /// Shell that takes back `prepare`, and what cannot be undone.
    pub clean: &'static str,
}

/// What a thing stands on.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    /// The shell that takes it away.
    pub gone: &'static str,
    /// True if the undo makes it again, because the original needs it.
    pub restored: bool,
}

/// What a host must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing special: any host, a container too.
    Nothing,
    /// A repository for apt.
    Apt,
    /// A kernel of its own, with modules.
    Kernel,
    /// The same, with LVM, cryptsetup, clevis and a Tang server.
    Storage,
    /// Loop devices, xfsprogs and e2fsprogs.
    Disks,
    /// glusterfs-server, running; not in a pool.
    Gluster,
    /// The same, and a second such host that `peer.sample` resolves to.
    Peer,
}

/// Shell that alters one field on the host.
pub struct Spoil {
    /// The field; `None`: the thing itself goes.
    pub field: Option<&'static str>,
    /// The shell.
    pub run: &'static str,
}

fn spoil(field: &'static str, run: &'static str) -> Spoil {
    Spoil { field: Some(field), run }
}

fn gone(run: &'static str) -> Spoil {
    Spoil { field: None, run }
}

fn sample(name: &'static str, needs: Needs, prepare: &'static str, wanted: Resource, spoils: Vec<Spoil>) -> Sample {
    Sample { name, needs, prepare, setup: Vec::new(), wanted, spoils, ground: None, clean: "" }
}

impl Sample {
    fn after(mut self, setup: impl IntoIterator<Item = Resource>) -> Self {
        self.setup.extend(setup);
        self
    }

    fn stands_on(mut self, gone: &'static str) -> Self {
        self.ground = Some(Ground { gone, restored: false });
        self
    }

    fn restores_after(mut self, gone: &'static str) -> Self {
        self.ground = Some(Ground { gone, restored: true });
        self
    }

    /// What it stands on, or itself: either may be gone when its undo comes.
    pub fn ground(&self) -> Option<Ground> {
        let gone =
            self.spoils.iter().find(|spoil| spoil.field.is_none()).map(|spoil| Ground { gone: spoil.run, restored: false });
        self.ground.or(gone)
    }

    fn clean(mut self, clean: &'static str) -> Self {
        self.clean = clean;
        self
    }
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGE5NzBmMmRkMjRkNzRhNjE4ZTkyYjU5OWQ1M2Q1 operator@laptop";

/// At least one sample of every host kind.
pub fn samples() -> Vec<Sample> {
    let mut all = files();
    all.extend(system());
    all.extend(accounts());
    all.extend(disks());
    all.extend(lvm());
    all.extend(luks());
    all.extend(gluster());
    all
}

fn files() -> Vec<Sample> {
    let service = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";
    vec![
        sample(
            "a new file",
            Needs::Nothing,
            "",
            want::file("/etc/sample.conf", "a = 1\n").mode("0640"),
            vec![
                spoil("content", "echo b >>/etc/sample.conf"),
                spoil("mode", "chmod 0666 /etc/sample.conf"),
                spoil("owner", "chown nobody /etc/sample.conf"),
                spoil("group", "chgrp nogroup /etc/sample.conf"),
                gone("rm /etc/sample.conf"),
            ],
        )
        // Power was lost while it was written again.
        .stands_on("mv /etc/sample.conf /etc/sample.conf.regionctl"),
        sample(
            "a file in a folder that may go with a package",
            Needs::Nothing,
            "mkdir -m 0751 /etc/sample.d; chown nobody:nogroup /etc/sample.d; echo mine >/etc/sample.d/conf",
            want::file("/etc/sample.d/conf", "a = 1\n"),
            vec![spoil("content", "echo b >>/etc/sample.d/conf"), gone("rm /etc/sample.d/conf")],
        )
        .restores_after("rm -r /etc/sample.d")
        .clean("rm -r /etc/sample.d"),
        sample(
            "a file in the place of a dangling link",
            Needs::Nothing,
            "ln -sfn ../nowhere/sample /etc/sample.link",
            want::file("/etc/sample.link", "it's text\n"),
            vec![spoil("content", ": >/etc/sample.link"), gone("rm /etc/sample.link")],
        )
        .clean("rm /etc/sample.link"),
        sample(
            "a deep folder",
            Needs::Nothing,
            "",
            want::directory("/etc/sample.d/deep/er").mode("0750"),
            vec![
                spoil("mode", "chmod 2750 /etc/sample.d/deep/er"),
                spoil("owner", "chown nobody /etc/sample.d/deep/er"),
                spoil("group", "chgrp nogroup /etc/sample.d/deep/er"),
                gone("rm -r /etc/sample.d/deep"),
            ],
        ),
        sample(
            "a folder that was there",
            Needs::Nothing,
            "mkdir -m 2711 /etc/sample.d; chown nobody:nogroup /etc/sample.d; : >/etc/sample.d/kept",
            want::directory("/etc/sample.d"),
            vec![spoil("mode", "chmod 0700 /etc/sample.d")],
        )
        .clean("rm -r /etc/sample.d"),
        sample(
            "a line of a new file",
            Needs::Nothing,
            "",
            want::line("/etc/sample.d/lines", "colour = ", "blue"),
            vec![spoil("line", "sed -i s/blue/red/ /etc/sample.d/lines"), gone("echo other >/etc/sample.d/lines; rm -r /etc/sample.d")],
        ),
        sample(
            "a line that replaces another",
            Needs::Nothing,
            "printf 'first\\n#  colour=[red]\\nlast' >/etc/sample.lines; chmod 0604 /etc/sample.lines; chown nobody /etc/sample.lines",
            want::line_matching("/etc/sample.lines", "colour", "^#? *colour=", "colour=bl\\ue & 'green'"),
            vec![spoil("line", "sed -i s/green/red/ /etc/sample.lines")],
        )
        .stands_on("rm /etc/sample.lines")
        .clean("rm /etc/sample.lines"),
        sample(
            "a line after one without an end",
            Needs::Nothing,
            "printf 'first\\nlast' >/etc/sample.lines",
            want::line("/etc/sample.lines", "colour=", "blue"),
            vec![gone("printf 'first\\nlast' >/etc/sample.lines")],
        )
        .clean("rm /etc/sample.lines"),
        sample(
            "a unit of our own",
            Needs::Nothing,
            "",
            want::unit("sample.service").enabled().active().config(["/etc/systemd/system/sample.service"]),
            vec![
                spoil("enabled", "systemctl disable sample.service"),
                spoil("active", "systemctl stop sample.service"),
                spoil("current", "touch /etc/systemd/system/sample.service; systemctl daemon-reload"),
            ],
        )
        .after([want::file("/etc/systemd/system/sample.service", service)]),
        sample(
            "a unit that may go with its package",
            Needs::Nothing,
            "printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/sample.service; : >/etc/sample.conf; systemctl daemon-reload; systemctl enable --now sample.service",
            want::unit("sample.service").enabled().active().config(["/etc/sample.conf"]),
            vec![spoil("active", "systemctl stop sample.service")],
        )
        .after([want::file("/etc/sample.conf", "a = 1\n")])
        .stands_on("systemctl disable --now sample.service; rm /etc/systemd/system/sample.service; systemctl daemon-reload")
        .clean("systemctl disable --now sample.service || :; rm -f /etc/systemd/system/sample.service /etc/sample.conf; systemctl daemon-reload"),
        sample(
            "a unit that cannot start",
            Needs::Nothing,
            "printf '[Unit]\\nStartLimitIntervalSec=600\\nStartLimitBurst=2\\n[Service]\\nExecStart=/bin/sleep infinity\\nExecStartPre=/usr/bin/test -e /var/tmp/sample.cause\\n' >/etc/systemd/system/sample.service; systemctl daemon-reload; for i in 1 2 3; do systemctl start sample.service || :; done; : >/var/tmp/sample.cause",
            want::unit("sample.service").active(),
            vec![],
        )
        .clean("rm -f /etc/systemd/system/sample.service /var/tmp/sample.cause; systemctl daemon-reload"),
        sample(
            "a command",
            Needs::Nothing,
            "",
            want::command(
                "make a device file",
                Command {
                    run: "mknod /var/tmp/sample.fifo p",
                    check: "[ -p /var/tmp/sample.fifo ]",
                    guard: "[ -d /var/tmp ] || { echo 'no /var/tmp' >&2; exit 1; }",
                    undo: Undo::Run("rm /var/tmp/sample.fifo"),
                },
            ),
            vec![gone("rm /var/tmp/sample.fifo")],
        ),
    ]
}

fn system() -> Vec<Sample> {
    let apt = || want::apt_source("sample", "http://deb.example/debian", "trixie trixie-updates", "main", Some("/k.gpg"));
    let apt_spoils = || {
        vec![
            spoil("types", "sed -i 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/sample.sources"),
            spoil("uris", "sed -i 's/^URIs:.*/URIs: http:\\/\\/evil/' /etc/apt/sources.list.d/sample.sources"),
            spoil("suites", "sed -i 's/^Suites:.*/Suites: sid/' /etc/apt/sources.list.d/sample.sources"),
            spoil("components", "sed -i 's/^Components:.*/Components: main non-free/' /etc/apt/sources.list.d/sample.sources"),
            spoil("signed_by", "sed -i /^Signed-By/d /etc/apt/sources.list.d/sample.sources"),
            spoil("options", "echo 'Trusted: yes' >>/etc/apt/sources.list.d/sample.sources"),
            gone("rm /etc/apt/sources.list.d/sample.sources"),
        ]
    };
    vec![
        sample(
            "a package",
            Needs::Apt,
            "",
            want::package("ed"),
            vec![
                spoil("status", "rm -f /var/lib/dpkg/info/ed.prerm; dpkg --unpack /var/cache/apt/archives/ed_*.deb"),
                gone("dpkg -P ed"),
            ],
        )
        // apt knows no package then that dpkg does not have.
        .stands_on("dpkg -P ed; rm -rf /var/lib/apt/lists/*_*"),
        sample("a new apt source", Needs::Nothing, "", apt(), apt_spoils()),
        sample(
            "an apt source that was there",
            Needs::Nothing,
            "printf '# mine\\nTypes: deb\\nURIs:\\n http://old\\n\\nTypes: deb\\n' >/etc/apt/sources.list.d/sample.sources",
            apt(),
            apt_spoils(),
        )
        .clean("rm /etc/apt/sources.list.d/sample.sources"),
        sample(
            "a kernel setting",
            Needs::Nothing,
            "echo 0 >/proc/sys/net/ipv4/ip_forward",
            want::sysctl("net.ipv4.ip_forward", "1"),
            vec![
                spoil("value", "echo 0 >/proc/sys/net/ipv4/ip_forward"),
                spoil("persistent", "sed -i s/1/0/ /etc/sysctl.d/80-regionctl.conf"),
                spoil("persistent", "rm /etc/sysctl.d/80-regionctl.conf"),
            ],
        ),
        sample(
            "a kernel setting of two words",
            Needs::Nothing,
            "",
            want::sysctl("net.ipv4.ip_local_port_range", "20000 50000"),
            vec![spoil("value", "echo 1024 65000 >/proc/sys/net/ipv4/ip_local_port_range")],
        )
        .after([want::sysctl("net.ipv4.ip_forward", "1")]),
        sample(
            "a kernel module",
            Needs::Kernel,
            "",
            want::kernel_module("dm-crypt"),
            vec![
                spoil("loaded", "modprobe -r dm_crypt"),
                spoil("persistent", "rm /etc/modules-load.d/regionctl.conf"),
                gone("modprobe -r dm_crypt; rm /etc/modules-load.d/regionctl.conf"),
            ],
        ),
    ]
}

fn accounts() -> Vec<Sample> {
    vec![
        sample("a group", Needs::Nothing, "", want::group("sample").gid(4711), vec![
            spoil("gid", "groupmod -g 4712 sample"),
            gone("groupdel sample"),
        ]),
        sample(
            "a user",
            Needs::Nothing,
            "",
            want::user("sample")
                .uid(4711)
                .group("users")
                .groups(["sudo", "adm"])
                .home("/home/sample")
                .shell("/bin/bash")
                .comment("A sample"),
            vec![
                spoil("uid", "usermod -u 4713 sample"),
                spoil("group", "usermod -g nogroup sample"),
                spoil("groups", "usermod -aG disk sample"),
                spoil("home", "usermod -d /nowhere sample"),
                spoil("shell", "usermod -s /bin/sh sample"),
                spoil("comment", "usermod -c other sample"),
                gone("userdel -r sample"),
            ],
        ),
        sample("a system user whose group was there", Needs::Nothing, "groupadd sample", want::user("sample").system().without_home(), vec![
            gone("usermod -g nogroup sample; userdel sample"),
        ])
        .clean("groupdel sample"),
        sample(
            "a user that was there",
            Needs::Nothing,
            "useradd -m -s /bin/sh -G adm sample",
            want::user("sample").groups(["sudo"]).shell("/bin/bash"),
            vec![spoil("groups", "usermod -G '' sample"), spoil("shell", "usermod -s /bin/sh sample")],
        )
        .clean("userdel -r sample"),
        sample(
            "a key",
            Needs::Nothing,
            "",
            want::authorized_key("sample", KEY),
            vec![
                spoil("key", "sed -i 's/^/no-pty /' /home/sample/.ssh/authorized_keys"),
                spoil("key", "sed -i s/laptop/phone/ /home/sample/.ssh/authorized_keys"),
                gone("rm -r /home/sample/.ssh"),
            ],
        )
        .after([want::user("sample")]),
        sample(
            "a key beside another",
            Needs::Nothing,
            "useradd -m sample; install -d -m 0700 /home/sample/.ssh; echo 'ssh-rsa AAAAother me' >/home/sample/.ssh/authorized_keys",
            want::authorized_key("sample", KEY),
            vec![gone("sed -i /ed25519/d /home/sample/.ssh/authorized_keys")],
        )
        .stands_on("userdel -r sample")
        .clean("! id sample 2>/dev/null || userdel -r sample"),
    ]
}

fn disks() -> Vec<Sample> {
    let (disk, size) = ("/var/tmp/sample-disk", 400 << 20);
    let spoils = || {
        vec![
            spoil("source", "sed -i 's/^[^#].* \\/srv\\/sample /other \\/srv\\/sample /' /etc/fstab"),
            spoil("options", "sed -i 's/\\(\\/srv\\/sample [^ ]*\\) [^ ]*/\\1 ro/' /etc/fstab"),
            spoil("fstype", "sed -i 's/\\/srv\\/sample [^ ]*/\\/srv\\/sample btrfs/' /etc/fstab"),
            spoil("mounted", "umount /srv/sample"),
            spoil("mounted", "mount -o remount,ro /srv/sample"),
            spoil("mounted", "umount /srv/sample; mount -t tmpfs other /srv/sample"),
            gone("umount /srv/sample; sed -i /sample/d /etc/fstab"),
        ]
    };
    vec![
        sample(
            "a file for a disk",
            Needs::Nothing,
            "",
            want::loop_file("/var/tmp/sample.d/disk", 400 << 20),
            vec![spoil("size", "truncate -s 1M /var/tmp/sample.d/disk"), gone("rm /var/tmp/sample.d/disk")],
        )
        .clean("rm -r /var/tmp/sample.d"),
        sample(
            "an XFS file system",
            Needs::Disks,
            "",
            want::filesystem(disk, "xfs", "sample"),
            vec![
                spoil("label", "xfs_admin -L other '/var/tmp/sample-disk'"),
                gone("rm '/var/tmp/sample-disk'; truncate -s 400M '/var/tmp/sample-disk'"),
            ],
        )
        .after([want::loop_file(disk, size)])
        .clean("rm '/var/tmp/sample-disk'"),
        sample(
            "a file system on a device",
            Needs::Disks,
            "truncate -s 400M /var/tmp/sample.img; ln -sfn \"$(losetup -f --show /var/tmp/sample.img)\" /var/tmp/sample.dev",
            want::filesystem("/var/tmp/sample.dev", "xfs", "sample"),
            vec![
                spoil("label", "xfs_admin -L other /var/tmp/sample.dev"),
                spoil("label", "mount /var/tmp/sample.dev /mnt; xfs_io -c 'label -s third' /mnt"),
            ],
        )
        .clean("umount /mnt 2>/dev/null || :; losetup -d /var/tmp/sample.dev; rm /var/tmp/sample.dev /var/tmp/sample.img"),
        sample(
            "an ext4 file system with a label of two words",
            Needs::Disks,
            "",
            want::filesystem(disk, "ext4", "two words"),
            vec![spoil("label", "e2label '/var/tmp/sample-disk' other")],
        )
        .after([want::loop_file(disk, size)])
        .clean("rm '/var/tmp/sample-disk'"),
        sample(
            "a mount from memory",
            Needs::Nothing,
            "",
            want::mount("/srv/sample", "memory", "tmpfs", "size=1M,nodev"),
            spoils(),
        ),
        sample(
            "a mount of a file",
            Needs::Disks,
            "",
            want::mount("/srv/sample", disk, "xfs", "loop,noatime").immutable(),
            spoils(),
        )
        .after([want::loop_file(disk, size), want::filesystem(disk, "xfs", "sample")])
        .clean("rm '/var/tmp/sample-disk'"),
        sample(
            "a mount by label",
            Needs::Disks,
            "truncate -s 400M /var/tmp/sample.img; losetup -f /var/tmp/sample.img",
            want::mount("/srv/sample", "LABEL=sample-label", "ext4", "defaults"),
            spoils(),
        )
        .after([want::command(
            "a file system with a label",
            Command {
                run: "mkfs.ext4 -q -L sample-label \"$(losetup -nO NAME -j /var/tmp/sample.img)\"",
                check: "blkid -p \"$(losetup -nO NAME -j /var/tmp/sample.img)\"",
                guard: ":",
                undo: Undo::Impossible("it is a sample"),
            },
        )])
        .clean("losetup -d \"$(losetup -nO NAME -j /var/tmp/sample.img)\"; rm /var/tmp/sample.img"),
        sample(
            "a mount that had a line of its own",
            Needs::Nothing,
            "mkdir -p /srv/sample; printf 'old\\t/srv/sample\\ttmpfs  size=2M 0 0' >>/etc/fstab; mount /srv/sample",
            want::mount("/srv/sample", "memory", "tmpfs", "size=1M,nodev"),
            spoils().into_iter().filter(|spoil| spoil.field.is_some()).collect(),
        )
        .clean("umount /srv/sample; rmdir /srv/sample; sed -i /sample/d /etc/fstab"),
    ]
}

/// Two disks, under names that are links as those in `/dev/disk/by-id` are.
const SPARES: &str = "for spare in one two; do truncate -s 400M /var/tmp/sample.$spare.img; ln -sfn \"$(losetup -f --show /var/tmp/sample.$spare.img)\" /var/tmp/sample.$spare; done";
const NO_SPARES: &str = "vgremove -qq -f sample 2>/dev/null || :; for spare in one two; do wipefs -q -a /var/tmp/sample.$spare; losetup -d /var/tmp/sample.$spare; rm /var/tmp/sample.$spare /var/tmp/sample.$spare.img; done; rm -f /etc/lvm/archive/sample_* /etc/lvm/backup/sample";
const ONE: &str = "/var/tmp/sample.one";
const TWO: &str = "/var/tmp/sample.two";

fn lvm() -> Vec<Sample> {
    let group = || want::lvm_group("sample", [ONE]);
    let spoils = |size: &'static str| {
        let mut spoils = vec![spoil("active", "lvchange -qq -an sample/one"), gone("lvremove -qq -f sample/one")];
        spoils.extend(Some(size).filter(|size| !size.is_empty()).map(|size| spoil("size", size)));
        spoils
    };
    let volume = |name, wanted, spoils| sample(name, Needs::Storage, SPARES, wanted, spoils).after([group()]).clean(NO_SPARES);
    let smaller = "lvreduce -qq -f -L 40M sample/one";
    vec![
        sample(
            "a group of volumes",
            Needs::Storage,
            SPARES,
            want::lvm_group("sample", [TWO, ONE]),
            vec![
                spoil("devices", "vgreduce -qq sample \"$(readlink -f /var/tmp/sample.two)\""),
                gone("vgremove -qq sample; wipefs -q -a /var/tmp/sample.one /var/tmp/sample.two"),
            ],
        )
        .clean(NO_SPARES),
        volume("a volume whose size is no whole extents", want::lvm_volume("sample", "one", 100_000_000), spoils(smaller)),
        volume("a volume of a share of the group", want::lvm_volume("sample", "one", "40%"), spoils(smaller)),
        volume("a volume of all that is free", want::lvm_volume("sample", "one", "100%"), spoils(smaller)),
        volume("a thin pool", want::lvm_thin_pool("sample", "one", "50%"), spoils("")),
        volume("a thin pool of all that is free", want::lvm_thin_pool("sample", "one", "100%"), spoils("")),
        volume("a thin volume", want::lvm_thin_volume("sample", "pool", "one", 1 << 30), spoils(smaller))
            .after([want::lvm_thin_pool("sample", "pool", 200 << 20)]),
        sample(
            "a volume with a file system that grows",
            Needs::Storage,
            GROWS,
            want::lvm_volume("sample", "one", 200 << 20),
            vec![spoil("active", "lvchange -qq -an sample/one")],
        )
        .clean(NO_SPARES),
    ]
}

/// A small volume, made by hand.
const GROWS: &str = "truncate -s 400M /var/tmp/sample.one.img; truncate -s 1M /var/tmp/sample.two.img; for spare in one two; do ln -sfn \"$(losetup -f --show /var/tmp/sample.$spare.img)\" /var/tmp/sample.$spare; done; vgcreate -qq sample \"$(readlink -f /var/tmp/sample.one)\"; lvcreate -qq -y -L 60M -n one sample; mkfs.ext4 -q /dev/sample/one";

fn luks() -> Vec<Sample> {
    let key = "it's a recovery key";
    let luks = || want::luks("sample", ONE, key);
    let again: &'static str = "cryptsetup close sample; wipefs -q -a /var/tmp/sample.one";
    let servers = ["http://127.0.0.1", "http://127.0.0.2"].map(|url| Tang { url, thumbprint: TANG_THUMBPRINT });
    let tang = |name: &str, key: &str| want::file(&format!("/var/lib/tang/sample-{name}.jwk"), format!("{key}\n"));
    vec![
        sample("a LUKS container", Needs::Storage, SPARES, luks(), vec![spoil("open", "cryptsetup close sample"), gone(again)])
            .clean(NO_SPARES),
        sample(
            "a LUKS container that was there",
            Needs::Storage,
            FORMATTED,
            luks(),
            vec![spoil("open", "cryptsetup close sample")],
        )
        .clean(NO_SPARES),
        sample(
            "servers that open a LUKS container",
            Needs::Storage,
            SPARES,
            want::luks_binding(ONE, 1, &servers, key),
            vec![
                spoil("servers", "printf %s \"it's a recovery key\" | clevis luks bind -f -y -k - -d /var/tmp/sample.one tang '{\"url\":\"http://127.0.0.1\"}'"),
                spoil("threshold", TWO_NEEDED),
                gone("for slot in $(clevis luks list -d /var/tmp/sample.one | cut -d: -f1); do clevis luks unbind -f -d /var/tmp/sample.one -s $slot; done"),
            ],
        )
        .after([tang("sign", TANG_SIGN), tang("exchange", TANG_EXCHANGE), want::unit("tangd.socket").active(), luks()])
        .clean(NO_SPARES),
    ]
}

/// The keys of a Tang server that opens nothing else.
const TANG_SIGN: &str = r#"{"alg":"ES512","crv":"P-521","d":"AQmvfMYEsK7jaPkWkVqql-S2uJBNvcWaUy7T6HUbkXIk81cVKguakol-NKBPVNZfv4gp0poFSGbvlUyG_EfN6p98","key_ops":["sign","verify"],"kty":"EC","x":"AWO26OOusehZ6eAk4fPY3hegDXwp_tZ4Q05kHkerkNgj2wC5qfLyebi809p-5Y9ycOEvh-LK10WlSICxcqDv5G8F","y":"AKUPN1nk4SO3NM382658ijCutaP9nfk-VOw1y5spq-45KzkYPEDQTMQ6hZ31QKdYVATm5iniuSmhGGjJ-E7iPcrx"}"#;
const TANG_EXCHANGE: &str = r#"{"alg":"ECMR","crv":"P-521","d":"AFfxAi0GQPI0WER2pc-euH-zScXnHMGgzDzFp4JMeYN3G22hTTsOybqxW1XPap2qw6Zddvg_IO6FFY_TPUHpoL-k","key_ops":["deriveKey"],"kty":"EC","x":"Af4HkEb5N1XVlOTBRd6X2KMpP2tQ7H1ibTYQ5xKzAKpIRkyQMe226R8EozYlvWd2V4oUxMasS0U9okMJJeqjDyo9","y":"AMDprJo32GxHCAOYNO0nDzTJKLT70hSvySd_rQTbhAfcbgw3IrxBPTnUfOIli45TIa_oG3BkZpstmn1XEBOE9mlH"}"#;
/// Of the first, by Python's `hashlib`.
const TANG_THUMBPRINT: &str = "xDBhhvt8qnSb5d_aYfcSeFDDNlQZ-7agTg09Zx26aW0";

const TWO_NEEDED: &str = r#"old=$(clevis luks list -d /var/tmp/sample.one | cut -d: -f1)
printf %s "it's a recovery key" | clevis luks bind -f -y -k - -d /var/tmp/sample.one sss '{"t":2,"pins":{"tang":[{"url":"http://127.0.0.1"},{"url":"http://127.0.0.2"}]}}'
for slot in $old; do clevis luks unbind -f -d /var/tmp/sample.one -s "$slot"; done"#;

/// A container that somebody else made.
const FORMATTED: &str = "for spare in one two; do truncate -s 400M /var/tmp/sample.$spare.img; ln -sfn \"$(losetup -f --show /var/tmp/sample.$spare.img)\" /var/tmp/sample.$spare; done; printf %s \"it's a recovery key\" | cryptsetup luksFormat -q --type luks2 --key-file - /var/tmp/sample.one";

/// One server holds all bricks of these volumes, under a name that gluster takes for another one than localhost.
const ALONE: &str = "ip address replace 10.255.77.1/32 dev lo; grep -q gluster.sample /etc/hosts || echo '10.255.77.1 gluster.sample' >>/etc/hosts";

fn gluster() -> Vec<Sample> {
    let bricks: Vec<_> = (1..=3).map(|i| format!("/srv/sample-bricks/{i}")).collect();
    let named: Vec<_> = bricks.iter().map(|path| format!("gluster.sample:{path}")).collect();
    let volume = |arbiter| want::gluster_volume("sample", 3, arbiter, &named);
    let parts = || bricks.iter().map(|path| want::gluster_brick(path).on_root());
    let alone = |name, wanted, spoils| {
        sample(name, Needs::Gluster, ALONE, wanted, spoils)
            .clean("rm -rf /srv/sample-bricks; sed -i /gluster.sample/d /etc/hosts; ip address del 10.255.77.1/32 dev lo")
    };
    let destroy = "gluster --mode=script volume stop sample; gluster --mode=script volume delete sample";
    vec![
        sample(
            "a peer",
            Needs::Peer,
            "",
            want::gluster_peer("peer.sample"),
            vec![gone("gluster --mode=script peer detach peer.sample")],
        ),
        alone("a brick", want::gluster_brick("/srv/sample-bricks/1").on_root(), vec![gone("rmdir /srv/sample-bricks/1")]),
        alone("a volume", volume(0), vec![spoil("started", "gluster --mode=script volume stop sample"), gone(destroy)])
            .after(parts()),
        alone("a volume with an arbiter", volume(1), vec![spoil("started", "gluster --mode=script volume stop sample")])
            .after(parts()),
        alone(
            "an option",
            want::gluster_option("sample", "performance.cache-size", "64MB"),
            vec![
                spoil("value", "gluster volume set sample performance.cache-size 32MB"),
                gone("gluster volume reset sample performance.cache-size"),
            ],
        )
        .after(parts())
        .after([volume(0)]),
        alone(
            "a mounted volume",
            want::mount("/srv/sample", "gluster.sample:/sample", "glusterfs", "_netdev,acl").immutable(),
            vec![
                spoil("options", "sed -i 's/\\(\\/srv\\/sample [^ ]*\\) [^ ]*/\\1 _netdev/' /etc/fstab"),
                spoil("mounted", "umount /srv/sample"),
                spoil(
                    "mounted",
                    "pkill -9 -f 'volfile-id.*/srv/sample$'; until ! timeout 5 stat /srv/sample; do sleep 0.1; done",
                ),
                gone("umount /srv/sample; sed -i /sample/d /etc/fstab"),
            ],
        )
        .after(parts())
        .after([volume(1)]),
    ]
}
