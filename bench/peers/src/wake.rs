//! From one client to another through `LibAFL`'s broker, each in its own process.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::json;

use crate::{Outcome, args::Args, llmp, machine, report};

/// How long `LibAFL`'s launchers let the broker sleep.
const BROKER_SLEEP: Duration = Duration::from_millis(5);
/// Between messages; not a multiple of the broker's sleep.
const PAUSE: Duration = Duration::from_micros(7300);

/// This process receives, and spins meanwhile, as `LibAFL`'s clients do.
pub fn run(mut args: Args) -> Outcome<()> {
    let messages: usize = args.number("messages", 100)?;
    args.finish()?;
    let mut broker = role("wake-broker", &[])?;
    let outcome = measure(&mut broker, messages);
    drop(broker.stdin.take()); // ends the broker
    broker.wait()?;
    report::distribution(
        json!({"bench": "wake through the broker", "peer": "ll_mp", "size": 64,
               "broker_sleep_ms": BROKER_SLEEP.as_secs_f64() * 1e3}),
        "us",
        outcome?,
    );
    Ok(())
}

fn measure(broker: &mut Child, messages: usize) -> Outcome<Vec<f64>> {
    let mut line = String::new();
    let from = broker.stdout.take().ok_or("no pipe from the broker")?;
    BufReader::new(from).read_line(&mut line)?;
    let port = line.trim();
    let mut client = llmp::client(port.parse()?)?;
    let mut sender = role(
        "wake-sender",
        &["--port", port, "--messages", &messages.to_string()],
    )?;
    let mut samples = Vec::with_capacity(messages);
    for _ in 0..messages {
        let waited = llmp::next(client.receiver_mut(), |payload| {
            let sent = payload[..8].try_into().map_or(0, u64::from_le_bytes);
            machine::monotonic_ns() - sent
        })?;
        #[allow(clippy::cast_precision_loss)]
        samples.push(waited as f64 / 1e3);
    }
    sender.wait()?;
    client.sender_mut().send_exiting()?;
    Ok(samples)
}

fn role(name: &str, args: &[&str]) -> Outcome<Child> {
    Ok(Command::new(std::env::current_exe()?)
        .arg(name)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?)
}

/// Forwards, and sleeps between looks, until stdin closes.
pub fn broker(args: Args) -> Outcome<()> {
    args.finish()?;
    let (mut broker, port) = llmp::broker()?;
    println!("{port}");
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    thread::spawn(move || {
        let mut line = String::new();
        while matches!(std::io::stdin().read_line(&mut line), Ok(1..)) {}
        flag.store(true, Ordering::Release);
    });
    while !stop.load(Ordering::Acquire) {
        broker.broker_once()?;
        thread::sleep(BROKER_SLEEP);
    }
    Ok(())
}

/// Sends the time of sending.
pub fn sender(mut args: Args) -> Outcome<()> {
    let port = args.text("port")?.parse()?;
    let messages: usize = args.number("messages", 0)?;
    args.finish()?;
    let mut client = llmp::client(port)?;
    while !client.safe_to_unmap() {
        thread::sleep(PAUSE);
    }
    for _ in 0..messages {
        thread::sleep(PAUSE);
        let mut payload = [0; 64];
        payload[..8].copy_from_slice(&machine::monotonic_ns().to_le_bytes());
        client.send_buf(llmp::TAG, &payload)?;
    }
    client.sender_mut().send_exiting()?;
    Ok(())
}
