package mqttd_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/mqttd"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestStrangersOfOneMachine: they keep no other machine out, and devices that are in do not count.
func TestStrangersOfOneMachine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has more than one address on loopback by itself")
	}
	at := freeAddress(t)
	driver := newDriver()
	const in = 10 // devices from one address
	for i := range in {
		id := string(rune('a' + i))
		dialIn(t, driver, device(id, at, ""), newStore(), greeting{id: id})
	}
	refused := driver.Counts().Refused
	var first []*raw
	for range 64 {
		first = append(first, dialRaw(t, at))
	}
	over := time.Now().Add(patience)
	for driver.Counts().Refused-refused < 64-8 && time.Now().Before(over) {
		<-time.After(time.Millisecond)
	}
	if got := driver.Counts().Refused - refused; got != 64-8 {
		t.Errorf("%d of 64 strangers of one machine were refused, want all but 8", got)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if code := newRaw(t, conn).connect(greeting{id: "a"}); code != 0 {
		t.Errorf("a device of another machine was answered with %d", code)
	}
	for _, r := range first {
		_ = r.conn.Close()
	}
	letIn(t, at, greeting{id: "b"}) // there is room again
}

// safe is a log that many may write.
type safe struct {
	mu sync.Mutex
	bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(p)
}

func (s *safe) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.String(), what)
}

// TestWrongPasswordsFillNoLog: who tries again and again is warned of once in a while.
func TestWrongPasswordsFillNoLog(t *testing.T) {
	at := freeAddress(t)
	t.Setenv("ROOST_TEST_PASSWORD", "secret of d")
	log := new(safe)
	driver := &mqttd.Driver{Secrets: keys.Anywhere, Log: slog.New(slog.NewTextHandler(log, nil))}
	open(t, driver, device("d", at, "username=u password=env:ROOST_TEST_PASSWORD sleepy=true"), newStore(), nil)
	for range 20 {
		r := dialRaw(t, at)
		if code := r.connect(greeting{id: "d", username: "u", password: "wrong"}); code <= 0 {
			t.Errorf("answered with %d", code)
		}
		r.gone()
	}
	if got := log.count("wrong username or password"); got != 1 {
		t.Errorf("20 wrong passwords are %d warnings, want 1", got)
	}
}

// TestCloseOfADeviceThatTakesNothing keeps its context, though a device of MQTT 5 is to be told.
func TestCloseOfADeviceThatTakesNothing(t *testing.T) {
	at := freeAddress(t)
	v, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d", version: 5})
	r.subscribe("d/#", 0)
	text := roostv1.Text(strings.Repeat("x", roostv1.MaxValue))
	stuck, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			waits := time.AfterFunc(300*time.Millisecond, func() { close(stuck) })
			_ = v.write("note", text, patience)
			if !waits.Stop() {
				return
			}
		}
	}()
	<-stuck // the kernel takes no more
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := v.Session.Close(ctx); err != nil {
		t.Error(err)
	}
	took := time.Since(begun)
	if took > time.Second {
		t.Errorf("Close with 100ms took %v", took)
	}
	t.Logf("closed after %v", took)
	<-ended
}
