//! A member of the demo's bus: a client of `LibAFL`'s own crate. See `../member.c`.

use std::{
    env,
    error::Error,
    fs, thread,
    time::{Duration, Instant},
};

use ll_mp::{LlmpClient, Tag};
use shmem_providers::{ShMemProvider, StdShMem, StdShMemProvider};

const TAG_FILE: Tag = Tag(0x4649_4c45); // "FILE"
const PATIENCE: Duration = Duration::from_secs(20); // for the next message

type Client = LlmpClient<StdShMem, StdShMemProvider>;

#[derive(Default)]
struct Tally {
    sent: u64,
    sent_bytes: u64,
    received: u64,
    received_bytes: u64,
    checksum: u64,
    own: u64,
}

impl Tally {
    /// Sends a file and waits until the broker has broadcast it: `LibAFL`'s senders
    /// end with a panic when four of their pages are unread.
    fn send(&mut self, bus: &mut Client, name: &str) -> Result<(), Box<dyn Error>> {
        let data = fs::read(name)?;
        bus.send_buf(TAG_FILE, &data)?;
        self.sent += 1;
        self.sent_bytes += data.len() as u64;
        while self.own < self.sent {
            self.take(bus)?;
        }
        Ok(())
    }

    /// Takes one message. It looks now and then; `LibAFL` has no way to sleep until one comes.
    fn take(&mut self, bus: &mut Client) -> Result<(), Box<dyn Error>> {
        let own_id = bus.sender().id();
        let start = Instant::now();
        loop {
            if let Some((sender, tag, data)) = bus.recv_buf()? {
                if tag == TAG_FILE {
                    self.received += 1;
                    self.received_bytes += data.len() as u64;
                    let sum = (u64::from(crc32(data)) << 32) + data.len() as u64;
                    self.checksum = self.checksum.wrapping_add(sum);
                    self.own += u64::from(sender == own_id);
                    if self.received.is_multiple_of(16) {
                        println!("received {}", self.received);
                    }
                }
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                return Err("no message came for too long".into());
            }
            thread::sleep(Duration::from_micros(200));
        }
    }
}

fn crc32(data: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let [_, port, total, list] = &args[..] else {
        return Err("usage: libafl-member PORT TOTAL LIST".into());
    };
    let total: u64 = total.parse()?;
    let names = fs::read_to_string(list)?;

    let start = Instant::now();
    let mut bus = Client::create_attach_to_tcp(StdShMemProvider::new()?, port.parse()?)?;
    let mut tally = Tally::default();
    for name in names.lines() {
        tally.send(&mut bus, name)?;
    }
    while tally.received < total {
        tally.take(&mut bus)?;
    }
    println!(
        "done sent={} sent_bytes={} received={} received_bytes={} checksum={:016x} seconds={:.3}",
        tally.sent,
        tally.sent_bytes,
        tally.received,
        tally.received_bytes,
        tally.checksum,
        start.elapsed().as_secs_f64()
    );
    bus.sender_mut().send_exiting()?;
    bus.await_safe_to_unmap_blocking();
    Ok(())
}
