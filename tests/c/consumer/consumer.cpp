// The same in C++.
#include <iostream>
#include <llmp.hpp>

int main() {
  try {
    auto bus = llmp::client::p2p(1);
    bus.send(0x1234, "hello");
    const auto m = bus.recv();
    if (!m || m->text() != "hello") {
      std::cout << "the message did not arrive\n";
      return 1;
    }
    bus.mark_safe_to_unmap();
    bus.close();
    std::cout << "C++: hello from llmp " << llmp::version() << "\n";
  } catch (const llmp::error &e) {
    std::cout << e.what() << "\n";
    return 1;
  }
  return 0;
}
