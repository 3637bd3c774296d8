//! A fuzzer of LibAFL's without a target: its event manager sends what a fuzzer
//! finds, and reports what it gets from the others; or a LibAFL broker with the
//! hook and the monitor of a fuzzer's. One JSON object per line, as the peer in
//! the folder above.
//!
//!     llmp-event-peer broker          until stdin closes; the monitor writes to stderr
//!     llmp-event-peer fuzzer PORT N   until N test cases of others have come

use std::{
    borrow::Cow,
    error::Error,
    marker::PhantomData,
    net::TcpListener,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use libafl::{
    corpus::InMemoryCorpus,
    events::{
        Event, EventConfig, EventFirer, EventReceiver, EventWithStats, ExecStats, SendExiting,
        StdLlmpEventHook,
        llmp::{LlmpEventManager, LlmpEventManagerBuilder},
    },
    executors::ExitKind,
    feedbacks::ConstFeedback,
    inputs::{BytesInput, HasMutatorBytes},
    monitors::{
        SimpleMonitor,
        stats::user_stats::{AggregatorOps, UserStats, UserStatsValue},
    },
    state::StdState,
};
use libafl_bolts::{
    llmp::{Broker, Listener, LlmpBroker, Tag},
    rands::StdRand,
    shmem::{ShMemProvider, StdShMem, StdShMemProvider},
    tuples::tuple_list,
};
use serde_json::json;
use sha2::{Digest, Sha256};

type Outcome<T> = Result<T, Box<dyn Error>>;
type State = StdState<InMemoryCorpus<BytesInput>, BytesInput, StdRand, InMemoryCorpus<BytesInput>>;
type Manager = LlmpEventManager<(), BytesInput, State, StdShMem, StdShMemProvider>;

/// The lengths of the test cases that each party sends.
const LENGTHS: [usize; 9] = [0, 5, 1000, 1003, 1004, 1005, 4096, 300_000, 1];
/// How long a fuzzer waits for the others.
const PATIENCE: Duration = Duration::from_secs(80);
/// What a broker of LibAFL's says when it ends.
const TAG_EXITING: Tag = Tag(0x013C_5171);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args[..] {
        ["broker"] => broker(),
        ["fuzzer", port, count] => match (port.parse(), count.parse()) {
            (Ok(port), Ok(count)) => fuzzer(port, count),
            _ => Err("PORT and N are numbers".into()),
        },
        _ => Err("usage: llmp-event-peer broker | fuzzer PORT N".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{}", json!({"event": "error", "error": error.to_string()}));
            ExitCode::FAILURE
        }
    }
}

fn broker() -> Outcome<()> {
    let monitor = SimpleMonitor::new(|line| eprintln!("{line}"));
    let hook = StdLlmpEventHook::<BytesInput, _>::new(monitor)?;
    let mut broker = LlmpBroker::new(StdShMemProvider::new()?, tuple_list!(hook))?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    broker
        .inner_mut()
        .launch_listener(Listener::Tcp(listener))?;
    println!("{}", json!({"event": "listening", "port": port}));

    let stop = Arc::new(AtomicBool::new(false));
    let closed = stop.clone();
    thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        closed.store(true, Ordering::Release);
    });
    while !stop.load(Ordering::Acquire) {
        if !broker.broker_once()? {
            thread::sleep(Duration::from_millis(1));
        }
    }
    broker.send_buf(TAG_EXITING, &[])?;
    println!("{}", json!({"event": "done"}));
    Ok(())
}

fn fuzzer(port: u16, count: u64) -> Outcome<()> {
    let mut state = State::new(
        StdRand::with_seed(0),
        InMemoryCorpus::new(),
        InMemoryCorpus::new(),
        &mut ConstFeedback::new(false),
        &mut ConstFeedback::new(false),
    )?;
    let mut manager: Manager = LlmpEventManagerBuilder::new()
        .hooks(tuple_list!())
        .build_on_port(StdShMemProvider::new()?, port, EventConfig::AlwaysUnique)?;
    println!(
        "{}",
        json!({"event": "joined", "client_id": manager.llmp.sender().id().0})
    );
    send(&mut manager, &mut state)?;
    let end = Instant::now() + PATIENCE;
    let mut got = 0;
    while got < count {
        match manager.try_receive(&mut state)? {
            Some((event, _)) => got += report(&event),
            None if Instant::now() > end => return Err("the others keep quiet".into()),
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
    manager.send_exiting()?;
    manager.llmp.await_safe_to_unmap_blocking();
    println!("{}", json!({"event": "done", "received": got}));
    Ok(())
}

fn exits() -> [ExitKind; 4] {
    [
        ExitKind::Ok,
        ExitKind::Crash,
        ExitKind::Oom,
        ExitKind::Timeout,
    ]
}

/// Byte k of test case i.
fn pattern(i: usize, k: usize) -> u8 {
    #[expect(clippy::cast_possible_truncation)]
    let byte = (k * 7 + k / 256 + i * 13) as u8;
    byte
}

/// What every party sends; the others compare.
fn send(manager: &mut Manager, state: &mut State) -> Outcome<()> {
    let stats = |executions| ExecStats::new(Duration::new(1_700_000_000, 5), executions);
    for (i, length) in LENGTHS.into_iter().enumerate() {
        let input = BytesInput::new((0..length).map(|k| pattern(i, k)).collect());
        let event = Event::NewTestcase {
            input,
            observers_buf: None,
            exit_kind: exits()[i % 4],
            corpus_size: i + 1,
            client_config: EventConfig::AlwaysUnique,
            forward_id: None,
        };
        manager.fire(state, EventWithStats::new(event, stats(1000 + i as u64)))?;
    }
    let events = [
        Event::Objective {
            input: Some(BytesInput::new(b"boom".to_vec())),
            objective_size: 3,
        },
        Event::Heartbeat,
        Event::UpdateUserStats {
            name: Cow::Borrowed("edges"),
            value: UserStats::new(UserStatsValue::Ratio(12, 400), AggregatorOps::Avg),
            phantom: PhantomData,
        },
    ];
    for event in events {
        manager.fire(state, EventWithStats::new(event, stats(2000)))?;
    }
    Ok(())
}

/// Prints a test case; 1 if it is one.
fn report(event: &EventWithStats<BytesInput>) -> u64 {
    let Event::NewTestcase {
        input,
        exit_kind,
        corpus_size,
        ..
    } = event.event()
    else {
        return 0;
    };
    let bytes = input.mutator_bytes();
    let sha256: String = Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    println!(
        "{}",
        json!({
            "event": "testcase", "len": bytes.len(), "sha256": sha256,
            "exit": exits().iter().position(|kind| kind == exit_kind),
            "corpus": corpus_size, "executions": serde_json::to_value(event.stats()).unwrap_or_default()["executions"],
        })
    );
    1
}
