package llmp

import (
	"testing"

	"llmp/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
