//! What a message costs in each step, everything in one thread.

use std::time::Instant;

use serde_json::json;

use crate::{
    Outcome,
    args::Args,
    iceoryx::{self, Domain},
    llmp, machine, report,
};

/// How many bytes of payload a batch has, and how many messages at most.
const BATCH_BYTES: usize = 512 << 10;
const BATCH_MESSAGES: usize = 1024;
/// A batch counts as this many bytes a message at least: headers and padding.
const LEAST_BYTES: usize = 128;
/// What goes through before the clock counts.
const WARM_UP_BYTES: usize = 8 << 20;

pub fn run(mut args: Args) -> Outcome<()> {
    let sizes = args.numbers("sizes", &[8, 64, 1024, 65536])?;
    let megabytes: usize = args.number("megabytes", 32)?;
    let turns: usize = args.number("turns", 5)?;
    let idle: usize = args.number("idle", 0)?;
    let alone = args.number("alone", 0)? != 0;
    args.finish()?;
    machine::pin(0);
    for turn in 0..turns {
        for &size in &sizes {
            let plan = Plan::new(size, megabytes << 20, turn, idle);
            if alone {
                measure_alone(&plan)?;
            } else {
                measure_llmp(&plan)?;
                measure_iceoryx(&plan)?;
            }
        }
    }
    Ok(())
}

struct Plan {
    size: usize,
    batch: usize,
    warm_up: usize,
    batches: usize,
    turn: usize,
    idle: usize,
}

impl Plan {
    fn new(size: usize, bytes: usize, turn: usize, idle: usize) -> Self {
        let cost = size.max(LEAST_BYTES);
        let batch = (BATCH_BYTES / cost).clamp(1, BATCH_MESSAGES);
        let batches = (bytes / (batch * cost)).max(8);
        Self {
            size,
            batch,
            warm_up: WARM_UP_BYTES / (batch * cost),
            batches,
            turn,
            idle,
        }
    }

    fn report(&self, peer: &str, step: &str, mut batches: Vec<f64>) {
        batches.drain(..self.warm_up);
        report::distribution(
            json!({"bench": "pipeline", "peer": peer, "step": step, "size": self.size,
                   "batch": self.batch, "turn": self.turn, "idle": self.idle}),
            "ns/message",
            batches,
        );
    }

    /// Times one batch, per message.
    fn time(&self, mut work: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
        let start = Instant::now();
        work()?;
        #[allow(clippy::cast_precision_loss)]
        Ok(start.elapsed().as_secs_f64() * 1e9 / self.batch as f64)
    }
}

/// A broker, one client that sends, one that receives, and some that do neither.
struct Stage {
    broker: llmp::Broker,
    sender: llmp::Client,
    receiver: llmp::Client,
    _idle: Vec<llmp::Client>,
}

impl Stage {
    fn new(plan: &Plan) -> Outcome<Self> {
        let (mut broker, port) = llmp::broker()?;
        let sender = llmp::client(port)?;
        let receiver = llmp::client(port)?;
        let idle = (0..plan.idle)
            .map(|_| llmp::client(port))
            .collect::<Outcome<_>>()?;
        broker.broker_once()?;
        Ok(Self {
            broker,
            sender,
            receiver,
            _idle: idle,
        })
    }
}

/// Each message goes all the way before the next is sent: the broker looks at
/// every client for one message.
fn measure_alone(plan: &Plan) -> Outcome<()> {
    let mut stage = Stage::new(plan)?;
    let payload = vec![0x5a; plan.size];
    let mut all = Vec::new();
    for _ in 0..plan.warm_up + plan.batches {
        all.push(plan.time(|| {
            for _ in 0..plan.batch {
                stage.sender.send_buf(llmp::TAG, &payload)?;
                stage.broker.broker_once()?;
                let (_, _, got) = stage.receiver.recv_buf()?.ok_or("a message is missing")?;
                std::hint::black_box(got.first().copied());
            }
            Ok(())
        })?);
    }
    plan.report("ll_mp", "alone", all);
    Ok(())
}

/// A client sends, the broker copies to its broadcast page, another client
/// reads: pages, faults and maps as `LibAFL` has them.
fn measure_llmp(plan: &Plan) -> Outcome<()> {
    let Stage {
        mut broker,
        mut sender,
        mut receiver,
        _idle,
    } = Stage::new(plan)?;
    let payload = vec![0x5a; plan.size];
    let (mut sent, mut forwarded, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.warm_up + plan.batches {
        sent.push(plan.time(|| {
            for _ in 0..plan.batch {
                sender.send_buf(llmp::TAG, &payload)?;
            }
            Ok(())
        })?);
        forwarded.push(plan.time(|| {
            broker.broker_once()?;
            Ok(())
        })?);
        taken.push(plan.time(|| {
            for _ in 0..plan.batch {
                let (_, _, got) = receiver.recv_buf()?.ok_or("a message is missing")?;
                std::hint::black_box(got.first().copied());
            }
            Ok(())
        })?);
    }
    plan.report("ll_mp", "send", sent);
    plan.report("ll_mp", "forward", forwarded);
    plan.report("ll_mp", "receive", taken);
    Ok(())
}

/// One publisher, one subscriber that takes the whole batch.
fn measure_iceoryx(plan: &Plan) -> Outcome<()> {
    let domain = Domain::new(&format!("llmp-bench-{}", std::process::id()), true);
    let node = domain.node()?;
    let service = iceoryx::service(&node, "pipeline", plan.batch)?;
    let publisher = iceoryx::publisher(&service, plan.size)?;
    let subscriber = iceoryx::subscriber(&service)?;
    iceoryx::connect(&publisher)?;
    let payload = vec![0x5a; plan.size];
    let (mut sent, mut taken) = (Vec::new(), Vec::new());
    for _ in 0..plan.warm_up + plan.batches {
        sent.push(plan.time(|| {
            for _ in 0..plan.batch {
                iceoryx::publish(&publisher, &payload)?;
            }
            Ok(())
        })?);
        taken.push(plan.time(|| {
            for _ in 0..plan.batch {
                let sample = subscriber.receive()?.ok_or("a message is missing")?;
                std::hint::black_box(sample.payload().first().copied());
            }
            Ok(())
        })?);
    }
    plan.report("iceoryx2", "send", sent);
    plan.report("iceoryx2", "receive", taken);
    Ok(())
}
