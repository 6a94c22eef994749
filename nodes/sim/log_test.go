package sim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lines of a log.
const (
	startLine = `{"seq":1,"boottime":10,"wall":"2026-01-02T03:04:05.6Z","kind":"start","version":1}` + "\n"
	readLine  = `{"seq":2,"boottime":20,"wall":"2026-01-02T03:04:05.7Z","kind":"read","device":"d1","resources":["value"],"count":1,"result":"done"}` + "\n"
	stopLine  = `{"seq":3,"boottime":30,"wall":"2026-01-02T03:04:05.8Z","kind":"stop"}` + "\n"
)

func TestReadLog(t *testing.T) {
	tests := []struct {
		name, log string
		records   int
		want      error // nil: none
	}{
		{"empty", "", 0, nil},
		{"whole", startLine + readLine + stopLine, 3, nil},
		{"two runs", startLine + readLine + startLine + readLine + stopLine, 5, nil},
		{"torn", startLine + readLine + stopLine[:len(stopLine)-1], 2, sim.ErrTorn},
		{"only torn", startLine[:5], 0, sim.ErrTorn},
		{"no start", readLine, 0, sim.ErrMissing},
		{"record missing", startLine + stopLine, 1, sim.ErrMissing},
		{"record twice", startLine + readLine + readLine, 2, sim.ErrMissing},
		{"another number 1", startLine + strings.Replace(readLine, `"seq":2`, `"seq":1`, 1), 1, sim.ErrMissing},
		{"another version", strings.Replace(startLine, `"version":1`, `"version":2`, 1), 0, sim.ErrNotRecord},
		{"no JSON", startLine + "hello\n", 1, sim.ErrNotRecord},
		{"no object", startLine + "[]\n", 1, sim.ErrNotRecord},
		{"empty line", startLine + "\n", 1, sim.ErrNotRecord},
		{"two in a line", startLine + strings.TrimSuffix(readLine, "\n") + stopLine, 1, sim.ErrNotRecord},
		{"wrong type", startLine + strings.Replace(readLine, `"d1"`, `1`, 1), 1, sim.ErrNotRecord},
		{"endless line", startLine + strings.Repeat("x", 300<<10), 1, sim.ErrNotRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(path, []byte(tt.log), 0o600); err != nil {
				t.Fatal(err)
			}
			records, err := sim.Load(path)
			if len(records) != tt.records || !errors.Is(err, tt.want) {
				t.Errorf("got %d records, %v, want %d, %v", len(records), err, tt.records, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("line %d", tt.records+1)) {
				t.Errorf("%v does not tell the line", err)
			}
		})
	}
}

func TestReadLogErrors(t *testing.T) {
	if _, err := sim.Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v, want ErrNotExist", err)
	}
	broken := errors.New("broken")
	var got error
	for _, err := range sim.Records(iotest.ErrReader(broken)) {
		got = err
	}
	if !errors.Is(got, broken) {
		t.Errorf("broken stream: got %v, want its error", got)
	}
	for range sim.Records(strings.NewReader(startLine + readLine)) {
		break // must not be called again
	}
}

// Whatever is read as a record can be written, and is then read as the same; anything else is an error.
func FuzzRecords(f *testing.F) {
	f.Add([]byte(startLine + readLine + stopLine))
	f.Add([]byte(startLine + readLine[:40]))
	f.Add([]byte(startLine + `{"seq":2,"kind":"action","device":"d","conn":1,"session":2,"gateway":"g","waitedNs":5,"resource":"dose","value":"5","command":"c","epoch":18446744073709551615,"attempt":1,"result":"refused","code":7,"reason":"\u0000","unanswered":true,"behaviour":{"before":1}}` + "\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		var again bytes.Buffer
		var records []sim.Record
		for r, err := range sim.Records(bytes.NewReader(log)) {
			if err != nil {
				break
			}
			line, err := json.Marshal(r)
			if err != nil {
				return // a time that JSON has no words for
			}
			records = append(records, r)
			again.Write(append(line, '\n'))
		}
		var got []sim.Record
		for r, err := range sim.Records(&again) {
			if err != nil {
				t.Fatalf("%s cannot be read: %v", again.Bytes(), err)
			}
			got = append(got, r)
		}
		if diff := cmp.Diff(records, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		sim.OneDriver(records)
		sim.Repeats(records)
		sim.PollGaps(records)
	})
}

// run lets hardware with that log work for one action.
func run(t *testing.T, log string) []sim.Record {
	t.Helper()
	b := start(t, sim.Config{Log: log, Devices: []sim.Device{{ID: "rig"}}})
	mustAct(t, b.open(t, newDriver("gw-1"), "rig"), action("c-1", wire.ResourceDose, roostv1.Double(1), 1))
	return b.stop(t)
}

func TestLogGoesOn(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	first := run(t, log)
	second := run(t, log)
	if diff := cmp.Diff(first, second[:len(first)]); diff != "" {
		t.Errorf("the second run changed what the first had written (-want +got):\n%s", diff)
	}
	if got := second[len(first)]; got.Kind != sim.KindStart || got.Seq != 1 {
		t.Errorf("the second run begins with %+v", got)
	}
}

func TestTornEndIsCutOff(t *testing.T) {
	for cut := 1; cut < len(readLine); cut += 10 {
		log := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(log, []byte(startLine+readLine[:len(readLine)-cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		if records := run(t, log); records[1].Kind != sim.KindStart {
			t.Errorf("without the last %d bytes: the record after the start is %+v", cut, records[1])
		}
	}
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte(startLine[:12]), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, log)
}

func TestLogRefused(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "letter")
	if err := os.WriteFile(other, []byte("Dear all"), 0o600); err != nil {
		t.Fatal(err)
	}
	used := filepath.Join(dir, "used")
	start(t, sim.Config{Log: used})
	endless := filepath.Join(dir, "endless")
	if err := os.WriteFile(endless, []byte(startLine+strings.Repeat("x", 1<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, log string
		want      error
	}{
		{"another file", other, sim.ErrNotLog},
		{"endless line", endless, sim.ErrNotLog},
		{"in use", used, sim.ErrLogInUse},
		{"no folder", filepath.Join(dir, "none", "log"), fs.ErrNotExist},
	}
	for _, tt := range tests {
		if _, err := sim.New(sim.Config{Listen: "127.0.0.1:0", Log: tt.log}); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := sim.New(sim.Config{Listen: "127.0.0.1:0", Log: dir}); err == nil {
		t.Error("a folder was taken for a log")
	}
	if got, err := os.ReadFile(other); err != nil || string(got) != "Dear all" {
		t.Errorf("the other file has %q, %v", got, err)
	}
}

// Hardware that cannot write down what it does does nothing, says nothing, and ends.
func TestNothingIsDoneThatCannotBeWrittenDown(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig"}}})
	s := b.open(t, newDriver("gw-1"), "rig")
	mustAct(t, s, action("c-1", wire.ResourceDose, roostv1.Double(1), 1))
	if err := b.BreakLog(); err != nil {
		t.Fatal(err)
	}
	if err := act(t, s, action("c-2", wire.ResourceDose, roostv1.Double(1), 1)); certain(err) {
		t.Errorf("got %v, want an error that says nothing certain", err)
	}
	if err := <-b.ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("run: got %v, want that of the file", err)
	}
	records, err := sim.Load(b.log)
	if err != nil {
		t.Fatal(err)
	}
	if last := records[len(records)-1]; last.Command != "c-1" {
		t.Errorf("the last record is %+v, want that of c-1", last)
	}
}

func TestFullDisk(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.Symlink("/dev/full", log); err != nil {
		t.Skipf("no device that is always full: %v", err)
	}
	h, err := sim.New(sim.Config{Listen: "127.0.0.1:0", Log: log})
	if err != nil {
		t.Skipf("no device that is always full: %v", err)
	}
	if err := h.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("got %v, want that no space is left", err)
	}
}
