//! Prints ../libafl-0.16.1-events.json: events that libafl-0.16.1.json lacks, as the
//! published crates encode, compress and print them.

use libafl::events::{Event, EventConfig, EventWithStats, ExecStats, LogSeverity};
use libafl::executors::{DiffExitKind, ExitKind};
use libafl::inputs::BytesInput;
use libafl::monitors::stats::user_stats::*;
use libafl_bolts::{ClientId, compress::GzipCompressor};
use std::marker::PhantomData;
use std::{borrow::Cow, time::Duration};
type E = Event<BytesInput>;

fn hex(b: &[u8]) -> String {
    b.iter().map(|x| format!("{x:02x}")).collect()
}

fn tc(exit_kind: ExitKind, client_config: EventConfig) -> E {
    Event::NewTestcase {
        input: BytesInput::new(vec![1, 2]),
        observers_buf: None,
        exit_kind,
        corpus_size: 3,
        client_config,
        forward_id: None,
    }
}
fn us(name: &'static str, s: UserStats) -> E {
    Event::UpdateUserStats {
        name: Cow::Borrowed(name),
        value: s,
        phantom: PhantomData,
    }
}
fn map(v: Vec<(&'static str, UserStats)>) -> E {
    let mut stats = hashbrown::HashMap::new();
    for (k, s) in v {
        stats.insert(Cow::Borrowed(k), s);
    }
    Event::UpdateUserStatsMap {
        stats,
        phantom: PhantomData,
    }
}
fn main() {
    let z = GzipCompressor::with_threshold(1024);
    use UserStatsValue::*;
    let u = |v, o| UserStats::new(v, o);
    let t = |tag, v, o| UserStats::with_tag(v, o, tag);
    let d = ExecStats::new(Duration::new(1700000000, 123456789), 300);
    let big: Vec<u8> = (0..3000u32)
        .map(|i| (i.wrapping_mul(2654435761) >> 13) as u8)
        .collect();
    let mut evs: Vec<(&str, E, ExecStats)> = vec![
        (
            "new testcase, build id",
            tc(
                ExitKind::Ok,
                EventConfig::BuildID {
                    id: uuid::Uuid::from_bytes([
                        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255,
                    ]),
                },
            ),
            d.clone(),
        ),
        (
            "new testcase, empty observers and input, forwarded by 0",
            Event::NewTestcase {
                input: BytesInput::new(vec![]),
                observers_buf: Some(vec![]),
                exit_kind: ExitKind::Ok,
                corpus_size: usize::MAX,
                client_config: EventConfig::FromName {
                    name_hash: u64::MAX,
                },
                forward_id: Some(ClientId(0)),
            },
            d.clone(),
        ),
        (
            "objective without input",
            Event::Objective {
                input: None,
                objective_size: 0,
            },
            d.clone(),
        ),
        (
            "objective, empty input",
            Event::Objective {
                input: Some(BytesInput::new(vec![])),
                objective_size: 1 << 40,
            },
            d.clone(),
        ),
        (
            "objective, 3000 bytes of noise",
            Event::Objective {
                input: Some(BytesInput::new(big.clone())),
                objective_size: 1,
            },
            d.clone(),
        ),
        (
            "heartbeat, all stats zero",
            Event::Heartbeat,
            ExecStats::new(Duration::new(0, 0), 0),
        ),
        (
            "heartbeat, all stats at most",
            Event::Heartbeat,
            ExecStats::new(Duration::new(u64::MAX, 999_999_999), u64::MAX),
        ),
        (
            "user stats float",
            us("f", u(Float(-1.5), AggregatorOps::None)),
            d.clone(),
        ),
        (
            "user stats string",
            us("kö", u(String(Cow::Borrowed("v€")), AggregatorOps::Min)),
            d.clone(),
        ),
        (
            "user stats percent",
            us("p", u(Percent(0.25), AggregatorOps::Max)),
            d.clone(),
        ),
        (
            "user stats tagged",
            us(
                "map",
                t(TAG_MAP, Ratio(u64::MAX, 65536), AggregatorOps::Avg),
            ),
            d.clone(),
        ),
        (
            "user stats tagged 1",
            us("", t(1.try_into().unwrap(), Number(0), AggregatorOps::Sum)),
            d.clone(),
        ),
        ("user stats map, empty", map(vec![]), d.clone()),
        (
            "user stats map, one",
            map(vec![("edges", t(TAG_MAP, Ratio(1, 2), AggregatorOps::Avg))]),
            d.clone(),
        ),
        (
            "user stats map, three",
            map(vec![
                ("a", u(Number(1), AggregatorOps::Sum)),
                ("b", u(String(Cow::Borrowed("x")), AggregatorOps::None)),
                ("c", u(Percent(1.0), AggregatorOps::Min)),
            ]),
            d.clone(),
        ),
        (
            "log debug",
            Event::Log {
                severity_level: LogSeverity::Debug,
                message: "".into(),
                phantom: PhantomData,
            },
            d.clone(),
        ),
        (
            "log info",
            Event::Log {
                severity_level: LogSeverity::Info,
                message: "größer".into(),
                phantom: PhantomData,
            },
            d.clone(),
        ),
        (
            "log error",
            Event::Log {
                severity_level: LogSeverity::Error,
                message: "e".into(),
                phantom: PhantomData,
            },
            d.clone(),
        ),
    ];
    use DiffExitKind as K;
    for (n, p, s) in [
        ("new testcase, diff ok crash", K::Ok, K::Crash),
        ("new testcase, diff oom timeout", K::Oom, K::Timeout),
        ("new testcase, diff diff ok", K::Diff, K::Ok),
    ] {
        evs.push((
            n,
            tc(
                ExitKind::Diff {
                    primary: p,
                    secondary: s,
                },
                EventConfig::AlwaysUnique,
            ),
            d.clone(),
        ));
    }
    // lengths around the threshold of compression: overhead of this event is found by trial
    for want in [1023usize, 1024] {
        for n in 900..1024 {
            let e = Event::Objective {
                input: Some(BytesInput::new(vec![b'a'; n])),
                objective_size: 1,
            };
            if postcard::to_allocvec(&EventWithStats::new(e.clone(), d.clone()))
                .unwrap()
                .len()
                == want
            {
                evs.push((
                    if want == 1023 {
                        "objective, encoding of 1023 bytes"
                    } else {
                        "objective, encoding of 1024 bytes"
                    },
                    e,
                    d.clone(),
                ));
            }
        }
    }
    let mut out = vec![];
    for (name, e, s) in evs {
        let json = serde_json::json!({"event": serde_json::to_value(&e).unwrap(), "stats": serde_json::to_value(&s).unwrap()});
        let p = postcard::to_allocvec(&EventWithStats::new(e, s)).unwrap();
        let c = z.maybe_compress(&p).map(|c| hex(&c));
        out.push(serde_json::json!({"name": name, "postcard_hex": hex(&p), "compressed_hex": c, "json": json}));
    }
    let last = out.len() - 1;
    println!(
        "{{\"made_by\": \"libafl and libafl_bolts 0.16.1 as published, default features, x86_64 Linux\","
    );
    println!(" \"what\": \"events that libafl-0.16.1.json lacks\",\n \"events\": [");
    for (i, e) in out.iter().enumerate() {
        println!("{e}{}", if i == last { "" } else { "," });
    }
    println!("]}}");
}
