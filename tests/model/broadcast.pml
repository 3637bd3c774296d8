/* The broadcast pages of a broker: numbered, used again or destroyed, read by
 * readers with a slot (ours) and by counted ones (LibAFL's), which come through
 * an entry of their own or by another reader's description. README.md says what
 * stands for what; the names B1 to B9 are those of docs/concurrency.md.
 *
 *   FIRST    OURS or LIBAFL; comes through an entry
 *   SECOND   the same, or NOBODY
 *   THIRD    the same as FIRST, if there is a third
 *   DESCRIBED   1: the second comes by the first one's description instead
 *   KILLS    how many readers may be killed, at whatever step
 *   PATIENT  1: the broker gives up no living reader
 *   BUDGET   ended pages in use at a time, those not counted that are destroyed
 *   UNCOUNTED   the system does not count attachments
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
#ifndef DESCRIBED
#define DESCRIBED 0
#endif
#ifdef THIRD
#define READERS 3
#define and_third(x) ; x
#define or_third(x) || x
#define minus_third(x) - x
#else
#define READERS 2
#define and_third(x)
#define or_third(x)
#define minus_third(x)
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef PATIENT
#define PATIENT 1
#endif
#ifndef PAGES
#define PAGES 4 /* that are broadcast */
#endif

#ifndef BUDGET
#define BUDGET 1
#endif
#define NONE   15

/* A segment; its number is its id, and is not given out twice. */
typedef Segment {
  bit owned;     /* attached by the broker */
  byte attached; /* shm_nattch without that */
  bit magic;
  byte life;     /* number of the page whose bytes it holds: what is checked */
  byte seq;      /* the number in the annex, 0 when struck out */
  byte mapped;   /* a bit for each slot */
  bit message;
  byte link;
  byte joined;
  byte left;
};
Segment seg[PAGES];
byte segments;

/* An entry: the door and one private page, for each reader. */
typedef Entry {
  bit open;      /* the private page can be mapped */
  bit door_left;
  bit attached;  /* the joiner is, to the door or to the page behind it */
  bit link;      /* to the page below, not taken back */
  byte to;
  byte seq;      /* link seq */
  bit left;
  bit arrived;
};
Entry entry[READERS];

typedef Reader {
  byte place;  /* of its slot: a page's number, 0 when it has none */
  bit cut;     /* the same word: cut off */
  byte on;     /* its description */
  byte page;
  byte mapped; /* segments */
  bit exiting;
  bit unmapped;
  bit gone;
};
Reader reader[READERS];
byte kills = KILLS;
bit changed;

#define exists(s) (seg[s].owned || seg[s].attached > 0)

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

/* ------------------------------------------------------------- the broker */

chan live = [BUDGET] of { byte }; /* ended, oldest first */
byte oldest = 1; /* number of the first of them, or of the current page */

/* A place that holds page k. */
#define holds(who, k) (reader[who].place != 0 && reader[who].place <= k && !reader[who].cut)
#define held_by_slot(k) (holds(0, k) || holds(1, k) or_third(holds(2, k)))

/* An attachment to s that proves nothing: of a living reader that is beyond page k. */
#ifdef BUG_EXITING
#define lives(who) (!reader[who].gone)
#else
#define lives(who) (!reader[who].exiting)
#endif
#define beyond(who, s, k) ((seg[s].mapped >> who & 1) && lives(who) && reader[who].place > k)

/* The attachments of s but for the broker's and those beyond page k. */
inline count_others(s, k) {
#ifdef BUG_MAPPED_FIRST
  n = beyond(0, s, k) + beyond(1, s, k) minus_third(-beyond(2, s, k));
  n = (n <= seg[s].attached -> seg[s].attached - n : 0)
#else
  n = seg[s].attached;
  n = n - beyond(0, s, k) - beyond(1, s, k) minus_third(beyond(2, s, k))
#endif
}

#define leads(who, k) (entry[who].open && entry[who].link && entry[who].seq == k)
#define outstanding(who, k) (leads(who, k) && (entry[who].attached || !entry[who].left && !entry[who].arrived))

/* Frees the slot of a dead process, and what it says of maps. */
inline free_dead(who) {
  d_step {
    if
    :: reader[who].gone && reader[who].place != 0 ->
      n = 0;
      do
      :: n < PAGES -> seg[n].mapped = seg[n].mapped & ~(1 << who); n++
      :: else -> break
      od;
      n = 0;
      reader[who].place = 0
    :: else
    fi
  }
}

/* Takes back the link of an entry that nobody has used yet: first the message
 * id, then a look at the door. */
inline take_back(who) {
  if
  :: leads(who, oldest) && !entry[who].door_left ->
    entry[who].link = 0;
#ifndef BUG_NO_LOOK_AT_DOOR
    entry[who].link = entry[who].door_left /* it still holds the page */
#endif
  :: else
  fi
}

#define waits(who) (entry[who].door_left && !entry[who].link)

/* Leads on who stands before a link that was taken back. */
inline usher(who, first) {
  d_step {
    if
    :: entry[who].open && !entry[who].link && entry[who].door_left ->
      entry[who].to = first;
      entry[who].seq = oldest;
      entry[who].link = 1
    :: else
    fi
  }
}

/* Ends an entry whose joiner is dead or, out of patience, any: its private
 * page is retired, and a ghost while somebody is attached. */
inline end_entry(who) {
  if
  :: leads(who, oldest) && outstanding(who, oldest) && (!PATIENT || reader[who].gone) ->
    entry[who].open = 0;
#ifdef BUG_LEFT_BEFORE_ATTACHED
    came = came + entry[who].left;
    spoilt = spoilt || entry[who].attached
#else
    spoilt = spoilt || entry[who].attached; /* first: who is gone has counted */
    came = came + entry[who].left
#endif
  :: else
  fi
}

inline close_entry(who) {
  if
  :: leads(who, oldest) && !outstanding(who, oldest) ->
    entry[who].open = 0;
    came = came + entry[who].left
  :: else
  fi
}

/* Cuts a reader off: the swap of one word. */
inline cut_off(who) {
  d_step {
    if
    :: !PATIENT && holds(who, oldest) -> reader[who].cut = 1; cut = 1
    :: else
    fi
  }
}

/* Takes the oldest page back: reused is a segment, or NONE if it was destroyed. */
inline reclaim() {
  cut = 0;
  do
  :: changed = 0;
    atomic {
      live?<s>;
      free_dead(0);
      free_dead(1) and_third(free_dead(2));
      usher(0, s);
      usher(1, s) and_third(usher(2, s))
    };
    take_back(0);
    take_back(1) and_third(take_back(2));
    atomic {
      if /* a ghost that nobody is attached to: its left is final */
      :: unknown && ghost != NONE && seg[ghost].attached == 0 ->
        left_before = seg[ghost].left;
        seg[ghost].owned = 0;
        ghost = NONE;
        unknown = 0
      :: else
      fi
    };
    close_entry(0);
    close_entry(1) and_third(close_entry(2));
#ifdef BUG_SECOND_LOOK_AT_ENTRY
    proved = !(outstanding(0, oldest) || outstanding(1, oldest) or_third(outstanding(2, oldest)));
#else
    proved = !(leads(0, oldest) || leads(1, oldest) or_third(leads(2, oldest))); /* B4 */
#endif
    atomic { /* B5: one word */
      n = seg[s].left;
#ifdef BUG_NO_EXPECTED
      counted = n >= seg[s].joined
#else
      counted = n >= seg[s].joined && (unknown || spoilt || seg[s].joined >= left_before + came)
#endif
    };
    proved = proved && !held_by_slot(oldest); /* B6 */
    if
    :: proved && counted ->
#ifdef BUG_LOOK_FIRST
      proved = !held_by_slot(oldest);
      seg[s].seq = 0; /* struck out */
#else
      seg[s].seq = 0; /* B7 */
      proved = !held_by_slot(oldest);
#endif
      if
      :: proved -> break
      :: else -> seg[s].seq = oldest
      fi
    :: else ->
      if
      :: changed
      :: cut_off(0); cut_off(1) and_third(cut_off(2))
      :: end_entry(0); end_entry(1) and_third(end_entry(2))
      :: proved && !counted && (!PATIENT || seg[s].attached == 0 && (reader[0].gone || reader[1].gone or_third(reader[2].gone))) ->
        seg[s].seq = 0;
        proved = !held_by_slot(oldest);
        if
        :: proved -> break
        :: else -> seg[s].seq = oldest
        fi
      fi
    fi
  od;
  seg[s].magic = 0; /* B8 */
#ifdef UNCOUNTED
  n = 0;
#else
  do
  :: changed = 0;
    count_others(s, oldest);
    if
    :: n == 0 -> break
    :: else ->
      if
      :: changed
      :: !PATIENT -> break
      fi
    fi
  od;
#endif
#ifdef BUG_ATTACHED_ONLY
  counted = 1;
#endif
  counted = counted && !cut;
  atomic {
    live?s;
    if
    :: n == 0 && counted && !unknown && !spoilt -> reused = s
    :: else -> reused = NONE
    fi;
    if
    :: ghost != NONE -> seg[ghost].owned = 0; ghost = NONE
    :: else
    fi;
    left_before = seg[s].left; /* B9 */
    if
    :: n == 0 -> unknown = 0; seg[s].owned = reused != NONE
    :: else -> unknown = 1; ghost = s
    fi;
    came = 0;
    oldest++;
    s = 0; n = 0; proved = 0; counted = 0; cut = 0; spoilt = 0
  }
}

proctype Broker() {
  byte current, s, n, reused;
  byte left_before;   /* B3: left of the page before the oldest, once final */
  bit unknown;        /* it is not */
  bit spoilt;         /* an entry that leads to the oldest was ended before it was over */
  byte ghost = NONE;
  byte came;          /* left of the entries that led to the oldest */
  byte page = 1;
  bit proved, counted, cut;

  do
  :: page < PAGES ->
    if
    :: full(live) -> reclaim()
    :: nfull(live) -> reused = NONE
    fi;
    atomic {
      if
      :: reused == NONE ->
        reused = segments;
        segments++;
        seg[reused].owned = 1
      :: else
      fi;
      page++
    };
    d_step { /* page.init */
      seg[reused].life = page;
      seg[reused].message = 0;
      seg[reused].link = NONE;
      seg[reused].joined = 0;
      seg[reused].left = 0
    };
    seg[reused].magic = 1;
    seg[reused].seq = page;
    seg[current].link = reused;
    atomic { live!current; current = reused; reused = NONE };
    seg[current].message = 1
  :: else -> break
  od;
  do /* nothing more to say: lead on who still comes */
  :: atomic {
      changed || waits(0) || waits(1) or_third(waits(2)) ->
      changed = 0;
      if
      :: nempty(live) -> live?<s>
      :: empty(live) -> s = current
      fi;
      usher(0, s);
      usher(1, s) and_third(usher(2, s));
      s = 0
    }
  :: timeout -> break
  od
}

/* ------------------------------------------------------------ the readers */

#define me reader[who]
#define it entry[who]

/* Nobody may see this: nothing of what is read on page is of another one. */
#define right() assert(seg[s].life == page)

/* An error at a reader: only at one that was given up, or came uninvited. */
#define gone() assert(!PATIENT || DESCRIBED && who == 1 || KILLS > 0); goto stop

proctype Read(byte who; byte kind) {
  byte s, next, page, kept = NONE;
  bit described = DESCRIBED && who == 1;

end:
  atomic {
    (!described || reader[0].on != NONE) && !me.exiting;
    if
    :: described -> s = reader[0].on; page = reader[0].page; attach(who, s)
    :: else -> it.attached = 1
    fi
  };
  {
    if
    :: described ->
      if
      :: !seg[s].magic -> gone()
      :: else
      fi;
      if
      :: kind == OURS -> /* settle: the place first, then the number again */
        next = seg[s].seq;
#ifdef BUG_NUMBER_FIRST
        if
        :: next == 0 || seg[s].seq != next -> gone()
        :: else
        fi;
        d_step { me.place = next; changed = 1 };
#else
        d_step { me.place = next; changed = 1 };
        if
        :: next == 0 || seg[s].seq != next -> gone()
        :: else
        fi;
#endif
        seg[s].mapped = seg[s].mapped | (1 << who);
        if
        :: next != page -> gone() /* the description was stale */
        :: else
        fi;
        next = 0
      :: else
      fi
    :: else ->
      d_step { it.door_left = 1; changed = 1 };
      atomic {
        it.link || !it.open ->
        if
        :: !it.open -> gone()
        :: else -> s = it.to; page = it.seq
        fi
      };
      if
      :: kind == LIBAFL -> d_step { it.left = 1; changed = 1 }; d_step { it.attached = 0; changed = 1 }
      :: else
      fi;
      atomic {
        if
        :: exists(s) -> attach(who, s)
        :: else -> gone()
        fi
      };
      if
      :: !seg[s].magic -> gone()
      :: else
      fi;
      if
      :: kind == LIBAFL -> d_step { seg[s].joined++; changed = 1 }
      :: kind == OURS ->
        d_step { me.place = page; changed = 1 };
        seg[s].mapped = seg[s].mapped | (1 << who);
        if
        :: seg[s].seq != page -> gone()
        :: else
        fi;
        d_step { it.arrived = 1; changed = 1 };
        d_step { it.attached = 0; changed = 1 }
      fi
    fi;
    d_step { me.on = s; me.page = page };
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
        if
        :: !seg[next].magic -> gone()
        :: else
        fi;
        d_step { seg[next].joined++; changed = 1 }
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
        fi;
        if
        :: !seg[next].magic -> gone()
        :: else
        fi;
        seg[next].mapped = seg[next].mapped | (1 << who);
        if
        :: seg[next].seq != page + 1 -> gone()
        :: else
        fi;
        d_step { /* compare-and-swap */
          if
          :: !me.cut -> me.place = page + 1; changed = 1
          :: else
          fi
        };
        if
        :: me.cut && me.place == page -> gone()
        :: else
        fi;
        if
        :: kept != NONE ->
          seg[kept].mapped = seg[kept].mapped & ~(1 << who);
          d_step { detach(who, kept) }
        :: else
        fi;
        kept = s
      fi;
      d_step {
        page++;
        s = next;
        next = 0;
        me.on = s;
        me.page = page
      }
    od;
stop:
    atomic { /* lets go of everything; the slot last */
      s = 0;
      do
      :: s < PAGES ->
        seg[s].mapped = seg[s].mapped & ~(1 << who);
        if
        :: me.mapped & (1 << s) -> detach(who, s)
        :: else
        fi;
        s++
      :: else -> break
      od;
      it.attached = 0;
      me.place = 0;
      me.on = NONE;
      s = 0; next = 0; page = 0; kept = NONE;
      changed = 1
    }
  } unless { me.unmapped }
}

/* kill -9: the process says that it is exiting before its maps go, and can be
 * seen for a while after that. */
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
    entry[who].attached = 0;
    reader[who].unmapped = 1;
    reader[who].on = NONE
  };
  d_step { reader[who].gone = 1; changed = 1 }
}

init {
  atomic {
    segments = 1;
    seg[0].owned = 1;
    seg[0].magic = 1;
    seg[0].life = 1;
    seg[0].seq = 1;
    seg[0].link = NONE;
    seg[0].message = 1;
    reader[0].on = NONE;
    reader[1].on = NONE;
    entry[0].open = 1; entry[0].link = 1; entry[0].to = 0; entry[0].seq = 1;
    run Broker();
    run Read(0, FIRST);
    if
    :: SECOND != NOBODY && !DESCRIBED -> entry[1].open = 1; entry[1].link = 1; entry[1].to = 0; entry[1].seq = 1
    :: else
    fi;
    if
    :: SECOND != NOBODY -> run Read(1, SECOND)
    :: else
    fi;
#ifdef THIRD
    reader[2].on = NONE;
    entry[2].open = 1; entry[2].link = 1; entry[2].to = 0; entry[2].seq = 1;
    run Read(2, THIRD);
    if
    :: KILLS > 0 -> run Kill(2)
    :: else
    fi;
#endif
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
