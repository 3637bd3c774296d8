#include <iostream>
#include <llmp.hpp>
#include <string>

int main(int argc, char **argv) try {
  using namespace std::chrono_literals;
  auto bus = llmp::client::connect(argc > 1 ? std::stoi(argv[1]) : llmp::default_port);
  bus.send(0x1234, "hello");
  if (auto m = bus.recv(5s))
    std::cout << "tag " << std::showbase << std::hex << m->tag() << ": " << m->text() << "\n";
} catch (const std::exception &e) {
  std::cerr << e.what() << "\n";
  return 1;
}
