/* Pages that make no sense: attaching to them, reading on them, serving them. */
#include "bus.h"
#include "raw_page.h"

enum { PAGE = 4096, FIRST = WIRE_PAGE_HEADER };

/* One good message of 8 bytes at the front; the next one starts at this offset. */
enum { SECOND = 2 * WIRE_MSG_ALIGN };
static const struct raw_message good = {
    .tag = TAG, .sender = 1, .id = 1, .len = 8, .padded = SECOND - FIRST - WIRE_MSG_HEADER};

static void page_with(struct raw_page *p, const struct raw_message *second) {
  raw_make(p, PAGE);
  raw_lay_out(p, 1);
  raw_put(p, FIRST, &good);
  memcpy(p->base + FIRST + WIRE_MSG_HEADER, "12345678", 8);
  if (second != NULL) {
    raw_put(p, SECOND, second);
  }
  raw_commit(p, second == NULL ? 1 : 2);
}

static llmp_receiver *attach(const llmp_map *map) {
  llmp_receiver *r = NULL;
  CHECK_OK(llmp_receiver_attach_map(&r, map, NULL));
  return r;
}

/* ------------------------------------------------------------- attaching */

static void not_attached(const llmp_map *map, int code, const char *because) {
  llmp_receiver *r = NULL;
  llmp_sender *s = NULL;
  llmp_client *c = NULL;
  CHECK_ERROR_SAYS(llmp_receiver_attach_map(&r, map, NULL), code, because);
  CHECK_ERROR_SAYS(llmp_sender_attach_map(&s, map, NULL), code, because);
  CHECK_ERROR_SAYS(llmp_client_attach_shmem(&c, map, map, NULL), code, because);
  CHECK_ERROR_SAYS(llmp_client_new(&c, map->id, map->size, 1, NULL), code, because);
  CHECK(r == NULL && s == NULL && c == NULL);
}

TEST(a_map_that_does_not_exist_is_not_found) {
  const llmp_map map = {.id = "2147483647", .size = PAGE, .offset = LLMP_NO_OFFSET};
  not_attached(&map, LLMP_E_NOTFOUND, "provider");
}

TEST(an_id_that_is_none_is_refused) {
  static const char *const bad[] = {"", "abc", "-1", "1x", "99999999999999999"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    llmp_map map = {.size = PAGE, .offset = LLMP_NO_OFFSET};
    (void)strncpy(map.id, bad[i], sizeof map.id - 1);
    not_attached(&map, LLMP_E_INVALID, "id");
  }
}

TEST(an_id_without_an_end_is_refused) {
  llmp_map map = {.size = PAGE, .offset = LLMP_NO_OFFSET};
  llmp_receiver *r = NULL;
  llmp_client *c = NULL;
  memset(map.id, '1', sizeof map.id);
  CHECK_ERROR(llmp_receiver_attach_map(&r, &map, NULL), LLMP_E_INVALID);
  CHECK_ERROR(llmp_client_attach_shmem(&c, &map, &map, NULL), LLMP_E_INVALID);
  CHECK_ERROR(llmp_client_new(&c, "111111111111111111111111111", PAGE, 1, NULL), LLMP_E_INVALID);
}

TEST(a_map_with_something_reserved_is_refused) {
  struct raw_page p;
  llmp_receiver *r = NULL;
  page_with(&p, NULL);
  p.map.reserved = 1;
  CHECK_ERROR_SAYS(llmp_receiver_attach_map(&r, &p.map, NULL), LLMP_E_INVALID, "reserved");
  raw_remove(&p);
}

TEST(a_map_smaller_than_said_is_corrupt) {
  struct raw_page p;
  page_with(&p, NULL);
  p.map.size = 16 * PAGE;
  not_attached(&p.map, LLMP_E_CORRUPT, "size");
  raw_remove(&p);
}

TEST(a_map_too_small_for_a_page_is_corrupt) {
  struct raw_page p;
  page_with(&p, NULL);
  static const uint64_t sizes[] = {
      0, 1, WIRE_PAGE_HEADER, WIRE_SMALLEST_MAP - 1, WIRE_LARGEST_MAP + 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    p.map.size = sizes[i];
    not_attached(&p.map, LLMP_E_CORRUPT, "bytes");
  }
  raw_remove(&p);
}

TEST(a_page_with_a_wrong_magic_is_corrupt) {
  struct raw_page p;
  raw_make(&p, PAGE);
  not_attached(&p.map, LLMP_E_CORRUPT, "magic"); /* zeros */
  raw_lay_out(&p, 1);
  p.base[WIRE_PAGE_OFF_MAGIC] ^= 1;
  not_attached(&p.map, LLMP_E_CORRUPT, "magic");
  raw_remove(&p);
}

TEST(a_page_that_its_sender_retired_is_gone) {
  struct raw_page p;
  page_with(&p, NULL);
  page_put64(p.base, WIRE_PAGE_OFF_MAGIC, WIRE_PAGE_MAGIC_RETIRED);
  not_attached(&p.map, LLMP_E_NOTFOUND, "retired");
  raw_remove(&p);
}

TEST(an_offset_that_is_no_message_s_is_corrupt) {
  static const uint64_t offsets[] = {
      1, 8, PAGE, PAGE - WIRE_PAGE_HEADER - 1, UINT64_MAX - 1, UINT64_MAX / 2};
  for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
    struct raw_page p;
    llmp_receiver *r = NULL;
    llmp_sender *s = NULL;
    page_with(&p, NULL);
    p.map.offset = offsets[i];
    CHECK_ERROR(llmp_receiver_attach_map(&r, &p.map, NULL), LLMP_E_CORRUPT);
    CHECK_ERROR(llmp_sender_attach_map(&s, &p.map, NULL), LLMP_E_CORRUPT);
    CHECK(r == NULL && s == NULL);
    raw_remove(&p);
  }
}

/* --------------------------------------------------------------- reading */

/* The first message is read, then the receiver ends for good. */
static void ends_after_the_first(struct raw_page *p, int code) {
  llmp_receiver *r = attach(&p->map);
  llmp_msg m;
  CHECK_EQ(llmp_receiver_recv(r, &m), 1);
  check_text(&m, "12345678");
  for (int i = 0; i < 2; i++) {
    CHECK_ERROR(llmp_receiver_recv(r, &m), code);
    CHECK_ERROR(llmp_receiver_recv_many(r, &m, 1), code);
    CHECK_ERROR(llmp_receiver_recv_wait(r, &m, LLMP_WAIT_FOREVER), code);
  }
  check_text(&m, "12345678"); /* untouched */
  CHECK_OK(llmp_receiver_close(r));
  raw_remove(p);
}

TEST(a_good_page_by_hand_is_read) {
  struct raw_page p;
  llmp_msg m;
  page_with(&p, NULL);
  llmp_receiver *r = attach(&p.map);
  CHECK_EQ(llmp_receiver_recv(r, &m), 1);
  check_text(&m, "12345678");
  CHECK_EQ(m.sender, 1);
  CHECK_EQ(llmp_receiver_recv(r, &m), 0);
  CHECK_OK(llmp_receiver_close(r));
  raw_remove(&p);
}

TEST(impossible_lengths_are_corrupt) {
  static const struct {
    uint64_t len, padded;
  } bad[] = {
      {8, 7},                      /* longer than its padding */
      {UINT64_MAX, UINT64_MAX},    /* beyond everything */
      {8, UINT64_MAX - 40},        /* wraps around */
      {8, (uint64_t)1 << 63},      /* and again */
      {8, PAGE},                   /* beyond the map */
      {8, PAGE - SECOND - 40 + 1}, /* by one byte */
      {PAGE, PAGE - SECOND - 40},  /* the payload beyond its padding */
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const struct raw_message second = {
        .tag = TAG, .id = 2, .len = bad[i].len, .padded = bad[i].padded};
    struct raw_page p;
    page_with(&p, &second);
    ends_after_the_first(&p, LLMP_E_CORRUPT);
  }
}

TEST(an_id_out_of_order_is_corrupt) {
  static const uint64_t ids[] = {0, 1, 3, UINT64_MAX};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    const struct raw_message second = {
        .tag = TAG, .id = ids[i], .len = 8, .padded = 128 - WIRE_MSG_HEADER};
    struct raw_page p;
    page_with(&p, &second);
    ends_after_the_first(&p, LLMP_E_CORRUPT);
  }
}

TEST(a_commit_of_more_than_there_is_is_corrupt) {
  struct raw_page p;
  page_with(&p, NULL);
  raw_commit(&p, UINT64_MAX);
  ends_after_the_first(&p, LLMP_E_CORRUPT);
}

TEST(a_message_with_an_unset_tag_is_corrupt) {
  const struct raw_message second = {
      .tag = WIRE_TAG_UNSET, .id = 2, .len = 8, .padded = 128 - WIRE_MSG_HEADER};
  struct raw_page p;
  page_with(&p, &second);
  ends_after_the_first(&p, LLMP_E_CORRUPT);
}

/* ------------------------------------------------------- following a link */

static void page_that_leads_to(struct raw_page *p, const llmp_map *next) {
  page_with(p, NULL);
  raw_put_end(p, SECOND, 2, next);
  raw_commit(p, 2);
}

TEST(a_page_that_leads_nowhere_is_not_found) {
  const llmp_map nowhere = {.id = "2147483647", .size = PAGE};
  struct raw_page p;
  page_that_leads_to(&p, &nowhere);
  ends_after_the_first(&p, LLMP_E_NOTFOUND);
}

TEST(a_page_that_leads_to_no_page_is_corrupt) {
  struct raw_page zeros, p;
  raw_make(&zeros, PAGE);
  page_that_leads_to(&p, &zeros.map);
  ends_after_the_first(&p, LLMP_E_CORRUPT);
  raw_remove(&zeros);
}

TEST(a_page_that_leads_to_a_map_too_small_is_corrupt) {
  struct raw_page small, p;
  page_with(&small, NULL);
  small.map.size = 1000 * PAGE;
  page_that_leads_to(&p, &small.map);
  ends_after_the_first(&p, LLMP_E_CORRUPT);
  raw_remove(&small);
}

TEST(a_link_that_is_no_link_is_corrupt) {
  const struct raw_message end = {
      .tag = WIRE_TAG_END_OF_PAGE, .id = 2, .len = 3, .padded = 128 - WIRE_MSG_HEADER};
  struct raw_page p;
  page_with(&p, &end);
  ends_after_the_first(&p, LLMP_E_CORRUPT);
}

TEST(a_link_with_an_id_that_is_none_ends_the_receiver) {
  llmp_map bad = {.size = PAGE};
  llmp_msg m;
  struct raw_page p;
  memset(bad.id, 'x', sizeof bad.id); /* no NUL either */
  page_that_leads_to(&p, &bad);
  llmp_receiver *r = attach(&p.map);
  CHECK_EQ(llmp_receiver_recv(r, &m), 1);
  const int rc = llmp_receiver_recv(r, &m);
  CHECK(rc == LLMP_E_CORRUPT || rc == LLMP_E_NOTFOUND || rc == LLMP_E_INVALID);
  CHECK_ERROR(llmp_receiver_recv(r, &m), rc);
  CHECK_OK(llmp_receiver_close(r));
  raw_remove(&p);
}

TEST(a_good_link_by_hand_is_followed) {
  struct raw_page next, p;
  llmp_msg m;
  page_with(&next, NULL);
  page_that_leads_to(&p, &next.map);
  llmp_receiver *r = attach(&p.map);
  CHECK_EQ(llmp_receiver_recv(r, &m), 1);
  CHECK_EQ(llmp_receiver_recv(r, &m), 1);
  check_text(&m, "12345678");
  CHECK_EQ(llmp_receiver_recv(r, &m), 0);
  CHECK_OK(llmp_receiver_close(r));
  raw_remove(&next);
  raw_remove(&p);
}

/* ---------------------------------------------------------------- serving */

/* The broker removes the client of such a page, and serves the rest. */
static void broker_removes(struct raw_page *p, uint64_t bad_clients) {
  struct bus bus;
  llmp_stats s = {.size = sizeof s};
  bus_start(&bus, NULL);
  llmp_client *c = bus_join(&bus, NULL);
  CHECK_OK(llmp_broker_add_client(bus.broker, p->map.id, p->map.size));
  expect_text(c, "12345678");
  do {
    send_text(c, "go on");
    expect_text(c, "go on");
    CHECK_OK(llmp_broker_stats(bus.broker, &s));
  } while (s.clients != 1);
  CHECK_EQ(s.bad_clients, bad_clients);
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
  raw_remove(p);
}

TEST(a_broker_removes_a_client_with_impossible_lengths) {
  const struct raw_message second = {.tag = TAG, .id = 2, .len = 8, .padded = UINT64_MAX - 40};
  struct raw_page p;
  page_with(&p, &second);
  broker_removes(&p, 1);
}

TEST(a_broker_removes_a_client_that_leads_nowhere) {
  const llmp_map nowhere = {.id = "2147483647", .size = PAGE};
  struct raw_page p;
  page_that_leads_to(&p, &nowhere);
  broker_removes(&p, 0); /* its sender may have died: that is no nonsense */
}

TEST(a_broker_refuses_a_client_that_has_no_page) {
  llmp_broker *b = NULL;
  struct raw_page p;
  CHECK_OK(llmp_broker_new(&b, NULL));
  raw_make(&p, PAGE);
  CHECK_ERROR_SAYS(llmp_broker_add_client(b, p.map.id, p.map.size), LLMP_E_CORRUPT, "magic");
  CHECK_ERROR(llmp_broker_add_client(b, "2147483647", PAGE), LLMP_E_NOTFOUND);
  CHECK_ERROR(llmp_broker_add_client(b, "nonsense", PAGE), LLMP_E_INVALID);
  CHECK_ERROR(llmp_broker_add_client(b, p.map.id, 1), LLMP_E_CORRUPT);
  CHECK_EQ(llmp_broker_once(b), 0);
  raw_remove(&p);
  CHECK_OK(llmp_broker_close(b));
}

TEST(a_client_that_panics_ends_alone) {
  struct raw_page p;
  const struct raw_message panic = {
      .tag = LLMP_TAG_SLOW_RECEIVER_PANIC, .id = 2, .len = 0, .padded = 128 - WIRE_MSG_HEADER};
  page_with(&p, &panic);
  broker_removes(&p, 0);
}
