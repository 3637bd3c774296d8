//! Cores, clocks and time limits.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::leftovers;

/// Ends the process when `limit` is over: spinning peers must not outlive a
/// partner that died.
pub fn limit(limit: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        give_up(&format!("not done after {} s", limit.as_secs()), 124);
    });
}

/// Ends the process when a pipe to its partner breaks before `done` is set. The
/// thread that watches the pipe ends with it.
pub fn end_with(mut pipe: impl Read + Send + 'static, done: Arc<AtomicBool>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut rest = [0; 64];
        while matches!(pipe.read(&mut rest), Ok(1..)) {}
        if !done.load(Ordering::Acquire) {
            give_up("the other process is gone", 1);
        }
    })
}

fn give_up(why: &str, status: i32) -> ! {
    eprintln!("llmp-bench-peers: {why}");
    leftovers::remove();
    std::process::exit(status);
}

/// Keeps this thread on one core; false when the machine has no such core.
pub fn pin(core: usize) -> bool {
    // SAFETY: the set is plain data, zero is a valid value, and the core is
    // checked against its size.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        if core >= usize::try_from(libc::CPU_SETSIZE).unwrap_or(0) {
            return false;
        }
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) == 0
    }
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Nanoseconds since some moment that all processes share.
pub fn monotonic_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a valid place for the result.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

/// What reading the clock costs, which is part of each round trip, in ns.
pub fn clock_ns() -> f64 {
    const READS: u32 = 100_000;
    let start = Instant::now();
    for _ in 0..READS {
        std::hint::black_box(Instant::now());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(READS)
}
