package snmp_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestPublicIsNoSecret: beyond this machine the community that every agent has from its maker does not tell who sends, wherever it is written.
func TestPublicIsNoSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "community")
	if err := os.WriteFile(file, []byte("public\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SNMP_TEST_PUBLIC", "public")
	t.Setenv("SNMP_TEST_OWN", "own")
	port := peertest.Port(peertest.FreeAddress(t, "udp"))
	for _, address := range []string{
		"community=file:" + file, "trap_community=file:" + file, "trap_community=env:SNMP_TEST_PUBLIC", "version=1 community=env:SNMP_TEST_PUBLIC",
		"community=env:SNMP_TEST_OWN trap_community=env:SNMP_TEST_PUBLIC",
	} {
		s, err := newDriver().Open(t.Context(), ups("one", "agent=127.0.0.1 traps=0.0.0.0:"+port+" "+address))
		if err == nil {
			_ = s.Close(t.Context())
		}
		if !errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), "is public") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{
		"traps=127.0.0.1:" + port + " trap_community=env:SNMP_TEST_PUBLIC", // on this machine it is enough
		"traps=127.0.0.1:" + port + " community=env:SNMP_TEST_OWN",
	} {
		s, err := newDriver().Open(t.Context(), ups("one", "agent=127.0.0.1 "+address))
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = s.Close(t.Context())
	}
}
