use std::{env, error::Error, thread, time::Duration};

use ll_mp::{LlmpClient, Tag};
use shmem_providers::{ShMemProvider, StdShMemProvider};

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(1337), |p| p.parse())?;
    let mut bus = LlmpClient::create_attach_to_tcp(StdShMemProvider::new()?, port)?;
    bus.send_buf(Tag(0x1234), b"hello")?;
    for _ in 0..5000 {
        if let Some((_, tag, data)) = bus.recv_buf()? {
            println!("tag {:#x}: {}", tag.0, String::from_utf8_lossy(data));
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    bus.sender_mut().send_exiting()?;
    bus.await_safe_to_unmap_blocking();
    Ok(())
}
