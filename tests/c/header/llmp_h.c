/* llmp.h as C, every macro used. */
#include <llmp.h>
/* Twice is once. NOLINTNEXTLINE(readability-duplicate-include) */
#include <llmp.h>

#include "macros.h"

int header_c(void);
int header_c(void) {
  const llmp_client_options client = LLMP_CLIENT_OPTIONS_INIT;
  const llmp_broker_options broker = LLMP_BROKER_OPTIONS_INIT;
  llmp_msg m;
  llmp_map map;
  m.tag = LLMP_TAG_LIBAFL_EVENT;
  m.flags = ALL_FLAGS;
  map.offset = LLMP_NO_OFFSET;
  return client.size == sizeof client && broker.size == sizeof broker && m.tag != m.flags &&
         map.offset == UINT64_MAX && name_of(LLMP_E_FULL)[0] == 'E' && is_own_tag(0) == 0 &&
         event_macros();
}
