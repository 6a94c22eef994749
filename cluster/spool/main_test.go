package spool_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(envChild); text != "" {
		if err := serveChild(text); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		return
	}
	clustertest.Main(m)
}
