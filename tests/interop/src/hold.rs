//! Waiting: for the driver to close stdin, and for others to make progress.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Blocks until the other end of stdin is closed.
pub fn until_stdin_closes() {
    let mut buffer = [0_u8; 256];
    while matches!(std::io::stdin().lock().read(&mut buffer), Ok(1..)) {}
}

/// A flag that is raised when the other end of stdin is closed.
pub fn stdin_closed() -> Arc<AtomicBool> {
    let closed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&closed);
    std::thread::spawn(move || {
        until_stdin_closes();
        flag.store(true, Ordering::Release);
    });
    closed
}

/// Lets the others run: at first just yields, then sleeps a little.
#[derive(Default)]
pub struct Backoff {
    idle: u32,
}

impl Backoff {
    pub fn reset(&mut self) {
        self.idle = 0;
    }

    pub fn pause(&mut self) {
        self.idle = self.idle.saturating_add(1);
        if self.idle < 16 {
            std::thread::yield_now();
        } else {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}
