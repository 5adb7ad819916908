//! The first process of the namespaces: everything that loses its parent becomes its child, and all ends with it.

use std::fs;
use std::path::Path;
use std::process::{Child, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use super::Limits;
use super::spec::{REASON, REFUSED};

/// How often processes are counted, and how often files.
const STEP: Duration = Duration::from_millis(10);
const STEPS_TO_FILES: u32 = 10;
/// Files and folders that are counted; more are as much as too many bytes.
const MOST_ENTRIES: usize = 200_000;

/// Waits for the program, takes leave of what it left behind, and ends everything where it takes too much. Processes can be
/// counted only where `/proc` shows no others (`apart`).
pub fn until_it_ends(child: &Child, limits: Limits, scratch: &Path, apart: bool) -> Result<ExitCode, String> {
    let ended = Arc::new(AtomicBool::new(false));
    let scratch = scratch.to_owned();
    let seen = ended.clone();
    let stopped = Arc::new(AtomicBool::new(false));
    let stopping = stopped.clone();
    thread::spawn(move || {
        let mut step = 0;
        loop {
            thread::sleep(STEP);
            let too_much = apart.then(|| processes_of(limits)).flatten().or_else(|| {
                step += 1;
                if step % STEPS_TO_FILES == 0 { files_of(&scratch, limits) } else { None }
            });
            if seen.load(Ordering::Acquire) {
                return;
            }
            if let Some(why) = too_much {
                stopping.store(true, Ordering::Release);
                // All others first, so that what is said is the last.
                let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
                eprintln!("{REASON}{why}");
                // The end of the first process of a namespace ends all others in it.
                std::process::exit(i32::from(REFUSED));
            }
        }
    });
    let own = i32::try_from(child.id()).unwrap_or_default();
    loop {
        let (pid, code) = match waitpid(None, None) {
            Ok(WaitStatus::Exited(pid, code)) => (pid, code),
            Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, 128 + signal as i32),
            Ok(_) | Err(Errno::EINTR) => continue,
            Err(error) => return Err(format!("it could not be waited for: {error}")),
        };
        if stopped.load(Ordering::Acquire) {
            // The other thread says why, and ends this process.
            thread::sleep(STEP * 100);
        }
        if pid.as_raw() == own {
            ended.store(true, Ordering::Release);
            return Ok(ExitCode::from(u8::try_from(code).unwrap_or(REFUSED)));
        }
    }
}

/// Whether there are too many processes, or their memory is too much.
fn processes_of(limits: Limits) -> Option<String> {
    let page = rustix::param::page_size() as u64;
    let (mut all, mut memory) = (Vec::new(), 0);
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        // Size, resident, shared, … in pages (proc_pid_statm(5)).
        let sizes = fs::read_to_string(entry.path().join("statm")).unwrap_or_default();
        let mut sizes = sizes.split_ascii_whitespace().skip(1).map(|size| size.parse::<u64>().unwrap_or_default());
        let (resident, shared) = (sizes.next().unwrap_or_default(), sizes.next().unwrap_or_default());
        memory += resident.saturating_sub(shared) * page;
        all.push(entry.path());
    }
    // We ourselves are one of them.
    if all.len() > limits.processes + 1 {
        return Some(format!("it started more than {} processes", limits.processes));
    }
    // What processes have in common since they were forked was counted for each: only now is it worth a closer look.
    if memory > limits.memory {
        memory = all.iter().map(|process| proportional(process)).sum();
    }
    (memory > limits.memory).then(|| format!("it took more than {} MB of memory", limits.memory >> 20))
}

/// Bytes of memory of a process, what it shares with others as its part of it (`Pss` in proc_pid_smaps(5)).
fn proportional(process: &Path) -> u64 {
    let text = fs::read_to_string(process.join("smaps_rollup")).unwrap_or_default();
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or(0_u64) << 10
}

fn files_of(scratch: &Path, limits: Limits) -> Option<String> {
    let (mut bytes, mut entries, mut folders) = (0, 0, vec![scratch.to_owned()]);
    while let Some(folder) = folders.pop() {
        let Ok(found) = fs::read_dir(&folder) else { continue };
        for entry in found.flatten() {
            entries += 1;
            let Ok(known) = entry.metadata() else { continue };
            if known.is_dir() {
                folders.push(entry.path());
            }
            bytes += known.len();
        }
        if bytes > limits.disk {
            return Some(format!("it wrote more than {} MB", limits.disk >> 20));
        }
        if entries > MOST_ENTRIES {
            return Some(format!("it made more than {MOST_ENTRIES} files"));
        }
    }
    None
}
