/* Every macro of llmp.h is used in here, or in what includes this, so that one
 * that does not compile is found: check-complete.sh sees to it. */
#ifndef LLMP_TEST_MACROS_H
#define LLMP_TEST_MACROS_H

#if LLMP_VERSION_MAJOR < 0 || LLMP_VERSION_MINOR < 0 || LLMP_VERSION_PATCH < 0
#error "versions are numbers that the preprocessor can compare"
#endif
#if LLMP_ABI_VERSION < 1
#error "so is the ABI's"
#endif

enum { ALL_FLAGS = LLMP_FLAG_COMPRESSED | LLMP_FLAG_FROM_B2B | LLMP_FLAG_FROM_MACHINE };
enum { PORT = LLMP_DEFAULT_PORT, VERDICTS = LLMP_HOOK_FORWARD + LLMP_HOOK_DROP };

static const char version[] = "llmp " LLMP_VERSION_STRING;
static const int64_t timeouts[] = {LLMP_WAIT_FOREVER, LLMP_DONT_WAIT};
static const uint64_t limits[] = {LLMP_MAX_PAYLOAD, LLMP_MAX_FRAME, LLMP_MAP_ID_LEN,
                                  LLMP_DESCRIPTION_MAX};
LLMP_API const char *llmp_version(void);

/* Numbers that travel: no two of a kind are the same, or this does not compile. */
static int is_kind(uint32_t kind) {
  switch (kind) {
    case LLMP_EVENT_TESTCASE:
    case LLMP_EVENT_OBJECTIVE:
      return 1;
    default:
      return 0;
  }
}

static int is_exit(uint32_t exit) {
  switch (exit) {
    case LLMP_EXIT_OK:
    case LLMP_EXIT_CRASH:
    case LLMP_EXIT_OOM:
    case LLMP_EXIT_TIMEOUT:
    case LLMP_EXIT_DIFF:
      return 1;
    default:
      return 0;
  }
}

static int is_stat(uint32_t stat) {
  switch (stat) {
    case LLMP_STAT_NUMBER:
    case LLMP_STAT_FLOAT:
    case LLMP_STAT_TEXT:
    case LLMP_STAT_RATIO:
    case LLMP_STAT_PERCENT:
      return 1;
    default:
      return 0;
  }
}

static int is_aggregate(uint32_t how) {
  switch (how) {
    case LLMP_AGGREGATE_NONE:
    case LLMP_AGGREGATE_SUM:
    case LLMP_AGGREGATE_AVG:
    case LLMP_AGGREGATE_MIN:
    case LLMP_AGGREGATE_MAX:
      return 1;
    default:
      return 0;
  }
}

static int event_macros(void) {
  const llmp_testcase testcase = LLMP_TESTCASE_INIT;
  const llmp_event_options options = LLMP_EVENT_OPTIONS_INIT;
  const llmp_user_stat stat = LLMP_USER_STAT_INIT;
  return testcase.size == sizeof testcase && options.size == sizeof options &&
         stat.size == sizeof stat && is_kind(0) && is_exit(0) && is_stat(0) && is_aggregate(0);
}

/* "E_FULL" for LLMP_E_FULL. */
static const char *name_of(int code) {
  switch (code) {
#define NAME(name, number, text) \
  case number:                   \
    return #name;
    LLMP_ERROR_MAP(NAME)
#undef NAME
    default:
      return version;
  }
}

static int is_own_tag(uint32_t tag) {
  switch (tag) {
    case LLMP_TAG_UNSET:
    case LLMP_TAG_UNINITIALIZED:
    case LLMP_TAG_END_OF_PAGE:
    case LLMP_TAG_NEW_SHM_CLIENT:
    case LLMP_TAG_CLIENT_EXIT:
    case LLMP_TAG_EXITING:
    case LLMP_TAG_SLOW_RECEIVER_PANIC:
      return 1;
    default:
      return tag == LLMP_TAG_LIBAFL_EVENT ? -1 : timeouts[0] == 0 && limits[0] == 0;
  }
}

#endif /* LLMP_TEST_MACROS_H */
