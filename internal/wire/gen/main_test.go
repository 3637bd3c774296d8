package main

import (
	"os"
	"strings"
	"testing"
)

func TestHeaderIsUpToDate(t *testing.T) {
	if err := run("../wire.go", "../../../capi/wire.h", true); err != nil {
		t.Fatal(err)
	}
}

func TestCheckNoticesADifference(t *testing.T) {
	stale := t.TempDir() + "/wire.h"
	if err := os.WriteFile(stale, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run("../wire.go", stale, true); err == nil {
		t.Fatal("a stale header passed the check")
	}
	if err := run("../wire.go", stale, false); err != nil {
		t.Fatal(err)
	}
	if err := run("../wire.go", stale, true); err != nil {
		t.Fatal(err)
	}
}

func TestGenerate(t *testing.T) {
	const code = "package wire\n\n// Group one.\nconst (\n\tPageOffMaxAlloc = 40\n\tMsgOffID, EOPReserve = 16, 1 << 40\n\tFlagFromB2B = 2\n)\n"
	got, err := generate([]byte(code))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"/* Group one. */\n",
		"#define WIRE_PAGE_OFF_MAX_ALLOC 40u\n",
		"#define WIRE_MSG_OFF_ID 16u\n",
		"#define WIRE_EOP_RESERVE 0x10000000000ull\n",
		"#define WIRE_FLAG_FROM_B2B 2u\n",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, bad := range []string{"package wire\nconst A = -1\n", "package wire\nconst A = B\n", "no Go"} {
		if _, err := generate([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
