//! Tachyon's ring buffers, one each way, as one end of a round trip.

use std::{path::PathBuf, thread::sleep, time::Duration};

use tachyon_ipc::Bus;

use crate::{Outcome, round_trip::Endpoint};

const CAPACITY: usize = 1 << 20;
/// How long it looks before it would sleep: for ever, since both sides spin.
const SPIN: u32 = u32::MAX;

pub struct Rings {
    out: Bus,
    input: Bus,
}

/// Which side this is, and the pair's name.
pub struct Place {
    leader: bool,
    name: String,
}

impl Endpoint for Rings {
    const NAME: &str = "Tachyon";
    type Offer = Place;

    fn offer(leader: bool, _size: usize, name: &str) -> Outcome<(Place, String)> {
        let name = name.to_owned();
        Ok((Place { leader, name }, "ready".to_owned()))
    }

    fn join(place: Place, _theirs: &str) -> Outcome<Self> {
        // One side listens until the other has come; then the same for the way back.
        let there = if place.leader {
            listen(&place.name, "there")?
        } else {
            connect(&place.name, "there")?
        };
        let back = if place.leader {
            listen(&place.name, "back")?
        } else {
            connect(&place.name, "back")?
        };
        let (out, input) = if place.leader {
            (there, back)
        } else {
            (back, there)
        };
        for bus in [&out, &input] {
            bus.set_polling_mode(1);
        }
        Ok(Self { out, input })
    }

    fn send(&mut self, payload: &[u8]) -> Outcome<()> {
        Ok(self.out.send(payload, 1)?)
    }

    fn receive(&mut self) -> Outcome<usize> {
        let message = self.input.acquire_rx(SPIN)?;
        let size = message.actual_size;
        message.commit()?;
        Ok(size)
    }
}

fn socket(name: &str, way: &str) -> PathBuf {
    std::env::temp_dir().join(format!("{name}-{way}.sock"))
}

fn listen(name: &str, way: &str) -> Outcome<Bus> {
    let path = socket(name, way);
    let path = path.to_str().ok_or("the socket's name is no text")?;
    let bus = Bus::listen(path, CAPACITY);
    let _ = std::fs::remove_file(path);
    Ok(bus?)
}

fn connect(name: &str, way: &str) -> Outcome<Bus> {
    let path = socket(name, way);
    let path = path.to_str().ok_or("the socket's name is no text")?;
    for _ in 0..500 {
        if let Ok(bus) = Bus::connect(path) {
            return Ok(bus);
        }
        sleep(Duration::from_millis(10));
    }
    Err("nobody listens".into())
}
