//! Nothing: of the crate `honggfuzz` only what its build script builds is used.
