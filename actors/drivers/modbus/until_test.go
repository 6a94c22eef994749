package modbus_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestEachHasItsTime: reply is how long each answer may take, and not all of a poll.
func TestEachHasItsTime(t *testing.T) {
	h := listen(t)
	h.serve(func(_ int, asked []byte) []byte {
		<-time.After(100 * time.Millisecond)
		return registersOf(asked)
	})
	var resources []*roostv1.Resource
	var names []string
	for i := range 8 {
		names = append(names, fmt.Sprintf("r%d", i))
		resources = append(resources, resource(names[i], isUint, fmt.Sprintf("address=%d", 10*i)))
	}
	for name, value := range poll(t, open(t, device("d", h.address()+" reply=500ms", resources...)), names...) {
		if value != name[1:]+"0" && value+name != "0r0" {
			t.Errorf("%s is %s", name, value)
		}
	}
}

// TestItsOwnTime: a device that has less time than the other on its line has that, and no more.
func TestItsOwnTime(t *testing.T) {
	h := listen(t)
	h.serve(func(n int, asked []byte) []byte {
		if n > 0 {
			return nil
		}
		return registersOf(asked)
	})
	driver := new(modbus.Driver)
	var sessions []actors.Session
	for _, reply := range []string{"1m", "50ms"} {
		s, err := driver.Open(t.Context(), device("d", h.address()+" reply="+reply, resource("a", isUint, "address=7")))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		sessions = append(sessions, s)
	}
	if got := poll(t, sessions[0], "a"); got["a"] != "7" {
		t.Errorf("a is %s, want 7", got["a"])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := sessions[1].(actors.Poller).Poll(ctx, []string{"a"}); err == nil || !strings.Contains(err.Error(), "did not answer within 50ms") {
		t.Errorf("without an answer there is %v", err)
	}
}
