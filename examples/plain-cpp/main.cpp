// A fuzzer in C++ with a main() of its own and no engine: it mutates the test cases
// it has and those of others on the bus, and sends what is new to it. What counts
// as new here is how far a checker of JSON-like brackets gets.
#include <cstdlib>
#include <iostream>
#include <llmp.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

// The target. Its result stands for coverage: how deep it went, and into what.
static std::string brackets(const std::string &input) {
  std::string open;
  std::string deepest;
  for (const char c : input) {
    if (c == '{' || c == '[' || c == '(')
      open.push_back(c);
    else if (!open.empty() && (c == open.back() + 2 || (c == ')' && open.back() == '(')))
      open.pop_back();
    else
      return deepest;
    if (open.size() > deepest.size() && open.size() < 6) deepest = open;
  }
  return deepest;
}

int main(int argc, char **argv) try {
  const unsigned long runs = argc > 1 ? std::stoul(argv[1]) : 100'000'000;
  const char *port = std::getenv("LLMP_PORT");
  llmp::client_options options;
  options.skip_own = true;
  auto bus = llmp::client::connect(
      port != nullptr ? static_cast<std::uint16_t>(std::stoi(port)) : llmp::default_port, options);

  std::vector<std::string> corpus{""};
  std::set<std::string> reached;
  const auto is_new = [&](const std::string &input) {
    return reached.insert(brackets(input)).second && (corpus.push_back(input), true);
  };
  std::mt19937 random(std::random_device{}());
  unsigned long sent = 0;
  unsigned long taken = 0;
  for (unsigned long run = 1; run <= runs; run++) {
    for (const auto &t : bus.testcases()) taken += is_new(std::string(t.text()));
    std::string input = corpus[random() % corpus.size()];
    if (input.size() < 64) input.insert(random() % (input.size() + 1), 1, "{}[]()"[random() % 6]);
    if (!is_new(input)) continue;
    bus.send_testcase(input, {llmp::exit_kind::ok, corpus.size(), run, 0});
    sent++;
  }
  std::cout << "corpus " << corpus.size() << ": sent " << sent << " test cases, took " << taken
            << " of others\n";
} catch (const std::exception &e) {
  std::cerr << e.what() << "\n";
  return 1;
}
