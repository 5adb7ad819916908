//! The fence on Linux: three stages, each this executable again, since a process that has threads can leave for no namespace,
//! and one that has left cannot be the first of another.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, getgid, getuid, pivot_root};

use super::spec::{Spec, Stage, refused};
use super::watch;

/// The system's own programs and libraries, and what they need to start.
const SYSTEM: [&str; 22] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix/store",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
    "/etc/ssl/certs",
    "/etc/ca-certificates",
    "/etc/mime.types",
    "/etc/python3",
];
/// The least that Linux takes as the largest number of a process (`RESERVED_PIDS`).
const FEWEST_PIDS: usize = 301;
/// Since this version processes are counted in each user namespace, before it all of a user's together.
const COUNTS_IN_NAMESPACES: (u32, u32) = (5, 14);
/// Devices without a memory.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
/// What programs expect beside them: links to what a process has open.
const OPEN_FILES: [(&str, &str); 4] = [
    ("dev/fd", "/proc/self/fd"),
    ("dev/stdin", "/proc/self/fd/0"),
    ("dev/stdout", "/proc/self/fd/1"),
    ("dev/stderr", "/proc/self/fd/2"),
];

pub fn go(spec: Spec) -> ExitCode {
    let ended = match spec.stage {
        Stage::Enter => enter(spec),
        Stage::Keep => keep(spec),
        Stage::Become => become_program(spec),
    };
    ended.unwrap_or_else(|why| refused(&why))
}

fn enter(mut spec: Spec) -> Result<ExitCode, String> {
    // With the death of whoever asked, everything ends.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(|error| error.to_string())?;
    (spec.user, spec.group) = (getuid().as_raw(), getgid().as_raw());
    let all = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    spec.entered = unshare(all).is_ok() && be(0, spec.user, 0, spec.group).is_ok();
    let next = if spec.entered { Stage::Keep } else { Stage::Become };
    if next == Stage::Become {
        // Nobody has to be left behind to watch: there is no root to make, and nothing can be ended but the group.
        return Err(format!("it could not go on: {}", spec.next(next)?.exec()));
    }
    let status = spec.next(next)?.status().map_err(|error| format!("it could not go on: {error}"))?;
    Ok(ExitCode::from(super::spec::code_of(status)))
}

/// Is user and group `inside` in the new user namespace, who are `outside` out of it.
fn be(user: u32, outside_user: u32, group: u32, outside_group: u32) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {outside_user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {outside_group} 1"))
}

fn keep(mut spec: Spec) -> Result<ExitCode, String> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(|error| error.to_string())?;
    spec.fence.apart = own_root(&spec).is_ok();
    if spec.strict && !spec.fence.apart {
        return Err(
            "this system gives it no root of its own, and this portal runs no program of a template without a \
                    fence"
                .to_owned(),
        );
    }
    let (limits, scratch, apart) = (spec.limits, PathBuf::from(&spec.scratch), spec.fence.apart);
    let child = spec.next(Stage::Become)?.spawn().map_err(|error| format!("it could not go on: {error}"))?;
    watch::until_it_ends(&child, limits, &scratch, apart)
}

/// A root in which there is the system, what may be read, and the scratch folder, each at its own place.
fn own_root(spec: &Spec) -> io::Result<()> {
    let nothing: Option<&Path> = None;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)?;
    // Over a part of the scratch folder, which is there and is ours; the folder is bound in without what lies over it.
    let scratch = Path::new(&spec.scratch);
    let root = scratch.join("tmp");
    mount(Some("tmpfs"), &root, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=755"))?;
    let executable = std::env::current_exe()?;
    let system = SYSTEM.iter().chain(&DEVICES).map(Path::new);
    let reads = spec.reads.iter().map(Path::new);
    for path in system.chain(reads).chain([executable.as_path()]) {
        bring(&root, path)?;
    }
    for (link, target) in OPEN_FILES {
        symlink(target, root.join(link))?;
    }
    // Shared memory and semaphores are files; these count as any other in the scratch folder.
    symlink(scratch.join("tmp"), root.join("dev/shm"))?;
    let inside = root.join(scratch.strip_prefix("/").unwrap_or(scratch));
    fs::create_dir_all(&inside)?;
    bind(scratch, &inside, MsFlags::empty())?;
    fs::create_dir_all(root.join("proc"))?;
    // Only what runs here is seen in it. Some containers do not allow it, and then there is no root.
    let own = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), &root.join("proc"), Some("proc"), own, nothing)?;
    // Since Linux 6.14 it is the namespace's own, and limits those whom RLIMIT_NPROC does not (proc_sys_kernel(5)).
    let most = spec.limits.processes.max(FEWEST_PIDS).to_string();
    let _ = fs::write(root.join("proc/sys/kernel/pid_max"), most);
    let old = root.join("old");
    fs::create_dir(&old)?;
    pivot_root(&root, &old)?;
    std::env::set_current_dir("/")?;
    umount2("/old", MntFlags::MNT_DETACH)?;
    fs::remove_dir("/old")?;
    Ok(())
}

/// A file, folder or link of the machine at the same place below `root`; what is not there is left out.
fn bring(root: &Path, path: &Path) -> io::Result<()> {
    let to = root.join(path.strip_prefix("/").unwrap_or(path));
    let Ok(known) = fs::symlink_metadata(path) else { return Ok(()) };
    if fs::symlink_metadata(&to).is_ok() {
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    if known.is_symlink() {
        return symlink(fs::read_link(path)?, &to);
    }
    if known.is_dir() {
        fs::create_dir_all(&to)?;
    } else {
        fs::write(&to, "")?;
    }
    bind(path, &to, MsFlags::MS_REC)
}

fn bind(from: &Path, to: &Path, also: MsFlags) -> io::Result<()> {
    let nothing: Option<&Path> = None;
    Ok(mount(Some(from), to, nothing, MsFlags::MS_BIND | also, nothing)?)
}

fn become_program(mut spec: Spec) -> Result<ExitCode, String> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(|error| error.to_string())?;
    if spec.fence.apart {
        // Who they were, instead of a root who has no rights.
        let back = unshare(CloneFlags::CLONE_NEWUSER).map_err(io::Error::from);
        back.and_then(|()| be(spec.user, 0, spec.group, 0))
            .map_err(|error| format!("it could not take its own user again: {error}"))?;
    }
    let limits = spec.limits;
    let seconds = limits.time.as_secs() + 1;
    for (resource, most) in [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_DATA, limits.memory),
        (Resource::RLIMIT_FSIZE, limits.disk),
        (Resource::RLIMIT_NOFILE, 1024),
        (Resource::RLIMIT_CPU, seconds * 2),
    ] {
        setrlimit(resource, most, most).map_err(|error| format!("a limit could not be set: {error}"))?;
    }
    let others = if spec.entered && version().is_some_and(|version| version >= COUNTS_IN_NAMESPACES) {
        0
    } else {
        tasks_of(getuid())
    };
    let most = others + limits.processes as u64;
    setrlimit(Resource::RLIMIT_NPROC, most, most).map_err(|error| format!("a limit could not be set: {error}"))?;
    spec.fence.writes_nothing_else = forbid_writing(&spec);
    Ok(spec.become_program())
}

/// What counts for the limit of processes where they are counted over all that a user runs.
fn tasks_of(user: Uid) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let own = processes.filter(|process| process.metadata().is_ok_and(|known| known.uid() == user.as_raw()));
    own.map(|process| fs::read_dir(process.path().join("task")).map_or(0, |tasks| tasks.count() as u64)).sum()
}

fn version() -> Option<(u32, u32)> {
    let text = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut parts = text.split(|one: char| !one.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Landlock: reading where reading is allowed, writing in the scratch folder, nothing else, neither for the program nor for what
/// it starts.
fn forbid_writing(spec: &Spec) -> bool {
    let version = ABI::V6;
    let read = AccessFs::from_read(version);
    let system = SYSTEM.iter().map(|path| (*path).to_owned());
    let readable: Vec<String> = system.chain(spec.reads.iter().cloned()).chain(["/proc".to_owned()]).collect();
    let all = AccessFs::from_all(version);
    let apply = || -> Result<bool, landlock::RulesetError> {
        let status = Ruleset::default()
            .handle_access(all)?
            .handle_access(AccessNet::from_all(version))?
            .scope(Scope::from_all(version))?
            .create()?
            .add_rules(path_beneath_rules(&readable, read))?
            .add_rules(path_beneath_rules(DEVICES, AccessFs::ReadFile | AccessFs::WriteFile))?
            .add_rules(path_beneath_rules([&spec.scratch], all))?
            .restrict_self()?;
        Ok(status.ruleset != RulesetStatus::NotEnforced)
    };
    apply().unwrap_or(false)
}
