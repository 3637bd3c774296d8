// llmp.h as C++11, every macro used.
#include <llmp.h>
// Twice is once. NOLINTNEXTLINE(readability-duplicate-include)
#include <llmp.h>

#include "macros.h"

int header_cxx();
int header_cxx() {
  const llmp_client_options client = LLMP_CLIENT_OPTIONS_INIT;
  const llmp_broker_options broker = LLMP_BROKER_OPTIONS_INIT;
  static_assert(LLMP_E_INTERNAL - 1 == LLMP_ERROR_LAST_, "the last is the last");
  return client.size == sizeof client && broker.size == sizeof broker &&
         name_of(LLMP_E_FULL)[0] == 'E' && is_own_tag(ALL_FLAGS) == 0 && event_macros();
}
