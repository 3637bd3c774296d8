/* Sending: tags, flags, sizes, pages. */
#include <stdlib.h>

#include "bus.h"

TEST(what_is_sent_is_received) {
  llmp_client *c = channel(7, NULL);
  llmp_msg m;
  CHECK_EQ(llmp_client_send(c, TAG, "hello", 5), 0);
  CHECK_EQ(llmp_client_recv(c, &m), 1);
  check_text(&m, "hello");
  CHECK_EQ(m.sender, 7);
  CHECK_EQ(m.flags, 0);
  CHECK_EQ(m.reserved, 0);
  CHECK_EQ(m.id, 1);
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  channel_close(c);
}

TEST(messages_come_in_order_and_are_numbered) {
  llmp_client *c = channel(1, NULL);
  for (uint64_t i = 1; i <= 1000; i++) {
    CHECK_OK(llmp_client_send(c, TAG, &i, sizeof i));
  }
  for (uint64_t i = 1; i <= 1000; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    CHECK_EQ(m.id, i);
    CHECK_BYTES(m.data, m.len, &i, sizeof i);
  }
  channel_close(c);
}

TEST(flags_travel_unchanged) {
  static const uint32_t flags[] = {
      0, LLMP_FLAG_COMPRESSED, LLMP_FLAG_FROM_B2B, LLMP_FLAG_FROM_MACHINE, 0x80000000u, UINT32_MAX};
  llmp_client *c = channel(1, NULL);
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    llmp_msg m;
    CHECK_OK(llmp_client_send_flags(c, TAG, flags[i], "f", 1));
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    CHECK_EQ(m.flags, flags[i]);
  }
  channel_close(c);
}

TEST(any_tag_but_the_bus_s_own_can_be_sent) {
  static const uint32_t own[] = {LLMP_TAG_UNSET,
                                 LLMP_TAG_UNINITIALIZED,
                                 LLMP_TAG_END_OF_PAGE,
                                 LLMP_TAG_CLIENT_EXIT,
                                 LLMP_TAG_NEW_SHM_CLIENT,
                                 LLMP_TAG_EXITING,
                                 LLMP_TAG_SLOW_RECEIVER_PANIC};
  static const uint32_t fine[] = {0, 1, TAG, LLMP_TAG_LIBAFL_EVENT, UINT32_MAX};
  llmp_client *c = channel(1, NULL);
  llmp_msg m;
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    CHECK_ERROR_SAYS(llmp_client_send(c, own[i], "x", 1), LLMP_E_INVALID, "tag");
    CHECK_ERROR(llmp_client_send_flags(c, own[i], 1, "x", 1), LLMP_E_INVALID);
  }
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
    CHECK_OK(llmp_client_send(c, fine[i], "x", 1));
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    CHECK_EQ(m.tag, fine[i]);
  }
  channel_close(c);
}

TEST(an_empty_message_is_a_message) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m;
  CHECK_OK(llmp_client_send(c, TAG, NULL, 0));
  CHECK_OK(llmp_client_send(c, TAG, "", 0));
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    CHECK_EQ(m.len, 0);
    CHECK(m.data != NULL);
  }
  channel_close(c);
}

TEST(null_data_has_no_length) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m;
  CHECK_ERROR_SAYS(llmp_client_send(c, TAG, NULL, 1), LLMP_E_INVALID, "data is NULL");
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  channel_close(c);
}

/* Around the sizes where padding, pages and maps change. */
TEST(sizes_from_nothing_to_20_mib_arrive_whole) {
  static const size_t sizes[] = {
      0,       1,     7,     8,       23,  24,      25,           63,      64, 65, 4095,
      4096,    65535, 65536, MIB - 1, MIB, MIB + 1, 3 * MIB + 17, 8 * MIB, 1,  0,  20 * MIB - 1,
      20 * MIB};
  llmp_client *c = channel(1, NULL);
  unsigned char *data = malloc(20 * (size_t)MIB);
  CHECK(data != NULL);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    llmp_msg m;
    fill(data, sizes[i], i);
    CHECK_OK(llmp_client_send(c, TAG, data, sizes[i]));
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    CHECK_EQ(m.len, sizes[i]);
    check_filled(m.data, m.len, i);
  }
  free(data);
  channel_close(c);
}

TEST(a_message_too_large_is_refused_and_the_next_one_goes) {
  llmp_client *c = channel(1, NULL);
  const size_t large = (size_t)LLMP_MAX_PAYLOAD + 1;
  void *payload = &payload;
  CHECK_ERROR_SAYS(llmp_client_send(c, TAG, "x", large), LLMP_E_TOOBIG, "split");
  CHECK_ERROR(llmp_client_send_flags(c, TAG, 0, "x", SIZE_MAX), LLMP_E_TOOBIG);
  CHECK_ERROR(llmp_client_alloc(c, large, &payload), LLMP_E_TOOBIG);
  CHECK(payload == (void *)&payload);
  const llmp_outgoing out = {TAG, 0, "x", large};
  CHECK_ERROR(llmp_client_send_many(c, &out, 1), LLMP_E_TOOBIG);
  send_text(c, "fits");
  expect_text(c, "fits");
  channel_close(c);
}

/* Pages as small as they can be, so that most messages need a new one. */
TEST(messages_roll_over_from_page_to_page) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.page_size = 4096;
  llmp_client *c = channel(3, &o);
  unsigned char data[3 * KIB];
  llmp_map first, last;
  CHECK_OK(llmp_client_map(c, &first));
  for (uint64_t i = 0; i < 500; i++) {
    const size_t len = (size_t)(i * 37 % sizeof data);
    llmp_msg m;
    fill(data, len, i);
    CHECK_OK(llmp_client_send(c, TAG, data, len));
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    CHECK_EQ(m.sender, 3);
    CHECK_EQ(m.len, len);
    check_filled(m.data, m.len, i);
  }
  CHECK_OK(llmp_client_map(c, &last));
  CHECK_NE(strcmp(first.id, last.id), 0);
  channel_close(c);
}

TEST(several_pages_can_wait_to_be_read) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.page_size = 4096;
  o.max_pending_pages = 16;
  llmp_client *c = channel(1, &o);
  unsigned char data[3000];
  for (uint64_t i = 0; i < 12; i++) {
    fill(data, sizeof data, i);
    CHECK_OK(llmp_client_send(c, TAG, data, sizeof data));
  }
  for (uint64_t i = 0; i < 12; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    CHECK_EQ(m.len, sizeof data);
    check_filled(m.data, m.len, i);
  }
  channel_close(c);
}

TEST(a_client_knows_its_id_and_its_page) {
  llmp_client *c = channel(4711, NULL);
  llmp_map map;
  CHECK_EQ(llmp_client_id(c), 4711);
  CHECK_EQ(llmp_client_id(NULL), 0);
  CHECK_OK(llmp_client_map(c, &map));
  CHECK_GT(strlen(map.id), 0);
  CHECK_EQ(map.size, MIB); /* the default */
  CHECK_EQ(map.reserved, 0);
  channel_close(c);
}
