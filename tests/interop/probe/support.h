/*
 * support.h - what probe.c and probe.cpp have in common: the options and
 * the lines of the Rust peer (USAGE in ../src/main.rs), and the payloads.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <llmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sha256.h"

#define PROBE_SIZES 256

/* A row of messages under one tag: number start up to, not including, end. */
typedef struct series {
  uint64_t seed;
  uint64_t start;
  uint64_t end;
  uint32_t tag;
  uint32_t flags;
  size_t sizes[PROBE_SIZES]; /* of messages 0, 1, 2 ..., over and over */
  size_t size_count;
} series;

typedef struct options {
  llmp_client_options bus;
  uint16_t port;
  unsigned timeout; /* seconds */
  series out;
  uint64_t count;
  bool all_tags;
  bool skip_own;
  uint64_t receive;
  uint64_t leave_unread;
  uint64_t unread;
  uint32_t reply_tag;
  uint32_t as_id;
  const char *map_id; /* NULL: a page of one's own */
  size_t map_size;
  const char *name;
  const char *description;
  char **rest; /* what follows --, or NULL */
} options;

/* Which messages are reported, and how many. */
typedef struct incoming {
  uint64_t limit; /* UINT64_MAX: all until the broker ends */
  uint64_t got;
  uint32_t tag;
  bool all_tags;
  bool skip_own;
} incoming;

/* ------------------------------------------------------------- series */

static size_t series_size(const series *s, uint64_t i) {
  return s->sizes[i % s->size_count];
}

/* Writes the payload of message i. */
static void series_fill(const series *s, uint64_t i, uint8_t *payload) {
  uint8_t base = (uint8_t)(s->seed * 131 + i * 31);
  for (size_t j = 0; j < series_size(s, i); j++) payload[j] = (uint8_t)(base + j);
}

/* Whether a payload is that of message i. */
static bool series_matches(const series *s, uint64_t i, const void *data, size_t len) {
  const uint8_t *payload = (const uint8_t *)data;
  uint8_t base = (uint8_t)(s->seed * 131 + i * 31);
  if (len != series_size(s, i)) return false;
  for (size_t j = 0; j < len; j++) {
    if (payload[j] != (uint8_t)(base + j)) return false;
  }
  return true;
}

/* -------------------------------------------------------------- lines */

static void print_joined(uint32_t client_id) {
  printf("{\"event\":\"joined\",\"client_id\":%u}\n", client_id);
}

static void print_done(uint64_t sent, uint64_t received) {
  printf("{\"event\":\"done\",\"sent\":%llu,\"received\":%llu}\n", (unsigned long long)sent,
         (unsigned long long)received);
}

static void print_message(uint64_t index, const llmp_msg *m) {
  char sum[SHA256_TEXT];
  sha256(m->data, m->len, sum);
  printf(
      "{\"event\":\"message\",\"index\":%llu,\"sender\":%u,\"tag\":%u,\"flags\":%u,\"len\":%zu,"
      "\"sha256\":\"%s\"}\n",
      (unsigned long long)index, m->sender, m->tag, m->flags, m->len, sum);
}

/* An error as a line; quotes and control characters are left out. */
static void print_error(const char *what, const char *why) {
  printf("{\"event\":\"error\",\"error\":\"%s: ", what);
  for (; *why != '\0'; why++) {
    if (*why != '"' && *why != '\\' && (unsigned char)*why >= ' ') putchar(*why);
  }
  puts("\"}");
}

/* Reports a message if it is wanted. */
static inline void take(incoming *in, const llmp_msg *m, bool own) {
  bool wanted = (in->all_tags || m->tag == in->tag) && !(own && in->skip_own);
  if (wanted && in->got < in->limit) print_message(in->got++, m);
}

/* ------------------------------------------------------------ options */

static uint64_t parse_number(const char *name, const char *text) {
  char *end = NULL;
  unsigned long long n = strtoull(text, &end, 0);
  if (*text == '\0' || *end != '\0') {
    print_error(name, "not a number");
    exit(2);
  }
  return n;
}

static void parse_sizes(series *s, const char *text) {
  while (s->size_count < PROBE_SIZES) {
    char *end = NULL;
    s->sizes[s->size_count++] = (size_t)strtoull(text, &end, 10);
    if (*end != ',') return;
    text = end + 1;
  }
  print_error("--sizes", "too many");
  exit(2);
}

/* Takes one option with its value; false when there is no such option. */
static bool parse_option(options *o, const char *name, const char *value) {
#define IS(option) (strcmp(name, option) == 0)
#define NUMBER(type) ((type)parse_number(name, value))
  if (IS("--provider")) {
    o->bus.provider = value;
  } else if (IS("--port")) {
    o->port = NUMBER(uint16_t);
  } else if (IS("--timeout")) {
    o->timeout = NUMBER(unsigned);
  } else if (IS("--count")) {
    o->count = NUMBER(uint64_t);
  } else if (IS("--start")) {
    o->out.start = NUMBER(uint64_t);
  } else if (IS("--sizes")) {
    parse_sizes(&o->out, value);
  } else if (IS("--seed")) {
    o->out.seed = NUMBER(uint64_t);
  } else if (IS("--tag")) {
    o->out.tag = NUMBER(uint32_t);
    o->all_tags = false;
  } else if (IS("--flags")) {
    o->out.flags = NUMBER(uint32_t);
  } else if (IS("--receive")) {
    o->receive = NUMBER(uint64_t);
  } else if (IS("--leave-unread")) {
    o->leave_unread = NUMBER(uint64_t);
  } else if (IS("--unread")) {
    o->unread = NUMBER(uint64_t);
  } else if (IS("--reply-tag")) {
    o->reply_tag = NUMBER(uint32_t);
  } else if (IS("--as-id")) {
    o->as_id = NUMBER(uint32_t);
  } else if (IS("--map")) {
    o->map_id = value;
  } else if (IS("--size")) {
    o->map_size = NUMBER(size_t);
  } else if (IS("--name")) {
    o->name = value;
  } else if (IS("--description")) {
    o->description = value;
  } else {
    return false;
  }
#undef NUMBER
#undef IS
  return true;
}

static void parse_options(options *o, int argc, char **argv) {
  const llmp_client_options defaults = LLMP_CLIENT_OPTIONS_INIT;
  memset(o, 0, sizeof *o);
  o->bus = defaults;
  o->timeout = 60;
  o->all_tags = true;
  o->as_id = 1;
  for (int i = 2; i < argc; i++) {
    if (strcmp(argv[i], "--") == 0) {
      o->rest = argv + i + 1;
      break;
    }
    if (strcmp(argv[i], "--skip-own") == 0) {
      o->skip_own = true;
    } else if (i + 1 == argc || !parse_option(o, argv[i], argv[i + 1])) {
      print_error(argv[i], "no such option, or no value");
      exit(2);
    } else {
      i++;
    }
  }
  if (o->out.size_count == 0) o->out.size_count = 1; /* of size 0 */
  o->out.end = o->out.start + o->count;
}

/* -------------------------------------------------------- descriptions */

static inline void print_description(const uint8_t *postcard, size_t len) {
  printf("{\"event\":\"description\",\"postcard\":\"");
  for (size_t i = 0; i < len; i++) printf("%02x", postcard[i]);
  puts("\"}");
}

/* Reads hexadecimal text; returns how many bytes, or 0 when it makes no sense. */
static size_t parse_hex(const char *text, uint8_t *out, size_t cap) {
  size_t n = 0;
  for (; text != NULL && text[0] != '\0' && text[1] != '\0' && n < cap; text += 2) {
    unsigned byte = 0;
    if (sscanf(text, "%2x", &byte) != 1) return 0;
    out[n++] = (uint8_t)byte;
  }
  return n;
}

#endif /* SUPPORT_H */
