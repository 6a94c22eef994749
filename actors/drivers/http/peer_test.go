package httpdev_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func itoa(n int) string { return strconv.Itoa(n) }

// The device here is Python's own HTTP server, with a JSON API of the test's.

// peer is the device, and the file in which it notes what is written.
type peer struct {
	*peertest.Peer
	address, log string
}

func startPeer(t testing.TB) *peer {
	t.Helper()
	peertest.Need(t, peertest.Program("python3", "python3"))
	at := peertest.FreeAddress(t, "tcp")
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "writes")
	return &peer{
		address: "url=http://" + at, log: log,
		Peer: peertest.Start(t, peertest.Command{
			Name: "python3", Args: []string{filepath.Join("testdata", "peer.py"), host, port, log}, Ready: []peertest.Ready{peertest.Listens(at)},
		}),
	}
}

// writes returns what the device has noted.
func (p *peer) writes(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(p.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

func plant() []*roostv1.Resource {
	return []*roostv1.Resource{
		resource("level", isUint, both, `path=/state; json=$.level; write_path=/level; write_method=PUT; write={"level": {value}}`),
		resource("name", isText, both, `path=/state; json=$.name; write_path=/name`),
		resource("pump", isBool, both, `path=/state; json=$.pump.on; write_path=/relay?turn={value}; write_method=GET; true=on; false=off`),
		resource("rpm", isDouble, readOnly, `path=/state; json=$.pump.rpm; scale=0.5`),
		resource("big", isUint, readOnly, `path=/state; json=$.big`),
		resource("moved", isUint, readOnly, `path=/moved; json=$.level`),
		resource("plain", isUint, readOnly, `path=/level`),
		resource("none", isUint, readOnly, `path=/none`),
		resource("broken", isUint, readOnly, `path=/broken`),
		resource("gone", isText, writeOnly, `write_path=/gone`),
		resource("elsewhere", isText, writeOnly, `write_path=/moved`),
	}
}

func boiler(p *peer) actors.Device {
	d := device(p.address+`; command.start.path=/start/{how}; command.start.payload={"rpm": {rpm}}`, plant()...)
	d.Profile.Commands = []*roostv1.CommandSpec{{Name: "start", Arguments: []*roostv1.Argument{{Name: "how", Type: isText}, {Name: "rpm", Type: isUint}}}}
	return d
}

// TestContract: the driver keeps its contract with a real server.
func TestContract(t *testing.T) {
	p := startPeer(t)
	drivertest.Run(t, newDriver(), boiler(p), drivertest.Options{
		Actions: []actors.Action{
			write("level", roostv1.Uint(5)), write("name", roostv1.Text("K2")), write("pump", roostv1.Bool(true)),
			{Command: "start", Arguments: map[string]*roostv1.Value{"how": roostv1.Text("fast"), "rpm": roostv1.Uint(900)}},
		},
		Refused: []actors.Action{write("level", roostv1.Uint(8)), write("gone", roostv1.Text("x")), write("rpm", roostv1.Double(1))},
		Bad:     []actors.Device{device(""), device("url=ftp://x"), device(p.address, resource("x", isUint, readOnly, "json=level"))},
	})
}

// TestValues: what the device has is what is read, and what is written is what it has, once.
func TestValues(t *testing.T) {
	p := startPeer(t)
	s := opened(t, boiler(p))
	wantValues(t, s, map[string]string{
		"level": "3", "name": "Kessel", "pump": "false", "rpm": "600", "big": "18446744073709551615", "moved": "3", "plain": "3",
		"none": "not connected", "broken": "comm failure",
	})
	for _, a := range []actors.Action{
		write("level", roostv1.Uint(7)), write("name", roostv1.Text("K 2")), write("pump", roostv1.Bool(true)),
		{Command: "start", Arguments: map[string]*roostv1.Value{"how": roostv1.Text("fast"), "rpm": roostv1.Uint(900)}},
	} {
		if err := actuate(t.Context(), s, a); err != nil {
			t.Error(err)
		}
	}
	wantValues(t, s, map[string]string{"level": "7", "name": `"K 2"`, "pump": "true", "rpm": "450"})
	wantOutcome(t, "a value that the device refuses", actuate(t.Context(), s, write("level", roostv1.Uint(8))), actors.ErrRefused)
	wantOutcome(t, "a path that is not there", actuate(t.Context(), s, write("gone", roostv1.Text("x"))), actors.ErrRefused)
	wantOutcome(t, "a write that is redirected", actuate(t.Context(), s, write("elsewhere", roostv1.Text("x"))), errUnknown)
	want := []string{
		`PUT /level application/json {"level": 7}`, `POST /name text/plain; charset=utf-8 K 2`, `GET /relay?turn=on None None`,
		`POST /start/fast application/json {"rpm": 900}`, `PUT /level application/json {"level": 8}`, `POST /gone text/plain; charset=utf-8 x`,
		`POST /moved text/plain; charset=utf-8 x`,
	}
	if got := p.writes(t); !slices.Equal(got, want) {
		t.Errorf("the device was told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestCredentials: they go with every request, are needed at once, and are shown nowhere.
func TestCredentials(t *testing.T) {
	p := startPeer(t)
	t.Setenv("ROOST_TEST_PASSWORD", "hunter2")
	locked := resource("level", isUint, readOnly, "path=/locked; json=$.level")
	wantValues(t, opened(t, device(p.address+"; username=roost; password=env:ROOST_TEST_PASSWORD", locked)), map[string]string{"level": "7"})
	for _, user := range []string{"someone", "roost2"} {
		_, err := newDriver().Open(t.Context(), device(p.address+"; username="+user+"; password=env:ROOST_TEST_PASSWORD", locked))
		if err == nil || !strings.Contains(err.Error(), "401 Unauthorized") || !strings.Contains(err.Error(), "Basic ***") {
			t.Errorf("opened with %v", err)
		}
	}
}

// TestPeerStops: of a device that stands still nothing is known, and it is read again as soon as it goes on.
func TestPeerStops(t *testing.T) {
	p := startPeer(t)
	d := boiler(p)
	d.Spec.Address["timeout"] = "100ms"
	s := opened(t, d)
	p.Pause(t)
	if _, err := poll(t.Context(), s, "level"); err == nil || !strings.Contains(err.Error(), "did not answer within 100ms") {
		t.Errorf("poll of a device that stands still: %v", err)
	}
	wantOutcome(t, "write to a device that stands still", actuate(within(t, 200*time.Millisecond), s, write("level", roostv1.Uint(6))), errUnknown)
	p.Resume(t)
	recovers(t, s, "it went on")
}

// TestPeerRestarts: the same session reads again once the device is back.
func TestPeerRestarts(t *testing.T) {
	p := startPeer(t)
	s := opened(t, boiler(p))
	p.Kill()
	if _, err := poll(t.Context(), s, "level"); err == nil {
		t.Error("a device that was killed has answered")
	}
	wantOutcome(t, "write to a device that is not there", actuate(t.Context(), s, write("level", roostv1.Uint(6))), actors.ErrNotSent)
	p.Restart(t)
	recovers(t, s, "it was back")
}

func recovers(t testing.TB, s actors.Session, since string) {
	t.Helper()
	back, ctx := time.Now(), within(t, 20*time.Second)
	for {
		_, err := poll(ctx, s, "level")
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	t.Logf("read again %v after %s", time.Since(back).Round(time.Microsecond), since)
	if err := actuate(ctx, s, write("level", roostv1.Uint(4))); err != nil {
		t.Error(err)
	}
}
