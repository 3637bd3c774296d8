/* crash.h - ways to end badly, by name. */
#ifndef GUEST_CRASH_H
#define GUEST_CRASH_H

/* Does not return, but for "none", "leak" and what no sanitizer saw. */
void crash(const char *kind);

/* Any address within the functions of crash.c that crash. */
int crash_site(const void *pc);

#endif /* GUEST_CRASH_H */
