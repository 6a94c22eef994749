package history_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

var kinds = []history.Kind{
	history.KindHeader, history.KindRun, history.KindPhase, history.KindProcess, history.KindFault, history.KindHardware,
	history.KindSession, history.KindRead, history.KindAction, history.KindCall, history.KindAnswer, history.KindAcked,
	history.KindStored, history.KindDelivered, history.KindGrant, history.KindLease, history.KindRegister,
	history.KindEvent, history.KindPicture, history.KindBacklog, history.KindHealth,
}

// calls counts write calls, and keeps what they wrote.
type calls struct {
	bytes.Buffer
	n int
}

func (c *calls) Write(p []byte) (int, error) {
	c.n++
	return c.Buffer.Write(p)
}

func newWriter(t testing.TB, out *calls, name string) *history.Writer {
	t.Helper()
	w, err := history.NewWriter(out, history.Header{Name: name, Boot: "b"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEveryKindComesBack(t *testing.T) {
	var out calls
	w := newWriter(t, &out, "all")
	var want []history.Record
	for _, k := range kinds[1:] {
		r := history.Blank(k)
		if r == nil {
			t.Fatalf("there are no records of kind %s", k)
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	f, err := history.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, f.Records); d != "" {
		t.Error(d)
	}
	if got := f.Records[2].Stamped(); got.Kind != kinds[3] || got.ID() != "all#3" || got.At == 0 {
		t.Errorf("the third is %+v", got)
	}
}

// TestOneWriteEach: whatever is killed, there is no half of a record but the last one.
func TestOneWriteEach(t *testing.T) {
	var out calls
	w := newWriter(t, &out, "sink")
	const writers, each = 8, 50
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				if err := w.Write(&history.Delivered{Batch: history.Batch{Device: "d", First: 1}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got, want := out.n, writers*each+1; got != want {
		t.Errorf("%d write calls, want %d", got, want)
	}
	f, err := history.Decode(&out)
	if err != nil || len(f.Records) != writers*each {
		t.Fatalf("%d records, %v", len(f.Records), err)
	}
	for i, r := range f.Records[1:] {
		if r.Stamped().At.Before(f.Records[i].Stamped().At) {
			t.Fatalf("%s is earlier than the one before it", r.Stamped().ID())
		}
	}
}

func TestWriterStopsAtFirstError(t *testing.T) {
	full := errors.New("disk full")
	w, err := history.NewWriter(&failing{left: 1, err: full}, history.Header{Name: "sink"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Write(&history.Phase{}); !errors.Is(err, full) {
			t.Errorf("got %v, want %v", err, full)
		}
	}
	if err := w.Close(); !errors.Is(err, full) {
		t.Errorf("close: got %v, want %v", err, full)
	}
	if err := w.Write(&foreign{}); !errors.Is(err, history.ErrNotRecord) {
		t.Errorf("a type of somebody else: got %v", err)
	}
}

type failing struct {
	left int
	err  error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, f.err
	}
	return len(p), nil
}

type foreign struct{ history.Stamp }

func TestDecodeRefuses(t *testing.T) {
	const head = `{"at":1,"kind":"header","version":1,"recorder":"r","boot":"b","wall":"2026-01-02T03:04:05Z"}` + "\n"
	for name, test := range map[string]struct {
		text  string
		want  error
		whole int // records that are there all the same
	}{
		"nothing":           {"", history.ErrNoHeader, 0},
		"no header":         {`{"at":1,"kind":"phase","phase":"quiet"}` + "\n", history.ErrNoHeader, 0},
		"torn header":       {head[:20], history.ErrNoHeader, 0},
		"no recorder":       {`{"at":1,"kind":"header","version":1}` + "\n", history.ErrNoHeader, 0},
		"later version":     {`{"at":1,"kind":"header","version":99,"recorder":"r"}` + "\n", history.ErrVersion, 0},
		"unknown kind":      {head + `{"at":1,"kind":"moon"}` + "\n", history.ErrNotRecord, 0},
		"no kind":           {head + `{"at":1}` + "\n", history.ErrNotRecord, 0},
		"two kinds":         {head + `{"at":1,"kind":"phase","kind":"read"}` + "\n", history.ErrNotRecord, 0},
		"two headers":       {head + head, history.ErrNotRecord, 0},
		"not JSON":          {head + "hello\n", history.ErrNotRecord, 0},
		"a field ill typed": {head + `{"at":1,"kind":"phase","phase":7}` + "\n", history.ErrNotRecord, 0},
		"torn": {
			head + `{"at":1,"kind":"phase","phase":"quiet"}` + "\n" + `{"at":2,"kind":"pha`, history.ErrTorn, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := history.Decode(strings.NewReader(test.text))
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if test.whole > 0 && len(f.Records) != test.whole || test.whole == 0 && f != nil {
				t.Errorf("got %+v, want %d records", f, test.whole)
			}
		})
	}
}

// TestLongLine: a batch may be longer than what is read at a time.
func TestLongLine(t *testing.T) {
	var out calls
	w := newWriter(t, &out, "sink")
	want := &history.Delivered{Batch: history.Batch{Device: "d", Readings: make([]history.Reading, 10_000)}}
	if err := w.Write(want); err != nil {
		t.Fatal(err)
	}
	f, err := history.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]history.Record{want}, f.Records); d != "" {
		t.Error(d)
	}
}

func TestMergeRefuses(t *testing.T) {
	file := func(name, boot string) *history.File {
		return &history.File{Header: history.Header{Name: name, Boot: boot}}
	}
	if _, err := history.Merge(file("a", "1"), file("b", "2")); !errors.Is(err, history.ErrOtherBoot) {
		t.Errorf("two boots: got %v", err)
	}
	if _, err := history.Merge(file("a", "1"), file("a", "1")); !errors.Is(err, history.ErrSameRecorder) {
		t.Errorf("two of the same name: got %v", err)
	}
}

// TestLoad puts the hardware's log and the recorders' files in one order.
func TestLoad(t *testing.T) {
	folder := t.TempDir()
	truth := filepath.Join(t.TempDir(), "truth.log")
	lines := `{"seq":1,"boottime":100,"kind":"start","version":1,"seed":7}
{"seq":2,"boottime":300,"kind":"read","device":"rig-1","gateway":"gw-1","incarnation":"i","count":1,"result":"done"}
{"seq":3,"boottime":400,"kind":"action","device":"rig-1","gateway":"gw-1","incarnation":"i","resource":"dose","value":"5","command":"c-1","epoch":9,"result":"refused","code":7}
{"seq":4,"boottime":500,"kind":"gar`
	if err := os.WriteFile(truth, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := history.Create(filepath.Join(folder, "client.ndjson"), history.Header{Name: "client"})
	if err != nil {
		t.Fatal(err)
	}
	call := &history.Call{Stamp: history.Stamp{At: 350}, Command: "c-1", Device: "rig-1", Class: history.Relative}
	events, err := history.Create(filepath.Join(folder, "gw-1.ndjson"), history.Header{Name: "gw-1", Untrusted: true})
	if err := errors.Join(err, client.Write(call), client.Close(), events.Close()); err != nil {
		t.Fatal(err)
	}
	h, err := history.Load(folder, truth)
	if !errors.Is(err, history.ErrTorn) {
		t.Fatalf("the log is torn: got %v", err)
	}
	var ids []string
	for _, r := range h.Records {
		ids = append(ids, r.Stamped().ID())
	}
	if d := cmp.Diff([]string{"truth#1", "truth#2", "client#1", "truth#3"}, ids); d != "" {
		t.Error(d)
	}
	if got, want := h.Devices["rig-1"].Reads[0].Value, sim.Measured(7, "rig-1", 1); got != want {
		t.Errorf("the device showed %v, want %v", got, want)
	}
	c := h.Commands["c-1"]
	if c.Call != call && c.Call.Class != history.Relative || len(c.Actions) != 1 || !c.Actions[0].Stale || len(c.Done()) != 0 {
		t.Errorf("the command is %+v", c)
	}
	if !h.Untrusted["gw-1"] || h.Untrusted["client"] {
		t.Errorf("not to be trusted: %v", h.Untrusted)
	}
	if h.Begin != 100 || h.End != 400 {
		t.Errorf("from %v to %v", h.Begin, h.End)
	}
}

// TestLoadCompressed: a run that was put away is read as it is.
func TestLoadCompressed(t *testing.T) {
	folder := t.TempDir()
	var out calls
	w := newWriter(t, &out, "client")
	if err := w.Write(&history.Phase{Phase: history.PhaseQuiet}); err != nil {
		t.Fatal(err)
	}
	truth := `{"seq":1,"boottime":100,"kind":"start","version":1,"seed":7}` + "\n"
	for name, text := range map[string][]byte{"client.ndjson.gz": out.Bytes(), "truth.log.gz": []byte(truth)} {
		var packed bytes.Buffer
		to := gzip.NewWriter(&packed)
		_, err := to.Write(text)
		if err := errors.Join(err, to.Close(), os.WriteFile(filepath.Join(folder, name), packed.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	h, err := history.Load(folder, filepath.Join(folder, "truth.log.gz"))
	if err != nil || len(h.Phases) != 1 || len(h.Hardware) != 1 {
		t.Errorf("got %+v, %v", h, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "other.ndjson.gz"), []byte("this is plain text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := history.Load(folder, ""); !errors.Is(err, gzip.ErrHeader) {
		t.Errorf("what is not compressed: got %v", err)
	}
}

func TestFaultWindow(t *testing.T) {
	step := func(at boottime.Instant, id string, s history.FaultStep) history.Record {
		return &history.Fault{Stamp: history.Stamp{At: at}, ID: id, Step: s, Fault: history.FaultKill, Down: []string{"gw-1"}}
	}
	h := history.New([]history.Record{
		step(40, "f1", history.FaultHealed), step(30, "f1", history.FaultHealAsked),
		step(10, "f1", history.FaultAsked), step(20, "f1", history.FaultApplied), step(50, "f2", history.FaultAsked),
		&history.Phase{Stamp: history.Stamp{At: 60}, Phase: history.PhaseEnd},
	})
	f := h.Faults[0]
	if f.Asked != 10 || f.Applied != 20 || f.HealAsked != 30 || f.Healed != 40 || !f.Confirmed || !f.Undone || len(f.Down) != 1 {
		t.Errorf("got %+v", f)
	}
	if f := h.Faults[1]; f.Confirmed || f.Applied != f.HealAsked || f.Healed != 60 {
		t.Errorf("one that was asked for only claims nothing and excuses all: %+v", f)
	}
	if !f.Excuses(41, 45, 1) || f.Excuses(42, 45, 1) || !f.Excuses(1, 9, 1) || f.Excuses(1, 8, 1) {
		t.Error("wrong about what the fault excuses")
	}
}

func TestBatchOf(t *testing.T) {
	reading := func(resource string, v *roostv1.Value, at int64) *roostv1.Reading {
		return &roostv1.Reading{Resource: resource, Value: v, AcquiredOffsetUs: at}
	}
	got := history.BatchOf(&roostv1.ReadingBatch{
		DeviceId: "rig-1", Gateway: "gw-1", Epoch: 7, FirstSequence: 3, DroppedBefore: 1, Backfill: true,
		Readings: []*roostv1.Reading{
			reading("value", roostv1.Double(20.5), 10), reading("count", roostv1.Uint(4), 10),
			reading("value", roostv1.Double(21), 20), reading("setpoint", nil, 20),
		},
	})
	want := history.Batch{
		Device: "rig-1", Gateway: "gw-1", Epoch: 7, First: 3, Dropped: 1, Backfill: true,
		Readings: []history.Reading{
			{Resource: "value", Value: "20.5", Count: 4}, {Resource: "count", Value: "4"},
			{Resource: "value", Value: "21"}, {Resource: "setpoint", Value: "-"},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got.End() != 7 {
		t.Errorf("it ends before %d", got.End())
	}
}

func TestAnswerOf(t *testing.T) {
	wall := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clocks := history.Clocks{Boot: boottime.Instant(time.Hour), Wall: wall}
	got := history.AnswerOf(&roostv1.CommandRecord{
		CommandId: "c-1", DeviceId: "rig-1", State: roostv1.CommandState_COMMAND_STATE_FAILED,
		Effect: roostv1.Effect_EFFECT_NONE, AcceptedAt: timestamppb.New(wall.Add(time.Second)),
	}, history.FromReply, clocks)
	want := &history.Answer{
		Command: "c-1", Device: "rig-1", Source: history.FromReply, State: history.Failed, Effect: "none",
		Accepted: boottime.Instant(time.Hour + time.Second),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for s := range roostv1.CommandState_name {
		state := roostv1.CommandState(s)
		if history.State(state.Word()).Final() != state.Final() || history.State(state.Word()).Unsent() != state.Unsent() {
			t.Errorf("%s is not what it is elsewhere", state.Word())
		}
	}
}

// FuzzDecode: whatever a file holds, reading it ends, with whole records or with one of the errors.
func FuzzDecode(f *testing.F) {
	var out calls
	w, err := history.NewWriter(&out, history.Header{Name: "all"})
	if err != nil {
		f.Fatal(err)
	}
	for _, k := range kinds[1:] {
		if err := w.Write(history.Blank(k)); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(out.Bytes())
	f.Add(out.Bytes()[:out.Len()-5])
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := history.Decode(bytes.NewReader(text))
		switch {
		case err == nil, errors.Is(err, history.ErrTorn):
			history.New(file.Records)
			for _, r := range file.Records {
				if r.Stamped().Kind == "" {
					t.Errorf("%s has no kind", r.Stamped().ID())
				}
			}
		case file != nil:
			t.Errorf("%v, and records", err)
		case !errors.Is(err, history.ErrNoHeader) && !errors.Is(err, history.ErrVersion) && !errors.Is(err, history.ErrNotRecord):
			t.Errorf("an error without a name: %v", err)
		}
	})
}

func Example() {
	folder, err := os.MkdirTemp("", "history")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	client, err := history.Create(filepath.Join(folder, "client-1.ndjson"), history.Header{Name: "client-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	call := &history.Call{Command: "c-1", Client: "client-1", Device: "rig-7", Class: history.Relative, Resource: "dose", Value: "5"}
	answer := &history.Answer{Command: "c-1", Device: "rig-7", Source: history.FromReply, State: history.Succeeded}
	if err := errors.Join(client.Write(call), client.Write(answer), client.Close()); err != nil {
		fmt.Println(err)
		return
	}
	h, err := history.Load(folder, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	c := h.Commands["c-1"]
	fmt.Println(c.Call.ID(), c.Call.Class, c.Final().ID(), c.Final().State)
	// Output: client-1#1 RELATIVE client-1#2 SUCCEEDED
}

// TestOutcome: how a command ended, or how far it is known to have come.
func TestOutcome(t *testing.T) {
	for want, answers := range map[string][]*history.Answer{
		history.NotAccepted:       {{}},
		history.NotEnded:          {{State: history.Accepted}},
		string(history.Succeeded): {{State: history.Accepted}, {State: history.Succeeded}},
	} {
		if got := (&history.Command{Answers: answers}).Outcome(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
