package spool_test

import (
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest"
)

func TestMain(m *testing.M) { clustertest.Main(m) }
