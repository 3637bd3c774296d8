/* See raw_page.h. */
#include "raw_page.h"

#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "check.h"

void raw_make(struct raw_page *p, size_t size) {
  const int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
  CHECK_SYS(id);
  p->base = shmat(id, NULL, 0);
  CHECK(p->base != (void *)-1);
  p->size = size;
  memset(&p->map, 0, sizeof p->map);
  CHECK_GT(snprintf(p->map.id, sizeof p->map.id, "%d", id), 0);
  p->map.size = size;
  p->map.offset = LLMP_NO_OFFSET;
}

void raw_lay_out(struct raw_page *p, uint32_t sender) {
  page_put64(p->base, WIRE_PAGE_OFF_MAGIC, WIRE_PAGE_MAGIC);
  page_put32(p->base, WIRE_PAGE_OFF_SENDER, sender);
  page_put64(p->base, WIRE_PAGE_OFF_TOTAL, p->size - WIRE_PAGE_HEADER);
  page_put32(p->base, WIRE_PAGE_HEADER + WIRE_MSG_OFF_TAG, WIRE_TAG_UNSET);
}

void raw_remove(struct raw_page *p) {
  int id = 0;
  CHECK_EQ(sscanf(p->map.id, "%d", &id), 1);
  CHECK_SYS(shmdt(p->base));
  CHECK_SYS(shmctl(id, IPC_RMID, NULL));
}

void raw_put(struct raw_page *p, uint64_t off, const struct raw_message *m) {
  page_put32(p->base, off + WIRE_MSG_OFF_TAG, m->tag);
  page_put32(p->base, off + WIRE_MSG_OFF_SENDER, m->sender);
  page_put32(p->base, off + WIRE_MSG_OFF_FLAGS, m->flags);
  page_put64(p->base, off + WIRE_MSG_OFF_ID, m->id);
  page_put64(p->base, off + WIRE_MSG_OFF_LEN, m->len);
  page_put64(p->base, off + WIRE_MSG_OFF_PADDED, m->padded);
}

void raw_commit(struct raw_page *p, uint64_t id) {
  __atomic_store_n(page_current_id(p->base), id, __ATOMIC_RELEASE);
}

void raw_put_end(struct raw_page *p, uint64_t off, uint64_t id, const llmp_map *next) {
  const uint64_t payload = off + WIRE_MSG_HEADER;
  const struct raw_message end = {.tag = WIRE_TAG_END_OF_PAGE,
                                  .id = id,
                                  .len = WIRE_EOP_PAYLOAD,
                                  .padded = WIRE_EOP_RESERVE - WIRE_MSG_HEADER};
  raw_put(p, off, &end);
  page_put64(p->base, payload + WIRE_EOP_OFF_MAP_SIZE, next->size);
  memcpy(p->base + payload + WIRE_EOP_OFF_MAP_ID, next->id, LLMP_MAP_ID_LEN);
}
