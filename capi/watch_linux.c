/* The helper thread behind wait_fd: see watch.h. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "wait.h"
#include "watch.h"

enum { STACK_BYTES = 256 << 10 };

struct watcher {
  struct watch shared; /* first: what watch.h shows */
  int fd;
  pthread_t thread;
  /* Where to look. Written by the receiver's thread while not ARMED. */
  unsigned char *base;
  page_u32 *waiters;
  uint64_t seen_id;
};

static struct watcher *of(const struct watch *w) {
  return (struct watcher *)(uintptr_t)w;
}

static page_u32 *state_word(struct watcher *w) {
  return (page_u32 *)(void *)&w->shared.state;
}

static unsigned state_of(struct watcher *w) {
  return atomic_load_explicit(&w->shared.state, memory_order_acquire);
}

static void make_readable(int fd) {
  const uint64_t one = 1;
  while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

/* While ARMED: sleeps until there is a message or another state. */
static void look(struct watcher *w) {
  struct wait_backoff backoff = {0};
  while (state_of(w) == WATCH_ARMED && !wait_ready(w->base, w->seen_id)) {
    wait_page(w->base, w->waiters, w->seen_id, &backoff, WAIT_NO_LIMIT);
  }
}

/* First readable, then FIRED: whoever sees FIRED can empty it. */
static void fire(struct watcher *w) {
  atomic_store_explicit(&w->shared.state, WATCH_FIRING, memory_order_relaxed);
  make_readable(w->fd);
  atomic_store_explicit(&w->shared.state, WATCH_FIRED, memory_order_release);
  wait_wake(state_word(w), WAIT_PRIVATE);
}

static void *watch_main(void *arg) {
  struct watcher *w = arg;
  for (;;) {
    switch (state_of(w)) {
      case WATCH_ARMED:
        look(w);
        __attribute__((fallthrough)); /* a message, or somebody asks us to park */
      case WATCH_PARK:
        fire(w);
        break;
      case WATCH_FIRED:
        wait_sleep(state_word(w), WATCH_FIRED, WAIT_NO_LIMIT, WAIT_PRIVATE);
        break;
      default:
        return NULL;
    }
  }
}

static void aim(struct watcher *w, const struct llmp_recv_cursor *at) {
  w->base = at->base;
  w->waiters = at->waiters;
  w->seen_id = at->seen_id;
}

static bool start_thread(struct watcher *w) {
  sigset_t all, before;
  pthread_attr_t attr;
  if (pthread_attr_init(&attr) != 0) {
    return false;
  }
  (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* the host's handlers are not for our thread */
  const int rc = pthread_create(&w->thread, &attr, watch_main, w);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
  return rc == 0;
}

struct watch *watch_start(const struct llmp_recv_cursor *at, bool ended) {
  struct watcher *w = calloc(1, sizeof *w);
  if (w == NULL) {
    return NULL;
  }
  w->fd = eventfd(ended ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
  atomic_init(&w->shared.state, ended ? WATCH_FIRED : WATCH_ARMED);
  aim(w, at);
  if (w->fd < 0 || !start_thread(w)) {
    if (w->fd >= 0) {
      close(w->fd);
    }
    free(w);
    return NULL;
  }
  return &w->shared;
}

int watch_fd(const struct watch *w) {
  return of(w)->fd;
}

void watch_rearm_fired(struct watch *shared, const struct llmp_recv_cursor *at) {
  struct watcher *w = of(shared);
  uint64_t count;
  while (state_of(w) == WATCH_FIRING) {
    wait_sleep(state_word(w), WATCH_FIRING, WAIT_NO_LIMIT, WAIT_PRIVATE);
  }
  while (read(w->fd, &count, sizeof count) < 0 && errno == EINTR) {
  }
  aim(w, at);
  atomic_store_explicit(&shared->state, WATCH_ARMED, memory_order_release);
  wait_wake(state_word(w), WAIT_PRIVATE);
}

void watch_park(struct watch *shared) {
  struct watcher *w = of(shared);
  unsigned state = WATCH_ARMED;
  (void)atomic_compare_exchange_strong(&shared->state, &state, WATCH_PARK);
  while ((state = state_of(w)) != WATCH_FIRED) {
    if (state == WATCH_PARK) {
      /* It may be about to sleep on the page, so one call may miss it. */
      wait_wake(page_futex_word(w->base), WAIT_SHARED);
    }
    wait_sleep(state_word(w), state, WAIT_MILLISECOND, WAIT_PRIVATE);
  }
}

void watch_stop(struct watch *shared, bool forked) {
  struct watcher *w = of(shared);
  if (!forked) {
    watch_park(shared);
    atomic_store_explicit(&shared->state, WATCH_STOP, memory_order_release);
    wait_wake(state_word(w), WAIT_PRIVATE);
    pthread_join(w->thread, NULL);
  }
  close(w->fd);
  free(w);
}
