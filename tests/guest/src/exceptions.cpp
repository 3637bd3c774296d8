// C++ beside the library: exceptions, type information, thread-local objects,
// in the harness's own code and within a hook that Go calls.
#include <llmp.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>

#include "bus.h"

namespace {

struct Base {
  virtual ~Base() = default;
};
struct Derived : Base {
  int value = 7;
};

int destroyed;
struct Witness {
  ~Witness() {
    destroyed++;
  }
};

void check(bool good, const char *what) {
  std::printf("%s: %s\n", what, good ? "as it should" : "WRONG");
}

[[gnu::noinline]] void thrower(int depth) {
  Witness witness;
  if (depth == 0) {
    throw std::runtime_error("thrown");
  }
  thrower(depth - 1);
}

bool caught() {
  destroyed = 0;
  try {
    thrower(5);
  } catch (const std::runtime_error &e) {
    return destroyed == 6 && std::string(e.what()) == "thrown";
  }
  return false;
}

bool typed() {
  Derived derived;
  Base *base = &derived;
  auto *found = dynamic_cast<Derived *>(base);
  return found != nullptr && found->value == 7 && typeid(*base) == typeid(Derived);
}

bool carried() {
  std::exception_ptr carrier;
  std::thread thread([&carrier] {
    bus_visit();
    try {
      thrower(3);
    } catch (...) {
      carrier = std::current_exception();
    }
  });
  thread.join();
  try {
    std::rethrow_exception(carrier);
  } catch (const std::exception &) {
    return true;
  }
  return false;
}

#ifdef BUS_NONE
bool in_hook() {
  return caught() && typed();
}
#else
int hook(llmp_broker *, uint32_t, llmp_msg *, void *user) {
  *static_cast<bool *>(user) = caught() && typed();
  return LLMP_HOOK_DROP;
}

// A broker in the same process hands a message to a hook in C++.
bool in_hook() {
  bool good = false;
  llmp_broker *broker = nullptr;
  llmp_client *client = nullptr;
  llmp_map map;
  if (llmp_broker_new(&broker, nullptr) != 0 || llmp_broker_add_hook(broker, hook, &good) != 0 ||
      llmp_broker_map(broker, &map) != 0 ||
      llmp_client_new(&client, map.id, map.size, 1, nullptr) != 0 ||
      llmp_client_map(client, &map) != 0 || llmp_broker_add_client(broker, map.id, map.size) < 0 ||
      llmp_client_send(client, 0x99, "x", 1) != 0) {
    std::printf("%s\n", llmp_last_error());
    return false;
  }
  for (int i = 0; i < 1000 && !good; i++) {
    llmp_broker_once(broker);
  }
  llmp_client_close(client);
  llmp_broker_close(broker);
  return good;
}
#endif

}  // namespace

int main() {
  check(caught() && typed(), "before the bus");
  bus_join();
  check(caught(), "exceptions");
  check(typed(), "type information");
  check(carried(), "an exception of another thread");
  check(in_hook(), "within a hook");
  bus_leave();
  check(caught() && typed(), "after the bus");
  return 0;
}
