/* Where the shared memory comes from: System V and POSIX. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"

/* Everything that a bus does, over one provider. */
static void exercise(const char *provider) {
  struct bus bus;
  llmp_broker_options b = LLMP_BROKER_OPTIONS_INIT;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  llmp_client_description d;
  llmp_client *heir = NULL;
  char data[3000];
  b.provider = o.provider = provider;
  b.page_size = o.page_size = 8192;
  bus_start(&bus, &b);
  llmp_client *c = bus_join(&bus, &o), *other = bus_join(&bus, &o);
  for (uint64_t i = 0; i < 200; i++) {
    llmp_msg m;
    fill(data, sizeof data, i);
    CHECK_OK(llmp_client_send(c, TAG, data, sizeof data));
    CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
    check_filled(m.data, m.len, i);
    CHECK_EQ(llmp_client_recv_wait(other, &m, SOON_MS), 1);
    check_filled(m.data, m.len, i);
  }
  CHECK_OK(llmp_client_describe(c, &d));
  CHECK_OK(llmp_client_attach_description(&heir, &d, &o));
  send_text(heir, "taken over");
  expect_text(heir, "taken over");
  expect_text(other, "taken over");
  CHECK_OK(llmp_client_close(heir));
  (void)llmp_client_close(c);
  CHECK_OK(llmp_client_close(other));
  bus_stop(&bus);
}

TEST(a_bus_on_system_v_shared_memory) {
  exercise("sysv");
}

/* How many there are of this process, whose number is in their names. */
static int posix_maps(void) {
  int n = 0;
  char own[32];
  snprintf(own, sizeof own, "_%d_", (int)getpid());
  DIR *d = opendir("/dev/shm");
  CHECK(d != NULL);
  for (const struct dirent *e; (e = readdir(d)) != NULL;) {
    n += strstr(e->d_name, own) != NULL;
  }
  CHECK_EQ(closedir(d), 0);
  return n;
}

TEST(a_bus_on_posix_shared_memory) {
  exercise("posix");
}

TEST(posix_maps_are_there_while_in_use_and_gone_after) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  const int before = posix_maps();
  o.provider = "posix";
  llmp_client *c = channel(1, &o);
  CHECK_GT(posix_maps(), before);
  send_text(c, "in a file of /dev/shm");
  expect_text(c, "in a file of /dev/shm");
  channel_close(c);
  CHECK_EQ(posix_maps(), before);
}

TEST(halves_on_posix_shared_memory) {
  struct pipe p;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  llmp_msg m;
  o.provider = "posix";
  pipe_open(&p, &o);
  CHECK_OK(llmp_sender_send(p.to, TAG, "x", 1));
  CHECK_EQ(llmp_receiver_recv(p.from, &m), 1);
  check_text(&m, "x");
  pipe_close(&p);
}

TEST(both_sides_must_use_the_same_provider) {
  struct bus bus;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  llmp_client *c = NULL;
  o.provider = "posix";
  bus_start(&bus, NULL);
  const int rc = llmp_client_connect(&c, bus.port, &o);
  CHECK(rc == LLMP_E_NOTFOUND || rc == LLMP_E_CORRUPT || rc == LLMP_E_INVALID);
  CHECK_SAYS(llmp_last_error(), "provider");
  CHECK(c == NULL);
  bus_stop(&bus);
}
