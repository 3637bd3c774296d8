//! `llmp-bench-peers`: what the other buses cost, on this machine, now.
//!
//! Prints one JSON object per line. All that is to be compared runs in one
//! command and takes turns (A B C A B C ...), because absolute times drift.

mod args;
mod cache_line;
mod iceoryx;
#[path = "../../../tests/interop/src/leftovers.rs"]
mod leftovers;
mod llmp;
mod machine;
mod pipeline;
mod report;
mod roles;
mod round_trip;
#[cfg(feature = "tachyon")]
mod tachyon;

use std::{process::ExitCode, time::Duration};

use crate::args::Args;

pub type Failure = Box<dyn std::error::Error>;
pub type Outcome<T> = Result<T, Failure>;

const USAGE: &str = r#"llmp-bench-peers COMMAND [OPTIONS]

  pipeline    what a message costs in each step, in one thread:
              ll_mp send, broker forward, receive; iceoryx2 send, receive
              --sizes 8,64,1024,65536  --megabytes 32 (a step, a turn)  --turns 5
              --idle 0 (other ll_mp clients)  --alone 0 (1: each ll_mp message goes all
              the way before the next is sent)
  round-trip  a message there and back between two processes that spin, pinned
              to a core each: ll_mp (p2p), iceoryx2, Tachyon if built
              with it, and a bare cache line
              --sizes 64  --rounds 100000  --turns 5

Processes of an ll_mp bus. They say what they have (a port, "ready") on stdout
and leave when their stdin closes:

  broker      --sleep-us 5000 (between looks, as LibAFL has it; 0: spins)
  send        --port P  --messages 1000000  --size 64  --pause-us 0 (then with the
              time of sending)  --window 8192; begins when it reads a line
  recv        --port P  --messages 1000000  --latency 0; spins, as LibAFL's clients do
              --every 0 (says so each time it has got so many)
  hold        --port P  --clients 1

--timeout SECONDS (300) bounds each process."#;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("llmp-bench-peers: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let command = words.next().ok_or(USAGE)?;
    let mut args = Args::parse(words)?;
    machine::limit(Duration::from_secs(args.number("timeout", 300)?));
    match command.as_str() {
        "pipeline" => pipeline::run(args),
        "round-trip" => round_trip::run(args),
        // The other process of a round trip; not for users.
        "reply" => round_trip::reply(args),
        "broker" => roles::broker(args),
        "send" => roles::send(args),
        "recv" => roles::receive(args),
        "hold" => roles::hold(args),
        "help" | "--help" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("no command is called {other:?}\n\n{USAGE}").into()),
    }
}
