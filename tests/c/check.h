/*
 * check.h - tests and one-line checks, for C and C++.
 *
 *     TEST(a_message_arrives) {
 *       CHECK_OK(llmp_client_send(c, TAG, "hello", 5));
 *       CHECK_EQ(llmp_client_recv(c, &m), 1);
 *       CHECK_ERROR(llmp_client_recv(NULL, &m), LLMP_E_INVALID);
 *     }
 *
 * A check that does not hold prints where, what and both operands, and ends the
 * process; so does a test that takes longer than its limit. Each test runs in a
 * process of its own: runner.c. Checks may be used in any thread and in forked
 * children.
 */
#ifndef LLMP_CHECK_H
#define LLMP_CHECK_H

#include <errno.h>
#include <llmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ----------------------------------------------------------------- checks */

#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) {                                        \
      check_failed(__FILE__, __LINE__, "broken: " #condition); \
    }                                                          \
  } while (0)

/* Integers of any kind, as 64 bit. */
#define CHECK_EQ(a, b) CHECK_NUMBERS_(a, ==, b)
#define CHECK_NE(a, b) CHECK_NUMBERS_(a, !=, b)
#define CHECK_LT(a, b) CHECK_NUMBERS_(a, <, b)
#define CHECK_LE(a, b) CHECK_NUMBERS_(a, <=, b)
#define CHECK_GT(a, b) CHECK_NUMBERS_(a, >, b)
#define CHECK_GE(a, b) CHECK_NUMBERS_(a, >=, b)

/* Strings that end at a NUL. */
#define CHECK_STR(a, b) check_strings(__FILE__, __LINE__, #a " == " #b, a, b)

/* text contains part. */
#define CHECK_SAYS(text, part) check_says(__FILE__, __LINE__, text, part)

/* n bytes at a are the m bytes at b. */
#define CHECK_BYTES(a, n, b, m) \
  check_bytes(__FILE__, __LINE__, #a " == " #b, a, (size_t)(n), b, (size_t)(m))

/* A call of the library that works: its result is not negative. */
#define CHECK_OK(call) check_ok(__FILE__, __LINE__, #call, call)

/* A call of the library that fails with this code, and has a sentence for it. */
#define CHECK_ERROR(call, code) check_error(__FILE__, __LINE__, #call, call, code, "")

/* ... and the sentence contains part. */
#define CHECK_ERROR_SAYS(call, code, part) check_error(__FILE__, __LINE__, #call, call, code, part)

/* A system call that works: its result is not -1. */
#define CHECK_SYS(call)                                                   \
  do {                                                                    \
    if ((call) == -1) {                                                   \
      check_failed(__FILE__, __LINE__, "%s: %s", #call, strerror(errno)); \
    }                                                                     \
  } while (0)

/* A pthread function that works. */
#define CHECK_THREAD(call) CHECK_EQ(call, 0)

/* What must not be reached. */
#define CHECK_FAIL(...) check_failed(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK_NUMBERS_(a, op, b)                                                      \
  do {                                                                                \
    const int64_t check_a_ = (int64_t)(a), check_b_ = (int64_t)(b);                   \
    if (!(check_a_ op check_b_)) {                                                    \
      check_failed(__FILE__, __LINE__, "broken: %s: %lld %s %lld", #a " " #op " " #b, \
                   (long long)check_a_, #op, (long long)check_b_);                    \
    }                                                                                 \
  } while (0)

__attribute__((format(printf, 3, 4), noreturn)) void check_failed(const char *file, int line,
                                                                  const char *format, ...);
void check_strings(const char *file, int line, const char *what, const char *a, const char *b);
void check_says(const char *file, int line, const char *text, const char *part);
void check_bytes(const char *file, int line, const char *what, const void *a, size_t n,
                 const void *b, size_t m);
void check_ok(const char *file, int line, const char *what, int result);
void check_error(const char *file, int line, const char *what, int result, int code,
                 const char *part);

/* ------------------------------------------------------------------ tests */

struct test {
  const char *name;
  void (*run)(void);
  struct test *next;
};
void test_register(struct test *t);

#define TEST(name)                                                      \
  static void name(void);                                               \
  __attribute__((constructor)) static void test_register_##name(void) { \
    static struct test test_ = {#name, name, NULL};                     \
    test_register(&test_);                                              \
  }                                                                     \
  static void name(void)

/* The other process of a test: runs when program_start starts this program
 * under that name, and is no test of its own. */
#define PROGRAM(name)                                                      \
  static void name(void);                                                  \
  __attribute__((constructor)) static void program_register_##name(void) { \
    static struct test program_ = {#name, name, NULL};                     \
    program_register(&program_);                                           \
  }                                                                        \
  static void name(void)
void program_register(struct test *t);

/* Starts it, with the environment as it is now. It is killed with its parent. */
int program_start(const char *name);
/* Waits until it has ended, and checks that it ended well. */
void program_join(int pid);

/* How long a test may take, in seconds; also how long it waits for what must
 * come. Generous: the machine may be busy with other things. */
enum { TEST_LIMIT_S = 90, SOON_MS = 60 * 1000 };

#ifdef __cplusplus
}
#endif

#endif /* LLMP_CHECK_H */
