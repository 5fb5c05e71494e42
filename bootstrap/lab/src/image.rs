//! Builds and caches the images that hosts start from.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use regionctl_plan::Argv;

use crate::LabError;
use crate::lock::Lock;
use crate::paths::images;
use crate::progress::{OnProgress, tell};
use crate::recipe::{FILES, LOCAL_CERTIFICATES, Recipe, SYSTEM_LABEL};
use crate::run::{run, run_with_hint};
use crate::spec::HostKind;

/// An image takes about a minute; a slow mirror may take far longer.
const OTHER_BUILD: Duration = Duration::from_secs(1800);

/// The size of a VM's system disk: sparse, so that only what is used costs anything.
const SYSTEM_BYTES: u64 = 10 << 30;

/// A cached image.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    folder: PathBuf,
}

impl Image {
    /// The root file system, for a container.
    pub(crate) fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// The root file system, for a VM: an ext4 file system.
    pub(crate) fn disk(&self) -> PathBuf {
        self.folder.join("system.img")
    }

    pub(crate) fn kernel(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    pub(crate) fn initrd(&self) -> PathBuf {
        self.folder.join("initrd.img")
    }
}

/// The image of a recipe, built if it is not cached.
pub(crate) async fn ensure(recipe: &Recipe, on_progress: OnProgress<'_>) -> Result<Image, LabError> {
    let folder = recipe.folder();
    let image = Image { folder: folder.clone() };
    if folder.is_dir() {
        return Ok(image);
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lock = Lock::take(&images().join(format!("{name}.lock")), &format!("image `{name}`"), OTHER_BUILD).await?;
    if !folder.is_dir() {
        tell(on_progress, None, format!("building image {name}, once: about a minute"));
        let begun = Instant::now();
        build(recipe, &folder).await?;
        tell(on_progress, None, format!("image {name} built in {} s", begun.elapsed().as_secs()));
    }
    lock.remove()?;
    Ok(image)
}

async fn build(recipe: &Recipe, folder: &Path) -> Result<(), LabError> {
    let building = folder.with_extension("building");
    // A build that was killed leaves its folder; the lock says that nobody works in it.
    remove_tree(&building)?;
    let tree = building.join("tree");
    create_dir(&building)?;
    bootstrap(recipe, &building, &tree).await?;
    finish(recipe, &tree).await?;
    if recipe.kind == HostKind::Vm {
        make_disk(&building, &tree).await?;
    }
    fs::rename(&building, folder).map_err(LabError::io("create", folder))
}

async fn bootstrap(recipe: &Recipe, building: &Path, tree: &Path) -> Result<(), LabError> {
    let sources = building.join("debian.sources");
    write(&sources, recipe.sources().as_bytes())?;
    let mut argv = Argv::new("mmdebstrap").args(["--quiet", "--variant=minbase", "--mode=root"]);
    if let Some(proxy) = apt_proxy().await {
        argv = argv.arg(format!("--aptopt=Acquire::http::Proxy \"{proxy}\""));
    }
    let argv = argv.arg(format!("--include={}", recipe.packages.join(","))).args([
        recipe.debian.suite().to_owned(),
        tree.display().to_string(),
        sources.display().to_string(),
    ]);
    let hint = "check the mirror (`REGIONCTL_LAB_MIRROR`), the uplink, and that package `debian-archive-keyring` is up to date";
    run_with_hint(&argv, hint).await?;
    Ok(())
}

async fn apt_proxy() -> Option<String> {
    let value = run(&Argv::new("apt-config").args(["dump", "--format", "%v", "Acquire::http::Proxy"])).await.ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

async fn finish(recipe: &Recipe, tree: &Path) -> Result<(), LabError> {
    for path in host_keys(tree) {
        fs::remove_file(&path).map_err(LabError::io("remove", &path))?;
    }
    let lists = tree.join("etc/apt/sources.list.d");
    remove_tree(&lists)?;
    create_dir(&lists)?;
    write(&lists.join("debian.sources"), recipe.sources().as_bytes())?;
    // As in Debian's own images. Where there is none, python-apt makes an empty one as soon as it looks.
    write(&tree.join("etc/apt/sources.list"), b"# See /etc/apt/sources.list.d/debian.sources\n")?;
    if recipe.kind == HostKind::Container {
        for file in FILES {
            let path = tree.join(file.path);
            if let Some(parent) = path.parent() {
                create_dir(parent)?;
            }
            write(&path, file.content.as_bytes())?;
        }
    }
    if !recipe.certificates.is_empty() {
        let folder = tree.join(LOCAL_CERTIFICATES.trim_start_matches('/'));
        create_dir(&folder)?;
        for (name, content) in &recipe.certificates {
            write(&folder.join(name), content)?;
        }
        run(&Argv::new("chroot").arg(tree.display().to_string()).arg("update-ca-certificates")).await?;
    }
    Ok(())
}

/// The image's host keys: every host gets its own.
fn host_keys(tree: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(tree.join("etc/ssh")) else { return Vec::new() };
    entries.flatten().map(|e| e.path()).filter(|p| p.to_string_lossy().contains("ssh_host_")).collect()
}

async fn make_disk(building: &Path, tree: &Path) -> Result<(), LabError> {
    write(&tree.join("etc/fstab"), format!("LABEL={SYSTEM_LABEL} / ext4 errors=remount-ro 0 1\n").as_bytes())?;
    // It boots with the image's own: one that packages make anew is never read, and takes minutes.
    write(&tree.join("etc/initramfs-tools/update-initramfs.conf"), b"update_initramfs=no\n")?;
    for name in ["vmlinuz", "initrd.img"] {
        let (from, to) = (tree.join(name), building.join(name));
        fs::copy(&from, &to).map_err(LabError::io("copy", &from))?;
    }
    let disk = building.join("system.img");
    sparse(&disk, SYSTEM_BYTES)?;
    run(&Argv::new("mkfs.ext4")
        .args(["-q", "-L", SYSTEM_LABEL, "-d"])
        .args([tree.display().to_string(), disk.display().to_string()]))
    .await?;
    remove_tree(tree)
}

/// Makes a file of this size without writing to it.
pub(crate) fn sparse(path: &Path, bytes: u64) -> Result<(), LabError> {
    let make = || fs::File::options().create(true).append(true).open(path)?.set_len(bytes);
    make().map_err(LabError::io("create", path))
}

pub(crate) fn create_dir(path: &Path) -> Result<(), LabError> {
    fs::create_dir_all(path).map_err(LabError::io("create", path))
}

pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), LabError> {
    fs::write(path, content).map_err(LabError::io("write", path))
}

/// Removes a folder with all that is in it; one that is not there is fine.
pub(crate) fn remove_tree(path: &Path) -> Result<(), LabError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(LabError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The recipes of these hosts, each once.
pub(crate) fn recipes(spec: &crate::LabSpec) -> Vec<Recipe> {
    let mut seen = BTreeSet::new();
    spec.hosts
        .iter()
        .map(|host| Recipe::new(host.debian, host.kind, &spec.extra_packages))
        .filter(|recipe| seen.insert(recipe.folder()))
        .collect()
}
