package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func pumpProfile() *roostv1.Profile {
	return &roostv1.Profile{
		Id: "pump",
		Resources: []*roostv1.Resource{
			{Name: "speed", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "{rev}/min", Min: new(0.0), Max: new(3600.0), Access: roostv1.Access_ACCESS_READ_WRITE, Description: "Speed of the motor"},
			{Name: "temperature", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "Cel", Description: "Temperature of the motor"},
			{Name: "mode", Type: roostv1.ValueType_VALUE_TYPE_STRING, Options: []string{"auto", "off"}, Access: roostv1.Access_ACCESS_WRITE},
		},
		Commands: []*roostv1.CommandSpec{{
			Name: "run", Description: "Run", WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
			Arguments: []*roostv1.Argument{{Name: "rpm", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "{rev}/min", Min: new(100.0)}},
		}},
	}
}

func batch(epoch uint64, readings ...*roostv1.Reading) *roostv1.ReadingBatch {
	return &roostv1.ReadingBatch{
		DeviceId: "pump", Gateway: "gw-1", Epoch: epoch, FirstSequence: 1, Readings: readings,
		ClockState: roostv1.ClockState_CLOCK_STATE_SYNCED,
		BaseTime:   timestamppb.New(time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)),
	}
}

// TestLog: readings with their units, and in their places what is missing.
func TestLog(t *testing.T) {
	good := roostv1.Quality_QUALITY_GOOD
	second := batch(8,
		&roostv1.Reading{Resource: "temperature", Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE, VendorCode: 11},
		&roostv1.Reading{Resource: "unheard_of", Value: roostv1.Int(3), Quality: roostv1.Quality_QUALITY_UNCERTAIN, AcquiredOffsetUs: 2_500_000})
	second.DroppedBefore, second.MissedPolls, second.Backfill = 12, 1, true
	var out bytes.Buffer
	log := console.NewLog(console.Screen{Writer: &out}, pumpProfile(), "")
	if err := log.Head(); err != nil {
		t.Fatal(err)
	}
	entries := log.Entries(batch(7, &roostv1.Reading{Resource: "speed", Value: roostv1.Double(902.11111), Quality: good, AcquiredOffsetUs: 1500}))
	entries = append(entries, console.Missing(&cluster.Gap{Device: "pump", Epoch: 7, From: 5, To: 9}))
	for _, e := range append(entries, log.Entries(second)...) {
		if err := log.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.TrimLeft(`
TIME                      RESOURCE     VALUE               QUALITY
2026-03-01 12:00:00.001   speed        902.111 rev/min     good
-- 5 readings are missing here: 5 to 9 of epoch 7
-- epoch 8 begins, on gateway gw-1
-- 12 readings were dropped here: the gateway could not keep them
-- 1 poll was left out here: the device was slow
-- stored later, after an outage:
2026-03-01 12:00:00.000   temperature  -                   bad, comm failure, code 11
2026-03-01 12:00:02.500   unheard_of   3                   uncertain
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestLogFits(t *testing.T) {
	for width := 1; width < 100; width++ {
		var out bytes.Buffer
		log := console.NewLog(console.Screen{Writer: &out, Width: width, Palette: true}, pumpProfile(), "speed")
		b := batch(7, &roostv1.Reading{Resource: "speed", Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT})
		b.DroppedBefore = 1000
		if err := log.Head(); err != nil {
			t.Fatal(err)
		}
		for _, e := range log.Entries(b) {
			if err := log.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		for line := range strings.Lines(out.String()) {
			if got := text.StringWidthWithoutEscSequences(strings.TrimSuffix(line, "\n")); got > width {
				t.Errorf("width %d: a line has %d columns: %q", width, got, line)
			}
		}
	}
}

// TestLogOfNothing: batches of strangers break nothing.
func TestLogOfNothing(t *testing.T) {
	log := console.NewLog(console.Screen{Writer: &bytes.Buffer{}}, nil, "")
	for _, b := range []*roostv1.ReadingBatch{{}, {Readings: []*roostv1.Reading{nil, {}}}} {
		got := 0
		for _, e := range log.Entries(b) {
			if e.Note == "" {
				got++
			}
		}
		if got != len(b.Readings) {
			t.Errorf("got %d entries, want %d", got, len(b.Readings))
		}
	}
}

// TestLogOfAGatewayWithoutTime: times that are no better than a board's own clock are told from others.
func TestLogOfAGatewayWithoutTime(t *testing.T) {
	reading := &roostv1.Reading{Resource: "speed", Value: roostv1.Double(900), Quality: roostv1.Quality_QUALITY_GOOD}
	lost, known := batch(7, reading), batch(7, reading)
	lost.ClockState = roostv1.ClockState_CLOCK_STATE_UNSYNCED
	lost.BaseTime = timestamppb.New(time.Date(1970, 1, 1, 0, 1, 40, 0, time.Local))
	var out bytes.Buffer
	log := console.NewLog(console.Screen{Writer: &out}, pumpProfile(), "speed")
	for _, b := range []*roostv1.ReadingBatch{lost, lost, known} {
		for _, e := range log.Entries(b) {
			if err := log.Write(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := strings.TrimLeft(`
-- times with ? are by gateway gw-1 alone, which did not know the time; their order is right
1970-01-01 00:01:40.000?  speed     900 rev/min         good
1970-01-01 00:01:40.000?  speed     900 rev/min         good
-- from here on the gateway knew the time
2026-03-01 12:00:00.000   speed     900 rev/min         good
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
