//! The limit: one cache line each way, with nothing around it.

use std::sync::atomic::{AtomicU64, Ordering};

use shmem_providers::{ShMem, ShMemDescription, ShMemProvider, StdShMem, StdShMemProvider};

use crate::{Outcome, round_trip::Endpoint};

const MAP: usize = 4096;

/// A word that this process writes, on a map of its own, and one that it reads.
pub struct CacheLine {
    own: StdShMem,
    theirs: StdShMem,
    sent: u64,
    read: u64,
}

impl Endpoint for CacheLine {
    const NAME: &str = "cache line";
    type Offer = StdShMem;

    fn offer(_leader: bool, _size: usize, _name: &str) -> Outcome<(StdShMem, String)> {
        let own = StdShMemProvider::new()?.new_shmem(MAP)?;
        let id = own.id().to_string();
        Ok((own, id))
    }

    fn join(own: StdShMem, theirs: &str) -> Outcome<Self> {
        let place = ShMemDescription::from_string_and_size(theirs, MAP);
        let theirs = StdShMemProvider::new()?.shmem_from_description(place)?;
        Ok(Self {
            own,
            theirs,
            sent: 0,
            read: 0,
        })
    }

    fn send(&mut self, _payload: &[u8]) -> Outcome<()> {
        self.sent += 1;
        word(&self.own).store(self.sent, Ordering::Release);
        Ok(())
    }

    fn receive(&mut self) -> Outcome<usize> {
        let theirs = word(&self.theirs);
        while theirs.load(Ordering::Acquire) == self.read {
            std::hint::spin_loop();
        }
        self.read += 1;
        Ok(size_of::<u64>())
    }
}

fn word(map: &StdShMem) -> &AtomicU64 {
    let word = map.as_ptr_of().expect("a map is larger than a word");
    // SAFETY: a map starts on a page border, lives as long as the reference,
    // and all processes access the word as an atomic.
    unsafe { &*word }
}
