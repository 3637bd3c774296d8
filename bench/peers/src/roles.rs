//! Processes of a `LibAFL` bus that bench/report puts together: a broker,
//! clients that send, that receive, and that are just there. A message of a
//! stream starts with its number and the time of sending, 8 bytes each.

use std::{
    collections::HashMap,
    io::{BufRead, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use libafl_core::ClientId;
use serde_json::json;

use crate::{Outcome, args::Args, llmp, machine, report};

const LEAST_SIZE: usize = 16;

/// Says so on stdout, where a program that puts processes together reads it.
fn say(line: &str) {
    println!("{line}");
}

fn wait_for_line() -> Outcome<()> {
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line)? == 0 {
        return Err("the other side is gone".into());
    }
    Ok(())
}

fn wait_for_end_of_input() {
    let mut rest = [0; 64];
    let mut input = std::io::stdin().lock();
    while matches!(input.read(&mut rest), Ok(1..)) {}
}

/// Forwards, and sleeps between looks as `LibAFL`'s launchers let it, until
/// stdin closes.
pub fn broker(mut args: Args) -> Outcome<()> {
    let sleep = Duration::from_micros(args.number("sleep-us", 5000)?);
    args.finish()?;
    let (mut broker, port) = llmp::broker()?;
    say(&port.to_string());
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    thread::spawn(move || {
        wait_for_end_of_input();
        flag.store(true, Ordering::Release);
    });
    while !stop.load(Ordering::Acquire) {
        broker.broker_once()?;
        if !sleep.is_zero() {
            thread::sleep(sleep);
        }
    }
    Ok(())
}

/// Sends when it reads a line. An `ll_mp` sender whose broker falls behind
/// panics after 3 MiB, so this one keeps at most `window` messages on the way: it reads
/// the bus, as clients do, and counts its own.
pub fn send(mut args: Args) -> Outcome<()> {
    let port = args.number("port", 0)?;
    let messages: u64 = args.number("messages", 1_000_000)?;
    let size: usize = args.number("size", 64)?;
    let pause = Duration::from_micros(args.number("pause-us", 0)?);
    let window: u64 = args.number("window", 8192)?;
    args.finish()?;
    if size < LEAST_SIZE {
        return Err(format!("--size is {LEAST_SIZE} or more").into());
    }
    let mut client = llmp::client(port)?;
    let own = client.sender().id();
    say("ready");
    wait_for_line()?;
    let mut payload = vec![0; size];
    let mut echoes = 0;
    for number in 0..messages {
        payload[..8].copy_from_slice(&number.to_le_bytes());
        if !pause.is_zero() {
            thread::sleep(pause);
            payload[8..16].copy_from_slice(&machine::monotonic_ns().to_le_bytes());
        }
        client.send_buf(llmp::TAG, &payload)?;
        while number + 1 - echoes >= window {
            let Some((sender, _, _)) = client.recv_buf()? else {
                thread::yield_now();
                continue;
            };
            echoes += u64::from(sender == own);
        }
    }
    say("sent");
    wait_for_end_of_input();
    client.sender_mut().send_exiting()?;
    Ok(())
}

/// Spins, as `LibAFL`'s clients do, until all messages have come.
pub fn receive(mut args: Args) -> Outcome<()> {
    let port = args.number("port", 0)?;
    let messages: usize = args.number("messages", 1_000_000)?;
    let latency = args.number("latency", 0)? != 0;
    let every: usize = args.number("every", 0)?;
    args.finish()?;
    let mut client = llmp::client(port)?;
    say("ready");
    let mut expected: HashMap<ClientId, u64> = HashMap::new();
    let mut samples = Vec::new();
    let mut start = Instant::now();
    for i in 0..messages {
        let (sender, number, sent) = next(&mut client)?;
        if i == 0 {
            start = Instant::now();
        }
        if latency {
            #[allow(clippy::cast_precision_loss)]
            samples.push((machine::monotonic_ns() - sent) as f64 / 1e3);
        }
        let due = expected.entry(sender).or_default();
        if number != *due {
            return Err(format!("{sender:?}: message {number} came where {due} was due").into());
        }
        *due += 1;
        let got = i + 1;
        if every != 0 && got % every == 0 && got != messages {
            say(&json!({"bench": "progress", "messages": got}).to_string());
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    if latency {
        report::distribution(
            json!({"bench": "wake through the broker", "peer": "ll_mp"}),
            "us",
            samples,
        );
    }
    let stream =
        json!({"bench": "stream", "peer": "ll_mp", "messages": messages, "seconds": seconds});
    say(&stream.to_string());
    wait_for_end_of_input();
    client.sender_mut().send_exiting()?;
    Ok(())
}

/// The next message's sender, number and time of sending.
fn next(client: &mut llmp::Client) -> Outcome<(ClientId, u64, u64)> {
    loop {
        let Some((sender, _, payload)) = client.recv_buf()? else {
            std::hint::spin_loop();
            continue;
        };
        let word = |at: usize| -> Outcome<u64> {
            let bytes = payload.get(at..at + 8).ok_or("a short message")?;
            Ok(u64::from_le_bytes(bytes.try_into()?))
        };
        return Ok((sender, word(0)?, word(8)?));
    }
}

/// Connects clients that do nothing until stdin closes.
pub fn hold(mut args: Args) -> Outcome<()> {
    let port = args.number("port", 0)?;
    let count: usize = args.number("clients", 1)?;
    args.finish()?;
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(llmp::client(port)?);
    }
    say("ready");
    wait_for_end_of_input();
    for client in &mut clients {
        client.sender_mut().send_exiting()?;
    }
    Ok(())
}
