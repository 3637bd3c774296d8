/*
 * llmp_libfuzzer.h - a libFuzzer harness on the bus, without a line of code:
 * link it, and what this fuzzer finds goes to all others, LibAFL's included,
 * and what they find is run here and built upon.
 *
 *     clang -fsanitize=fuzzer,address harness.c \
 *         -Wl,--whole-archive -lllmp_libfuzzer -Wl,--no-whole-archive -lllmp
 *     llmp broker &
 *     ./a.out corpus
 *
 * It defines LLVMFuzzerInitialize and LLVMFuzzerCustomMutator, weakly. A harness
 * that has one of them keeps its own and calls the function below that stands
 * for it.
 *
 * Finds leave through the first corpus directory, in which libFuzzer writes
 * each new unit; without one on the command line, a temporary directory is made
 * and removed at the end. Test cases of others come back as the result of every
 * second mutation at most, so that they cannot stop this fuzzer's own work.
 *
 * LLMP_PORT names the broker's port (default 1337). Without a broker, or once it
 * has ended, the harness fuzzes alone and says so on stderr, as libFuzzer says
 * things. It does not join where nothing is to be exchanged: with -fork, -jobs
 * (their children join), -merge, -minimize_crash, -cleanse_crash, -help, or when
 * single inputs are run.
 *
 * Threads: libFuzzer's main thread only.
 */
#ifndef LLMP_LIBFUZZER_H
#define LLMP_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For LLVMFuzzerInitialize, with its arguments. 1: on the bus, 0: alone. */
int llmp_libfuzzer_initialize(int *argc, char ***argv);

/* For the begin of LLVMFuzzerCustomMutator: sends what is new, and puts a test
 * case of another fuzzer, of max_size bytes at most, into data. Its length; 0:
 * there is none now, mutate as ever. */
size_t llmp_libfuzzer_mutate(uint8_t *data, size_t max_size);

#ifdef __cplusplus
}
#endif
#endif /* LLMP_LIBFUZZER_H */
