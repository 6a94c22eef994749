package findmqtt_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/discover/findmqtt"
	"github.com/roost-iot/roost/actors/drivers/peertest"
)

// startBroker starts mosquitto, which nobody here wrote, with more lines of configuration.
func startBroker(t *testing.T, config ...string) (broker *peertest.Peer, at string) {
	t.Helper()
	peertest.Need(t, peertest.Program("mosquitto", "mosquitto"), peertest.Program("mosquitto_pub", "mosquitto-clients"))
	at = peertest.FreeAddress(t, "tcp")
	lines := append([]string{"user root", "listener " + peertest.Port(at) + " 127.0.0.1"}, config...)
	path := filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return peertest.Start(t, peertest.Command{Name: "mosquitto", Args: []string{"-c", path}, Ready: []peertest.Ready{peertest.Listens(at)}}), at
}

func publish(ctx context.Context, t *testing.T, at, topic, payload string, more ...string) {
	t.Helper()
	args := append([]string{"-h", "127.0.0.1", "-p", peertest.Port(at), "-q", "1", "-t", topic, "-m", payload}, more...)
	if out, err := exec.CommandContext(ctx, "mosquitto_pub", args...).CombinedOutput(); err != nil {
		t.Fatalf("publish to %s: %v\n%s", topic, err, out)
	}
}

// TestPeer: what the broker had kept is heard, and what comes while one listens.
func TestPeer(t *testing.T) {
	_, at := startBroker(t, "allow_anonymous true")
	publish(t.Context(), t, at, "tele/plug/LWT", "Online", "-r")
	publish(t.Context(), t, at, "tele/plug/SENSOR", `{"ENERGY":{"Power":12}}`, "-r")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	known, published := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(published)
		<-known
		publish(t.Context(), t, at, "plant/boiler/pressure", "1.8")
	}()
	h, progress, err := findmqtt.Listen(ctx, findmqtt.Config{
		Keys: map[string]string{"broker": "tcp://" + at}, Topics: []string{"#"},
		Tell: func(p discover.Progress) {
			if p.Done == 2 && p.Found == 2 {
				close(known)
			}
			if p.Done == 3 {
				cancel()
			}
		},
	})
	<-published
	if err != nil || progress.Found != 3 || progress.Done != 3 {
		t.Fatalf("heard %+v, %v", progress, err)
	}
	d := h.Draft(map[string]string{"broker": "tcp://" + at}, 0)
	if len(d.Fleet.Devices) != 2 || d.Fleet.Devices[0].Id != "plant-boiler" || d.Fleet.Devices[1].Address["presence"] != "tele/{name}/LWT" {
		t.Errorf("devices: %v", d.Fleet.Devices)
	}
	checkWithDriver(t, d)
}

// TestNoBroker: why nothing can be heard is told, and no secret.
func TestNoBroker(t *testing.T) {
	t.Setenv("FIND_TEST_PASSWORD", "hunter2")
	_, at := startBroker(t, "allow_anonymous false")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for want, keys := range map[string]map[string]string{
		"not":                              {"broker": "tcp://" + at, "username": "x", "password": "env:FIND_TEST_PASSWORD"}, // not authorized
		"refused":                          {"broker": "tcp://127.0.0.1:1"},
		"a secret is not written here":     {"broker": "tcp://" + at, "username": "x", "password": "hunter2"},
		"unknown key; the mqtt driver has": {"broker": "tcp://" + at, "port": "1"},
	} {
		_, _, err := findmqtt.Listen(ctx, findmqtt.Config{Keys: keys, Topics: []string{"#"}})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v: %v, want %q", keys, err, want)
		}
	}
	if ctx.Err() != nil {
		t.Error("it took until the end of the context")
	}
}

// TestBrokerDies: a connection that is lost is told, with what was heard until then.
func TestBrokerDies(t *testing.T) {
	broker, at := startBroker(t, "allow_anonymous true")
	publish(t.Context(), t, at, "a/b", "1", "-r")
	heard, killed := make(chan struct{}), make(chan struct{})
	go func() {
		<-heard
		broker.Kill()
		close(killed)
	}()
	h, progress, err := findmqtt.Listen(t.Context(), findmqtt.Config{
		Keys: map[string]string{"broker": "tcp://" + at}, Topics: []string{"a/#"},
		Tell: func(p discover.Progress) {
			if p.Done == 1 {
				close(heard)
			}
		},
	})
	<-killed
	if err == nil || !strings.Contains(err.Error(), "lost") || progress.Done != 1 || h.Draft(nil, 0).Empty() {
		t.Errorf("heard %+v, %v", progress, err)
	}
}
