//! A program behind the fence as it is seen from outside: its pipes, its time, its end.

use std::io::{self, PipeReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Limits;
use super::spec::{REASON, REFUSED, code_of};

/// What is kept of what a program printed, from the end.
const KEPT: usize = 16 << 10;

/// How a program ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// 0 where it did well; 128 and the number of a signal that ended it.
    pub code: u8,
    /// The last 16 KB of what it printed.
    pub output: String,
}

/// A program that runs; dropped, it is ended with everything that it started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    limits: Limits,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    /// Why it was ended from outside.
    stopped: Arc<Mutex<Option<String>>>,
    /// Dropped when the program has ended.
    alive: Option<Sender<()>>,
    clock: Option<JoinHandle<()>>,
}

impl Running {
    pub(super) fn new(mut child: Child, limits: Limits) -> Self {
        let stopped = Arc::new(Mutex::new(None));
        let (alive, ended) = channel();
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let clock = {
            let stopped = stopped.clone();
            thread::spawn(move || watch_the_clock(&ended, limits, group, &stopped))
        };
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        Self { child, limits, stdin, stdout, stopped, alive: Some(alive), clock: Some(clock) }
    }

    /// What it reads, and what it answers: whoever talks to it takes both.
    pub fn talk(&mut self) -> Option<(ChildStdin, ChildStdout)> {
        Some((self.stdin.take()?, self.stdout.take()?))
    }

    pub(super) fn ended(mut self, output: PipeReader) -> Result<Ended, String> {
        let limit = self.limits.output;
        let (said, was_too_much) = last_of(output, limit);
        if was_too_much {
            self.stop(format!("it printed more than {} MB", limit >> 20));
        }
        let status = self.child.wait().map_err(|error| format!("it could not be waited for: {error}"))?;
        self.over(status, said)
    }

    fn over(mut self, status: ExitStatus, output: String) -> Result<Ended, String> {
        self.alive = None;
        if let Some(clock) = self.clock.take() {
            // It has nothing to tell.
            let _ = clock.join();
        }
        if let Some(why) = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(why);
        }
        let code = code_of(status);
        match output.lines().rev().find_map(|line| line.strip_prefix(REASON)) {
            Some(why) if code == REFUSED => Err(why.to_owned()),
            _ => Ok(Ended { code, output }),
        }
    }

    fn stop(&self, why: String) {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        self.kill();
    }

    fn kill(&self) {
        kill(i32::try_from(self.child.id()).ok().and_then(Pid::from_raw));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.alive.take().is_some() {
            self.kill();
            let _ = self.child.wait();
        }
    }
}

fn kill(group: Option<Pid>) {
    if let Some(group) = group {
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn watch_the_clock(ended: &Receiver<()>, limits: Limits, group: Option<Pid>, stopped: &Mutex<Option<String>>) {
    if ended.recv_timeout(limits.time) == Err(RecvTimeoutError::Timeout) {
        let why = format!("it took longer than {} s", limits.time.as_secs_f64());
        stopped.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        kill(group);
    }
}

/// The end of what is printed, and whether it was more than it may be, in which case nobody reads on.
fn last_of(mut from: impl Read, limit: u64) -> (String, bool) {
    let (mut kept, mut all, mut buffer) = (Vec::new(), 0_u64, [0_u8; 8 << 10]);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                all += count as u64;
                kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
                if kept.len() > 2 * KEPT {
                    kept.drain(..kept.len() - KEPT);
                }
                if all > limit {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let from = kept.len().saturating_sub(KEPT);
    (String::from_utf8_lossy(kept.get(from..).unwrap_or_default()).into_owned(), all > limit)
}
