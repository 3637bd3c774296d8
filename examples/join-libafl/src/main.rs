//! An in-process fuzzer of stock LibAFL that joins a broker's bus:
//!
//!     join-libafl PORT [DICTIONARY]
//!
//! It starts with one empty-handed seed, sends what it finds, takes in what others
//! find, and ends when the broker does.
use std::{env, error::Error};

use libafl::{
    corpus::InMemoryCorpus,
    events::{EventConfig, HasEventManagerId, LlmpEventManagerBuilder},
    executors::{ExitKind, InProcessExecutor},
    feedbacks::{CrashFeedback, MaxMapFeedback},
    inputs::{BytesInput, HasTargetBytes},
    mutators::{HavocScheduledMutator, Tokens, havoc_mutations, tokens_mutations},
    observers::{CanTrack, HitcountsMapObserver},
    schedulers::QueueScheduler,
    stages::StdMutationalStage,
    state::StdState,
    Evaluator, Fuzzer, HasMetadata, StdFuzzer,
};
use libafl_bolts::{
    current_nanos,
    rands::StdRand,
    shmem::{ShMemProvider, StdShMemProvider},
    tuples::{Merge, tuple_list},
};
use libafl_targets::{libfuzzer_initialize, libfuzzer_test_one_input, std_edges_map_observer};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let port = args.get(1).ok_or("usage: join-libafl PORT [DICTIONARY]")?.parse()?;
    unsafe { libfuzzer_initialize(&args[..1]) };

    let edges = HitcountsMapObserver::new(unsafe { std_edges_map_observer("edges") }).track_indices();
    let mut feedback = MaxMapFeedback::new(&edges);
    let mut objective = CrashFeedback::new();
    let mut state = StdState::new(
        StdRand::with_seed(current_nanos()),
        InMemoryCorpus::<BytesInput>::new(),
        InMemoryCorpus::new(),
        &mut feedback,
        &mut objective,
    )?;
    let mut tokens = Tokens::new();
    if let Some(dictionary) = args.get(2) {
        tokens.add_from_file(dictionary)?;
    }
    state.add_metadata(tokens);

    let mut manager = LlmpEventManagerBuilder::new().build_on_port(
        StdShMemProvider::new()?,
        port,
        EventConfig::AlwaysUnique,
    )?;
    println!("joined as client {}", manager.mgr_id().0);

    let mut fuzzer = StdFuzzer::new(QueueScheduler::new(), feedback, objective);
    let mut harness = |input: &BytesInput| {
        unsafe { libfuzzer_test_one_input(&input.target_bytes()) };
        ExitKind::Ok
    };
    let mut executor = InProcessExecutor::builder()
        .harness(&mut harness)
        .observers(tuple_list!(edges))
        .fuzzer(&mut fuzzer)
        .state(&mut state)
        .event_mgr(&mut manager)
        .build()?;
    let seed = BytesInput::new(vec![0; 8]);
    fuzzer.add_input(&mut state, &mut executor, &mut manager, seed)?;

    let mutator = HavocScheduledMutator::new(havoc_mutations().merge(tokens_mutations()));
    let mut stages = tuple_list!(StdMutationalStage::new(mutator));
    match fuzzer.fuzz_loop(&mut stages, &mut executor, &mut state, &mut manager) {
        Err(libafl::Error::ShuttingDown) => Ok(()), // the broker has ended
        other => Ok(other?),
    }
}
