// A member of the demo's bus, in C++. See member.c.
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <llmp.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr std::uint32_t tag_file = 0x46494c45;  // "FILE"
constexpr std::chrono::milliseconds patience{20000};

std::uint32_t crc32(const llmp::message &m) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < t.size(); i++) {
      t[i] = i;
      for (int bit = 0; bit < 8; bit++) t[i] = (t[i] >> 1) ^ ((t[i] & 1) != 0 ? 0xEDB88320u : 0u);
    }
    return t;
  }();
  std::uint32_t c = ~0u;
  for (std::uint8_t byte : m) c = (c >> 8) ^ table[(c ^ byte) & 0xff];
  return ~c;
}

std::vector<char> read_file(const std::string &name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) throw std::runtime_error(name + ": cannot be opened");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct tally {
  std::uint64_t sent = 0, sent_bytes = 0, received = 0, received_bytes = 0, checksum = 0;

  void send(llmp::client &bus, const std::string &name) {
    const auto data = read_file(name);
    bus.send(tag_file, data);
    sent++;
    sent_bytes += data.size();
  }

  void take(const llmp::message &m) {
    if (m.tag() != tag_file) return;
    received++;
    received_bytes += m.size();
    checksum += (std::uint64_t{crc32(m)} << 32) + m.size();
    if (received % 16 == 0) std::cout << "received " << received << std::endl;
  }
};

void run(std::uint16_t port, std::uint64_t total, const std::string &list_name) {
  std::ifstream list(list_name);
  if (!list) throw std::runtime_error(list_name + ": cannot be opened");

  const auto start = std::chrono::steady_clock::now();
  auto bus = llmp::client::connect(port);
  tally t;
  for (std::string name; std::getline(list, name);) {
    t.send(bus, name);
    for (const auto &m : bus.messages()) t.take(m);
  }
  while (t.received < total) {
    const auto m = bus.recv(patience);
    if (!m) throw std::runtime_error("no message came for too long");
    t.take(*m);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::cout << "done sent=" << t.sent << " sent_bytes=" << t.sent_bytes
            << " received=" << t.received << " received_bytes=" << t.received_bytes
            << " checksum=" << std::hex << std::setw(16) << std::setfill('0') << t.checksum
            << std::dec << " seconds=" << std::fixed << std::setprecision(3) << took.count()
            << std::endl;
  bus.close();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 4) {
    std::cerr << "usage: member PORT TOTAL LIST\n";
    return 2;
  }
  try {
    run(static_cast<std::uint16_t>(std::stoi(argv[1])), std::stoull(argv[2]), argv[3]);
  } catch (const std::exception &e) {
    std::cerr << e.what() << "\n";
    return 1;
  }
  return 0;
}
