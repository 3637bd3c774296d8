# Names and one-liners; how each is done stands in scripts/.
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60

.PHONY: help setup build demo test bench fuzz lint asan tsan install clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building and testing need and what is not there yet
	scripts/setup.sh

build: ## libllmp.so, libllmp.a and the llmp command, into build/
	scripts/build-library.sh
	CGO_ENABLED=0 go build -trimpath -o build/llmp ./cmd/llmp

demo: ## a bus with clients in every language, in ten seconds
	scripts/demo.sh

test: ## every test, stage by stage (one alone: scripts/test.sh STAGE)
	scripts/test.sh

bench: ## measure against the peers: ten minutes, or two with QUICK=1
	bench/run $(if $(QUICK),--quick)

fuzz: ## fuzz every target for FUZZ_SECONDS (60) each
	scripts/fuzz.sh $(FUZZ_SECONDS)

lint: ## every static check of every language
	scripts/lint.sh

asan: ## the C tests under AddressSanitizer and UndefinedBehaviorSanitizer
	scripts/test.sh asan

tsan: ## the C tests under ThreadSanitizer
	scripts/test.sh tsan

install: ## headers, libraries, pkg-config, CMake package and command, into PREFIX
	scripts/install.sh $(PREFIX)

clean: ## remove what was built, but for the Python environment
	scripts/clean.sh
