package gateway_test

import (
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest"
)

// TestMain lets the test binary be a server of a hub as well.
func TestMain(m *testing.M) { clustertest.Main(m) }
