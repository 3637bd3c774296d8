//! Compiles the harness, `$HARNESS`, as for any LibAFL fuzzer: with coverage
//! that counts edges.
use std::env;

fn main() {
    let harness = env::var("HARNESS").expect("HARNESS=file.c with LLVMFuzzerTestOneInput in it");
    println!("cargo:rerun-if-env-changed=HARNESS");
    println!("cargo:rerun-if-changed={harness}");
    cc::Build::new()
        .compiler(env::var("CC").as_deref().unwrap_or("clang"))
        .flag("-fsanitize-coverage=trace-pc-guard")
        .opt_level(1)
        .file(harness)
        .compile("harness");
}
