// llmp.hpp where nothing can be thrown: every failure goes to a std::error_code.
#include <llmp.hpp>

int without_exceptions();
int without_exceptions() {
  std::error_code ec;
  llmp::client c = llmp::client::connect(1337, {}, ec);
  if (ec == LLMP_E_REFUSED || ec == std::errc::timed_out) return 1;
  c.send(1, "text", ec);
  for (const llmp::message &m : c.messages(llmp::forever, ec)) {
    if (m.empty()) break;
  }
  llmp::broker b = llmp::broker::create({}, ec);
  b.add_hook(
      [](llmp::broker_ref, std::uint32_t, llmp::hook_message &) { return llmp::verdict::drop; },
      ec);
  b.run(llmp::forever, ec);
  return ec ? 1 : 0;
}
