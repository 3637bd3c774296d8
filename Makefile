# Names and one-liners; how each is done stands in scripts/.
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
ROUNDS ?= 20

.PHONY: help setup build demo test bench fuzz lint asan tsan interop guest model stress instructions install clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building and testing need and what is not there yet
	scripts/setup.sh

build: ## libllmp.so, libllmp.a and the llmp command, into build/
	scripts/build-library.sh
	CGO_ENABLED=0 go build -trimpath -o build/llmp ./cmd/llmp

demo: ## a bus with clients in every language, in ten seconds
	scripts/setup.sh --build
	scripts/demo.sh

test: setup ## every test, stage by stage (one alone: scripts/test.sh STAGE); NO_SKIPS=1: all must run
	scripts/test.sh $(if $(NO_SKIPS),--no-skips)

bench: ## measure against the peers: ten minutes, or two with QUICK=1
	scripts/setup.sh --build
	bench/run $(if $(QUICK),--quick)

fuzz: ## fuzz every target for FUZZ_SECONDS (60) each
	scripts/fuzz.sh $(FUZZ_SECONDS)

lint: ## every static check of every language
	scripts/lint.sh

asan: ## the C tests under AddressSanitizer and UndefinedBehaviorSanitizer
	scripts/test.sh asan

tsan: ## the C tests under ThreadSanitizer
	scripts/test.sh tsan

interop: ## the tests with LibAFL's published crates; needs cargo
	scripts/test.sh interop

guest: ## the library inside other people's harnesses: with it and without it, the same
	scripts/test.sh guest

model: ## check the models of page reuse and of sleeping with spin
	tests/model/run.sh

stress: ## processes killed, stopped and late at random, ROUNDS (20) times
	LLMP_ROUNDS=$(ROUNDS) go test -count=1 -timeout 0 ./tests/robustness/...

instructions: ## instructions a message, against the baseline that is committed
	scripts/test.sh instructions

install: ## headers, libraries, pkg-config, CMake package and command, into PREFIX
	scripts/install.sh $(PREFIX)

clean: ## remove what was built, but for the Python environment
	scripts/clean.sh
