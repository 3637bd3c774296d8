/* A sender's own pages: a client whose broker reads them, a channel without a
 * broker, the private chain of a joiner. README.md says what stands for what.
 *
 *   FIRST, SECOND   who reads: OURS, LIBAFL or NOBODY. The second one begins
 *                   wherever the first one is at the time, by its description.
 *   KILLS           how many readers may be killed, at whatever step
 */
#define NOBODY 0
#define OURS   1
#define LIBAFL 2

#ifndef FIRST
#define FIRST OURS
#endif
#ifndef SECOND
#define SECOND NOBODY
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef PAGES
#define PAGES 4 /* that the sender fills */
#endif

#define MAX_PENDING 2 /* Options.MaxPendingPages */
#define MAX_LIMBO   1
#define MAX_SPARE   1
#define OWNED       (1 + MAX_PENDING + MAX_LIMBO + MAX_SPARE)
#define NONE        15
#define UNKNOWN     15

/* A segment. Its number is its id: the system gives none out twice. It exists
 * while somebody is attached. */
typedef Segment {
  byte attached; /* shm_nattch */
  bit magic;     /* in use, not retired */
  byte life;     /* number of the page whose bytes it holds */
  bit message;   /* its one message is committed */
  byte link;     /* end of page: the next segment */
  byte joined;
  byte left;
  byte claim;    /* the reader (+ 1) that has left it and keeps the map */
  bit shared;    /* two wanted to claim it: nothing can be concluded */
};
Segment seg[PAGES];
byte segments; /* made so far */
byte owned;    /* of those, attached by the sender */

typedef Reader {
  byte on;     /* the segment and page of its description; NONE in between */
  byte page;
  byte mapped; /* a bit for each segment */
  bit reads;   /* has begun and means to go on */
  bit exiting; /* killed, and the process table says so */
  bit unmapped;
  bit gone;    /* no more in the process table */
};
Reader reader[2];
byte kills = KILLS;
bit changed; /* something has that a waiting sender looks at */

#define exists(s) (seg[s].attached > 0)

inline attach(who, s) {
  seg[s].attached++;
  reader[who].mapped = reader[who].mapped | (1 << s);
  changed = 1
}

inline detach(who, s) {
  seg[s].attached--;
  reader[who].mapped = reader[who].mapped & ~(1 << s);
  changed = 1
}

/* ------------------------------------------------------------- the sender */

chan pages = [MAX_PENDING + 1] of { byte }; /* ended, not known to be read */
chan limbo = [MAX_PENDING + MAX_LIMBO + 1] of { byte }; /* complete and retired */
chan spare = [MAX_SPARE] of { byte };

inline create(s) {
  s = segments;
  segments++;
  seg[s].attached = 1;
  owned++;
  assert(owned <= OWNED)
}

inline give_up(s) {
  seg[s].attached--;
  owned--
}

/* page.init, but for the magic, which is RETIRED until the very end. */
inline lay_out(s, n) {
  d_step {
    seg[s].life = n;
    seg[s].message = 0;
    seg[s].link = NONE;
    seg[s].joined = 0;
    seg[s].left = 0;
    seg[s].claim = 0;
    seg[s].shared = 0
  };
  seg[s].magic = 1
}

#ifdef BUG_EXITING
#define lives(who) (!reader[who].gone)
#else
#define lives(who) (!reader[who].exiting)
#endif

/* page.readByNobody: nobody is attached but one that keeps what it has left. */
inline read_by_nobody(s, yes) {
  keeper = seg[s].claim * !seg[s].shared;
  n = seg[s].attached;
  if
  :: n <= 1 -> yes = 1
  :: n == 2 && keeper != 0 -> d_step { yes = lives(keeper - 1) && seg[s].claim == keeper && !seg[s].shared }
  :: else -> yes = 0
  fi;
  d_step { n = 0; keeper = 0 }
}

/* ownPages.collect, first half: what has been read by the one we know of. */
inline complete() {
  do
  :: nempty(pages) ->
    pages?<s>;
    d_step { joined = seg[s].joined; left = seg[s].left }; /* one word */
    if
    :: left == 0 -> break
#ifdef BUG_LEFT_EARLY
    :: left > 0 && (left < joined || left < left_before) -> break
    :: else -> left_before = left
    fi;
#else
    :: left > 0 && left < joined ->
      read_by_nobody(s, proved);
      if
      :: !proved -> break
      :: else
      fi
    :: else
    fi;
#endif
    d_step { pages?s; seg[s].magic = 0; limbo!s }
  :: empty(pages) -> break
  od
}

/* Second half: what nobody reads and nobody can come to read. */
inline collect() {
  do
  :: nempty(limbo) ->
    limbo?<s>;
    read_by_nobody(s, proved);
    d_step { joined = seg[s].joined; left = seg[s].left }; /* after that */
#if defined(BUG_ATTACHED_ONLY) || defined(BUG_LEFT_EARLY)
    come = 1;
#else
    come = left_before != UNKNOWN && joined >= left_before && left >= joined;
#endif
    if
    :: proved && come ->
      d_step {
#ifndef BUG_LEFT_EARLY
        left_before = left;
#endif
        limbo?s;
        if
        :: nfull(spare) -> spare!s
        :: full(spare) -> give_up(s)
        fi
      }
    :: (!proved || !come) && (len(limbo) > MAX_LIMBO || proved && left_before == UNKNOWN) ->
      d_step {
        limbo?s;
#ifndef BUG_LEFT_EARLY
        left_before = (proved -> left : UNKNOWN);
#endif
        give_up(s)
      }
    :: else -> break
    fi
  :: empty(limbo) -> break
  od;
  atomic { s = 0; joined = 0; left = 0; proved = 0; come = 0 }
}

proctype Sender() {
  byte current, next, s, n, keeper, joined, left;
  byte left_before; /* how many ever left the page before limbo's first */
  byte page = 1;
  bit proved, come;

  do
  :: page < PAGES ->
    do
    :: changed = 0;
      complete();
      collect();
      if
      :: len(pages) + 1 > MAX_PENDING -> /* the bus is full */
        if
        :: changed
        :: !reader[0].reads && !reader[1].reads -> goto nobody_reads
        fi
      :: else -> break
      fi
    od;
    atomic {
      if
      :: nempty(spare) -> spare?next
      :: empty(spare) -> create(next)
      fi;
      page++
    };
    lay_out(next, page);
    d_step {
      seg[current].link = next;
      pages!current;
      current = next;
      next = 0
    };
    seg[current].message = 1
  :: else -> break
  od;
nobody_reads:
  skip
}

/* ------------------------------------------------------------ the readers */

#define me reader[who]

/* Nobody may see this: nothing of what is read on page is of another one. */
#define right() assert(seg[s].life == page)

/* A page that is gone is an error at the reader: never at one who is alone. */
#define gone() assert(SECOND != NOBODY); goto stop

inline keep_claim(t) {
  d_step {
    keep = seg[t].claim == 0;
    seg[t].claim = (keep -> who + 1 : seg[t].claim);
    changed = 1
  };
  if
  :: !keep -> seg[t].shared = 1
  :: else
  fi
}

inline unclaim(t) {
  d_step {
    if
    :: seg[t].claim == who + 1 -> seg[t].claim = 0
    :: else
    fi;
    changed = 1
  }
}

proctype Read(byte who; byte kind) {
  byte s, next, page, kept = NONE;
  bit keep;
end:
  atomic { /* the first is marked joined when the broker adds it */
    (who == 0 || reader[0].on != NONE) && !me.exiting;
    if
    :: who == 0 -> page = 1; seg[0].joined++
    :: else -> s = reader[0].on; page = reader[0].page
    fi;
    attach(who, s);
    me.reads = 1;
    me.on = s;
    me.page = page
  };
  {
    do
    :: atomic { seg[s].message -> right() };
      if
      :: page == PAGES -> break
      :: else
      fi;
      atomic { seg[s].link != NONE -> right(); next = seg[s].link; me.on = NONE };
      if
      :: kind == LIBAFL ->
        d_step { seg[s].left++; changed = 1 };
        d_step { detach(who, s) };
        atomic {
          if
          :: exists(next) -> attach(who, next)
          :: else -> gone()
          fi
        };
      :: kind == OURS ->
        if
        :: next == kept -> kept = NONE
        :: else ->
          atomic {
            if
            :: exists(next) -> attach(who, next)
            :: else -> gone()
            fi
          }
        fi
      fi;
      if
      :: !seg[next].magic -> gone()
      :: else
      fi;
      if
      :: kind == OURS ->
#ifdef BUG_CLAIM_FIRST
        keep_claim(s);
#endif
        d_step { seg[s].left++; changed = 1 };
#ifndef BUG_CLAIM_FIRST
        keep_claim(s)
#endif
      :: else
      fi;
      d_step { seg[next].joined++; changed = 1 };
      if
      :: keep && kept != NONE ->
        unclaim(kept);
        d_step { detach(who, kept); kept = s }
      :: keep && kept == NONE -> kept = s
      :: !keep && kind == OURS -> d_step { detach(who, s) }
      :: else
      fi;
      d_step {
        page++;
        s = next;
        me.on = s;
        me.page = page;
        next = 0;
        keep = 0
      }
    od;
stop:
    me.reads = 0
  } unless { me.unmapped }
}

/* kill -9. The process says that it is exiting before its maps go, and is to
 * be seen for a while after that. */
proctype Kill(byte who) {
  byte i;
end:
  d_step { kills > 0 -> kills--; reader[who].exiting = 1 };
  d_step {
    do
    :: i < PAGES ->
      if
      :: reader[who].mapped & (1 << i) -> detach(who, i)
      :: else
      fi;
      i++
    :: else -> break
    od;
    i = 0;
    reader[who].unmapped = 1;
    reader[who].reads = 0;
    reader[who].on = NONE
  };
  d_step { reader[who].gone = 1; changed = 1 }
}

init {
  atomic {
    byte first;
    create(first);
    lay_out(first, 1);
    seg[first].message = 1;
    reader[0].on = NONE;
    reader[0].reads = 1;
    reader[1].on = NONE;
    run Sender();
    run Read(0, FIRST);
    if
    :: SECOND != NOBODY -> run Read(1, SECOND)
    :: else
    fi;
    if
    :: KILLS > 0 -> run Kill(0)
    :: else
    fi;
    if
    :: KILLS > 0 && SECOND != NOBODY -> run Kill(1)
    :: else
    fi
  }
}
