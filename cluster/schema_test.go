package cluster_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestSchemaRefuses: a stream whose settings break a promise is refused by its name and the setting,
// and one that differs otherwise is left as it is.
func TestSchemaRefuses(t *testing.T) {
	tests := []struct {
		name    string
		stream  func(cluster.Subjects) string
		spoil   func(*jetstream.StreamConfig)
		setting string // empty: the difference is harmless
	}{
		{"two records of a subject", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 2 }, "max_msgs_per_subject"},
		{"in memory", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }, "storage"},
		{"direct gets", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.AllowDirect = true }, "allow_direct"},
		{"no batches", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = false }, "allow_atomic"},
		{"no TTL", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.AllowMsgTTL = false }, "allow_msg_ttl"},
		{"deletable", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.DenyDelete = false }, "deny_delete"},
		{"markers", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.SubjectDeleteMarkerTTL = time.Minute }, "subject_delete_marker_ttl"},
		{"records expire", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "max_age"},
		{"records are pushed out", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 20 }, "max_bytes"},
		{"other subjects", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.Subjects = c.Subjects[:2] }, "subjects"},
		{"control described", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.Description = "ours" }, ""},

		{"readings in memory", cluster.Subjects.ReadingsStream, func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }, "storage"},
		{"readings consumed", cluster.Subjects.ReadingsStream, func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy }, "retention"},
		{"readings not acknowledged", cluster.Subjects.ReadingsStream, func(c *jetstream.StreamConfig) { c.NoAck, c.AllowAtomicPublish = true, true }, "no_ack"},
		{"short memory of ids", cluster.Subjects.ReadingsStream, func(c *jetstream.StreamConfig) { c.Duplicates = time.Second }, "duplicate_window"},
		{"history of two records", cluster.Subjects.CommandsStream, func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 2 }, "max_msgs_per_subject"},
		{"history that expires", cluster.Subjects.CommandsStream, func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true }, "allow_msg_ttl"},
		{"history of all", cluster.Subjects.CommandsStream, func(c *jetstream.StreamConfig) { c.Sources[0].FilterSubject = "" }, "sources"},
		{"history of nothing", cluster.Subjects.CommandsStream, func(c *jetstream.StreamConfig) { c.Sources = nil }, "sources"},
		{"history that is written to", cluster.Subjects.CommandsStream, func(c *jetstream.StreamConfig) { c.Subjects = []string{"other"} }, "subjects"},
		{"history that takes no more", cluster.Subjects.CommandsStream, func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardNew }, "discard"},
		{"history kept longer", cluster.Subjects.CommandsStream, func(c *jetstream.StreamConfig) { c.MaxAge, c.MaxBytes = 0, -1 }, ""},
		{"late copies count", cluster.Subjects.ControlStream, func(c *jetstream.StreamConfig) { c.Duplicates = time.Second }, "duplicate_window"},
		{"readings kept longer", cluster.Subjects.ReadingsStream, func(c *jetstream.StreamConfig) { c.MaxAge, c.MaxBytes = 0, -1 }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hub := clustertest.Start(t)
			names := newFleet(t, hub)
			nc := hub.Connect(t)
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			stream, err := js.Stream(t.Context(), test.stream(names))
			if err != nil {
				t.Fatal(err)
			}
			config := stream.CachedInfo().Config
			if err := js.DeleteStream(t.Context(), config.Name); err != nil {
				t.Fatal(err)
			}
			test.spoil(&config)
			if _, err := js.CreateStream(t.Context(), config); err != nil {
				t.Fatal(err)
			}
			err = (cluster.Schema{}).Ensure(t.Context(), nc, names)
			if test.setting == "" {
				if err != nil {
					t.Errorf("harmless difference: got %v", err)
				}
				return
			}
			if !errors.Is(err, roostv1.ErrConflict) || !strings.Contains(err.Error(), config.Name) || !strings.Contains(err.Error(), test.setting+" is") {
				t.Errorf("got %v, want ErrConflict that names %s and %s", err, config.Name, test.setting)
			}
		})
	}
}

func TestSchemaMakesStreams(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	js, err := jetstream.New(hub.Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ROOST_test_CONTROL", "ROOST_test_READINGS"} {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if c := stream.CachedInfo().Config; c.AllowDirect || !c.AllowAtomicPublish || c.Storage != jetstream.FileStorage {
			t.Errorf("%s: got %+v", name, c)
		}
	}
	readings, err := js.Stream(t.Context(), names.ReadingsStream())
	if err != nil {
		t.Fatal(err)
	}
	if c := readings.CachedInfo().Config; c.MaxAge != 7*24*time.Hour || c.MaxBytes != 1<<30 || c.Duplicates != 30*time.Second {
		t.Errorf("readings: got max_age %v, max_bytes %d, duplicates %v", c.MaxAge, c.MaxBytes, c.Duplicates)
	}
}

func TestSubjectsOf(t *testing.T) {
	for _, bad := range []string{"", "a.b", "a b", "*", ">", strings.Repeat("x", 65)} {
		if _, err := cluster.SubjectsOf(bad); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("SubjectsOf(%q): got %v, want ErrInvalid", bad, err)
		}
	}
	names, err := cluster.SubjectsOf("north")
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		names.ControlStream():     "ROOST_north_CONTROL",
		names.ReadingsStream():    "ROOST_north_READINGS",
		names.Profile("p"):        "roost.north.spec.profile.p",
		names.Device("d"):         "roost.north.spec.device.d",
		names.Member("g"):         "roost.north.member.g",
		names.Owner("b"):          "roost.north.own.b",
		names.Command("d", "c"):   "roost.north.cmd.d.c",
		names.Reading("d", "g"):   "roost.north.reading.d.g",
		names.Live("g", "h"):      "roost.north.live.g.h",
		names.Access("a"):         "roost.north.spec.access.a",
		names.Event("g"):          "roost.north.event.g",
		names.Send():              "roost.north.api.send",
		names.GatewayStatus("g"):  "roost.north.gateway.g.status",
		names.GatewayRelease("g"): "roost.north.gateway.g.release",
		names.CommandsStream():    "ROOST_north_COMMANDS",
		names.Cancel("d", "c"):    "roost.north.cancel.d.c",
		names.Desired("d"):        "roost.north.spec.desired.d",
		names.FindCommand():       "roost.north.api.command",
		names.CancelCommand():     "roost.north.api.cancel",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestSchemaRefusesHub: a hub whose settings break a promise is refused, with the setting and what it
// must be.
func TestSchemaRefusesHub(t *testing.T) {
	tests := map[string]struct {
		greeting string
		wants    []string
	}{
		"old":            {`"version":"2.11.9","max_payload":1048576`, []string{"2.11.9", "2.12"}},
		"no version":     {`"version":"dev","max_payload":1048576`, []string{"dev", "2.12"}},
		"small messages": {`"version":"2.12.0","max_payload":65536`, []string{"max_payload is 65536, must be at least 263168"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := ensure(t, connectTo(t, greeter(t, test.greeting)))
			if !errors.Is(err, roostv1.ErrConflict) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want ErrConflict in one line", err)
			}
			for _, want := range test.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %s", err, want)
				}
			}
		})
	}
}

// TestSchemaWithoutJetStream: a hub without JetStream is waited for, by the name of what it lacks.
func TestSchemaWithoutJetStream(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if err := ensure(t, connectTo(t, s.ClientURL())); !errors.Is(err, roostv1.ErrUnavailable) || !strings.Contains(err.Error(), "jetstream must be enabled") {
		t.Errorf("got %v, want ErrUnavailable that names jetstream", err)
	}
}

// TestSchemaAway: what is read of a hub that is away says nothing about it.
func TestSchemaAway(t *testing.T) {
	hub := clustertest.Start(t)
	nc := hub.Connect(t)
	hub.Stop()
	if err := ensure(t, nc); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

// ensure ensures the streams of the fleet "test" once.
func ensure(t *testing.T, nc *nats.Conn) error {
	t.Helper()
	names, err := cluster.SubjectsOf("test")
	if err != nil {
		t.Fatal(err)
	}
	return cluster.Schema{}.Ensure(t.Context(), nc, names)
}

func connectTo(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := cluster.ConnectClient(t.Context(), url, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// greeter greets as a nats-server with these settings would, does nothing else, and returns its address.
func greeter(t *testing.T, settings string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go greet(l, settings)
	return "nats://" + l.Addr().String()
}

func greet(l net.Listener, settings string) {
	conn, err := l.Accept()
	if err != nil {
		return // the test has ended
	}
	defer conn.Close()
	fmt.Fprintf(conn, "INFO {\"server_id\":\"other\",\"headers\":true,%s}\r\n", settings)
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "PING") {
			fmt.Fprint(conn, "PONG\r\n")
		}
	}
}

// TestEnsureClosesRollups: a control stream of an earlier Roost took rollups, by which who may write one record could
// erase all of them. It takes none any more, and has what it had.
func TestEnsureClosesRollups(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	js := jetStream(t, nc)
	config := mustStream(t, js, names.ControlStream()).CachedInfo().Config
	config.AllowRollup = true
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	put(t, nc, names.Owner("b"), []byte("true"))
	if err := (cluster.Schema{}).Ensure(t.Context(), nc, names); err != nil {
		t.Fatal(err)
	}
	info := mustStream(t, js, names.ControlStream()).CachedInfo()
	if info.Config.AllowRollup || info.State.Msgs != 1 {
		t.Errorf("got allow_rollup_hdrs %v and %d records, want false and 1", info.Config.AllowRollup, info.State.Msgs)
	}
}
