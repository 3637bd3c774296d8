//! A message there and back between two processes, both spinning.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use serde_json::json;

use crate::{
    Outcome, args::Args, cache_line::CacheLine, iceoryx::Duplex, llmp::P2p, machine, report,
};

/// One end of a channel between two processes.
pub trait Endpoint: Sized {
    const NAME: &str;
    /// What this side has made before it knows the other one.
    type Offer;

    /// Makes this side, and a line by which the other one finds it. `name` is
    /// the same on both sides, no other pair's, and can name a file.
    fn offer(leader: bool, size: usize, name: &str) -> Outcome<(Self::Offer, String)>;
    fn join(offer: Self::Offer, theirs: &str) -> Outcome<Self>;
    fn send(&mut self, payload: &[u8]) -> Outcome<()>;
    /// Spins until there is a message; returns its size.
    fn receive(&mut self) -> Outcome<usize>;
}

/// Rounds before the clock counts.
const WARM_UP: usize = 2000;

pub fn run(mut args: Args) -> Outcome<()> {
    let sizes = args.numbers("sizes", &[64])?;
    let rounds: usize = args.number("rounds", 100_000)?;
    let turns: usize = args.number("turns", 5)?;
    args.finish()?;
    if machine::cores() < 2 {
        return Err("two processes that spin need two cores".into());
    }
    machine::pin(0);
    for turn in 0..turns {
        lead::<CacheLine>(size_of::<u64>(), rounds, turn)?;
        for &size in &sizes {
            lead::<P2p>(size, rounds, turn)?;
            lead::<Duplex>(size, rounds, turn)?;
            #[cfg(feature = "tachyon")]
            lead::<crate::tachyon::Rings>(size, rounds, turn)?;
        }
    }
    Ok(())
}

/// The other process.
pub fn reply(mut args: Args) -> Outcome<()> {
    let peer = args.text("peer")?;
    let name = args.text("name")?;
    let size = args.number("size", 0)?;
    let rounds = args.number("rounds", 0)?;
    args.finish()?;
    machine::pin(1);
    match peer.as_str() {
        CacheLine::NAME => follow::<CacheLine>(size, rounds, &name),
        P2p::NAME => follow::<P2p>(size, rounds, &name),
        Duplex::NAME => follow::<Duplex>(size, rounds, &name),
        #[cfg(feature = "tachyon")]
        crate::tachyon::Rings::NAME => follow::<crate::tachyon::Rings>(size, rounds, &name),
        other => Err(format!("no peer is called {other:?}").into()),
    }
}

fn lead<E: Endpoint>(size: usize, rounds: usize, turn: usize) -> Outcome<()> {
    let name = format!("llmp-bench-{}-{size}-{turn}", std::process::id());
    let mut child = Command::new(std::env::current_exe()?)
        .args(["reply", "--peer", E::NAME, "--name", &name])
        .args(["--size", &size.to_string()])
        .args(["--rounds", &rounds.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let result = measure::<E>(&mut child, size, rounds, &name);
    if result.is_err() {
        let _ = child.kill();
    }
    let status = child.wait()?;
    let samples = result?;
    if !status.success() {
        return Err(format!("the other process ended with {status}").into());
    }
    report::distribution(
        json!({"bench": "round trip", "peer": E::NAME, "size": size, "turn": turn,
               "clock_ns": machine::clock_ns().round()}),
        "ns",
        samples,
    );
    Ok(())
}

fn measure<E: Endpoint>(
    child: &mut Child,
    size: usize,
    rounds: usize,
    name: &str,
) -> Outcome<Vec<f64>> {
    let mut to = child.stdin.take().ok_or("no pipe to the other process")?;
    let from = child
        .stdout
        .take()
        .ok_or("no pipe from the other process")?;
    let mut from = BufReader::new(from);
    let (offer, ours) = E::offer(true, size, name)?;
    writeln!(to, "{ours}")?;
    let mut end = E::join(offer, &read_line(&mut from)?)?;
    writeln!(to, "go")?;
    read_line(&mut from)?;
    let done = Arc::new(AtomicBool::new(false));
    let gone = machine::end_with(from, Arc::clone(&done));
    let payload = vec![0x5a; size];
    let mut samples = Vec::with_capacity(rounds);
    for round in 0..WARM_UP + rounds {
        let start = Instant::now();
        end.send(&payload)?;
        let got = end.receive()?;
        let elapsed = start.elapsed();
        if got != size {
            return Err(format!("{got} bytes came back, not {size}").into());
        }
        if round >= WARM_UP {
            samples.push(elapsed.as_secs_f64() * 1e9);
        }
    }
    // The other process leaves first: what both share is this one's to remove.
    done.store(true, Ordering::Release);
    drop(to);
    gone.join().map_err(|_| "the watching thread panicked")?;
    Ok(samples)
}

fn follow<E: Endpoint>(size: usize, rounds: usize, name: &str) -> Outcome<()> {
    let mut input = BufReader::new(std::io::stdin());
    let (offer, ours) = E::offer(false, size, name)?;
    println!("{ours}");
    let mut end = E::join(offer, &read_line(&mut input)?)?;
    read_line(&mut input)?;
    println!("go");
    let done = Arc::new(AtomicBool::new(false));
    let gone = machine::end_with(input, Arc::clone(&done));
    let payload = vec![0xa5; size];
    for round in 1..=WARM_UP + rounds {
        end.receive()?;
        // Before the other side can have all it waits for.
        if round == WARM_UP + rounds {
            done.store(true, Ordering::Release);
        }
        end.send(&payload)?;
    }
    // The other side closes the pipe when it has read the last message.
    gone.join().map_err(|_| "the watching thread panicked")?;
    Ok(())
}

fn read_line(from: &mut impl BufRead) -> Outcome<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err("the other process is gone".into());
    }
    Ok(line.trim_end().to_owned())
}
