//! `llmp-peer`: `LibAFL`'s LLMP (crate `ll_mp`) on the command line.
//!
//! Each subcommand prints one JSON object per line on stdout, so that a test in
//! any language can drive it; see `USAGE` for the commands and `report` for the
//! lines. Nothing of `LibAFL` is reimplemented here.

mod announce;
mod args;
mod broker;
mod clients;
mod description;
mod detach;
mod exchange;
mod handover;
mod hex;
mod hold;
mod leftovers;
mod p2p;
mod pattern;
mod report;

use std::{process::ExitCode, time::Duration};

use shmem_providers::{MmapShMemProvider, ShMemProvider, StdShMemProvider};

use crate::args::Args;

/// Any failure, as a sentence for the report.
pub type Failure = Box<dyn std::error::Error>;
pub type Outcome<T> = Result<T, Failure>;

const USAGE: &str = "llmp-peer COMMAND [--provider sysv|mmap] [--timeout SECONDS] ...

brokers (run until stdin closes):
  broker           --port P [--exit-after N]        P may be 0
  b2b              --port P --connect HOST:PORT     joins another broker, then listens

clients (MESSAGES: --count N --sizes A,B,... --seed S --tag T [--flags F] [--start I]):
  send             --port P MESSAGES                ends when all have been broadcast
  recv             --port P --count N [--tag T] [--skip-own]
  mixed            --port P MESSAGES --receive M    sends, and reports M messages of others
  echo             --port P --count N --tag T --reply-tag R
  announce         --port P MESSAGES --as-id I      sends on a second, announced page
  announce         --port P --map ID --size BYTES   announces somebody else's page

  detach           --port P --as-id I               tells the broker to forget client I

hand-over (RESUME: --receive M [--unread U], M messages are reported, own ones too):
  to-env           --port P --name X MESSAGES [--leave-unread U] -- COMMAND ARGS
  from-env         --name X MESSAGES RESUME
  describe         --port P MESSAGES [--leave-unread U]   holds its pages until stdin closes
  from-description --description HEX MESSAGES RESUME

without a broker:
  p2p-send         MESSAGES [--as-id I]             holds its pages until stdin closes
  p2p-recv         --description HEX --count N

Message I of sizes A,B,... has size sizes[I % len]; its byte J is (131*S + 31*I + J) & 0xff.
Numbers may be given as 0x1f. Ends with 124 when the time-out (60) is over.";

/// Exit status when the time is over, as of timeout(1).
const EXIT_TIMED_OUT: i32 = 124;

fn main() -> ExitCode {
    let outcome = run();
    // Threads that ll_mp started may still own segments, and its mmap provider
    // never removes a name.
    leftovers::remove();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report::error(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let command = words.next().ok_or(USAGE)?;
    if command == "--help" || command == "help" {
        println!("{USAGE}");
        return Ok(());
    }
    let mut args = Args::parse(words)?;
    watch(Duration::from_secs(args.number("timeout")?.unwrap_or(60)));
    match args.text("provider")?.as_deref() {
        None | Some("sysv") => dispatch::<StdShMemProvider>(&command, args),
        Some("mmap") => dispatch::<MmapShMemProvider>(&command, args),
        Some(other) => Err(format!("no provider is called {other:?}: sysv or mmap").into()),
    }
}

fn dispatch<SP: ShMemProvider + 'static>(command: &str, args: Args) -> Outcome<()> {
    match command {
        "broker" => broker::run::<SP>(args),
        "b2b" => broker::run_b2b::<SP>(args),
        "send" => clients::send::<SP>(args),
        "recv" => clients::recv::<SP>(args),
        "mixed" => clients::mixed::<SP>(args),
        "echo" => clients::echo::<SP>(args),
        "announce" => announce::run::<SP>(args),
        "detach" => detach::run(args),
        "to-env" => handover::to_env::<SP>(args),
        "from-env" => handover::from_env::<SP>(args),
        "describe" => handover::describe::<SP>(args),
        "from-description" => handover::from_description::<SP>(args),
        "p2p-send" => p2p::send::<SP>(args),
        "p2p-recv" => p2p::recv::<SP>(args),
        other => Err(format!("no command is called {other:?}\n\n{USAGE}").into()),
    }
}

/// Ends the process when `limit` is over, whatever the main thread does: some
/// of `ll_mp`'s calls (connecting, for instance) wait for ever.
fn watch(limit: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        report::error(&format!("not done after {} s", limit.as_secs()));
        leftovers::remove();
        std::process::exit(EXIT_TIMED_OUT);
    });
}
