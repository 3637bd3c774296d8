/* Sleeping and waking: a broker that polls nobody and sleeps on its bell, and
 * clients that ring it without a fence of their own. README.md says what stands
 * for what.
 *
 *   CLIENTS   how many
 *   MESSAGES  that each sends, one after the other
 *
 * A client's processor keeps its stores in a buffer (x86-64: in order) until it
 * gets round to write them, or a barrier, an atomic operation of its own, or the
 * sleeper's membarrier makes it. Without that every load would see every store
 * at once, and what is to be shown would hold for nothing.
 */
#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef MESSAGES
#define MESSAGES 2
#endif

/* On the clients' pages and the bell. */
byte id[CLIENTS];    /* current message id, as others see it */
bit want[CLIENTS];   /* ring me: the broker does not poll this client */
bit rang[CLIENTS];
byte seq;            /* the futex word */
bit sleeping;

/* A client's store of its id that is still in its processor's buffer. */
byte buffered[CLIENTS];

bit asleep;          /* the kernel's side of the futex */
byte handled[CLIENTS];

#define drain(i)                                                                     \
  if                                                                                 \
  :: buffered[i] != 0 -> id[i] = buffered[i]; buffered[i] = 0                        \
  :: else                                                                            \
  fi

/* The processor writes back when it likes. */
proctype Buffer(byte i) {
end:
  do
  :: d_step { buffered[i] != 0 -> id[i] = buffered[i]; buffered[i] = 0 }
  od
}

/* publish, and ring when asked to. */
proctype Client(byte i) {
  byte sent;
  bit w;
  do
  :: sent < MESSAGES ->
    sent++;
    buffered[i] = sent; /* the release store */
#ifdef FENCE
    d_step { drain(i) };
#endif
    w = want[i];
    if
    :: w ->
      /* Go's and C's atomics below are full barriers. */
#ifdef BUG_SEQ_FIRST
      d_step { drain(i); seq = seq + 1 };
      d_step { want[i] = 0; rang[i] = 1 };
#else
      d_step { drain(i); want[i] = 0 };
      rang[i] = 1;
      seq = seq + 1;
#endif
      if
      :: sleeping -> asleep = 0 /* futex wake */
      :: else
      fi
    :: else
    fi
  :: else -> break
  od
}

#define polled(i) (hot >> i & 1)

/* Handles what is there; a client that has something is polled from then on. */
inline round() {
  i = 0;
  n = 0;
  do
  :: i < CLIENTS ->
    atomic {
      if
      :: rang[i] -> rang[i] = 0; hot = hot | (1 << i); want[i] = 0
      :: else
      fi
    };
    if
    :: polled(i) && id[i] > handled[i] -> d_step { handled[i]++; n++ }
    :: else
    fi;
    i++
  :: else -> break
  od
}

/* Asks all to ring, then looks for the last time. */
inline rest() {
  i = 0;
  do
  :: i < CLIENTS ->
    if
    :: polled(i) -> want[i] = 1; asked = asked | (1 << i); hot = hot & ~(1 << i)
    :: else
    fi;
    i++
  :: else -> break
  od;
#if !defined(FENCE) && !defined(BUG_NO_BARRIER)
  atomic { /* membarrier: every processor writes back */
    i = 0;
    do
    :: i < CLIENTS -> drain(i); i++
    :: else -> break
    od
  };
#endif
  i = 0;
  do
  :: i < CLIENTS ->
#ifndef BUG_NO_LAST_LOOK
    if
    :: (asked >> i & 1) && id[i] > handled[i] -> hot = hot | (1 << i); want[i] = 0; n = 1
    :: else
    fi;
#endif
    i++
  :: else -> break
  od;
  asked = 0
}

proctype Broker() {
  byte i, n, seen, hot, asked;
  bit all;
  hot = (1 << CLIENTS) - 1;
  do
  :: sleeping = 0;
#ifdef BUG_SEQ_LATE
    round();
    seen = seq;
#else
    seen = seq; /* before the round: what rings during it counts */
    round();
#endif
    atomic {
      all = 1;
      i = 0;
      do
      :: i < CLIENTS -> all = all && handled[i] == MESSAGES; i++
      :: else -> break
      od
    };
    if
    :: all -> break
    :: else
    fi;
    if
    :: n == 0 ->
      rest();
      if
      :: n == 0 ->
#ifdef BUG_SLEEPING_LATE
        d_step { asleep = seq == seen };
        sleeping = 1;
#else
        sleeping = 1;
        d_step { asleep = seq == seen }; /* futex wait compares and sleeps at once */
#endif
        !asleep /* for ever, if nobody wakes it: that must not be */
      :: else
      fi
    :: else
    fi;
    atomic { i = 0; n = 0 }
  od
}

init {
  atomic {
    byte c = 0;
    run Broker();
    do
    :: c < CLIENTS -> run Client(c); run Buffer(c); c++
    :: else -> break
    od
  }
}
